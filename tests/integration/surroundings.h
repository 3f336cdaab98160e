// SPDX-License-Identifier: ISC
// What a PAM module must leave in its host as it found it.  Include it before CppUTest.
#pragma once

#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace stepup::fakes {

// The signals in `set`, one bit each: glibc fills only part of a sigset_t.
inline std::uint64_t bits_of(const sigset_t& set) {
  std::uint64_t bits = 0;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&set, signal) == 1) bits |= std::uint64_t{1} << (signal - 1);
  }
  return bits;
}

inline std::uint64_t signal_mask() {
  sigset_t mask;
  (void)pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return bits_of(mask);
}

struct Disposition {
  void (*handler)(int);
  int flags;
  std::uint64_t mask;
  bool operator==(const Disposition&) const = default;
};

struct Surroundings {
  std::vector<Disposition> dispositions;
  std::uint64_t mask = 0;
  mode_t file_mask = 0;
  std::string directory;
  std::vector<std::string> environment;
  std::map<std::string, std::string> descriptors;  // number and what it is open on
  std::array<uid_t, 8> ids{};
  std::vector<gid_t> groups;

  // The name of the first thing that is not as in `other`; empty when nothing has changed.
  [[nodiscard]] std::string difference(const Surroundings& other) const {
    if (dispositions != other.dispositions) return "signal dispositions";
    if (mask != other.mask) return "signal mask";
    if (file_mask != other.file_mask) return "umask";
    if (directory != other.directory) return "working directory";
    if (environment != other.environment) return "environment";
    if (descriptors != other.descriptors) return "descriptors";
    if (ids != other.ids) return "ids";
    return groups != other.groups ? "groups" : "";
  }
};

inline Surroundings look_around() {
  Surroundings now;
  closelog();  // libc's own socket, which comes with the first line and changes with a signal
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action{};
    (void)sigaction(signal, nullptr, &action);
    now.dispositions.push_back({action.sa_handler, action.sa_flags, bits_of(action.sa_mask)});
  }
  now.mask = signal_mask();
  now.file_mask = umask(0);
  (void)umask(now.file_mask);
  now.directory = std::filesystem::current_path();
  for (char** entry = environ; *entry != nullptr; ++entry) now.environment.emplace_back(*entry);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the one that reads the directory
    now.descriptors[entry.path()] = std::filesystem::read_symlink(entry.path(), gone);
  }
  (void)getresuid(&now.ids[0], &now.ids[1], &now.ids[2]);
  (void)getresgid(&now.ids[3], &now.ids[4], &now.ids[5]);
  now.ids[6] = static_cast<uid_t>(setfsuid(static_cast<uid_t>(-1)));  // changes nothing
  now.ids[7] = static_cast<uid_t>(setfsgid(static_cast<gid_t>(-1)));
  now.groups.resize(static_cast<std::size_t>(getgroups(0, nullptr)));
  (void)!getgroups(static_cast<int>(now.groups.size()), now.groups.data());
  return now;
}

// Bytes handed out by malloc in the whole process: the least of several looks, since a fake
// daemon's thread may hold a packet at any of them.
inline std::size_t allocated() {
  std::size_t least = mallinfo2().uordblks;
  for (int look = 0; look < 5; ++look) {
    (void)usleep(1'000);
    least = std::min(least, mallinfo2().uordblks);
  }
  return least;
}

// Bytes of memory of its own that the process holds (RssAnon of proc_pid_status(5)).
inline std::size_t resident() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    std::size_t kibibytes = 0;
    if (sscanf(line.c_str(), "RssAnon: %zu kB", &kibibytes) == 1) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace stepup::fakes
