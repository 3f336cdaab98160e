#!/bin/sh
# SPDX-License-Identifier: ISC
# Builds the packages of an earlier COMMIT for the release of Debian that this host runs, as a version
# below this one, into build/previous: for the tests of an upgrade.
# Usage: packaging/debian/build_previous.sh COMMIT, from the top of the source tree.
set -eu
commit=$1
mkdir -p build
tree=$(mktemp -d -p build previous-tree.XXXXXX)
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
git archive "$commit" | tar -xf - -C "$tree"
sed -i '1s/)/~previous)/' "$tree/packaging/debian/changelog"
(cd "$tree" && DEB_BUILD_OPTIONS="nocheck noautodbgsym" packaging/debian/build.sh build)
rm -rf build/previous
mkdir build/previous
mv "$tree"/build/*.deb build/previous
