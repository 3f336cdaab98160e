#!/bin/sh
# SPDX-License-Identifier: ISC
# Each header compiles by itself, so no file depends on the order of its includes.
set -eu
find pam_stepup stepupd -name '*.h' -print0 |
  xargs -0 -I '{}' -P "$(nproc)" "${CXX:-g++}" -std=c++23 -Wall -Wextra -Werror -I. \
    -fsyntax-only -x c++ -include '{}' /dev/null
