#!/bin/sh
# SPDX-License-Identifier: ISC
# Builds the packages for one release of Debian: here, where the host runs it, else in a throw-away
# system, which needs root.  What that needs is fetched once and kept, outside of the tree.
# Usage: packaging/debian/build_in.sh SUITE BUILD, from the top of the source tree.
set -eu
suite=$1
if grep -qx "VERSION_CODENAME=$suite" /etc/os-release; then exec packaging/debian/build.sh "$2"; fi
mkdir -p "$2"
build=$(realpath "$2")
cache=${STEPUP_TEST_CACHE:-/var/cache/stepup-test}
base=$cache/$suite-build-$(sha256sum packaging/debian/control | cut -c -12).tar
mkdir -p "$cache/ccache-$suite"
root=$(mktemp -d -p /var/tmp stepup-build.XXXXXX)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM

if [ ! -e "$base" ]; then
  echo "building $base"
  # shellcheck disable=SC2016  # $1 is for mmdebstrap: the root that it makes
  mmdebstrap --quiet --variant=buildd --include=ccache \
    --customize-hook='mkdir -p "$1/tmp/stepup/debian"' \
    --customize-hook='upload packaging/debian/control /tmp/stepup/debian/control' \
    --customize-hook='chroot "$1" apt-get --yes --no-install-recommends build-dep /tmp/stepup' \
    "$suite" "$root/base.tar"
  mv "$root/base.tar" "$base"
fi
mkdir "$root/system"
tar -xf "$base" -C "$root/system"
systemd-nspawn --quiet --register=no --keep-unit --private-network --pipe -D "$root/system" \
  --bind-ro="$PWD:/stepup" --bind="$build:/out" --bind="$cache/ccache-$suite:/ccache" \
  --setenv=CCACHE_DIR=/ccache --setenv=DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-}" --chdir=/stepup \
  packaging/debian/build.sh /out
