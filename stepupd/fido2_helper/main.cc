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
#include <fcntl.h>
#include <fido.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "stepupd/base/standard_descriptors.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/fido2_helper/ceremony.h"
#include "stepupd/fido2_helper/sandbox.h"

namespace {

using namespace stepup;
using namespace stepup::fido2_helper;

constexpr int kConnection = 3;  // SD_LISTEN_FDS_START, sd_listen_fds(3)
constexpr int kMaxAtOnce = 16;
constexpr const char kUsage[] =
    "Usage: stepup-fido2-helper --listen PATH\n"
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

template <typename Request>
Result<std::unique_ptr<const Operation>> decoded(const wire::Packet& packet) {
  auto request = wire::decode<Request>(packet);
  if (!request) return std::unexpected(request.error());
  return operation_of(std::move(*request));
}

int serve_connection() {
  Port port{UniqueFd(kConnection)};
  const auto packet = port.request();
  if (!packet) return fail(packet.error());
  const auto operation = packet->header.type == wire::MessageType::AssertRequest
                             ? decoded<wire::AssertRequest>(*packet)
                             : decoded<wire::MakeCredentialRequest>(*packet);
  if (!operation) return fail(operation.error());
  if (const auto confined = enter_sandbox(); !confined) return fail(confined.error());
  fido_init(0);
  run_ceremony(**operation, port);
  // Not exit(): threads may still hang in a broken key.
  _exit(EXIT_SUCCESS);
}

Result<UniqueFd> bound(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failure(Errc::TooLarge, "socket path");
  path.copy(address.sun_path, path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return failure(Errc::Internal, "socket", errno);
  (void)umask(0177);  // 0600 from the first moment
  // SAFETY: bind(2) takes every address family through sockaddr.
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure(Errc::Internal, "bind", errno);
  }
  if (listen(fd.get(), kMaxAtOnce) != 0) return failure(Errc::Internal, "listen", errno);
  return fd;
}

// Serves one connection in a process of its own, as systemd would.
void start_server(int connection) {
  const pid_t child = fork();
  if (child != 0) return;
  // The number that it has as it stands must not be closed by exec.
  const bool placed = connection == kConnection ? fcntl(connection, F_SETFD, 0) == 0
                                                : dup2(connection, kConnection) == kConnection;
  if (placed) {
    (void)execl("/proc/self/exe", "stepup-fido2-helper", "--connection", nullptr);
  }
  _exit(EXIT_FAILURE);
}

int listen_at(const std::string& path) {
  const auto listener = bound(path);
  if (!listener) return fail(listener.error());
  int running = 0;
  for (;;) {
    while (running > 0 && waitpid(-1, nullptr, running < kMaxAtOnce ? WNOHANG : 0) > 0) --running;
    const UniqueFd connection(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return fail({Errc::Internal, errno, "accept"});
    }
    start_server(connection.get());
    ++running;
  }
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

int main(int argc, char** argv) {
  if (const auto filled = fill_standard_descriptors(); !filled) return EXIT_FAILURE;
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--version" && argc == 2) return puts("stepup-fido2-helper " STEPUP_VERSION) < 0;
  if (first == "--help" && argc == 2) return fputs(kUsage, stdout) < 0;
  if (const auto hardened = harden_process(); !hardened) return fail(hardened.error());
  if (first == "--listen" && argc == 3) return listen_at(argv[2]);
  // What --listen runs for each connection; also what systemd means by a passed one.
  if ((first == "--connection" && argc == 2) || (argc == 1 && has_passed_connection())) {
    return serve_connection();
  }
  (void)fputs(kUsage, stderr);
  return 2;
}
