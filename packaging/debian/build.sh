#!/bin/sh
# SPDX-License-Identifier: ISC
# Builds libpam-stepup and stepupd for the release of Debian that this host runs, and leaves them in
# BUILD.  DEB_BUILD_OPTIONS=nocheck leaves out the unit tests.
# Usage: packaging/debian/build.sh BUILD, from the top of the source tree.
set -eu
mkdir -p "$1"
build=$(realpath "$1")
# The release is part of the version: packages of two releases differ, and an upgraded host takes
# those of its new one.
release=deb$(sed -n 's/^VERSION_ID="*\([^"]*\)"*$/\1/p' /etc/os-release)
work=$build/$release

rm -rf "$work"
mkdir -p "$work/stepup"
tar -cf - --exclude=./.git --exclude='./build*' --exclude=./dist . | tar -xf - -C "$work/stepup"
cp -r packaging/debian "$work/stepup/debian"
sed -i "1s/)/+$release)/" "$work/stepup/debian/changelog"

# The -s of a make that calls this would hide from the log how the compiler is called.
unset MAKEFLAGS
# debhelper gives the build a home of its own, in which ccache would find nothing.
if command -v ccache >/dev/null; then
  CCACHE_DIR=$(ccache --get-config cache_dir)
  export CCACHE_DIR
fi
(cd "$work/stepup" && dpkg-buildpackage -b -us -uc) >"$work/build.log" 2>&1 || {
  cat "$work/build.log"
  exit 1
}
rm -f "$build"/*+"$release"_*
mv "$work"/*+"$release"_* "$build"
mv "$work/build.log" "$build/build-$release.log"
rm -rf "$work"
