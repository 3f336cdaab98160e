#!/bin/sh
# SPDX-License-Identifier: ISC
# clang-tidy finds nothing in what is installed.  Tests are left out: the test macros define static
# objects and mutable globals, which the checks are right to refuse elsewhere.
# A file that passed is not looked at again until it, a header of it or the checks change.
# The analyser has a fifth of its usual budget for each function, which saves a third of the time;
# with TIDY_DEPTH=deep, as in `make check-long`, it has all of it.
set -eu
build=${1:-build}
stamps=$build/tidy
mkdir -p "$stamps"

if [ $# -le 1 ]; then
  find pam_stepup sudo_approval stepupd -name '*.cc' -print0 |
    xargs -0 -n 1 -P "$(nproc)" sh "$0" "$build"
  exit
fi

source=$2
set -- -std=c++23 -I. -D_GNU_SOURCE -DSTEPUP_VERSION='"0"'
[ "${TIDY_DEPTH:-}" = deep ] || set -- "$@" -Xclang -analyzer-config -Xclang max-nodes=50000
tidy=${CLANG_TIDY:-clang-tidy-19}
# -C keeps the NOLINT comments in what is hashed.
hash=$({
  cat .clang-tidy "$0"
  echo "$@"
  "$tidy" --version
  "${CLANG:-clang++-19}" "$@" -E -C "$source"
} | sha256sum | cut -d ' ' -f 1)
[ -e "$stamps/$hash" ] && exit
if "$tidy" --quiet "$source" -- "$@" 2>"$stamps/$$.err"; then
  : >"$stamps/$hash"
  rm -f "$stamps/$$.err"
else
  grep -v 'warnings\{0,1\} \(generated\|treated\)' "$stamps/$$.err" || :
  rm -f "$stamps/$$.err"
  exit 1
fi
