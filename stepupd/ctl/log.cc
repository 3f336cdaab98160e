// SPDX-License-Identifier: ISC
#include "stepupd/ctl/log.h"

#include <poll.h>
#include <unistd.h>

#include <expected>
#include <optional>
#include <utility>

#include "stepupd/ctl/dialogue.h"
#include "stepupd/ctl/json_report.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/report.h"
#include "stepupd/ctl/signals.h"
#include "stepupd/ctl/terminal.h"
#include "stepupd/wire/client.h"

namespace stepup::ctl {
namespace {

constexpr int kBetweenLooksMs = 1000;

}  // namespace

ExitCode read_log(wire::LogRequest& request, const std::string& socket, bool as_json,
                  const Pages& pages) {
  const Terminal terminal;
  for (bool more = true; more;) {
    auto client = wire::Client::connect(socket, wire::Socket::Control);
    if (!client) {
      complain_of_absence(socket, client.error());
      return ExitCode::Unavailable;
    }
    (void)client->send(request);  // a failure shows when the answer is read
    more = false;
    const ExitCode code =
        relay(*client, terminal, socket, as_json, nullptr, [&](const wire::ActivityReport& page) {
          more = page.more;
          if (!page.rows.empty()) request.after = page.rows.back().id;
          return pages(page);
        });
    if (code != ExitCode::Done) return code;
  }
  return ExitCode::Done;
}

ExitCode show_log(const LogCommand& command, const std::string& socket, bool as_json) {
  wire::LogRequest request = command.request;
  bool first = true;
  const auto print = [&](const wire::ActivityReport& page) {
    return as_json ? json(page) : render(page, std::exchange(first, false));
  };
  for (;;) {
    const ExitCode code = read_log(request, socket, as_json, print);
    if (code != ExitCode::Done || !command.follow) return code;
    (void)poll(nullptr, 0, kBetweenLooksMs);
    if (ending_signal_came()) return ExitCode::Interrupted;
  }
}

}  // namespace stepup::ctl
