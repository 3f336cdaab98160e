#!/bin/sh
# SPDX-License-Identifier: ISC
# Each .cc file of the programs stands in a module.mk, and each that stands there exists: what a
# binary contains is a reviewed list.
set -eu
listed=$(cat pam_stepup/module.mk sudo_approval/module.mk stepupd/*/module.mk | grep -o '[a-z0-9_/]*\.cc' | sort)
found=$(find pam_stepup sudo_approval stepupd -name '*.cc' | sort)
status=0
for file in $found; do
  echo "$listed" | grep -qx "$file" || { echo "$file: in no module.mk"; status=1; }
done
for file in $listed; do
  [ -e "$file" ] || { echo "$file: listed and missing"; status=1; }
done
for file in $(echo "$listed" | uniq -d); do
  echo "$file: listed twice"
  status=1
done
exit $status
