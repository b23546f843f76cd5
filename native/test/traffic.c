// Traffic of every kind that a monitor may miss, with its bytes known: both ends in one program,
// for test/native/traffic.test.ts. Linux alone.
//
//   traffic serve ADDRESS PORT                    TCP and UDP; prints "ready" and runs until it is
//   killed traffic tcp up|down ADDRESS PORT BYTES [plain|sendfile|splice|uring [BYTES_PER_S
//   [CONNECTIONS]]] traffic udp up|down ADDRESS PORT BYTES [plain|batched [BYTES_A_DATAGRAM
//   [BYTES_PER_S]]] traffic icmp ADDRESS BYTES                    echo requests with a payload, by
//   a raw socket traffic raw ADDRESS BYTES                     IP protocol 253 (RFC 3692: for
//   experiments) traffic packet INTERFACE MAC FROM TO BYTES    whole frames of UDP, by a packet
//   socket
//
// BYTES are per connection. A client begins each TCP connection, and each UDP exchange, with a head
// of 17 bytes that says what follows. A client prints one line of JSON: what it handed to the
// kernel and got from it on its connections, the head counted: {"sent":N,"received":M}. Exit
// status: 0 when all of it passed, 1 not so, 2 wrong usage.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kChunkBytes = 65536, kDatagramBytesMax = 1400, kBatch = 16, kHeadBytes = 17 };
static unsigned char chunk[kChunkBytes];

struct Totals {
  uint64_t sent, received;
};

static void die(const char* what) {
  fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Waits until `done` bytes since `began_ns` are no more than `rate` bytes a second; 0: never.
static void pace(uint64_t began_ns, uint64_t done, uint64_t rate) {
  if (rate == 0) return;
  const uint64_t due_ns = began_ns + done * 1000 / rate * 1000000;
  for (uint64_t now = now_ns(); now < due_ns; now = now_ns()) {
    const struct timespec rest = {(time_t)((due_ns - now) / 1000000000),
                                  (long)((due_ns - now) % 1000000000)};
    nanosleep(&rest, NULL);
  }
}

// Head: 'u' or 'd', bytes, bytes a second. The same machine at both ends: no order of bytes.
static void put_head(unsigned char* head, char direction, uint64_t bytes, uint64_t rate) {
  head[0] = (unsigned char)direction;
  memcpy(head + 1, &bytes, 8);
  memcpy(head + 9, &rate, 8);
}

static void write_all(int fd, const void* from, size_t bytes) {
  for (size_t at = 0; at < bytes;) {
    const ssize_t sent = send(fd, (const char*)from + at, bytes - at, MSG_NOSIGNAL);
    if (sent < 0) die("send");
    at += (size_t)sent;
  }
}

static uint64_t send_paced(int fd, uint64_t bytes, uint64_t rate) {
  const uint64_t began_ns = now_ns();
  for (uint64_t done = 0; done < bytes;) {
    const size_t piece = (size_t)least(bytes - done, rate == 0 ? kChunkBytes : 8192);
    write_all(fd, chunk, piece);
    done += piece;
    pace(began_ns, done, rate);
  }
  return bytes;
}

static uint64_t read_to_end(int fd) {
  uint64_t got_all = 0;
  for (;;) {
    const ssize_t got = recv(fd, chunk, kChunkBytes, 0);
    if (got < 0) die("recv");
    if (got == 0) return got_all;
    got_all += (uint64_t)got;
  }
}

static struct addrinfo* resolve(const char* address, const char* port, int type) {
  const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type};
  struct addrinfo* found;
  if (getaddrinfo(address, port, &hints, &found) != 0) {
    fprintf(stderr, "traffic: %s port %s is no address\n", address, port);
    exit(2);
  }
  return found;
}

// ---- the server

