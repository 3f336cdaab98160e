// SPDX-License-Identifier: ISC
// What the daemon is measured against: a server on the same event loop that answers each packet
// with the packet itself.
//
//   probe_server SOCKET
//   probe_server --proc SOCKET
//
// With --proc it also pins the peer as stepupd does (session/peer.cc), and reads the same files of
// /proc (session/asker.cc).  As lean as C allows: no allocation but for the connection, no parsing
// but for the session leader.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static const char* const kFiles[] = {"stat",      "status",   "cgroup",
                                     "sessionid", "loginuid", "uid_map"};

struct connection {
  int fd;
  int pidfd;
  pid_t pid;
  sd_event_source* source;
};

static int reads_proc;
static char text[65536];

static void die(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

// Reads a file of /proc to its end.  One that the kernel does not have (audit) counts as read.
static ssize_t read_proc(pid_t pid, const char* name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? 0 : -1;
  ssize_t size = 0;
  ssize_t n;
  while ((n = read(fd, text + size, sizeof text - 1 - (size_t)size)) > 0) size += n;
  close(fd);
  text[size] = '\0';
  return n < 0 ? -1 : size;
}

// The session leader, from the process's stat: the third field behind the command name is pgrp, the
// fourth the leader.
static pid_t leader_of_stat(void) {
  const char* behind_name = strrchr(text, ')');
  int leader = 0;
  if (behind_name == NULL || sscanf(behind_name, ") %*c %*d %*d %d", &leader) != 1) return -1;
  return leader;
}

// Returns 0 when all is read and the peer still runs.
static int look_at(const struct connection* c) {
  pid_t leader = 0;
  for (size_t i = 0; i < sizeof kFiles / sizeof *kFiles; ++i) {
    if (read_proc(c->pid, kFiles[i]) < 0) return -1;
    if (i == 0 && (leader = leader_of_stat()) < 0) return -1;
  }
  if (leader > 0 && read_proc(leader, "stat") < 0) return -1;
  struct pollfd ended = {.fd = c->pidfd, .events = POLLIN};
  return poll(&ended, 1, 0) == 0 ? 0 : -1;
}

static void end(struct connection* c) {
  sd_event_source_disable_unref(c->source);
  close(c->fd);
  if (c->pidfd >= 0) close(c->pidfd);
  free(c);
}

static int answer(sd_event_source* source, int fd, uint32_t events, void* userdata) {
  (void)source;
  (void)events;
  struct connection* c = userdata;
  char packet[65536];
  const ssize_t n = recv(fd, packet, sizeof packet, MSG_DONTWAIT);
  if (n <= 0 || (reads_proc && look_at(c) != 0) ||
      send(fd, packet, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n) {
    end(c);
  }
  return 0;
}

static int identify(struct connection* c) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
  c->pid = peer.pid;
  size = sizeof c->pidfd;
  return getsockopt(c->fd, SOL_SOCKET, SO_PEERPIDFD, &c->pidfd, &size);
}

static int welcome(sd_event_source* source, int fd, uint32_t events, void* userdata) {
  (void)events;
  (void)userdata;
  struct connection* c = calloc(1, sizeof *c);
  if (c == NULL) die("calloc");
  c->pidfd = -1;
  c->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (c->fd < 0) {
    free(c);
    return 0;
  }
  if ((reads_proc && identify(c) != 0) ||
      sd_event_add_io(sd_event_source_get_event(source), &c->source, c->fd, EPOLLIN, answer, c) <
          0) {
    end(c);
  }
  return 0;
}

int main(int argc, char** argv) {
  reads_proc = argc == 3 && strcmp(argv[1], "--proc") == 0;
  if (argc != 2 + reads_proc) {
    fprintf(stderr, "Usage: probe_server [--proc] SOCKET\n");
    return 2;
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(argv[argc - 1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[argc - 1]);
  const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0 || bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 ||
      listen(listener, 128) != 0) {
    die("bind");
  }
  sd_event* loop = NULL;
  if (sd_event_default(&loop) < 0 ||
      sd_event_add_io(loop, NULL, listener, EPOLLIN, welcome, NULL) < 0) {
    die("sd_event");
  }
  return sd_event_loop(loop) < 0;
}
