// SPDX-License-Identifier: ISC
#include "stepupd/ctl/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/time_text.h"
#include "stepupd/ctl/user_name.h"

namespace stepup::ctl {
namespace {

template <std::size_t kColumns>
using TableRow = std::array<std::string, kColumns>;

// Columns two spaces apart, none padded at the end of a line.
template <std::size_t kColumns>
std::string table(const std::vector<TableRow<kColumns>>& rows) {
  std::array<std::size_t, kColumns> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out.append(row[i]).append(widths[i] - row[i].size() + 2, ' ');
    }
    out.append(row.back()).push_back('\n');
  }
  return out;
}

// "Title:    first" and the further lines below the first.
std::string section(std::string_view title, const std::vector<std::string>& lines) {
  constexpr std::size_t kIndent = 10;
  std::string out;
  for (const std::string& line : lines) {
    const std::string_view head = out.empty() ? title : std::string_view();
    out.append(head).append(kIndent - head.size(), ' ').append(line).push_back('\n');
  }
  return out;
}

constexpr const char* reach(Scope scope) noexcept {
  switch (scope) {
    case Scope::Session: return "for this login session";
    case Scope::Tty: return "for this terminal";
    case Scope::Process: return "for one command";
  }
  return "?";
}

std::string line_of(const wire::GrantRow& grant) {
  return std::string(to_string(grant.level)) + " by " + to_string(grant.factor) + ", " +
         duration(grant.age_seconds) + " ago, " + reach(grant.scope);
}

std::string line_of(const wire::RuleRow& rule) {
  return (rule.enforced ? "" : "only reported: ") + printable(rule.demand) + "  \"" +
         printable(rule.name) + "\" (" + printable(rule.origin) + ")";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text.append(text.empty() ? "" : ", ").append(printable(word));
  return text;
}

std::string line_of(const wire::LoginRow& login) {
  std::string line = user_name(login.uid) + " by " + login.service;
  if (!login.source.empty()) line += " from " + login.source;
  line = printable(line, wire::kMaxText);
  if (!login.methods.empty()) line += ", " + joined(login.methods);
  if (!login.amr.empty()) line += " (amr: " + joined(login.amr) + ")";
  line += login.level == Level::None ? ", proves nothing here"
                                     : std::string(", proves ") + to_string(login.level);
  return line + ", " + duration(login.age_seconds) + " ago";
}

std::string line_of(const wire::SessionActivity& activity) {
  return std::to_string(activity.commands) + (activity.commands == 1 ? " command" : " commands") +
         " here, " + std::to_string(activity.refused) + " refused, the last one " +
         duration(activity.idle_seconds) + " ago";
}

std::string line_of(const std::string& remark) { return printable(remark, wire::kMaxText); }

// `none` stands for no rows, if it is given.
template <typename Row>
std::vector<std::string> lines_of(const std::vector<Row>& rows, const char* none = nullptr) {
  std::vector<std::string> lines;
  lines.reserve(rows.size() + 1);
  for (const Row& row : rows) lines.push_back(line_of(row));
  if (lines.empty() && none != nullptr) lines.emplace_back(none);
  return lines;
}

}  // namespace

std::string render(const wire::CredentialList& list) {
  if (list.credentials.empty()) {
    return printable(list.user) + " has no second factor on this host.\n";
  }
  std::vector<TableRow<5>> rows = {
      {"FACTOR", "LABEL", "DETAILS", "ADDED", "LAST USED"}
  };
  for (const wire::CredentialRow& row : list.credentials) {
    rows.push_back({to_string(row.factor), printable(row.label), printable(row.details),
                    row.created_at == 0 ? "-" : local_time(row.created_at),
                    row.last_used_at == 0 ? "never" : local_time(row.last_used_at)});
  }
  return table(rows);
}

std::string render(const wire::StatusReport& status) {
  return section("Session:", {printable(status.session)}) +
         (status.login ? section("Login:", {line_of(*status.login)}) : "") +
         section("Proved:", lines_of(status.grants, "nothing")) +
         (status.activity.commands == 0 ? "" : section("Activity:", {line_of(status.activity)})) +
         section("Rules:", lines_of(status.rules, "none")) +
         section("Remarks:", lines_of(status.remarks)) +
         (status.rules_digest.empty() ? "" : section("Digest:", {printable(status.rules_digest)})) +
         section("stepupd:", {printable(status.daemon_version)});
}

std::string render(const wire::SessionList& list) {
  if (list.sessions.empty()) return "No proof holds.\n";
  std::vector<TableRow<8>> rows = {
      {"USER", "SESSION", "TTY", "LEADER", "LEVEL", "FACTOR", "SCOPE", "AGE"}
  };
  for (const wire::SessionRow& row : list.sessions) {
    rows.push_back({printable(user_name(row.uid)), to_string(row.session),
                    row.tty.empty() ? "-" : printable(row.tty), std::to_string(row.leader),
                    to_string(row.level), to_string(row.factor), to_string(row.scope),
                    duration(row.age_seconds)});
  }
  std::string out = table(rows);
  if (list.total > list.sessions.size()) {
    out += "These are the newest of " + std::to_string(list.total) + ". See --user.\n";
  }
  return out;
}

