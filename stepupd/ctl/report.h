// SPDX-License-Identifier: ISC
// The daemon's reports as text for people.  Pure, but for the local time zone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/ctl/replay.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::ctl {

// Input is untrusted: labels, sessions and rule names are other people's text, so each is made
// printable.  Returns whole lines.
[[nodiscard]] std::string render(const wire::CredentialList& list);
[[nodiscard]] std::string render(const wire::StatusReport& status);
[[nodiscard]] std::string render(const wire::SessionList& list);  // looks up user names
[[nodiscard]] std::string render(const std::vector<wire::ImportRow>& rows);
// What came of an import that went well.
[[nodiscard]] std::string import_outcome(std::size_t credentials, std::size_t enrolled_already);
[[nodiscard]] std::string render(const wire::ActivityReport& page, bool with_heading);

[[nodiscard]] std::string render(const Rehearsal& rehearsal);

// "FILE:3:7: what is wrong", without the end of a line.
[[nodiscard]] std::string render(const wire::ImportProblem& problem, std::string_view file);

// The lines before the commands that write a new secret into a YubiKey.
[[nodiscard]] std::string yubikey_heading();

// The lines before and after a ticket, which stands alone on its own line.
[[nodiscard]] std::string ticket_heading(const wire::NewTicket& ticket);
[[nodiscard]] std::string ticket_advice(const wire::NewTicket& ticket);

}  // namespace stepup::ctl
