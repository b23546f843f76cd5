// TCP clients, in every way that bytes are moved without io_uring.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

static uint64_t send_by_sendfile(int fd, uint64_t bytes) {
  const int file = memfd_create("traffic", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, (off_t)bytes) != 0) die("memfd");
  for (off_t at = 0; (uint64_t)at < bytes;)
    if (sendfile(fd, file, &at, (size_t)(bytes - (uint64_t)at)) <= 0) die("sendfile");
  close(file);
  return bytes;
}

static uint64_t receive_by_splice(int fd) {
  int pipes[2];
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0 || pipe2(pipes, O_CLOEXEC) != 0) die("pipe");
  uint64_t done = 0;
  for (;;) {
    const ssize_t got = splice(fd, NULL, pipes[1], NULL, kChunkBytes, 0);
    if (got < 0) die("splice");
    if (got == 0) return done;
    for (ssize_t left = got; left > 0;) {
      const ssize_t gone = splice(pipes[0], NULL, nowhere, NULL, (size_t)left, 0);
      if (gone <= 0) die("splice to /dev/null");
      left -= gone;
    }
    done += (uint64_t)got;
  }
}

void tcp_client(const struct addrinfo* to, bool up, uint64_t bytes, enum Way way, uint64_t rate,
                struct Totals* totals) {
  const int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) die("connect");
  unsigned char head[kHeadBytes];
  put_head(head, (struct Head){up ? 'u' : 'd', bytes, rate});
  write_all(fd, head, sizeof(head));
  totals->sent += sizeof(head);
  if (up) {
    totals->sent += way == kSendfile ? send_by_sendfile(fd, bytes)
                    : way == kUring  ? send_by_uring(fd, bytes)
                                     : send_paced(fd, bytes, rate);
  }
  shutdown(fd, SHUT_WR);
  const uint64_t got = way == kSplice         ? receive_by_splice(fd)
                       : way == kUring && !up ? receive_by_uring(fd)
                                              : read_to_end(fd);
  totals->received += got;
  if (got != (up ? 0 : bytes)) exit(1);
  close(fd);
}
