// SPDX-License-Identifier: ISC
#include "stepupd/ctl/config_schema.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "stepupd/rules/check.h"
#include "stepupd/rules/keys.h"

namespace stepup::ctl {
namespace {

using Json = nlohmann::ordered_json;

// The forms that a value may have, in JSON Schema.
constexpr const char kTruth[] = R"({"type": "boolean"})";
constexpr const char kText[] = R"({"type": "string"})";
constexpr const char kSomeText[] = R"({"type": "string", "minLength": 1})";
constexpr const char kName[] = R"({"type": "string", "minLength": 1, "maxLength": 256})";
constexpr const char kTexts[] = R"({"type": "array", "items": {"type": "string"}})";
constexpr const char kPaths[] =
    R"({"type": "array", "items": {"type": "string", "pattern": "^/"}})";
constexpr const char kNames[] =
    R"({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1})";
constexpr const char kDuration[] =
    R"({"type": "string", "pattern": "^(0|[1-9][0-9]*(s|min|h|d))$"})";
constexpr const char kDenyOrDate[] =
    R"({"type": "string", "pattern": "^(deny|allow-until [0-9]{4}-[0-9]{2}-[0-9]{2})$"})";
constexpr const char kRpId[] = R"({"type": "string", "pattern": "^[!-~]{0,253}$"})";
constexpr const char kFailures[] = R"({"type": "integer", "minimum": 1, "maximum": 20})";
constexpr const char kMode[] = R"({"enum": ["enforce", "monitor"]})";
constexpr const char kLanguage[] = R"({"enum": ["en", "de", "fr"]})";
constexpr const char kLevel[] = R"({"enum": ["none", "otp", "touch", "touch+uv"]})";
constexpr const char kScope[] = R"({"enum": ["session", "tty", "process"]})";
constexpr const char kFactors[] = R"({"type": "array", "minItems": 1, "items": {"enum":
    ["totp", "recovery_code", "hotp", "yubico_otp", "fido2", "ssh_sk"]}})";

struct Row {
  std::string_view key;
  const char* form;
  const char* meaning;
};

// A key has one meaning wherever it stands.
// clang-format off
constexpr Row kRows[] = {
    {"mode", kMode, "monitor records and asks nobody"},
    {"unenrolled", kDenyOrDate, "what happens to a person without a factor"},
    {"verify_session", kTruth, "whether stepupctl verify --session is allowed"},
    {"source_reuse", kDuration, "how long a step-up in sshd counts for logins of that key and address"},
    {"max_failures", kFailures, "failed answers before the next has to wait"},
    {"max_backoff", kDuration, "the longest of these waits"},
    {"rp_id", kRpId, "the name under which security keys hold their credentials"},
    {"language", kLanguage, "in which people are asked and told"},
    {"tags", kTexts, "what this host is for"},
    {"enabled", kTruth, "whether such factors count"},
    {"devices", kPaths, "looked at besides the security keys that are found"},
    {"aaguids", kTexts, "models that may be enrolled"},
    {"sk_requires_touch", kTruth, "whether sshd takes no key of a security key without a touch"},
    {"admin_group", kText, "whose members see everybody's recent activity"},
    {"keep", kDuration, "how long decisions are kept"},
    {"arguments", kTruth, "whether the arguments of commands are kept with them"},

    {"name", kName, "names the rule in the journal; no two share one"},
    {"service", kNames, "families of programs: sudo, su, sshd, ..."},
    {"pam_service", kNames, "exact names of PAM services"},
    {"user", kNames, "whose factor is asked for: users and @groups"},
    {"target_user", kNames, "whose rights are taken"},
    {"command", kNames, "patterns of commands"},
    {"host_tag", kNames, "tags of hosts"},
    {"source", kNames, "networks from which the person came"},
    {"remote", kTruth, "whether the person came over a network"},
    {"tty", kNames, "terminals"},
    {"login_method", kNames, "how the person logged in (RFC 8176)"},
    {"time", kNames, "hours of the week"},
    {"except_user", kNames, "never these users and @groups"},
    {"except_command", kNames, "not for these commands"},
    {"except_source", kNames, "not from these networks"},
    {"level", kLevel, "how strong the proof must be"},
    {"factors", kFactors, "which factors count"},
    {"max_age", kDuration, "how old the proof may be; 0 asks every time"},
    {"max_idle", kDuration, "how long ago the last privileged command may be"},
    {"scope", kScope, "how far a proof reaches"},
    {"deny", kSomeText, "refuses, in these words"},
    {"login_counts", kTruth, "what the login itself proved meets the rule"},
    {"enforce", kTruth, "false only records what the rule would have demanded"},
};
// clang-format on

// By key, as "list" names it; those of rules without a table.  A key that is not here has none.
std::map<std::string, Json> defaults() {
  std::map<std::string, Json> all;
  // Its values are written alike in TOML and in JSON.
  for (const auto& [key, value] : rules::list(rules::Settings{})) {
    all[key] = Json::parse(value, nullptr, false);
  }
  const policy::Rule rule;
  all["rule.max_age"] = rules::format_duration(rule.max_age);
  all["rule.scope"] = to_string(rule.scope);
  all["rule.login_counts"] = rule.login_counts;
  all["rule.enforce"] = rule.enforce;
  return all;
}

// The table `name` with `keys` and no others; no name is the top level.  A key that has no row is
// of any type: "config check" knows.
template <typename Keys>
Json table(const std::string& name, const Keys& keys) {
  const auto known = defaults();
  Json properties = Json::object();
  for (const std::string_view key : keys) {
    const auto* row = std::ranges::find(kRows, key, &Row::key);
    if (row == std::end(kRows)) continue;
    Json form = Json::parse(row->form);
    form["description"] = row->meaning;
    const auto usual = known.find((name.empty() ? "" : name + ".") + std::string(key));
    if (usual != known.end()) form["default"] = usual->second;
    properties[std::string(key)] = std::move(form);
  }
  return {
      {"type",                 "object"             },
      {"properties",           std::move(properties)},
      {"additionalProperties", false                }
  };
}

}  // namespace

std::string config_schema() {
  Json rule = table("rule", rules::kRuleKeys);
  rule["required"] = {"name", "level"};
  Json top = table("", rules::kTopKeys);
  top["properties"]["attempts"] = table("attempts", rules::kAttemptsKeys);
  top["properties"]["host"] = table("host", rules::kHostKeys);
  top["properties"]["fido2"] = table("fido2", rules::kFido2Keys);
  top["properties"]["ssh_sk"] = table("ssh_sk", rules::kSshSkKeys);
  top["properties"]["login"] = table("login", rules::kLoginKeys);
  top["properties"]["activity"] = table("activity", rules::kActivityKeys);
  top["properties"]["rule"] = {
      {"type",  "array"        },
      {"items", std::move(rule)}
  };
  Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title",   "stepupd.conf(5)"                             }
  };
  schema.update(top);
  return schema.dump(2) + "\n";
}

}  // namespace stepup::ctl
