#!/usr/bin/env bash
# Installs the Debian packages that tests, demo and benchmarks need, or those of the given programs; only the missing ones.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin

# program=package
needed=(
  runc=runc etcd=etcd-server git=git git-lfs=git-lfs curl=curl openssl=openssl setpriv=util-linux flock=util-linux
  mount=mount ip=iproute2 nft=nftables ps=procps zstd=zstd tar=tar npm=npm
  bsdtar=libarchive-tools python3=python3 igzip=isal aria2c=aria2
)

missing=()
for pair in "${needed[@]}"; do
  program=${pair%=*}
  [[ $# == 0 || " $* " == *" $program "* ]] || continue
  # kubebuilder's assets bring an etcd of their own.
  [[ $program == etcd && -x ${KUBEBUILDER_ASSETS:-/none}/etcd ]] && continue
  command -v "$program" >/dev/null || missing+=("${pair#*=}")
done
[[ -e /etc/ssl/certs/ca-certificates.crt ]] || missing+=(ca-certificates)
[[ ${#missing[@]} == 0 ]] && exit 0

if [[ $EUID != 0 ]] || ! command -v apt-get >/dev/null; then
  echo "missing packages: ${missing[*]}" >&2
  echo "install them first: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi

echo "installing Debian packages: ${missing[*]}"
# Debian starts the services that it installs; nobody asked for an etcd service here.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update </dev/null
apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
