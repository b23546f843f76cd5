// The end that answers.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

static void serve_tcp(int fd) {
  unsigned char head[kHeadBytes];
  for (size_t at = 0; at < sizeof(head);) {
    const ssize_t got = recv(fd, head + at, sizeof(head) - at, 0);
    if (got <= 0) return;
    at += (size_t)got;
  }
  const struct Head wanted = get_head(head);
  if (wanted.direction == 'd') send_paced(fd, wanted.bytes, wanted.rate);
  shutdown(fd, SHUT_WR);
  read_to_end(fd);
}

static void serve_udp(int fd) {
  struct sockaddr_storage from;
  socklen_t from_bytes = sizeof(from);
  const ssize_t got = recvfrom(fd, chunk, kChunkBytes, 0, (struct sockaddr*)&from, &from_bytes);
  if (got != kHeadBytes || chunk[0] != 'd') return;
  const struct Head wanted = get_head(chunk);
  const uint64_t began_ns = now_ns();
  for (uint64_t done = 0; done < wanted.bytes;) {
    const size_t piece = (size_t)least(wanted.bytes - done, kDatagramBytesMax);
    if (sendto(fd, chunk, piece, 0, (struct sockaddr*)&from, from_bytes) < 0) die("sendto");
    done += piece;
    pace(began_ns, done, wanted.rate);
  }
}

int serve(const struct addrinfo* at) {
  signal(SIGCHLD, SIG_IGN);
  const int one = 1;
  const int tcp = socket(at->ai_family, SOCK_STREAM, 0);
  const int udp = socket(at->ai_family, SOCK_DGRAM, 0);
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (bind(tcp, at->ai_addr, at->ai_addrlen) != 0 || listen(tcp, 256) != 0) die("listen");
  if (bind(udp, at->ai_addr, at->ai_addrlen) != 0) die("bind");
  puts("ready");
  fflush(stdout);
  struct pollfd fds[] = {{tcp, POLLIN, 0}, {udp, POLLIN, 0}};
  while (poll(fds, 2, -1) > 0 || errno == EINTR) {
    if (fds[1].revents != 0) serve_udp(udp);
    if (fds[0].revents == 0) continue;
    const int fd = accept4(tcp, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) continue;
    if (fork() == 0) {
      serve_tcp(fd);
      _exit(0);
    }
    close(fd);
  }
  return 1;
}
