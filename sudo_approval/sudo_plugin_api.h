// SPDX-License-Identifier: ISC
// sudo_plugin(5).  Its header in sudo 1.9.16 says "restrict", a word that C++ has not.
#pragma once

#include <sys/types.h>

#define restrict __restrict  // NOLINT(readability-identifier-naming): the name is theirs
#include <sudo_plugin.h>
#undef restrict
