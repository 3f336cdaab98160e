#!/bin/sh
# SPDX-License-Identifier: ISC
# Compiles the policy module against the host's policy headers into BUILD/stepup.pp.
# Usage: packaging/selinux/build.sh BUILD, from the top of the source tree.
set -eu
work=$1/selinux
rm -rf "$work"
mkdir -p "$work"
cp packaging/selinux/stepup.te packaging/selinux/stepup.fc "$work"
make -C "$work" -f /usr/share/selinux/devel/Makefile stepup.pp
mv "$work/stepup.pp" "$1/stepup.pp"
