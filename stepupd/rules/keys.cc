// SPDX-License-Identifier: ISC
#include "stepupd/rules/keys.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "stepupd/base/printable.h"

namespace stepup::rules {
namespace {

using Keys = std::span<const std::string_view>;

bool has(Keys keys, std::string_view key) { return std::ranges::find(keys, key) != keys.end(); }

Keys keys_of(Place place) {
  switch (place) {
    case Place::Main: return kTopKeys;
    case Place::DropIn: return Keys(kTopKeys).last(1);  // rule
    case Place::Attempts: return kAttemptsKeys;
    case Place::Host: return kHostKeys;
    case Place::Fido2: return kFido2Keys;
    case Place::SshSk: return kSshSkKeys;
    case Place::Login: return kLoginKeys;
    case Place::Activity: return kActivityKeys;
    case Place::Rule: return kRuleKeys;
  }
  return {};
}

// How many letters must be added, dropped or changed to turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// The known key that `key` was probably meant to be; empty when none is near.
std::string_view nearest(Keys keys, std::string_view key) {
  if (key.size() > 32) return {};  // no key is that long, and the distance costs its square
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, key.size() / 3) + 1;
  for (const std::string_view known : keys) {
    const std::size_t distance = edit_distance(key, known);
    if (distance < std::min(best_distance, known.size())) {
      best = known;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace

std::string unknown_key(std::string_view key, Keys known) {
  std::string unknown = "unknown key \"" + printable(key, 64) + '"';
  const std::string_view meant = nearest(known, key);
  if (meant.empty()) return unknown;
  return unknown + ": did you mean \"" + std::string(meant) + "\"?";
}

std::string explain_unknown_key(std::string_view key, Place place) {
  const std::string quoted = '"' + printable(key, 64) + '"';
  if (has(kTopKeys, key) && key != "rule") {
    const bool is_table = key == "attempts" || key == "host" || key == "fido2" || key == "ssh_sk" ||
                          key == "login" || key == "activity";
    const char* where = is_table ? "as a table of its own" : "before any table";
    if (place == Place::DropIn)
      return quoted + " stands only in stepupd.conf: a drop-in holds only [[rule]]";
    return quoted + " belongs at the top level of stepupd.conf, " + where;
  }
  if (has(kRuleKeys, key)) return quoted + " belongs in a [[rule]]";
  constexpr std::pair<Place, const char*> kTables[] = {
      {Place::Attempts, "attempts"},
      {Place::Host,     "host"    },
      {Place::Fido2,    "fido2"   },
      {Place::Login,    "login"   },
      {Place::Activity, "activity"}
  };
  for (const auto& [table, name] : kTables) {
    if (!has(keys_of(table), key)) continue;
    return quoted + " belongs in [" + name + "]" +
           (place == Place::DropIn ? " of stepupd.conf" : "");
  }
  return unknown_key(key, keys_of(place));
}

}  // namespace stepup::rules
