// SPDX-License-Identifier: ISC
// stepup-fido2-helper: has one security key do one thing for stepupd, and ends.
//
// SECURITY
// Runs as _stepup-fido2, who may open the nodes of security keys and nothing else of the host's;
// one process for each request, started by systemd with the accepted connection.  It reads no
// configuration and no state, holds no secret but a PIN on its way to the key, and decides nothing:
// stepupd verifies what it sends.  A key may be hostile, and so may stepupd be.  Before the first
// byte from a key is read, Landlock and seccomp leave it only the key and the connection.  If it is
// captured all the same, it can spend a touch or a PIN on another relying party, refuse, or lie
// about what it waits for; it cannot invent a touch.
#include <errno.h>
#include <fido.h>
#include <fido/es256.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <string>
#include <variant>

#include "stepupd/base/standard_descriptors.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/fido2_helper/ceremonies.h"
#include "stepupd/fido2_helper/listener.h"
#include "stepupd/fido2_helper/port.h"
#include "stepupd/fido2_helper/sandbox.h"

namespace {

using namespace stepup;
using namespace stepup::fido2_helper;

constexpr const char kUsage[] =
    "Usage: stepup-fido2-helper --listen PATH [--group NAME] [--user NAME]\n"
    "       stepup-fido2-helper --version | --help\n"
    "Without arguments it serves the connection that systemd passes.  See "
    "stepup-fido2-helper(8).\n";

int fail(const Error& error) {
  if (error.sys_errno != 0) {
    (void)fprintf(stderr, "stepup-fido2-helper: %s: %s, exiting\n", error.what,
                  strerrordesc_np(error.sys_errno));
  } else {
    (void)fprintf(stderr, "stepup-fido2-helper: %s, exiting\n", error.what);
  }
  return EXIT_FAILURE;
}

// Keeps a PIN out of core files and of other processes' sight, and the process alive when a
// terminal that plays a key goes away.
Status harden_process() {
  const rlimit no_core{0, 0};
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) return failure(Errc::Internal, "RLIMIT_CORE", errno);
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return failure(Errc::Internal, "PR_SET_DUMPABLE", errno);
  }
  (void)signal(SIGHUP, SIG_IGN);
  (void)signal(SIGPIPE, SIG_IGN);
  return {};
}

// OpenSSL reads its configuration, and loads what that names, at its first use; later the sandbox
// would forbid both.
void start_crypto() {
  constexpr unsigned char kPoint[64] = {};
  es256_pk_t* key = es256_pk_new();
  if (key != nullptr) (void)es256_pk_from_ptr(key, kPoint, sizeof kPoint);
  es256_pk_free(&key);
}

// Holds the ceremony and says what came of it.
template <typename Request, typename Ceremony>
Status conduct(Port& port, const wire::Packet& packet, Ceremony hold) {
  auto decoded = wire::decode<Request>(packet);
  if (!decoded) return std::unexpected(decoded.error());
  // Never destroyed: a thread that hangs in a broken key may use it to the end of the process.
  static const Request request = std::move(*decoded);
  start_crypto();
  if (auto confined = enter_sandbox(request.ceremony.devices); !confined) return confined;
  fido_init(FIDO_DISABLE_U2F_FALLBACK);
  const auto last = hold(port, request);
  if (!std::visit([&](const auto& message) { return port.send(message); }, last)) {
    (void)port.send(wire::CeremonyFailed{wire::CeremonyFailure::Device, "its answer is too long"});
  }
  return {};
}

int serve_connection() {
  static Port port{UniqueFd(kConnection)};  // as above
  const auto packet = port.receive_request();
  if (!packet) return fail(packet.error());
  const auto served = packet->header.type == wire::MessageType::AssertRequest
                          ? conduct<wire::AssertRequest>(port, *packet, get_assertion)
                          : conduct<wire::MakeCredentialRequest>(port, *packet, make_credential);
  if (!served) return fail(served.error());
  _exit(EXIT_SUCCESS);  // not exit(), which would destroy them after all
}

// Whether systemd passed one connection: sd_listen_fds(3).
bool has_passed_connection() {
  // NOLINTBEGIN(concurrency-mt-unsafe): no thread runs yet
  const char* count = getenv("LISTEN_FDS");
  const char* pid = getenv("LISTEN_PID");
  // NOLINTEND(concurrency-mt-unsafe)
  return count != nullptr && pid != nullptr && strcmp(count, "1") == 0 &&
         std::to_string(getpid()) == pid;
}

}  // namespace

int main(int argc, char** argv) try {
  if (const auto filled = fill_standard_descriptors(); !filled) return EXIT_FAILURE;
  const option known[] = {
      {"listen",     required_argument, nullptr, 'l'},
      {"group",      required_argument, nullptr, 'g'},
      {"user",       required_argument, nullptr, 'u'},
      {"connection", no_argument,       nullptr, 'c'},
      {"version",    no_argument,       nullptr, 'V'},
      {"help",       no_argument,       nullptr, 'h'},
      {nullptr,      0,                 nullptr, 0  },
  };
  Place place;
  bool passed = has_passed_connection();
  // NOLINTBEGIN(concurrency-mt-unsafe): no thread runs yet
  (void)clearenv();  // FIDO_DEBUG would print what goes to a key
  for (int c = 0; (c = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    switch (c) {
      case 'l': place.path = optarg; break;
      case 'g': place.group = optarg; break;
      case 'u': place.user = optarg; break;
      case 'c': passed = true; break;  // by listen_at()
      case 'V': return puts("stepup-fido2-helper " STEPUP_VERSION) < 0;
      case 'h': return fputs(kUsage, stdout) < 0;
      default: (void)fputs(kUsage, stderr); return 2;
    }
  }
  // NOLINTEND(concurrency-mt-unsafe)
  if (optind != argc || passed == !place.path.empty()) {
    (void)fputs(kUsage, stderr);
    return 2;
  }
  if (const auto hardened = harden_process(); !hardened) return fail(hardened.error());
  return passed ? serve_connection() : fail(listen_at(place));
} catch (const std::exception& error) {
  (void)fprintf(stderr, "stepup-fido2-helper: %s, exiting\n", error.what());
  return EXIT_FAILURE;
}
