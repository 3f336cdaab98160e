#!/bin/sh
# SPDX-License-Identifier: ISC
# Every C and C++ file is as clang-format writes it.
set -eu
find pam_stepup sudo_approval stepupd tests \( -name '*.cc' -o -name '*.h' -o -name '*.c' \) -print0 |
  xargs -0 "${CLANG_FORMAT:-clang-format-19}" --dry-run -Werror
