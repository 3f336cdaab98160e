// SPDX-License-Identifier: ISC
// The words that say what a host is for: from [host] tags, and from the files of tags.d, which a
// tool that manages many hosts can write without touching stepupd.conf.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stepupd/rules/rules.h"

namespace stepup::rules {

inline constexpr const char* kTagsDir = "tags.d";
inline constexpr const char* kTagForm =
    "it takes up to 64 letters, digits and any of . _ : - of ASCII";

[[nodiscard]] bool is_host_tag(std::string_view text);

// Whether the file lies in a tags.d.
[[nodiscard]] bool is_tag_file(const SourceFile& file);

// Input is untrusted: `file.text` may be anything.  Adds its tags, one a line, with comments from #
// to the end of the line; notes what is none.
void read_tag_file(const SourceFile& file, std::vector<std::string>& tags,
                   std::vector<Problem>& problems);

}  // namespace stepup::rules
