#!/bin/sh
# SPDX-License-Identifier: ISC
# Builds the RPM packages with rpmbuild and leaves them in OUT.  On a host whose rpm knows nothing of
# what is installed (Debian), what is needed to build is not looked for.
# Usage: packaging/rpm.sh OUT [OPTION OF RPMBUILD]..., from the top of the source tree.
set -eu
mkdir -p "$1" build
out=$(realpath "$1")
shift
top=$(realpath build)/rpm
rm -rf "$top"
trap 'rm -rf "$top"' EXIT
version=$(sed -n 's/^VERSION := //p' Makefile)
mkdir -p "$top/SOURCES"
tar -czf "$top/SOURCES/stepup-$version.tar.gz" --exclude=./.git --exclude='./build*' --exclude=./dist \
  --transform="s,^\.,stepup-$version," .
set -- --define "_topdir $top" "$@"
# Elsewhere the Makefile's own flags have to do, and the language of the caller, under which ccache knows
# what it compiled before; what compresses the manual pages is a script of bash that says sh; and the
# macros of systemd are missing.
language=${LANG:+export LANG=$LANG}
[ -e /etc/redhat-release ] || set -- "$@" --nodeps \
  --define "set_build_flags ${language:-unset LANG}; export LDFLAGS=-s" \
  --define '__os_install_post bash /usr/lib/rpm/brp-compress /usr' \
  --define '_unitdir /usr/lib/systemd/system' --define '_presetdir /usr/lib/systemd/system-preset' \
  --define '_sysusersdir /usr/lib/sysusers.d' --define '_tmpfilesdir /usr/lib/tmpfiles.d' \
  --define '_udevrulesdir /usr/lib/udev/rules.d' --define '_journalcatalogdir /usr/lib/systemd/catalog'
rpmbuild -ba "$@" packaging/stepup.spec
find "$top/RPMS" "$top/SRPMS" -name '*.rpm' -exec mv -t "$out" {} +
