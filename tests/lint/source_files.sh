#!/bin/sh
# SPDX-License-Identifier: ISC
# Each source names its licence.  Files over 400 lines are a warning: they hold more than one thing.
set -eu
sources=$(find pam_stepup sudo_approval stepupd tests conf man packaging -type f \
  \( -name '*.cc' -o -name '*.h' -o -name '*.c' -o -name '*.py' -o -name '*.sh' -o -name '*.[158]' \))
missing=$(for file in $sources; do
  head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ISC' || echo "$file: no SPDX-License-Identifier line"
done)
for file in $sources; do
  case $file in man/*) continue ;; esac
  lines=$(wc -l <"$file")
  [ "$lines" -le 400 ] || echo "warning: $file has $lines lines"
done
[ -z "$missing" ] || { echo "$missing"; exit 1; }
