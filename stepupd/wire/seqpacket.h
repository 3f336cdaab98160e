// SPDX-License-Identifier: ISC
// SOCK_SEQPACKET over AF_UNIX (unix(7)): one send is one packet.
#pragma once

#include <string>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/packet.h"

namespace stepup::wire {

// Connects to the socket at `path`, non-blocking and close-on-exec.  Fails with Unreachable
// (sys_errno tells: ENOENT, ECONNREFUSED, EACCES, EAGAIN for a full backlog).
[[nodiscard]] Result<UniqueFd> connect_to(const std::string& path);

// Sends one packet, and with it a copy of `descriptor` unless that is -1, without blocking and
// without SIGPIPE.  Fails with Busy when the queue is full, Closed when the peer is gone.
[[nodiscard]] Status send_packet(int fd, const SecretBytes& packet, int descriptor = -1);

// Receives one packet without blocking.  Fails with Busy when there is none yet, Closed at the end,
// TooLarge past kMaxPacket, Malformed when descriptors came along (they are closed).
// `sender_pid`, if given, is set to the pid of SCM_CREDENTIALS (0 without): needs SO_PASSCRED.
// `descriptor`, if given, takes one that came along; two are Malformed even so.
[[nodiscard]] Result<SecretBytes> receive_packet(int fd, pid_t* sender_pid = nullptr,
                                                 UniqueFd* descriptor = nullptr);

}  // namespace stepup::wire
