// SPDX-License-Identifier: ISC
#include "stepupd/ctl/daemon_query.h"

#include <optional>
#include <utility>

#include "stepupd/ctl/signals.h"
#include "stepupd/wire/client.h"

namespace stepup::ctl {
namespace {

template <typename Report, typename Request>
Result<Report> ask(const std::string& socket, const Request& request) {
  auto client = wire::Client::connect(socket, wire::Socket::Control);
  if (!client) return std::unexpected(client.error());
  (void)client->send(request);  // a failure shows when the answer is read
  std::optional<Report> report;
  for (;;) {
    const auto packet = client->next(ending_signal_came);
    if (!packet) return std::unexpected(packet.error());
    if (packet->header.type == Report::kType) {
      auto decoded = wire::decode<Report>(*packet);
      if (!decoded) return std::unexpected(decoded.error());
      report = std::move(*decoded);
    } else if (packet->header.type == wire::MessageType::Verdict) {
      const auto verdict = wire::decode<wire::Verdict>(*packet);
      if (!verdict) return std::unexpected(verdict.error());
      if (verdict->code != wire::VerdictCode::Granted || !report) {
        return failure(Errc::Untrusted, "stepupd refused");
      }
      return std::move(*report);
    } else if (packet->header.type != wire::MessageType::Notice) {
      return failure(Errc::Malformed, "an answer that was not asked for");
    }
  }
}

}  // namespace

Result<wire::StatusReport> ask_status(const std::string& socket) {
  return ask<wire::StatusReport>(socket, wire::StatusRequest{});
}

Result<wire::CredentialList> ask_credentials(const std::string& socket, const std::string& user) {
  return ask<wire::CredentialList>(socket, wire::ListRequest{user});
}

Result<wire::SessionList> ask_sessions(const std::string& socket) {
  return ask<wire::SessionList>(socket, wire::SessionsRequest{});
}

}  // namespace stepup::ctl
