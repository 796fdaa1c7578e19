#!/usr/bin/env bash
# Runs the tests: all of them, or those of T=path and WSC_TEST=pattern.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

lacking=()
[[ $EUID == 0 ]] || lacking+=("root")
for program in runc git openssl setpriv; do
  command -v "$program" >/dev/null || lacking+=("$program")
done
if [[ ${#lacking[@]} != 0 ]]; then
  echo "the sandbox tests need, and this run lacks: ${lacking[*]}" >&2
  # On a person's machine the rest is worth running; in CI nothing is skipped.
  [[ ${CI:-} != true ]] || exit 1
fi

files=(test)
[[ -z ${T:-} ]] || read -ra files <<<"$T"
for index in "${!files[@]}"; do
  [[ ! -d ${files[index]} ]] || files[index]="${files[index]%/}/**/*.test.ts"
done

# A file is a process: four at a time fit two cores, as each waits for programs of its own much of the time.
# A test that hangs fails by its own timeout; the outer one ends a file that does not, and names it.
# What the processes have in common is compiled once.
export NODE_COMPILE_CACHE=$PWD/.make/compile-cache
exec timeout --foreground --kill-after=10 20m \
  node --test --test-concurrency=4 --test-timeout=90000 --test-reporter=spec \
  ${WSC_TEST:+--test-name-pattern="$WSC_TEST"} "${files[@]}" </dev/null
