// Traffic of every kind that a monitor may miss, with its bytes known: both ends in one program,
// for test/native/traffic.test.ts. Linux alone. What each file adds to; main.c has the arguments.
//
// Threads: one. What fails ends the program with status 1, after a line that says what.
#ifndef FRESHET_TEST_TRAFFIC_H_
#define FRESHET_TEST_TRAFFIC_H_

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { kChunkBytes = 65536, kDatagramBytesMax = 1400, kHeadBytes = 17 };
// What is sent, and where what comes is put.
extern unsigned char chunk[kChunkBytes];

// What a client handed to the kernel and got from it, the heads counted.
struct Totals {
  uint64_t sent, received;
};

// How a TCP client moves its bytes.
enum Way { kPlain, kSendfile, kSplice, kUring };

// Ends the program with errno's reason.
void die(const char* what);
uint64_t least(uint64_t a, uint64_t b);
uint64_t now_ns(void);
// Waits until `done` bytes since `began_ns` are no more than `rate` bytes a second; 0: never.
void pace(uint64_t began_ns, uint64_t done, uint64_t rate);

// What a client begins with: 'u' or 'd', bytes, bytes a second. The same machine at both ends: no
// order of bytes.
struct Head {
  char direction;
  uint64_t bytes, rate;
};
void put_head(unsigned char* to, struct Head head);
struct Head get_head(const unsigned char* from);

void write_all(int fd, const void* from, size_t bytes);
// Both give what they moved.
uint64_t send_paced(int fd, uint64_t bytes, uint64_t rate);
uint64_t read_to_end(int fd);

// By io_uring, one request at a time. Both give what they moved.
uint64_t send_by_uring(int fd, uint64_t bytes);
uint64_t receive_by_uring(int fd);

// Serves TCP and UDP at an address until it is killed; prints "ready" first.
int serve(const struct addrinfo* at);

void tcp_client(const struct addrinfo* to, bool up, uint64_t bytes, enum Way way, uint64_t rate,
                struct Totals* totals);
void udp_client(const struct addrinfo* to, bool up, uint64_t bytes, bool batched, size_t datagram,
                uint64_t rate, struct Totals* totals);
// An IP protocol by a raw socket; ICMP as echo requests.
void raw_client(const char* address, int protocol, uint64_t bytes, struct Totals* totals);
// Whole frames of UDP, by a packet socket.
void packet_client(const char* interface, const char* mac, const char* from, const char* to,
                   uint64_t bytes, struct Totals* totals);

#endif  // FRESHET_TEST_TRAFFIC_H_
