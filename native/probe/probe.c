// The program that `freshet simulate` and the tests run: it connects, sends an exact number of
// bytes, half-closes and reads what comes back. C99 and POSIX.1-2008, no dependencies; linked
// statically where the platform allows, so that a copy of it anywhere still runs.
//
//   probe --to ADDRESS:PORT --bytes N [--flows K] [--rate BYTES_PER_S] [--hold MS] [--timeout MS]
//
// ADDRESS is numeric, IPv4 or IPv6 in brackets: names are the caller's to resolve (a resolver is
// what a static binary cannot carry). N is the total over all K connections. --hold keeps them open
// that long after the last byte and before the half-close. --timeout is how long nothing may move.
//
// Prints one line of JSON: {"sent":N,"received":M,"flows":K,"pid":P,"connectErrors":E,"ioErrors":F,
// "timedOut":B}. Exit status: 0 all bytes were handed to the kernel and no connection failed, 1 not
// so, 2 wrong usage.
#define _POSIX_C_SOURCE 200809L
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  kFlowsMax = 256,
  kChunkBytes = 65536,
  kTimeoutMsDefault = 10000,
  kMsMax = 3600000,
};
static const uint64_t kBytesMax = UINT64_C(1) << 40;

struct Options {
  struct sockaddr_storage to;
  socklen_t to_bytes;
  uint64_t bytes;
  uint64_t flows;
  uint64_t rate;  // bytes per second over all flows; 0: as fast as it goes
  uint64_t hold_ms;
  uint64_t timeout_ms;
};

struct Flow {
  int fd;  // -1 once closed
  bool connected;
  bool half_closed;
  uint64_t left;  // bytes still to send
};

struct Totals {
  uint64_t sent, received;
  unsigned connect_errors, io_errors;
  bool timed_out;
};

static uint64_t NowMs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// xorshift64*: incompressible enough that nothing on the way makes the bytes fewer.
static void FillRandom(uint8_t* out, size_t bytes, uint64_t* state) {
  for (size_t i = 0; i + 8 <= bytes; i += 8) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    const uint64_t word = *state * UINT64_C(2685821657736338717);
    memcpy(out + i, &word, 8);
  }
}

static int Usage(const char* what, const char* argument) {
  fprintf(stderr,
          "probe: %s%s%s\n"
          "usage: probe --to ADDRESS:PORT --bytes N [--flows K] [--rate BYTES_PER_S] [--hold MS] "
          "[--timeout MS]\n"
          "  ADDRESS is numeric (IPv6 in brackets); K is at most %d\n",
          what, argument ? ": " : "", argument ? argument : "", kFlowsMax);
  return 2;
}