static void serve_tcp(int fd) {
  unsigned char head[kHeadBytes];
  for (size_t at = 0; at < sizeof(head);) {
    const ssize_t got = recv(fd, head + at, sizeof(head) - at, 0);
    if (got <= 0) return;
    at += (size_t)got;
  }
  uint64_t bytes, rate;
  memcpy(&bytes, head + 1, 8);
  memcpy(&rate, head + 9, 8);
  if (head[0] == 'd') send_paced(fd, bytes, rate);
  shutdown(fd, SHUT_WR);
  read_to_end(fd);
}

static void serve_udp(int fd) {
  struct sockaddr_storage from;
  socklen_t from_bytes = sizeof(from);
  const ssize_t got = recvfrom(fd, chunk, kChunkBytes, 0, (struct sockaddr*)&from, &from_bytes);
  if (got != kHeadBytes || chunk[0] != 'd') return;
  uint64_t bytes, rate;
  memcpy(&bytes, chunk + 1, 8);
  memcpy(&rate, chunk + 9, 8);
  const uint64_t began_ns = now_ns();
  for (uint64_t done = 0; done < bytes;) {
    const size_t piece = (size_t)least(bytes - done, kDatagramBytesMax);
    if (sendto(fd, chunk, piece, 0, (struct sockaddr*)&from, from_bytes) < 0) die("sendto");
    done += piece;
    pace(began_ns, done, rate);
  }
}

