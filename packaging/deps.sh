#!/bin/sh
# SPDX-License-Identifier: ISC
# Installs what building and testing stepup needs, as root.
# Usage: deps.sh [--if-missing]; with it, it asks neither for root nor for a network where all is there.
set -eu
packaging=$(realpath "$(dirname "$0")")
if_missing=${1:-}

# Ends the script where there is nothing to do, or nobody who may do it.  $1: shows what is missing.
begin() {
  [ "$if_missing" != --if-missing ] || ! "$1" >/dev/null 2>&1 || exit 0
  [ "$(id -u)" -eq 0 ] || {
    echo "What building and testing stepup needs is missing; as root, run: make deps" >&2
    exit 1
  }
}

if command -v apt-get >/dev/null; then
  # What building needs stands in debian/control.
  # clang-19: the oldest clang that knows std::expected with this standard library.
  tools="git ca-certificates ccache lintian blhc devscripts apparmor bash zsh fish
    rpm rpmlint checkpolicy selinux-policy-dev
    clang-19 libclang-rt-19-dev clang-tidy-19 clang-format-19 gcovr mandoc shellcheck
    mmdebstrap systemd-container util-linux openssh-client oathtool python3 python3-pexpect
    fido2-tools python3-cbor2 python3-cryptography python3-jsonschema pamtester sqlite3 sudo
    pamu2fcfg libpam-google-authenticator"
  # shellcheck disable=SC2086  # the list is words
  all_there() {
    dpkg-checkbuilddeps "$packaging/debian/control" &&
      [ "$(dpkg-query -W -f '${db:Status-Status}\n' $tools | sort -u)" = installed ]
  }
  begin all_there
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get build-dep -y --no-install-recommends "$packaging"
  # shellcheck disable=SC2086
  apt-get install -y --no-install-recommends $tools
elif command -v dnf >/dev/null; then
  packages="gcc-c++ make pkgconf git pam-devel systemd-devel openssl-devel sqlite-devel
    toml11-devel cli11-devel qrencode-devel libseccomp-devel libyubikey-devel libfido2-devel json-devel
    libstdc++-static cpputest-devel clang clang-tools-extra gcovr mandoc ShellCheck systemd-container
    openssh-clients oathtool python3 python3-pexpect fido2-tools python3-cbor2 python3-cryptography
    python3-jsonschema pamtester sudo sudo-devel pamu2fcfg google-authenticator rpm-build rpmlint
    systemd-rpm-macros checkpolicy selinux-policy-devel tzdata"
  # shellcheck disable=SC2086
  all_there() { rpm -q --whatprovides $packages; }
  begin all_there
  # shellcheck disable=SC2086
  dnf install -y $packages
else
  echo "deps.sh knows apt and dnf only; install the packages named in it by hand." >&2
  exit 1
fi
