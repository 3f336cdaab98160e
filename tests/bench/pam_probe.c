// SPDX-License-Identifier: ISC
// A PAM module with nothing in it but the way to a server and back (probe_server.c): what any
// module costs that has another process decide.
//
//   account required pam_probe.so SOCKET
#include <security/pam_modules.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int pam_sm_acct_mgmt(pam_handle_t* pamh, int flags, int argc, const char** argv) {
  (void)pamh;
  (void)flags;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc != 1 || strlen(argv[0]) >= sizeof address.sun_path) return PAM_SYSTEM_ERR;
  strcpy(address.sun_path, argv[0]);
  char packet[100] = "probe";
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  const int answered = fd >= 0 &&
                       connect(fd, (const struct sockaddr*)&address, sizeof address) == 0 &&
                       send(fd, packet, sizeof packet, MSG_NOSIGNAL) == sizeof packet &&
                       recv(fd, packet, sizeof packet, 0) == sizeof packet;
  if (fd >= 0) close(fd);
  return answered ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL;
}
