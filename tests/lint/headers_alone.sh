#!/bin/sh
# SPDX-License-Identifier: ISC
# Each header compiles by itself, so no file depends on the order of its includes.  A header that
# its own .cc file includes first is shown to do so by tidy.sh and by the build.
set -eu
find pam_stepup sudo_approval stepupd -name '*.h' | while IFS= read -r header; do
  source=${header%.h}.cc
  if [ -e "$source" ]; then
    first=$(grep -m 1 '^#include' "$source" || :)
    [ "$first" = "#include \"$header\"" ] && continue
  fi
  echo "$header"
done | xargs -d '\n' -I '{}' -P "$(nproc)" "${CXX:-g++}" -std=c++23 -Wall -Wextra -Werror -I. \
  -D_GNU_SOURCE -fsyntax-only -x c++ -include '{}' /dev/null
