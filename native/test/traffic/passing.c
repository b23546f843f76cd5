// What both ends share: the head, and bytes by send(2) and recv(2).
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "traffic.h"

unsigned char chunk[kChunkBytes];

void die(const char* what) {
  fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
  exit(1);
}

uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void pace(uint64_t began_ns, uint64_t done, uint64_t rate) {
  if (rate == 0) return;
  const uint64_t due_ns = began_ns + done * 1000 / rate * 1000000;
  for (uint64_t now = now_ns(); now < due_ns; now = now_ns()) {
    const struct timespec rest = {(time_t)((due_ns - now) / 1000000000),
                                  (long)((due_ns - now) % 1000000000)};
    nanosleep(&rest, NULL);
  }
}

void put_head(unsigned char* to, struct Head head) {
  to[0] = (unsigned char)head.direction;
  memcpy(to + 1, &head.bytes, 8);
  memcpy(to + 9, &head.rate, 8);
}

struct Head get_head(const unsigned char* from) {
  struct Head head = {.direction = (char)from[0]};
  memcpy(&head.bytes, from + 1, 8);
  memcpy(&head.rate, from + 9, 8);
  return head;
}

void write_all(int fd, const void* from, size_t bytes) {
  for (size_t at = 0; at < bytes;) {
    const ssize_t sent = send(fd, (const char*)from + at, bytes - at, MSG_NOSIGNAL);
    if (sent < 0) die("send");
    at += (size_t)sent;
  }
}

uint64_t send_paced(int fd, uint64_t bytes, uint64_t rate) {
  const uint64_t began_ns = now_ns();
  for (uint64_t done = 0; done < bytes;) {
    const size_t piece = (size_t)least(bytes - done, rate == 0 ? kChunkBytes : 8192);
    write_all(fd, chunk, piece);
    done += piece;
    pace(began_ns, done, rate);
  }
  return bytes;
}

uint64_t read_to_end(int fd) {
  uint64_t got_all = 0;
  for (;;) {
    const ssize_t got = recv(fd, chunk, kChunkBytes, 0);
    if (got < 0) die("recv");
    if (got == 0) return got_all;
    got_all += (uint64_t)got;
  }
}
