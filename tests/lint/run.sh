#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs every check of this folder and says for each whether it passed.
# Usage: tests/lint/run.sh BUILD, from the top of the source tree.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${1:-build}
log=$build/lint
mkdir -p "$log" || exit 2

failed=0
for check in tests/lint/*; do
  name=$(basename "$check")
  case $name in
    run.sh) continue ;;
    *.sh) runner="sh" ;;
    *.py) runner=python3 ;;
    *) continue ;;
  esac
  start=$(date +%s)
  if $runner "$check" "$build" >"$log/$name.log" 2>&1; then
    echo "ok    $name ($(($(date +%s) - start)) s)"
    grep '^warning: ' "$log/$name.log"
  else
    failed=$((failed + 1))
    echo "FAIL  $name"
    sed 's/^/      /' "$log/$name.log"
  fi
done
if [ "$failed" -ne 0 ]; then
  echo "$failed lint checks failed"
  exit 1
fi
