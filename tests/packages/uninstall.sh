#!/bin/sh
# SPDX-License-Identifier: ISC
# "make uninstall" leaves nothing but /etc/stepup, and everything while a line needs it.
# Usage: tests/packages/uninstall.sh, from the top of the source tree, once all is built.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
make="${MAKE:-make} -s DESTDIR=$root"
mkdir -p "$root/etc/pam.d"

files() { find "$root" -type f | sort; }

# Usage: refused FILE LINE: it is, names the line, and takes nothing away.
refused() {
  echo "$2" >>"$root$1"
  before=$(files)
  if said=$($make uninstall 2>&1); then
    echo "not refused although $1 has: $2"
    exit 1
  fi
  echo "$said" | grep -qF "$root$1:1:$2"
  [ "$before" = "$(files)" ]
  rm "$root$1"
}

$make install
refused /etc/pam.d/sudo 'account required pam_stepup.so'
refused /etc/sudo.conf 'Plugin stepup_approval stepup_approval.so'
echo '# account required pam_stepup.so' >"$root/etc/pam.d/sudo"
echo '#Plugin stepup_approval stepup_approval.so' >"$root/etc/sudo.conf"
$make uninstall
left=$(cd "$root" && find . -type f | sort | tr '\n' ' ')
if [ "$left" != "./etc/pam.d/sudo ./etc/stepup/stepupd.conf ./etc/sudo.conf " ]; then
  echo "left: $left"
  exit 1
fi
echo "1 passed, 0 failed"