std::string render(const wire::ActivityReport& page, bool with_heading) {
  std::vector<TableRow<9>> rows;
  if (with_heading) {
    rows.push_back(
        {"TIME", "USER", "SESSION", "TTY", "SERVICE", "TARGET", "COMMAND", "VERDICT", "REASON"});
  }
  const auto cell = [](const std::string& text) { return text.empty() ? "-" : printable(text); };
  for (const wire::ActivityRow& row : page.rows) {
    rows.push_back({local_time_to_the_second(row.at), cell(row.user), to_string(row.session),
                    cell(row.tty), cell(row.service), cell(row.target_user),
                    cell(row.command + (row.arguments.empty() ? "" : ": " + row.arguments)),
                    cell(row.verdict),
                    cell(row.reason + (row.factor.empty() ? "" : " by " + row.factor))});
  }
  return table(rows);
}

std::string render(const Rehearsal& rehearsal) {
  const auto tenths = [&](std::uint64_t count) {
    const long rounded = std::lround(a_day(rehearsal, count) * 10);
    return std::to_string(rounded / 10) + "." + std::to_string(rounded % 10);
  };
  const auto change = [](const std::string& before, const std::string& after) {
    return before + " -> " + after;
  };
  std::vector<TableRow<6>> rows = {
      {"USER", "DECISIONS", "PROMPTS A DAY", "REFUSALS", "WITHOUT A FACTOR", "UNCERTAIN"}
  };
  for (const auto& [uid, tally] : rehearsal.people) {
    rows.push_back(
        {printable(tally.user), std::to_string(tally.decisions),
         change(tenths(tally.prompts_before), tenths(tally.prompts_after)),
         change(std::to_string(tally.refusals_before), std::to_string(tally.refusals_after)),
         rehearsal.knows_factors ? std::to_string(tally.unmet) : "?",
         std::to_string(tally.uncertain)});
  }
  std::string out = rehearsal.people.empty() ? "Nothing was decided.\n"
                                             : table(rows) + "From " + local_time(rehearsal.since) +
                                                   " to " + local_time(rehearsal.until) + ".\n";
  std::string lost;
  for (const std::string& key : rehearsal.not_recorded) lost += (lost.empty() ? "" : ", ") + key;
  if (!lost.empty()) {
    out += "Uncertain is what hangs on facts that are not recorded, for: " + lost +
           ". They are counted as the stricter.\n";
  }
  for (const std::string& remark : rehearsal.remarks) out += printable(remark) + "\n";
  return out;
}

std::string render(const std::vector<wire::ImportRow>& rows) {
  std::vector<TableRow<6>> lines = {
      {"LINE", "USER", "FACTOR", "LABEL", "DETAILS", "STATE"}
  };
  std::string remarks;
  for (const wire::ImportRow& row : rows) {
    lines.push_back({std::to_string(row.line), printable(row.user), to_string(row.factor),
                     printable(row.label), printable(row.details),
                     row.enrolled ? "enrolled already" : "new"});
    for (const std::string& remark : row.remarks) {
      remarks += "Line " + std::to_string(row.line) + ": " + printable(remark) + ".\n";
    }
  }
  return table(lines) + remarks;
}

std::string import_outcome(std::size_t credentials, std::size_t enrolled_already) {
  if (enrolled_already == 0) return "Imported.\n";
  if (enrolled_already == credentials) {
    return "Nothing was changed: all of it is enrolled already.\n";
  }
  return "Imported " + std::to_string(credentials - enrolled_already) + " of " +
         std::to_string(credentials) + ": the others are enrolled already.\n";
}

std::string render(const wire::ImportProblem& problem, std::string_view file) {
  return printable(file) + ":" + std::to_string(problem.line) + ":" +
         std::to_string(problem.column) + ": " + printable(problem.what, wire::kMaxText);
}

std::string yubikey_heading() {
  return "Write this secret into slot 2 of your YubiKey, with one of these commands, on a computer "
         "that you trust. What slot 2 held before is gone then.\n";
}

std::string ticket_heading(const wire::NewTicket& ticket) {
  return "Enrolment ticket for " + printable(ticket.user) + ", good once, until " +
         local_time(ticket.expires_at) + ":\n";
}

std::string ticket_advice(const wire::NewTicket& ticket) {
  return "Give it to " + printable(ticket.user) +
         " alone, who logs in to this host and types: stepupctl enroll totp\n";
}

}  // namespace stepup::ctl
