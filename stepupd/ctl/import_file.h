// SPDX-License-Identifier: ISC
// The file that stepupctl import takes over.
#pragma once

#include <expected>
#include <string>

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/dialogue.h"
#include "stepupd/wire/import_messages.h"

namespace stepup::ctl {

struct ImportFile {
  wire::ImportRequest request;
  Upload upload;
};

// Reads the file, and completes the request with what is known of it: a file that does not belong
// to root may only be about its owner, who could have written anybody's name into it.  Fails with
// what is wrong with it, printable.
[[nodiscard]] std::expected<ImportFile, std::string> read_import_file(const ImportCommand& command);

}  // namespace stepup::ctl
