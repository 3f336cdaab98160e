/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into stepupd by the system tests: kills the process with SIGKILL at a named point of
 * storing that a code was used, so that the product itself holds no test code.
 *
 * The point stands in KILL_AT_FILE, which the tests write while the daemon waits for the answer:
 * "WHEN CALL COUNT", as in "before fsync 1".  WHEN is before or after; CALL is one of
 *   write   the COUNT-th write to the database files since the point was set
 *   fsync   the COUNT-th fsync of them
 *   reply   the COUNT-th packet to a peer after the first such fsync
 * An absent file costs one failed open(2) and changes nothing.
 *
 * cc -shared -fPIC -O2 -o kill_at.so kill_at.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define KILL_AT_FILE "/run/stepup-test/kill_at"
#define STATE_DIRECTORY "/var/lib/stepup/"

enum call { CALL_WRITE, CALL_FSYNC, CALL_REPLY, CALL_KINDS };
static const char* const call_names[CALL_KINDS] = {"write", "fsync", "reply"};
static int counts[CALL_KINDS];

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); }

/* Reads the point; 0 when none is set, and then everything is counted anew. */
static int read_point(char* when, char* call, int* count) {
  char text[64] = "";
  int fd = open(KILL_AT_FILE, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t size = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    if (size > 0 && sscanf(text, "%7s %7s %d", when, call, count) == 3) return 1;
  }
  memset(counts, 0, sizeof counts);
  return 0;
}

/* Counts a call of this kind; `after` tells which side of the call we are on. */
static void pass(enum call kind, int after) {
  char when[8], call[8];
  int count = 0;
  if (!read_point(when, call, &count)) return;
  if (kind == CALL_REPLY && counts[CALL_FSYNC] == 0) return;
  if (!after) counts[kind]++;
  if (strcmp(call, call_names[kind]) == 0 && counts[kind] == count &&
      strcmp(when, after ? "after" : "before") == 0)
    die();
}

static int is_database(int fd) {
  char link[64], path[256];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return strncmp(path, STATE_DIRECTORY, strlen(STATE_DIRECTORY)) == 0;
}

/* The journal and systemd are spoken to by datagrams, only peers by packets. */
static int is_peer(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP(kind, concerned, type, name, parameters, ...) \
  type name parameters {                                   \
    int watched = concerned(fd);                           \
    if (watched) pass(kind, 0);                            \
    type result = REAL(name)(__VA_ARGS__);                 \
    if (watched) pass(kind, 1);                            \
    return result;                                         \
  }

WRAP(CALL_WRITE, is_database, ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at),
     fd, data, size, at)
WRAP(CALL_WRITE, is_database, ssize_t, pwrite64,
     (int fd, const void* data, size_t size, off64_t at), fd, data, size, at)
WRAP(CALL_FSYNC, is_database, int, fsync, (int fd), fd)
WRAP(CALL_FSYNC, is_database, int, fdatasync, (int fd), fd)
WRAP(CALL_REPLY, is_peer, ssize_t, send, (int fd, const void* data, size_t size, int flags), fd,
     data, size, flags)
WRAP(CALL_REPLY, is_peer, ssize_t, sendmsg, (int fd, const struct msghdr* message, int flags), fd,
     message, flags)

/* write(2) serves files and sockets. */
ssize_t write(int fd, const void* data, size_t size) {
  enum call kind = is_database(fd) ? CALL_WRITE : is_peer(fd) ? CALL_REPLY : CALL_KINDS;
  if (kind != CALL_KINDS) pass(kind, 0);
  ssize_t result = REAL(write)(fd, data, size);
  if (kind != CALL_KINDS) pass(kind, 1);
  return result;
}
