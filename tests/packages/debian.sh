#!/bin/sh
# SPDX-License-Identifier: ISC
# The packages of this release of Debian, as lintian, blhc, hardening-check and AppArmor's parser see
# them; and that a second build, in another folder and time zone, yields the same bytes.
# Usage: tests/packages/debian.sh, from the top of the source tree.
set -eu
release=deb$(sed -n 's/^VERSION_ID="*\([^"]*\)"*$/\1/p' /etc/os-release)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

lintian --allow-root --pedantic --fail-on error,warning,pedantic build/*_*+"$release"_*.changes
blhc --all "build/build-$release.log"
for package in build/*_*+"$release"_*.deb; do dpkg-deb -x "$package" "$root"; done
# Of control flow: the linker keeps our marks only where crt1.o has them, and that of Debian 12 has none.
# The modules call no function of libc that can be fortified.
find "$root/usr/libexec/stepup" "$root/usr/bin" -type f -exec hardening-check --nocfprotection {} +
find "$root/usr" -type f -name '*.so' -exec hardening-check --nocfprotection --nofortify --nopie {} +
apparmor_parser --skip-kernel-load --skip-cache "$root/etc/apparmor.d/stepupd"

rm -rf build/again
TZ=Pacific/Apia DEB_BUILD_OPTIONS="nocheck noautodbgsym" packaging/debian/build.sh build/again/elsewhere
for package in build/*_*+"$release"_*.deb; do
  cmp "$package" "build/again/elsewhere/$(basename "$package")"
done
rm -rf build/again
echo "1 passed, 0 failed"
