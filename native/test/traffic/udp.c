// UDP clients, a datagram or a batch of them with each call.
#define _GNU_SOURCE
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

enum { kBatch = 16 };

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

void udp_client(const struct addrinfo* to, bool up, uint64_t bytes, bool batched, size_t datagram,
                uint64_t rate, struct Totals* totals) {
  const int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int buffer_bytes = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof(buffer_bytes));
  if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) die("connect");
  if (!up) {
    unsigned char head[kHeadBytes];
    put_head(head, (struct Head){'d', bytes, rate});
    write_all(fd, head, sizeof(head));
    totals->sent += sizeof(head);
    udp_down(fd, bytes, batched, totals);
  } else {
    udp_up(fd, bytes, batched, datagram, rate, totals);
  }
  close(fd);
}
