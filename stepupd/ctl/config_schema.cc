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

Json words(std::initializer_list<const char*> values) {
  return {
      {"enum", values}
  };
}

Json pattern(const char* expression) {
  return {
      {"type",    "string"  },
      {"pattern", expression}
  };
}

Json list(Json items, int at_least) {
  return {
      {"type",     "array"         },
      {"items",    std::move(items)},
      {"minItems", at_least        }
  };
}

Json names() {
  return list(
      {
          {"type",      "string"},
          {"minLength", 1       }
  },
      1);
}

Json duration() { return pattern("^(0|[1-9][0-9]*(s|min|h|d))$"); }

Json number(int lowest, int highest) {
  return {
      {"type",    "integer"},
      {"minimum", lowest   },
      {"maximum", highest  }
  };
}

Json truth() {
  return {
      {"type", "boolean"}
  };
}

struct Row {
  std::string_view key;
  Json (*form)();
  const char* meaning;
};

// A key has one meaning wherever it stands.
constexpr Row kRows[] = {
    {"mode",                                                                         [] { return words({"enforce", "monitor"}); },                              "monitor records and asks nobody"},
    {"unenrolled",                                                                   [] { return pattern("^(deny|allow-until [0-9]{4}-[0-9]{2}-[0-9]{2})$"); },
     "what happens to a person without a factor"},
    {"verify_session",
     [] {
       return Json{
           {                               "type", "boolean"}};
     },                                                                                                                                                               "whether stepupctl verify --session is allowed"},
    {"source_reuse",                                  duration,
     "how long a step-up in sshd counts for further logins of that key and address"},
    {"max_failures",                                                  [] { return number(1, 20); },                                                                          "failed answers before the next has to wait"                                                                                                                          },
    {"max_backoff",                    duration,                                  "the longest of these waits"},
    {"rp_id",                                          [] { return pattern("^[!-~]{0,253}$"); },
     "the name under which security keys hold their credentials"                                                                                                                                                                                        },
    {"language",                                                                               [] { return words({"en", "de", "fr"}); },                                                                                             "in which people are asked and told"},
    {"tags",
     [] {
       return list(
           {
               {                                                  "type",                           "string"}},
           0);
     },                       "what this host is for"                                                                                                                      },
    {"enabled",
     [] {
       return Json{
           {                                                                         "type",                                                                               "boolean"}};
     },                                                                                                                                                   "whether such factors count"},
    {"devices",                             [] { return list(pattern("^/"), 0); },
     "looked at besides the security keys that are found"},
    {"aaguids",
     [] {
       return list(
           {
               {                                                 "type",                                "string"}},
           0);
     },"models that may be enrolled"},

    {"name",
     [] {
       return Json{
           {                                                        "type",                                                               "string"}, {                                         "minLength",                                                                               1}, {                                                                          "maxLength",                                                                 256}};
     },                                                                                                    "names the rule in the journal; no two share one"},
    {"service",                                                                         names,                                                                                                                                                   "families of programs: sudo, su, sshd, ..."},
    {"pam_service",                                                                  names,                                                                                                                                                               "exact names of PAM services"},
    {"user",                                                               names,                                                                                                                                                         "whose factor is asked for: users and @groups"},
    {"target_user",                                                                names,   "whose rights are taken"},
    {"command",                                                                        names,"patterns of commands"},
    {"host_tag",                                                                      names,"tags of hosts"},
    {"source",                                                                      names,"networks from which the person came"},
    {"remote",
     [] {
       return Json{
           {                                                                        "type",                                                                         "boolean"}};
     },                                                                                                                             "whether the person came over a network"                                                      },
    {"tty",                                                                               names,                                                                                                                                                                        "terminals"                                                                                                                                                                                         },
    {"login_method",                                                                 names,                                                                                                                                                                             "how the person logged in (RFC 8176)"                                                                                                                                                                                                         },
    {"time", names,                                                                                                                                                                  "hours of the week"                                                                                                                                                                                                          },
    {"except_user", names,                                                                                                                                                   "never these users and @groups"},
    {"except_command", names,                                                                "not for these commands"},
    {"except_source", names,                                                                     "not from these networks"},
    {"level", [] { return words({"none", "otp", "touch", "touch+uv"}); },
     "how strong the proof must be"},
    {"factors",
     [] {
       return list(words({"totp", "recovery_code", "hotp", "yubico_otp", "fido2", "ssh_sk"}), 1);
     },                                                                                                                                      "which factors count"},
    {"max_age", duration,                                                                                                                                   "how old the proof may be; 0 asks every time"},
    {"max_idle", duration,                                                                                                                                    "how long ago the last privileged command may be"},
    {"scope", [] { return words({"session", "tty", "process"}); },                                                                                       "how far a proof reaches"},
    {"deny",
     [] {
       return Json{
           {"type", "string"}, {"minLength", 1}};
     },                                                                                                                                                         "refuses, in these words"},
    {"login_counts", truth,                                                                                                                                       "what the login itself proved meets the rule"},
    {"sk_requires_touch", truth,                                                                                                                                      "whether sshd takes no key of a security key without a touch"},
    {"admin_group",
     [] {
       return Json{
           {"type", "string"}};
     },                                                                                              "whose members see everybody's recent activity"},
    {"keep", duration,                                                                                                                                                               "how long decisions are kept"},
    {"arguments", truth,                                                                                                                                                   "whether the arguments of commands are kept with them"},
    {"enforce",
     [] {
       return Json{
           {"type", "boolean"}};
     },                                                                                                                                     "false only records what the rule would have demanded"},
};

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
    Json form = row->form();
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