static int serve(const char* address, const char* port) {
  signal(SIGCHLD, SIG_IGN);
  struct addrinfo* at = resolve(address, port, SOCK_STREAM);
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

// ---- io_uring, one request at a time

struct Uring {
  int fd;
  unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
  struct io_uring_sqe* sqes;
  struct io_uring_cqe* cqes;
};

static void* map_ring(int fd, size_t bytes, off_t at) {
  void* mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
  if (mapped == MAP_FAILED) die("mmap of io_uring");
  return mapped;
}

static struct Uring open_uring(void) {
  struct io_uring_params params = {0};
  struct Uring ring = {.fd = (int)syscall(SYS_io_uring_setup, 4, &params)};
  if (ring.fd < 0) die("io_uring_setup");
  char* sq = map_ring(ring.fd, params.sq_off.array + params.sq_entries * sizeof(unsigned),
                      IORING_OFF_SQ_RING);
  char* cq = map_ring(ring.fd, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
                      IORING_OFF_CQ_RING);
  ring.sqes = map_ring(ring.fd, params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
  ring.sq_tail = (unsigned*)(sq + params.sq_off.tail);
  ring.sq_mask = (unsigned*)(sq + params.sq_off.ring_mask);
  ring.sq_array = (unsigned*)(sq + params.sq_off.array);
  ring.cq_head = (unsigned*)(cq + params.cq_off.head);
  ring.cq_tail = (unsigned*)(cq + params.cq_off.tail);
  ring.cq_mask = (unsigned*)(cq + params.cq_off.ring_mask);
  ring.cqes = (struct io_uring_cqe*)(cq + params.cq_off.cqes);
  return ring;
}

static int transfer(struct Uring* ring, int opcode, int fd, size_t bytes) {
  const unsigned at = *ring->sq_tail & *ring->sq_mask;
  ring->sqes[at] = (struct io_uring_sqe){.opcode = (uint8_t)opcode,
                                         .fd = fd,
                                         .addr = (uint64_t)(uintptr_t)chunk,
                                         .len = (uint32_t)bytes,
                                         .msg_flags = opcode == IORING_OP_SEND ? MSG_NOSIGNAL : 0};
  ring->sq_array[at] = at;
  __atomic_store_n(ring->sq_tail, *ring->sq_tail + 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
    die("io_uring_enter");
  const int result = ring->cqes[*ring->cq_head & *ring->cq_mask].res;
  __atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
  if (result < 0) {
    errno = -result;
    die("io_uring");
  }
  return result;
}

// ---- the ways of a TCP client

static uint64_t send_by_sendfile(int fd, uint64_t bytes) {
  const int file = memfd_create("traffic", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, (off_t)bytes) != 0) die("memfd");
  for (off_t at = 0; (uint64_t)at < bytes;)
    if (sendfile(fd, file, &at, (size_t)(bytes - (uint64_t)at)) <= 0) die("sendfile");
  close(file);
  return bytes;
}

static uint64_t send_by_uring(int fd, uint64_t bytes) {
  struct Uring ring = open_uring();
  for (uint64_t done = 0; done < bytes;)
    done += (uint64_t)transfer(&ring, IORING_OP_SEND, fd, (size_t)least(bytes - done, kChunkBytes));
  close(ring.fd);
  return bytes;
}

static uint64_t receive_by_uring(int fd) {
  struct Uring ring = open_uring();
  uint64_t done = 0;
  for (int got; (got = transfer(&ring, IORING_OP_RECV, fd, kChunkBytes)) > 0;)
    done += (uint64_t)got;
  close(ring.fd);
  return done;
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

static void tcp_client(const struct addrinfo* to, bool up, uint64_t bytes, const char* way,
                       uint64_t rate, struct Totals* totals) {
  const int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) die("connect");
  unsigned char head[kHeadBytes];
  put_head(head, up ? 'u' : 'd', bytes, rate);
  write_all(fd, head, sizeof(head));
  totals->sent += sizeof(head);
  if (up) {
    totals->sent += strcmp(way, "sendfile") == 0 ? send_by_sendfile(fd, bytes)
                    : strcmp(way, "uring") == 0  ? send_by_uring(fd, bytes)
                                                 : send_paced(fd, bytes, rate);
  }
  shutdown(fd, SHUT_WR);
  const uint64_t got = strcmp(way, "splice") == 0         ? receive_by_splice(fd)
                       : strcmp(way, "uring") == 0 && !up ? receive_by_uring(fd)
                                                          : read_to_end(fd);
  totals->received += got;
  if (got != (up ? 0 : bytes)) exit(1);
  close(fd);
}

// ---- UDP

static void udp_up(int fd, uint64_t bytes, bool batched, size_t datagram, uint64_t rate,
                   struct Totals* totals) {
  const uint64_t began_ns = now_ns();
  for (uint64_t done = 0; done < bytes;) {
    struct mmsghdr messages[kBatch] = {0};
    struct iovec pieces[kBatch];
    unsigned count = 0;
    for (uint64_t left = bytes - done; left > 0 && count < (batched ? kBatch : 1); count++) {
      pieces[count] = (struct iovec){chunk, (size_t)least(left, datagram)};
      messages[count].msg_hdr.msg_iov = &pieces[count];
      messages[count].msg_hdr.msg_iovlen = 1;
      left -= pieces[count].iov_len;
    }
    int gone = 1;
    if (batched)
      gone = sendmmsg(fd, messages, count, 0);
    else if (send(fd, chunk, pieces[0].iov_len, 0) < 0)
      gone = -1;
    if (gone < 0) die("send of UDP");
    for (int index = 0; index < gone; index++) done += pieces[index].iov_len;
    pace(began_ns, done, rate);
  }
  totals->sent += bytes;
}

// Until all has come, or nothing more for half a second: UDP may lose some.
static void udp_down(int fd, uint64_t bytes, bool batched, struct Totals* totals) {
  static unsigned char buffers[kBatch][2048];
  uint64_t done = 0;
  struct pollfd readable = {fd, POLLIN, 0};
  while (done < bytes && poll(&readable, 1, 500) > 0) {
    struct mmsghdr messages[kBatch] = {0};
    struct iovec pieces[kBatch];
    for (unsigned index = 0; index < kBatch; index++) {
      pieces[index] = (struct iovec){buffers[index], sizeof(buffers[index])};
      messages[index].msg_hdr.msg_iov = &pieces[index];
      messages[index].msg_hdr.msg_iovlen = 1;
    }
    const int got = recvmmsg(fd, messages, batched ? kBatch : 1, MSG_DONTWAIT, NULL);
    if (got < 0) die("recvmmsg");
    for (int index = 0; index < got; index++) done += messages[index].msg_len;
  }
  totals->received += done;
}

static void udp_client(const struct addrinfo* to, bool up, uint64_t bytes, bool batched,
                       size_t datagram, uint64_t rate, struct Totals* totals) {
  const int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int buffer_bytes = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof(buffer_bytes));
  if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) die("connect");
  if (!up) {
    unsigned char head[kHeadBytes];
    put_head(head, 'd', bytes, rate);
    write_all(fd, head, sizeof(head));
    totals->sent += sizeof(head);
    udp_down(fd, bytes, batched, totals);
  } else {
    udp_up(fd, bytes, batched, datagram, rate, totals);
  }
  close(fd);
}

