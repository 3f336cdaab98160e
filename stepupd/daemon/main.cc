// SPDX-License-Identifier: ISC
// stepupd: decides whether what a session has proved is enough for a privileged command.
//
// SECURITY
// Runs as _stepup with no capabilities, sandboxed by stepupd.service.  Started by hand as root it
// binds its sockets, becomes _stepup, and only then reads conf or state.  Reads /etc/stepup, owns
// /var/lib/stepup, reads /proc/PID of its peers, and listens to logind on the system bus; opens no
// device, no terminal and no network socket, and starts no program.  Everything it receives is
// untrusted: who a peer is comes from the kernel, and only root peers may ask on stepupd.sock.  If
// it crashes, systemd hands the memfd with the grants to its successor, and used codes stay used.
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "stepupd/base/standard_descriptors.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/server.h"
#include "stepupd/daemon/session_watch.h"
#include "stepupd/daemon/start.h"
#include "stepupd/factor/digest.h"
#include "stepupd/rules/check.h"
#include "stepupd/session/asker.h"

namespace {

using stepup::Error;
using stepup::Status;
using namespace stepup::daemon;

constexpr const char kUsage[] =
    "Usage: stepupd [--config-dir DIR] [--vendor-dir DIR] [--state-dir DIR] [--run-dir DIR]\n"
    "               [--user NAME]\n"
    "       stepupd --check [--config-dir DIR] [--vendor-dir DIR]\n"
    "       stepupd --version | --help\n"
    "See stepupd(8).\n";

struct Options {
  Paths paths;
  std::string run_dir = "/run/stepup";
  std::string user = "_stepup";
  bool check = false;
};

// Returns the exit code when there is nothing more to do, or -1.
int read_options(int argc, char** argv, Options& options) {
  const option known[] = {
      {"config-dir", required_argument, nullptr, 'c'},
      {"vendor-dir", required_argument, nullptr, 'v'},
      {"state-dir",  required_argument, nullptr, 's'},
      {"run-dir",    required_argument, nullptr, 'r'},
      {"user",       required_argument, nullptr, 'u'},
      {"check",      no_argument,       nullptr, 'C'},
      {"version",    no_argument,       nullptr, 'V'},
      {"help",       no_argument,       nullptr, 'h'},
      {nullptr,      0,                 nullptr, 0  },
  };
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet, here and below
  for (int c = 0; (c = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    switch (c) {
      case 'c': options.paths.conf.etc_dir = optarg; break;
      case 'v': options.paths.conf.vendor_dir = optarg; break;
      case 's': options.paths.state_dir = optarg; break;
      case 'r': options.run_dir = optarg; break;
      case 'u': options.user = optarg; break;
      case 'C': options.check = true; break;
      case 'V': (void)puts("stepupd " STEPUP_VERSION); return EXIT_SUCCESS;
      case 'h': (void)fputs(kUsage, stdout); return EXIT_SUCCESS;
      default: (void)fputs(kUsage, stderr); return 2;
    }
  }
  if (optind != argc) {
    (void)fprintf(stderr, "stepupd: unexpected argument \"%s\"\n%s", argv[optind], kUsage);
    return 2;
  }
  return -1;
}

int fail(const Error& error, const char* consequence) {
  audit::trouble(error, consequence);
  // Whoever starts it by hand looks at the terminal, not into the journal.
  if (isatty(STDERR_FILENO) != 0) {
    (void)fprintf(stderr, "stepupd: %s%s%s\n", error.what, error.sys_errno != 0 ? ": " : "",
                  error.sys_errno != 0 ? strerrordesc_np(error.sys_errno) : "");
  }
  return EXIT_FAILURE;
}

// Blocks what the loop handles, here and in every later thread, and keeps codes out of core files.
Status harden_process() {
  sigset_t handled;
  (void)sigemptyset(&handled);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) (void)sigaddset(&handled, signal);
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (sigprocmask(SIG_BLOCK, &handled, nullptr) != 0) {
    return stepup::failure(stepup::Errc::Internal, "sigprocmask", errno);
  }
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) {
    return stepup::failure(stepup::Errc::Internal, "RLIMIT_CORE", errno);
  }
  (void)umask(0077);
  return {};
}

// Keeps other processes of our user, and crash handlers, out of the memory that holds opened
// secrets.  By hand, changing the user does the same.  /proc/self belongs to root from then on.
Status hide_memory() {
#ifndef __SANITIZE_ADDRESS__  // its leak checker is such a process
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return stepup::failure(stepup::Errc::Internal, "PR_SET_DUMPABLE", errno);
  }
