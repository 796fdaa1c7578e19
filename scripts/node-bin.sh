#!/usr/bin/env bash
# Prints the folder of a Node that is new enough: the system's, else the one that setup-node.sh installs.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
oldest=24

major() {
  "$1" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'
}

system=$(command -v node || true)
if [[ -n $system && $(major "$system") -ge $oldest ]]; then
  dirname "$system"
else
  echo "${XDG_CACHE_HOME:-$HOME/.cache}/workspace-content/node-$(<"$here/node-version")/bin"
fi