// Decimal digits only, at most `max`.
static bool ParseNumber(const char* text, uint64_t max, uint64_t* out) {
  uint64_t value = 0;
  if (*text == '\0') return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    const uint64_t digit = (uint64_t)(*text - '0');
    if (value > (max - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *out = value;
  return value <= max;
}

// "1.2.3.4:80" or "[::1]:80".
static bool ParseAddress(const char* text, struct Options* options) {
  char host[64];
  uint64_t port;
  const char* colon = strrchr(text, ':');
  if (!colon || !ParseNumber(colon + 1, 65535, &port) || port == 0) return false;
  size_t length = (size_t)(colon - text);
  const bool bracketed = length >= 2 && text[0] == '[' && colon[-1] == ']';
  if (bracketed) {
    text++;
    length -= 2;
  }
  if (length >= sizeof host) return false;
  memcpy(host, text, length);
  host[length] = '\0';
  memset(&options->to, 0, sizeof options->to);
  if (bracketed) {
    struct sockaddr_in6* v6 = (struct sockaddr_in6*)&options->to;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    options->to_bytes = sizeof *v6;
    return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
  }
  struct sockaddr_in* v4 = (struct sockaddr_in*)&options->to;
  v4->sin_family = AF_INET;
  v4->sin_port = htons((uint16_t)port);
  options->to_bytes = sizeof *v4;
  return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static int ParseOptions(int argc, char** argv, struct Options* options) {
  bool has_to = false, has_bytes = false;
  for (int i = 1; i < argc; i += 2) {
    const char* name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : NULL;
    bool good;
    if (strcmp(name, "--to") == 0) {
      good = has_to = value && ParseAddress(value, options);
    } else if (strcmp(name, "--bytes") == 0) {
      good = has_bytes = value && ParseNumber(value, kBytesMax, &options->bytes);
    } else if (strcmp(name, "--flows") == 0) {
      good = value && ParseNumber(value, kFlowsMax, &options->flows) && options->flows > 0;
    } else if (strcmp(name, "--rate") == 0) {
      good = value && ParseNumber(value, kBytesMax, &options->rate) && options->rate > 0;
    } else if (strcmp(name, "--hold") == 0) {
      good = value && ParseNumber(value, kMsMax, &options->hold_ms);
    } else if (strcmp(name, "--timeout") == 0) {
      good = value && ParseNumber(value, kMsMax, &options->timeout_ms) && options->timeout_ms > 0;
    } else {
      return Usage("no such option", name);
    }
    if (!good) return Usage(value ? "not a value it takes" : "wants a value", name);
  }
  if (!has_to) return Usage("--to is missing", NULL);
  if (!has_bytes) return Usage("--bytes is missing", NULL);
  return 0;
}

static void Close(struct Flow* flow) {
  if (flow->fd >= 0) close(flow->fd);
  flow->fd = -1;
}

// A connection under way, or none and a counted error.
static void Connect(const struct Options* options, struct Flow* flow, struct Totals* totals) {
  flow->fd = socket(options->to.ss_family, SOCK_STREAM, 0);
  if (flow->fd < 0) {
    totals->connect_errors++;
    return;
  }
  const int flags = fcntl(flow->fd, F_GETFL);
  if (fcntl(flow->fd, F_SETFL, flags | O_NONBLOCK) == 0) {
    if (connect(flow->fd, (const struct sockaddr*)&options->to, options->to_bytes) == 0 ||
        errno == EINPROGRESS)
      return;
  }
  totals->connect_errors++;
  Close(flow);
}

// Whether the connection came about; else counts the error and closes.
static bool FinishConnect(struct Flow* flow, struct Totals* totals) {
  int error = 0;
  socklen_t error_bytes = sizeof error;
  if (getsockopt(flow->fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) == 0 && error == 0)
    return flow->connected = true;
  totals->connect_errors++;
  Close(flow);
  return false;
}

static bool Retry(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// Bytes moved; on an error counts it and closes.
static uint64_t Send(struct Flow* flow, const uint8_t* chunk, uint64_t allowed,
                     struct Totals* totals) {
  uint64_t want = flow->left < kChunkBytes ? flow->left : kChunkBytes;
  if (want > allowed) want = allowed;
  if (want == 0) return 0;
  const ssize_t moved = write(flow->fd, chunk, (size_t)want);
  if (moved >= 0) {
    flow->left -= (uint64_t)moved;
    totals->sent += (uint64_t)moved;
    return (uint64_t)moved;
  }
  if (!Retry()) {
    totals->io_errors++;
    Close(flow);
  }
  return 0;
}

// Whether anything happened; closes at the end of the stream, and counts an error that was not one.
static bool Receive(struct Flow* flow, struct Totals* totals) {
  uint8_t into[16384];
  const ssize_t moved = read(flow->fd, into, sizeof into);
  if (moved > 0) {
    totals->received += (uint64_t)moved;
    return true;
  }
  if (moved < 0 && Retry()) return false;
  if (moved < 0 || flow->left > 0) totals->io_errors++;
  Close(flow);
  return true;
}

static uint64_t LeftToSend(const struct Flow* flows, uint64_t count) {
  uint64_t left = 0;
  for (uint64_t i = 0; i < count; i++)
    if (flows[i].fd >= 0) left += flows[i].left + (flows[i].connected ? 0 : 1);
  return left;
}

static void Run(const struct Options* options, struct Totals* totals) {
  static struct Flow flows[kFlowsMax];
  static uint8_t chunk[kChunkBytes];
  struct pollfd polled[kFlowsMax];
  uint64_t random = ((uint64_t)getpid() << 32) ^ NowMs() ^ UINT64_C(0x9e3779b97f4a7c15);
  const uint64_t began_ms = NowMs();
  uint64_t moved_ms = began_ms, sent_all_ms = 0;

  for (uint64_t i = 0; i < options->flows; i++) {
    flows[i].left = options->bytes / options->flows + (i < options->bytes % options->flows ? 1 : 0);
    Connect(options, &flows[i], totals);
  }
  for (;;) {
    const uint64_t now_ms = NowMs();
    const bool sending = LeftToSend(flows, options->flows) > 0;
    if (!sending && sent_all_ms == 0) sent_all_ms = moved_ms = now_ms;
    const bool holding = sent_all_ms != 0 && now_ms < sent_all_ms + options->hold_ms;
    if (holding) moved_ms = now_ms;
    uint64_t allowed = kBytesMax;  // more than there is
    if (options->rate > 0) {
      // In two parts so that a large rate over a long time does not overflow.
      const uint64_t elapsed_ms = now_ms - began_ms + 1;
      allowed = options->rate / 1000 * elapsed_ms + options->rate % 1000 * elapsed_ms / 1000;
      allowed = allowed > totals->sent ? allowed - totals->sent : 0;
    }

    nfds_t count = 0;
    uint64_t of[kFlowsMax], senders = 0;
    for (uint64_t i = 0; i < options->flows; i++) {
      struct Flow* flow = &flows[i];
      if (flow->fd < 0) continue;
      // After --hold all are half-closed; without it, each as soon as it has sent its share.
      if (flow->connected && flow->left == 0 && !flow->half_closed &&
          (options->hold_ms == 0 || (sent_all_ms != 0 && !holding))) {
        flow->half_closed = true;
        shutdown(flow->fd, SHUT_WR);
      }
      const bool wants_out = !flow->connected || (flow->left > 0 && allowed > 0);
      senders += flow->connected && flow->left > 0;
      polled[count].fd = flow->fd;
      polled[count].events = (short)(POLLIN | (wants_out ? POLLOUT : 0));
      of[count++] = i;
    }
    if (count == 0) return;
    if (now_ms - moved_ms >= options->timeout_ms) {
      totals->timed_out = true;
      for (uint64_t i = 0; i < options->flows; i++) Close(&flows[i]);
      return;
    }

    // Each flow gets its share, so that all go on to the end together.
    const uint64_t share = senders > 0 ? (allowed + senders - 1) / senders : allowed;
    const int wait_ms = sending && allowed == 0 ? 1 : 20;
    if (poll(polled, count, wait_ms) < 0 && errno != EINTR) {
      totals->io_errors++;
      return;
    }
    for (nfds_t k = 0; k < count; k++) {
      struct Flow* flow = &flows[of[k]];
      const short events = polled[k].revents;
      if (events == 0) continue;
      if (!flow->connected) {
        if (FinishConnect(flow, totals)) moved_ms = NowMs();
        continue;
      }
      if (events & POLLOUT) {
        FillRandom(chunk, sizeof chunk, &random);
        const uint64_t moved = Send(flow, chunk, share < allowed ? share : allowed, totals);
        allowed -= moved;
        if (moved > 0) moved_ms = NowMs();
      }
      if (flow->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR)) && Receive(flow, totals))
        moved_ms = NowMs();
    }
  }
}

int main(int argc, char** argv) {
  struct Options options = {.flows = 1, .timeout_ms = kTimeoutMsDefault};
  const int usage = ParseOptions(argc, argv, &options);
  if (usage != 0) return usage;
  signal(SIGPIPE, SIG_IGN);  // a peer that resets is an error of write(2), not the end of the probe
  struct Totals totals = {0};
  Run(&options, &totals);
  printf(
      "{\"sent\":%llu,\"received\":%llu,\"flows\":%llu,\"pid\":%ld,\"connectErrors\":%u,"
      "\"ioErrors\":%u,\"timedOut\":%s}\n",
      (unsigned long long)totals.sent, (unsigned long long)totals.received,
      (unsigned long long)options.flows, (long)getpid(), totals.connect_errors, totals.io_errors,
      totals.timed_out ? "true" : "false");
  return totals.sent == options.bytes && totals.connect_errors + totals.io_errors == 0 ? 0 : 1;
}
