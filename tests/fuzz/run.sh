#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh SECONDS TARGET...: runs each fuzz target of build/fuzz that long, beginning with the corpus
# in the tree; 0 seconds runs each file of the corpus once.  New inputs stay in build/fuzz.  Prints a
# line for each target, and fails when one crashed.
set -u
duration=$1
shift
dir=build/fuzz
failed=0

for target in "$@"; do
  seed=tests/fuzz/corpus/$target
  work=$dir/corpus/$target
  log=$dir/$target.log
  mkdir -p "$work"
  rm -f "$dir/$target-"*
  set -- -timeout=10 -rss_limit_mb=1024 -max_len=65536 -artifact_prefix="$dir/$target-" \
    -print_final_stats=1
  if [ "$duration" -gt 0 ]; then
    if [ -f "tests/fuzz/$target.dict" ]; then
      set -- "$@" -dict="tests/fuzz/$target.dict"
    fi
    set -- "$@" -max_total_time="$duration" "$work" "$seed"
  else
    set -- "$@" -runs=0 "$seed"
  fi
  if "$dir/$target" "$@" >"$log" 2>&1; then
    outcome=clean
  else
    # A crash before the first input leaves no file; its log is kept.
    outcome="CRASH $(find "$dir" -name "$target-*" | head -n 1) (see $log)"
    failed=1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  echo "$target: ${runs:-0} runs, coverage ${coverage:-0}, $outcome"
done
exit "$failed"
