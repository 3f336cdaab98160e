// SPDX-License-Identifier: ISC
// The keys that only stepupd.conf may hold.
#pragma once

#include <cstddef>
#include <string_view>

#include "stepupd/rules/document.h"
#include "stepupd/rules/node_reader.h"
#include "stepupd/rules/rules.h"

namespace stepup::rules {

// Of rp_id: as long as a host name may be.
inline constexpr std::size_t kMaxRpId = 253;

// Reads one key or table of the top level into `settings`, and tells `reader` what is wrong with
// it. False for a key that it does not know.
bool read_setting(NodeReader& reader, const Node& node, Settings& settings);

// Whether `text` may be a relying party: printable ASCII without a space, since it is compared by
// its bytes.
[[nodiscard]] bool is_rp_id(std::string_view text);

}  // namespace stepup::rules
