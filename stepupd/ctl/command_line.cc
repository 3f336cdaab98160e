// SPDX-License-Identifier: ISC
#include "stepupd/ctl/command_line.h"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/verb_options.h"
#include "stepupd/ctl/verbs.h"

namespace stepup::ctl {
namespace {

constexpr std::size_t kMaxSocketPath = 107;  // sockaddr_un, without the final NUL

// "stepupctl enroll totp --help", for the verb that was being read.
std::string help_command(const CLI::App& app) {
  std::string words = "stepupctl";
  for (const CLI::App* verb = &app; verb != nullptr;) {
    const auto parsed = verb->get_subcommands();
    verb = parsed.empty() ? nullptr : parsed.front();
    if (verb != nullptr) words.append(" ").append(verb->get_name());
  }
  return words + " --help";
}

}  // namespace

std::expected<CommandLine, Stop> parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("Step up, and manage your second factors on this host.", "stepupctl");
  app.set_version_flag("--version", "stepupctl " STEPUP_VERSION);
  app.footer("See stepupctl(1).");
  app.fallthrough();  // --socket may also follow the verb
  app.require_subcommand(1);
  app.add_option("--socket", line.socket, "where stepupd listens")
      ->type_name("PATH")
      ->capture_default_str()
      ->check(from_one_to(kMaxSocketPath));
  add_factor_verbs(app, line);
  add_session_verbs(app, line);
  add_config_verb(app, line);
  add_host_verbs(app, line);
  add_import_verb(app, line);
  add_policy_verbs(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    return std::unexpected(Stop{ExitCode::Done, std::string(version.what()) + "\n"});
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Stop{ExitCode::Done, app.help()});
  } catch (const CLI::CallForAllHelp&) {
    return std::unexpected(Stop{ExitCode::Done, app.help("", CLI::AppFormatMode::All)});
  } catch (const CLI::ParseError& error) {
    // CLI11 asks for a command before it looks at the word that stands in its place.
    const std::vector<std::string> unknown = app.remaining(true);
    const bool misspelt = dynamic_cast<const CLI::RequiredError*>(&error) && !unknown.empty();
    const std::string what =
        misspelt ? "\"" + unknown.front() + "\" makes no sense here" : error.what();
    return std::unexpected(
        Stop{ExitCode::Usage, printable(what) + "\nstepupctl: see " + help_command(app)});
  }
  return line;
}

}  // namespace stepup::ctl
