// SPDX-License-Identifier: ISC
// The words of each language, one file for each: words_en.cc and its neighbours.
//
// {0} to {7} stand for the arguments in ASCII, {0t} for one that counts seconds, {0w} for words
// that an administrator wrote, in whatever script.  A sentence has at most two lines of a terminal,
// no internals, and says what to do next.  Beyond ASCII it has only characters whose UTF-8 has no
// byte from 0x80 to 0x9f (U+00A0-U+00BF, U+00E0-U+00FF): a terminal that does not read UTF-8 would
// obey those as control characters.  Commands, file names and words of the conf file are the same
// in every language.
#pragma once

#include <string_view>

#include "stepupd/wire/message_id.h"

namespace stepup::wire {

[[nodiscard]] std::string_view english(MessageId id) noexcept;
[[nodiscard]] std::string_view german(MessageId id) noexcept;
[[nodiscard]] std::string_view french(MessageId id) noexcept;

}  // namespace stepup::wire
