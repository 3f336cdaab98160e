// SPDX-License-Identifier: ISC
#include "stepupd/ctl/report.h"

#include <algorithm>
#include <array>
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
         section("Proved:", lines_of(status.grants, "nothing")) +
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