#endif
  return {};
}

// What "stepupctl config check" does, of files that are obeyed, and their digest as the journal has
// it.
int check_files(const stepup::rules::Layout& layout) {
  const auto checked = stepup::rules::check(layout, stepup::rules::OwnerRule::Root);
  for (const stepup::rules::Problem& problem : checked.problems) {
    (void)fprintf(stderr, "stepupd: %s\n", stepup::rules::with_caret(problem).c_str());
  }
  if (!checked.set) return EXIT_FAILURE;
  for (const std::string& warning : stepup::rules::warnings(*checked.set)) {
    (void)fprintf(stderr, "stepupd: warning: %s\n", warning.c_str());
  }
  const auto digest = stepup::factor::sha256_hex(stepup::rules::bundle(checked.files));
  if (!digest) return fail(digest.error(), "exiting");
  (void)printf("%sdigest: %s\n", stepup::rules::summary(checked).c_str(), digest->c_str());
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

std::string host_name() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "this host";
  return name;
}

int serve(Options options) {
  // What scrypt takes for a recovery code goes back at once; glibc would come to keep it otherwise.
  constexpr int kKeptAtMost = 1024 * 1024;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet
  (void)mallopt(M_MMAP_THRESHOLD, kKeptAtMost);
  auto sockets = passed_sockets();
  if (!sockets) return fail(sockets.error(), "exiting");
  if (!sockets->stepupd) sockets = bind_sockets(options.run_dir);
  if (!sockets) return fail(sockets.error(), "exiting");
  if (const auto dropped = drop_privileges(options.user); !dropped) {
    return fail(dropped.error(), "exiting");
  }
  if (const auto hidden = hide_memory(); !hidden) return fail(hidden.error(), "exiting");
  const audit::Sender sender;
  const auto boot_id = stepup::read_boot_id();
  if (!boot_id) return fail(boot_id.error(), "exiting");

  sd_event* raw = nullptr;
  if (const int r = sd_event_default(&raw); r < 0) {
    return fail({stepup::Errc::Internal, -r, "sd_event_default"}, "exiting");
  }
  const EventLoop loop(raw);
  (void)sd_event_set_watchdog(loop.get(), 1);
  options.paths.helper_socket = options.run_dir + "/fido2-helper.sock";
  const bool stored = static_cast<bool>(sockets->grants);
  auto memory =
      GrantMemory::open(std::move(sockets->grants), *boot_id, stepup::suspended_since_boot());
  if (!memory) return fail(memory.error(), "exiting");
  if (!stored) store_in_systemd(memory->fd());
  Engine engine(std::move(options.paths), host_name(), *boot_id);
  engine.journal_key = memory->journal_key();
  engine.ledger.adopt(std::move(*memory));
  SessionWatch watch(engine.ledger, open_system_bus, stepup::session::audit_session_of);
  Server server(engine);
  SignalSource hangup;
  SignalSource terminate;
  SignalSource interrupt;
  const auto stop = [&] { (void)sd_event_exit(loop.get(), 0); };
  for (const Status& started :
       {engine.start(loop.get()), watch.start(loop.get()),
        server.start(loop.get(), std::move(sockets->stepupd), std::move(sockets->control)),
        hangup.start(loop.get(), SIGHUP, [&] { engine.reload(); }),
        terminate.start(loop.get(), SIGTERM, stop), interrupt.start(loop.get(), SIGINT, stop)}) {
    if (!started) return fail(started.error(), "exiting");
  }
  (void)sd_notify(0, "READY=1");
  const int r = sd_event_loop(loop.get());
  (void)sd_notify(0, "STOPPING=1");
  if (r < 0) return fail({stepup::Errc::Internal, -r, "event loop"}, "exiting");
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto filled = stepup::fill_standard_descriptors(); !filled) return EXIT_FAILURE;
  Options options;
  if (const int code = read_options(argc, argv, options); code >= 0) return code;
  if (options.check) return check_files(options.paths.conf);
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (const char* directory = getenv("CREDENTIALS_DIRECTORY")) {
    options.paths.credentials_dir = directory;
  }
  if (const auto hardened = harden_process(); !hardened) return fail(hardened.error(), "exiting");
  return serve(std::move(options));
}
