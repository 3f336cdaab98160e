#!/bin/sh
# SPDX-License-Identifier: ISC
# Builds the packages of an earlier COMMIT for the release SUITE of Debian, as a version below this
# one, into build/previous-SUITE: for the tests of an upgrade.
# Usage: packaging/debian/build_previous.sh COMMIT SUITE, from the top of the source tree.
set -eu
commit=$1
suite=$2
mkdir -p build
tree=$(mktemp -d -p build previous-tree.XXXXXX)
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
git archive "$commit" | tar -xf - -C "$tree"
sed -i '1s/)/~previous)/' "$tree/packaging/debian/changelog"
(cd "$tree" && DEB_BUILD_OPTIONS="nocheck noautodbgsym" packaging/debian/build_in.sh "$suite" build)
rm -rf "build/previous-$suite"
mkdir "build/previous-$suite"
mv "$tree"/build/*.deb "build/previous-$suite"
