// SPDX-License-Identifier: ISC
#include "stepupd/rules/safe_program.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "stepupd/policy/command.h"
#include "stepupd/rules/trusted_dir.h"

namespace stepup::rules {

bool is_safe_program(const std::string& path) {
  if (!policy::is_plain_path(path)) return false;
  const std::string program = policy::folded(path);
  const auto slash = program.rfind('/');
  Trust trust;
  trust.owner = 0;
  const auto directory = open_directory(slash == 0 ? "/" : program.substr(0, slash), trust);
  if (!directory || !*directory) return false;
  struct stat status{};
  return fstatat(directory->get(), program.c_str() + slash + 1, &status, AT_SYMLINK_NOFOLLOW) ==
             0 &&
         S_ISREG(status.st_mode) && why_untrusted(status, trust).empty();
}

}  // namespace stepup::rules
