// The arguments of traffic:
//
//   serve ADDRESS PORT
//       TCP and UDP; prints "ready" and runs until it is killed.
//
//   tcp up|down ADDRESS PORT BYTES [plain|sendfile|splice|uring [BYTES_PER_S [CONNECTIONS]]]
//
//   udp up|down ADDRESS PORT BYTES [plain|batched [BYTES_A_DATAGRAM [BYTES_PER_S]]]
//
//   icmp ADDRESS BYTES
//       Echo requests with a payload, by a raw socket.
//
//   raw ADDRESS BYTES
//       IP protocol 253 (RFC 3692: for experiments).
//
//   packet INTERFACE MAC FROM TO BYTES
//       Whole frames of UDP, by a packet socket.
//
// BYTES are per connection. A client begins each TCP connection, and each UDP exchange, with a head
// of 17 bytes that says what follows. A client prints one line of JSON: what it handed to the
// kernel and got from it on its connections, the head counted: {"sent":N,"received":M}. Exit
// status: 0 when all of it passed, 1 not so, 2 wrong usage.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "traffic.h"

static struct addrinfo* resolve(const char* address, const char* port, int type) {
  const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type};
  struct addrinfo* found;
  if (getaddrinfo(address, port, &hints, &found) != 0) {
    fprintf(stderr, "traffic: %s port %s is no address\n", address, port);
    exit(2);
  }
  return found;
}

static enum Way way_of(const char* name) {
  return strcmp(name, "sendfile") == 0 ? kSendfile
         : strcmp(name, "splice") == 0 ? kSplice
         : strcmp(name, "uring") == 0  ? kUring
                                       : kPlain;
}

static uint64_t number(int argc, char** argv, int at, uint64_t otherwise) {
  return at < argc ? strtoull(argv[at], NULL, 10) : otherwise;
}

static int usage(void) {
  fputs("traffic: see the head of main.c for its arguments\n", stderr);
  return 2;
}

int main(int argc, char** argv) {
  struct Totals totals = {0};
  if (argc < 4) return usage();
  const char* kind = argv[1];
  if (strcmp(kind, "serve") == 0) return serve(resolve(argv[2], argv[3], SOCK_STREAM));
  if (strcmp(kind, "icmp") == 0) {
    raw_client(argv[2], IPPROTO_ICMP, number(argc, argv, 3, 0), &totals);
  } else if (strcmp(kind, "raw") == 0) {
    raw_client(argv[2], 253, number(argc, argv, 3, 0), &totals);
  } else if (strcmp(kind, "packet") == 0 && argc == 7) {
    packet_client(argv[2], argv[3], argv[4], argv[5], number(argc, argv, 6, 0), &totals);
  } else if ((strcmp(kind, "tcp") == 0 || strcmp(kind, "udp") == 0) && argc >= 6) {
    const bool is_tcp = kind[0] == 't';
    const bool up = strcmp(argv[2], "up") == 0;
    const char* way = argc > 6 ? argv[6] : "plain";
    const struct addrinfo* to = resolve(argv[3], argv[4], is_tcp ? SOCK_STREAM : SOCK_DGRAM);
    const uint64_t bytes = number(argc, argv, 5, 0);
    if (is_tcp) {
      for (uint64_t left = number(argc, argv, 8, 1); left > 0; left--)
        tcp_client(to, up, bytes, way_of(way), number(argc, argv, 7, 0), &totals);
    } else {
      udp_client(to, up, bytes, strcmp(way, "batched") == 0,
                 (size_t)number(argc, argv, 7, kDatagramBytesMax), number(argc, argv, 8, 0),
                 &totals);
    }
  } else {
    return usage();
  }
  printf("{\"sent\":%llu,\"received\":%llu}\n", (unsigned long long)totals.sent,
         (unsigned long long)totals.received);
  return 0;
}
