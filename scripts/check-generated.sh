#!/usr/bin/env bash
# Writes the generated files anew and fails when that changed one. The new text stays, to be looked at and committed.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
folders=(src docs deploy proto)

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -a "${folders[@]}" "$before/"

node scripts/generate.ts

status=0
for folder in "${folders[@]}"; do
  git --no-pager diff --no-index --exit-code "$before/$folder" "$folder" || status=1
done
if [[ $status != 0 ]]; then
  echo "generated files were not current: commit what make generate wrote (it is in place now)" >&2
fi
exit $status
