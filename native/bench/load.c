// The load of bench/agent.ts: short programs with a short upload each, and connections that go on
// sending, at a rate that is kept, for as little work of its own as it can.
//
//   load --execs PER_S --flows N --seconds S
//
// Each program is this one again (vfork, execve) and sends 1,000 bytes to a listener of this
// process. Each of the N connections, both ends here, sends 100 bytes once a second: 2 N flows to
// report.
//
// Prints one line of JSON: {"execs":E,"writes":W,"seconds":S}. Exit status: 0, 1 when a call
// failed, 2 wrong usage.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kFlowsMax = 10000, kExecsMax = 10000, kSecondsMax = 3600, kStepMs = 5 };

static char bytes[65536];

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int Fail(const char* what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  return 1;
}

static struct sockaddr_in Loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int Connect(int port) {
  const struct sockaddr_in address = Loopback(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) return -1;
  return fd;
}

// What each program does.
static int Upload(const char* port) {
  const int fd = Connect(atoi(port));
  if (fd < 0 || write(fd, bytes, 1000) != 1000) return 1;
  close(fd);
  return 0;
}

// Takes who has come, reads each to its end and lets it go.
static void Accept(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0; close(fd))
    while (read(fd, bytes, sizeof bytes) > 0) {
    }
}

static int Run(int execs_per_s, int flows, int seconds) {
  static int out[kFlowsMax], in[kFlowsMax];
  struct sockaddr_in address = Loopback(0);
  socklen_t length = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr*)&address, sizeof address) != 0 ||
      listen(listener, 1024) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &length) != 0)
    return Fail("listen");
  const int port = ntohs(address.sin_port);
  for (int i = 0; i < flows; i++) {
    out[i] = Connect(port);
    in[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (out[i] < 0 || in[i] < 0) return Fail("connect");
  }
  fcntl(listener, F_SETFL, O_NONBLOCK);
  signal(SIGCHLD, SIG_IGN);  // no zombies, no waits

  char text[16];
  snprintf(text, sizeof text, "%d", port);
  char* const arguments[] = {(char*)"load", (char*)"--upload", text, NULL};
  char* const environment[] = {NULL};
  const double began = Now();
  long execs = 0, writes = 0;
  for (double elapsed = 0; elapsed < seconds; elapsed = Now() - began) {
    for (; execs < (long)(elapsed * execs_per_s); execs++) {
      const pid_t child = vfork();
      if (child < 0) return Fail("vfork");
      if (child == 0) {
        execve("/proc/self/exe", arguments, environment);
        _exit(127);
      }
    }
    for (; writes < (long)(elapsed * flows); writes++) {
      const int i = (int)(writes % flows);
      if (write(out[i], bytes, 100) != 100) return Fail("write");
      if (read(in[i], bytes, sizeof bytes) < 0 && errno != EAGAIN) return Fail("read");
    }
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    poll(&ready, 1, 0);
    if (ready.revents != 0) Accept(listener);
    const struct timespec step = {0, kStepMs * 1000000L};
    nanosleep(&step, NULL);
  }
  printf("{\"execs\":%ld,\"writes\":%ld,\"seconds\":%.3f}\n", execs, writes, Now() - began);
  return 0;
}

// A decimal number in [0, max], or -1.
static int Number(const char* text, int max) {
  char* end;
  const long value = strtol(text, &end, 10);
  return *text == '\0' || *end != '\0' || value < 0 || value > max ? -1 : (int)value;
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "--upload") == 0) return Upload(argv[2]);
  int execs = -1, flows = -1, seconds = -1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--execs") == 0) execs = Number(argv[i + 1], kExecsMax);
    if (strcmp(argv[i], "--flows") == 0) flows = Number(argv[i + 1], kFlowsMax);
    if (strcmp(argv[i], "--seconds") == 0) seconds = Number(argv[i + 1], kSecondsMax);
  }
  if (argc != 7 || execs < 0 || flows < 0 || seconds < 0) {
    fprintf(stderr, "usage: load --execs PER_S --flows N --seconds S\n");
    return 2;
  }
  struct rlimit files = {2 * kFlowsMax + 64, 2 * kFlowsMax + 64};
  setrlimit(RLIMIT_NOFILE, &files);
  return Run(execs, flows, seconds);
}
