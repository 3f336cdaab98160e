#!/bin/sh
# SPDX-License-Identifier: ISC
# Installs what building and testing stepup needs.  Run as root.
set -eu

if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  # What building needs stands in debian/control.
  apt-get build-dep -y --no-install-recommends "$(realpath "$(dirname "$0")")"
  # clang-19: the oldest clang that knows std::expected with this standard library.
  apt-get install -y --no-install-recommends \
    git ca-certificates ccache lintian blhc devscripts apparmor bash zsh fish \
    rpm rpmlint checkpolicy selinux-policy-dev \
    clang-19 libclang-rt-19-dev clang-tidy-19 clang-format-19 gcovr mandoc shellcheck \
    mmdebstrap systemd-container util-linux openssh-client oathtool python3 python3-pexpect \
    fido2-tools python3-cbor2 python3-cryptography python3-jsonschema pamtester sqlite3 sudo \
    pamu2fcfg libpam-google-authenticator
elif command -v dnf >/dev/null; then
  dnf install -y gcc-c++ make pkgconf git pam-devel systemd-devel openssl-devel sqlite-devel \
    toml11-devel cli11-devel qrencode-devel libseccomp-devel libyubikey-devel libfido2-devel json-devel libstdc++-static cpputest-devel \
    clang clang-tools-extra gcovr mandoc ShellCheck systemd-container openssh-clients oathtool python3 \
    python3-pexpect fido2-tools python3-cbor2 python3-cryptography python3-jsonschema pamtester sudo sudo-devel \
    pamu2fcfg google-authenticator rpm-build rpmlint systemd-rpm-macros checkpolicy selinux-policy-devel
else
  echo "deps.sh knows apt and dnf only; install the packages named in it by hand." >&2
  exit 1
fi
