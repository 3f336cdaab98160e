// SPDX-License-Identifier: ISC
#include "stepupd/ctl/json_report.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "stepupd/ctl/user_name.h"

namespace stepup::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string document(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

template <typename Row, typename Form>
Json array_of(const std::vector<Row>& rows, Form form) {
  Json array = Json::array();
  for (const Row& row : rows) array.push_back(form(row));
  return array;
}

// Never used is null, not the year 1970.
Json time_or_null(std::int64_t unix_seconds) {
  return unix_seconds == 0 ? Json(nullptr) : Json(unix_seconds);
}

// Not known is null, not a text of nothing.
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

std::string json(const wire::CredentialList& list) {
  return document({
      {"user", list.user},
      {"credentials", array_of(list.credentials,
       [](const wire::CredentialRow& row) {
                                 return Json{
                                     {"factor", to_string(row.factor)},
                                     {"label", row.label},
                                     {"details", row.details},
                                     {"created_at", time_or_null(row.created_at)},
                                     {"last_used_at", time_or_null(row.last_used_at)},
                                 };
                               })},
  });
}

std::string json(const wire::StatusReport& status) {
  Json login;
  if (status.login) {
    login = {
        {"uid",         status.login->uid                 },
        {"service",     status.login->service             },
        {"source",      text_or_null(status.login->source)},
        {"tty",         text_or_null(status.login->tty)   },
        {"methods",     status.login->methods             },
        {"amr",         status.login->amr                 },
        {"level",       to_string(status.login->level)    },
        {"age_seconds", status.login->age_seconds         },
    };
  }
  return document({
      {"version", status.daemon_version},
      {"session", status.session},
      {"login", std::move(login)},
      {"activity",
       {{"commands", status.activity.commands},
        {"refused", status.activity.refused},
        {"idle_seconds", status.activity.idle_seconds}}},
      {"grants", array_of(status.grants,
       [](const wire::GrantRow& row) {
                            return Json{
                                {"level", to_string(row.level)},
                                {"factor", to_string(row.factor)},
                                {"scope", to_string(row.scope)},
                                {"age_seconds", row.age_seconds},
                            };
                          })},
      {"rules", array_of(status.rules,
       [](const wire::RuleRow& row) {
                           return Json{
                               {"name", row.name},
                               {"demand", row.demand},
                               {"origin", row.origin},
                               {"enforced", row.enforced},
                           };
                         })},
      {"remarks", status.remarks},
      {"rules_digest", status.rules_digest},
  });
}

std::string json(const wire::SessionList& list) {
  return document({
      {"total", list.total},
      {"sessions", array_of(list.sessions,
       [](const wire::SessionRow& row) {
                              return Json{
                                  {"user", user_name(row.uid)},
                                  {"uid", row.uid},
                                  {"session", to_string(row.session)},
                                  {"tty", text_or_null(row.tty)},
                                  {"leader", row.leader},
                                  {"level", to_string(row.level)},
                                  {"factor", to_string(row.factor)},
                                  {"scope", to_string(row.scope)},
                                  {"age_seconds", row.age_seconds},
                              };
                            })},
  });
}

std::string json(const wire::ActivityReport& page) {
  std::string lines;
  for (const wire::ActivityRow& row : page.rows) {
    lines += document({
        {"id",          row.id                       },
        {"at",          row.at                       },
        {"user",        row.user                     },
        {"uid",         row.uid                      },
        {"session",     to_string(row.session)       },
        {"tty",         text_or_null(row.tty)        },
        {"service",     row.service                  },
        {"phase",       row.phase                    },
        {"target_user", text_or_null(row.target_user)},
        {"command",     text_or_null(row.command)    },
        {"digest",      text_or_null(row.digest)     },
        {"arguments",   text_or_null(row.arguments)  },
        {"verdict",     row.verdict                  },
        {"reason",      row.reason                   },
        {"rules",       text_or_null(row.rules)      },
        {"factor",      text_or_null(row.factor)     },
    });
  }
  return lines;
}

std::string json(const std::vector<Finding>& findings) {
  return document({
      {"ok", findings.empty()},
      {"findings", array_of(findings,
       [](const Finding& finding) {
                              return Json{
                                  {"check", finding.check},
                                  {"what", finding.what},
                                  {"why", finding.why},
                                  {"remedy", finding.remedy},
                              };
                            })},
  });
}

std::string json(const std::vector<rules::Problem>& problems) {
  return document({
      {"ok", problems.empty()},
      {"problems", array_of(problems,
       [](const rules::Problem& problem) {
                              return Json{
                                  {"file", problem.file},
                                  {"line", problem.line},
                                  {"column", problem.column},
                                  {"what", problem.what},
                              };
                            })},
  });
}

std::string json(const std::vector<rules::Change>& changes) {
  return document({
      {"ok", true},
      {"problems", Json::array()},
      {"changes", array_of(changes,
       [](const rules::Change& change) {
                             return Json{
                                 {"change", change.comes ? "+" : "-"},
                                 {"statement", change.statement},
                             };
                           })},
  });
}

std::string json(const rules::RuleSet& set) {
  Json settings = Json::object();
  // Its values are written alike in TOML and in JSON.
  for (const auto& [key, value] : rules::list(set.settings)) {
    settings[key] = Json::parse(value, nullptr, false);
  }
  return document({
      {"ok", true},
      {"problems", Json::array()},
      {"mode", to_string(set.settings.mode)},
      {"settings", std::move(settings)},
      {"rules", array_of(set.rules,
       [](const policy::Rule& rule) {
                           return Json{
                               {"name", rule.name},
                               {"conditions", rules::describe_conditions(rule)},
                               {"demand", rules::describe(rule)},
                               {"origin", rule.origin},
                               {"enforced", rule.enforce},
                           };
                         })},
      {"masked", set.masked},
  });
}

std::string json(const Explanation& explanation) {
  const auto form = [](const ExplainedRule& explained) {
    Json conditions = Json::object();
    for (const policy::ConditionResult& condition : explained.conditions) {
      conditions[condition.key] = to_string(condition.holds);
    }
    return Json{
        {"name",       explained.rule->name            },
        {"origin",     explained.rule->origin          },
        {"matches",    explained.matches               },
        {"conditions", conditions                      },
        {"demand",     rules::describe(*explained.rule)},
        {"enforced",   explained.rule->enforce         },
    };
  };
  return document({
      {"rules", array_of(explanation.rules, form)},
      {"demand", explanation.enforced},
      {"reported", explanation.reported},
      {"remarks", explanation.remarks},
  });
}

std::string json(const Rehearsal& rehearsal) {
  Json people = Json::array();
  for (const auto& [uid, tally] : rehearsal.people) {
    people.push_back({
        {"user", tally.user},
        {"uid", uid},
        {"decisions", tally.decisions},
        {"prompts_before", tally.prompts_before},
        {"prompts_after", tally.prompts_after},
        {"prompts_a_day_before", a_day(rehearsal, tally.prompts_before)},
        {"prompts_a_day_after", a_day(rehearsal, tally.prompts_after)},
        {"refusals_before", tally.refusals_before},
        {"refusals_after", tally.refusals_after},
        {"unmet", rehearsal.knows_factors ? Json(tally.unmet) : Json(nullptr)},
        {"uncertain", tally.uncertain},
    });
  }
  return document({
      {"since",        time_or_null(rehearsal.since)},
      {"until",        rehearsal.until              },
      {"people",       std::move(people)            },
      {"not_recorded", rehearsal.not_recorded       },
      {"remarks",      rehearsal.remarks            },
  });
}

}  // namespace stepup::ctl
