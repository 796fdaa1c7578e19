#!/usr/bin/env bash
# Runs every check, also after one has failed, and says which did.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=()
check() {
  local name=$1
  shift
  "$@" || failed+=("$name")
}

shell_syntax() {
  local file status=0
  for file in scripts/*.sh .ci/run; do
    bash -n "$file" || status=1
  done
  sh -n bin/wscontent || status=1
  return $status
}

check "types (tsc)" tsc --noEmit
check "rules (oxlint)" oxlint --type-aware --deny-warnings --format=unix
check "format (oxfmt; make format)" oxfmt --check
check "unused code and packages (knip)" knip --no-progress
check "import rules" node scripts/check-imports.ts
check "shell syntax" shell_syntax

if [[ ${#failed[@]} != 0 ]]; then
  printf 'lint: %s failed\n' "${failed[@]}" >&2
  exit 1
fi
echo "lint: all checks passed"
