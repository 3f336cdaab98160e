// SPDX-License-Identifier: ISC
#include "stepupd/rules/settings.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "stepupd/rules/duration.h"
#include "stepupd/rules/host_tags.h"
#include "stepupd/rules/keys.h"

namespace stepup::rules {
namespace {

constexpr int kMaxFailures = 20;  // NIST SP 800-63B allows 100; a six-digit code wants far fewer
constexpr BootTime kMinBackoff = std::chrono::seconds(1);
constexpr BootTime kMaxBackoff = std::chrono::days(1);
constexpr BootTime kMaxSourceReuse = std::chrono::minutes(15);
constexpr std::size_t kMaxTags = 256;
constexpr std::size_t kMaxDevices = 16;
constexpr std::size_t kMaxDevicePath = 255;
constexpr std::size_t kMaxAaguids = 256;

Unenrolled read_unenrolled(NodeReader& reader, const Node& node) {
  constexpr const char* kWanted = R"("deny" or "allow-until YYYY-MM-DD")";
  constexpr std::string_view kAllowUntil = "allow-until ";
  const std::string* text = reader.read_text(node, kWanted);
  if (!text || *text == "deny") return {};
  if (text->starts_with(kAllowUntil)) {
    if (const auto end = parse_end_of_day(text->substr(kAllowUntil.size()))) return {true, *end};
  }
  reader.problem(node, node.key + " takes " + kWanted + ", not " + quote(*text));
  return {};
}

BootTime read_source_reuse(NodeReader& reader, const Node& node) {
  const auto duration = reader.read_duration(node);
  if (duration && *duration <= kMaxSourceReuse) return *duration;
  if (duration) reader.problem(node, node.key + " takes 0 to " + format_duration(kMaxSourceReuse));
  return BootTime::zero();
}

void read_attempts(NodeReader& reader, const Node& table, Settings& settings) {
  if (table.kind != Node::Kind::Table) return reader.wrong_kind(table, "a table ([attempts])");
  for (const Node& node : table.items) {
    if (node.key == "max_failures") {
      if (node.kind != Node::Kind::Integer) {
        reader.wrong_kind(node, "an integer");
      } else if (node.integer < 1 || node.integer > kMaxFailures) {
        reader.problem(node, node.key + " takes 1 to " + std::to_string(kMaxFailures));
      } else {
        settings.max_failures = static_cast<int>(node.integer);
      }
    } else if (node.key == "max_backoff") {
      const auto duration = reader.read_duration(node);
      if (!duration) continue;
      if (*duration < kMinBackoff || *duration > kMaxBackoff) {
        reader.problem(node, node.key + " takes " + format_duration(kMinBackoff) + " to " +
                                 format_duration(kMaxBackoff));
      }
      settings.max_backoff = *duration;
    } else {
      reader.problem(node, explain_unknown_key(node.key, Place::Attempts));
    }
  }
}

// The strings of a list that may be empty; one that does not fit is a problem, and what the strings
// must be is said in `wanted`.
template <typename Fits>
std::vector<std::string> read_list(NodeReader& reader, const Node& node, std::size_t limit,
                                   const char* wanted, Fits fits) {
  std::vector<std::string> list;
  if (node.kind != Node::Kind::Array) {
    reader.wrong_kind(node, "a list of strings");
    return list;
  }
  if (node.items.size() > limit) {
    reader.problem(node, node.key + " takes at most " + std::to_string(limit));
  }
  for (const Node& item : node.items) {
    const std::string* text = reader.read_text(item, wanted);
    if (!text) continue;
    if (!fits(*text)) reader.problem(item, node.key + " takes " + wanted + ", not " + quote(*text));
    list.push_back(*text);
  }
  return list;
}

void read_host(NodeReader& reader, const Node& table, Settings& settings) {
  constexpr std::array kLanguages = {Language::English, Language::German, Language::French};
  if (table.kind != Node::Kind::Table) return reader.wrong_kind(table, "a table ([host])");
  for (const Node& node : table.items) {
    if (node.key == "tags") {
      // Those of tags.d come later.
      settings.tags =
          read_list(reader, node, kMaxTags, "up to 64 letters, digits and any of . _ : - of ASCII",
                    is_host_tag);
    } else if (node.key == "language") {
      settings.language = reader.read_word(node, kLanguages).value_or(settings.language);
    } else if (node.key != "rp_id") {
      reader.problem(node, explain_unknown_key(node.key, Place::Host));
    } else if (const std::string* text = reader.read_text(node, "a string")) {
      if (text->empty() || is_rp_id(*text)) {
        settings.rp_id = *text;
        settings.rp_id_line = text->empty() ? 0 : node.line;
      } else {
        reader.problem(node, "rp_id takes at most " + std::to_string(kMaxRpId) +
                                 " printable ASCII characters without spaces, not " + quote(*text));
      }
    }
  }
}

bool is_device_path(std::string_view text) {
  return text.starts_with('/') && text.size() <= kMaxDevicePath && is_printable(text);
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  return std::ranges::equal(
      text, kForm, [&](char c, char form) { return form == '-' ? c == '-' : kDigits.contains(c); });
}

constexpr const char* kUuid = R"(a UUID such as "2fc0579f-8113-47ea-b116-bb5a8db9202a")";

void read_fido2(NodeReader& reader, const Node& table, Settings& settings) {
  if (table.kind != Node::Kind::Table) return reader.wrong_kind(table, "a table ([fido2])");
  for (const Node& node : table.items) {
    if (node.key == "enabled") {
      settings.fido2 = reader.read_boolean(node).value_or(settings.fido2);
    } else if (node.key == "devices") {
      settings.devices =
          read_list(reader, node, kMaxDevices, "the absolute path of a device", is_device_path);
    } else if (node.key == "aaguids") {
      settings.aaguids = read_list(reader, node, kMaxAaguids, kUuid, is_uuid);
      for (std::string& aaguid : settings.aaguids) {
        for (char& c : aaguid) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      }
    } else {
      reader.problem(node, explain_unknown_key(node.key, Place::Fido2));
    }
  }
}

void read_ssh_sk(NodeReader& reader, const Node& table, Settings& settings) {
  if (table.kind != Node::Kind::Table) return reader.wrong_kind(table, "a table ([ssh_sk])");
  for (const Node& node : table.items) {
    if (node.key == "enabled") {
      settings.ssh_sk = reader.read_boolean(node).value_or(settings.ssh_sk);
    } else {
      reader.problem(node, explain_unknown_key(node.key, Place::SshSk));
    }
  }
}

void read_login(NodeReader& reader, const Node& table, Settings& settings) {
  if (table.kind != Node::Kind::Table) return reader.wrong_kind(table, "a table ([login])");
  for (const Node& node : table.items) {
    if (node.key == "sk_requires_touch") {
      settings.sk_requires_touch = reader.read_boolean(node).value_or(settings.sk_requires_touch);
    } else {
      reader.problem(node, explain_unknown_key(node.key, Place::Login));
    }
  }
}

void read_activity(NodeReader& reader, const Node& table, Settings& settings) {
  if (table.kind != Node::Kind::Table) return reader.wrong_kind(table, "a table ([activity])");
  for (const Node& node : table.items) {
    if (node.key == "keep") {
      const auto duration = reader.read_duration(node);
      settings.activity_keep = duration.value_or(settings.activity_keep);
    } else if (node.key == "arguments") {
      settings.activity_arguments = reader.read_boolean(node).value_or(settings.activity_arguments);
    } else {
      reader.problem(node, explain_unknown_key(node.key, Place::Activity));
    }
  }
}

void read_admin_group(NodeReader& reader, const Node& node, Settings& settings) {
  const std::string* name = reader.read_text(node, "the name of a group");
  if (name && (name->empty() || reader.name_fits(node, *name))) settings.admin_group = *name;
}

}  // namespace

bool is_rp_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRpId &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool read_setting(NodeReader& reader, const Node& node, Settings& settings) {
  constexpr std::array kModes = {Mode::Enforce, Mode::Monitor};
  if (node.key == "mode") {
    settings.mode = reader.read_word(node, kModes).value_or(settings.mode);
  } else if (node.key == "unenrolled") {
    settings.unenrolled = read_unenrolled(reader, node);
  } else if (node.key == "verify_session") {
    settings.verify_session = reader.read_boolean(node).value_or(settings.verify_session);
  } else if (node.key == "source_reuse") {
    settings.source_reuse = read_source_reuse(reader, node);
  } else if (node.key == "attempts") {
    read_attempts(reader, node, settings);
  } else if (node.key == "host") {
    read_host(reader, node, settings);
  } else if (node.key == "fido2") {
    read_fido2(reader, node, settings);
  } else if (node.key == "ssh_sk") {
    read_ssh_sk(reader, node, settings);
  } else if (node.key == "login") {
    read_login(reader, node, settings);
  } else if (node.key == "activity") {
    read_activity(reader, node, settings);
  } else if (node.key == "admin_group") {
    read_admin_group(reader, node, settings);
  } else {
    return false;
  }
  return true;
}

}  // namespace stepup::rules