// ---- without a transport

static uint16_t checksum(const void* data, size_t bytes) {
  uint32_t sum = 0;
  for (size_t at = 0; at + 1 < bytes; at += 2) {
    uint16_t word;
    memcpy(&word, (const char*)data + at, 2);
    sum += word;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

static void raw_client(const char* address, int protocol, uint64_t bytes, struct Totals* totals) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) exit(2);
  const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) die("raw socket");
  for (uint64_t done = 0; done < bytes;) {
    const size_t piece = (size_t)least(bytes - done, 1000);
    unsigned char message[1000] = {0};
    if (protocol == IPPROTO_ICMP) {
      struct icmphdr head = {.type = ICMP_ECHO};
      memcpy(message, &head, sizeof(head));
      head.checksum = checksum(message, sizeof(message));
      memcpy(message, &head, sizeof(head));
    }
    if (sendto(fd, message, piece, 0, (struct sockaddr*)&to, sizeof(to)) < 0) die("sendto");
    done += piece;
  }
  totals->sent += bytes;
  close(fd);
}

static void packet_client(const char* interface, const char* mac, const char* from, const char* to,
                          uint64_t bytes, struct Totals* totals) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
  if (fd < 0) die("packet socket");
  struct sockaddr_ll link = {.sll_family = AF_PACKET,
                             .sll_ifindex = (int)if_nametoindex(interface),
                             .sll_halen = ETH_ALEN};
  unsigned octets[6];
  if (sscanf(mac, "%x:%x:%x:%x:%x:%x", &octets[0], &octets[1], &octets[2], &octets[3], &octets[4],
             &octets[5]) != 6)
    exit(2);
  struct __attribute__((packed)) {
    struct ether_header ether;
    struct iphdr ip;
    struct udphdr udp;
    unsigned char payload[972];
  } frame = {.ether.ether_type = htons(ETHERTYPE_IP),
             .ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP},
             .udp = {.source = htons(40000), .dest = htons(9)}};
  for (int index = 0; index < 6; index++) {
    link.sll_addr[index] = (unsigned char)octets[index];
    frame.ether.ether_dhost[index] = (unsigned char)octets[index];
  }
  frame.ip.tot_len = htons(sizeof(frame) - sizeof(frame.ether));
  frame.udp.len = htons(sizeof(frame.udp) + sizeof(frame.payload));
  inet_pton(AF_INET, from, &frame.ip.saddr);
  inet_pton(AF_INET, to, &frame.ip.daddr);
  for (uint64_t done = 0; done < bytes; done += sizeof(frame)) {
    if (sendto(fd, &frame, sizeof(frame), 0, (struct sockaddr*)&link, sizeof(link)) < 0)
      die("send of a frame");
    totals->sent += sizeof(frame);
  }
  close(fd);
}

static uint64_t number(int argc, char** argv, int at, uint64_t otherwise) {
  return at < argc ? strtoull(argv[at], NULL, 10) : otherwise;
}

static int usage(void) {
  fputs("traffic: see the head of traffic.c for its arguments\n", stderr);
  return 2;
}

int main(int argc, char** argv) {
  struct Totals totals = {0};
  if (argc < 4) return usage();
  const char* kind = argv[1];
  if (strcmp(kind, "serve") == 0) return serve(argv[2], argv[3]);
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
        tcp_client(to, up, bytes, way, number(argc, argv, 7, 0), &totals);
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
