// A process of the tests that ends its connections, or passes them on, in ways that are hard to
// count. To an address of IPv4 that reads everything:
//   edges reset ADDRESS PORT COUNT BYTES       each closed with SO_LINGER 0
//   edges disconnect ADDRESS PORT COUNT BYTES  one socket, each ended by connect(2) to AF_UNSPEC
//   edges mptcp ADDRESS PORT COUNT BYTES       each a connection of MPTCP
//   edges exec ADDRESS PORT BYTES MORE PROGRAM PROTOCOL
//                                              sends BYTES, then executes PROGRAM as `give FD MORE`
//   edges become ADDRESS PORT PROTOCOL PROGRAM ARGUMENT...
//                                              sends nothing and executes PROGRAM, whose output it
//                                              is
//   edges wait ADDRESS - PROTOCOL PROGRAM ARGUMENT...
//                                              the same with the first that comes to a port that it
//                                              prints
//   edges fork ADDRESS PORT BYTES MORE         sends BYTES; told to go on, a child sends MORE
//   edges pass ADDRESS PORT BYTES MORE         the same, the child gets the socket by SCM_RIGHTS
//   edges give FD BYTES                        sends BYTES to a socket it inherits
//   edges udp ADDRESS PORT COUNT BYTES         so many datagrams
//   edges serve ADDRESS PROTOCOL HOW BYTES     listens (tcp, mptcp), prints its port, sends BYTES
//   to the
//                                              first that comes, and ends that by close, reset or
//                                              disconnect
//   edges drain ADDRESS PROTOCOL - -           listens as well, prints its port, and how many bytes
//   the
//                                              first that comes has sent when it ends
//   edges fetch ADDRESS PORT PROTOCOL WORD     reads all that it is sent
//   edges loopback                             brings up the loopback interface of its namespace
// What is sent has been acknowledged before a connection ends.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kSiocOutQ = 0x5411, kMptcp = 262 };

static char bytes[65536];

static void Send(int fd, long left) {
  while (left > 0) {
    const long want = left < (long)sizeof bytes ? left : (long)sizeof bytes;
    const ssize_t sent = send(fd, bytes, (size_t)want, 0);
    if (sent <= 0) exit(3);
    left -= sent;
  }
}

static void WaitUntilAcknowledged(int fd) {
  int waiting = 0;
  do usleep(500);
  while (ioctl(fd, kSiocOutQ, &waiting) == 0 && waiting > 0);
}

static int Connect(int fd, const struct sockaddr_in* to) {
  if (fd < 0 || connect(fd, (const struct sockaddr*)to, sizeof *to) != 0) exit(4);
  return fd;
}

static void End(int fd) {
  shutdown(fd, SHUT_WR);
  while (recv(fd, bytes, sizeof bytes, 0) > 0) {
  }
  close(fd);
}

static void Reset(int fd) {
  const struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

static void Disconnect(int fd) {
  const struct sockaddr none = {.sa_family = AF_UNSPEC};
  if (connect(fd, &none, sizeof none) != 0) exit(8);
}

static int Protocol(const char* name) { return strcmp(name, "mptcp") == 0 ? kMptcp : 0; }

// The first connection that comes to a port of the kernel's choice, which is printed.
static int AcceptOne(struct sockaddr_in at, const char* protocol) {
  const int listener = socket(AF_INET, SOCK_STREAM, Protocol(protocol));
  socklen_t length = sizeof at;
  at.sin_port = 0;
  if (bind(listener, (struct sockaddr*)&at, sizeof at) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, (struct sockaddr*)&at, &length) != 0)
    exit(10);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  return accept(listener, NULL, NULL);
}

static void Serve(int fd, const char* how, long sends) {
  Send(fd, sends);
  WaitUntilAcknowledged(fd);
  if (strcmp(how, "reset") == 0)
    Reset(fd);
  else if (strcmp(how, "disconnect") == 0)
    Disconnect(fd);
  else
    End(fd);
}

static void Drain(int fd) {
  long all = 0;
  for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0;) all += got;
  close(fd);
  printf("%ld\n", all);
}

// Until who started this has seen what was sent.
static void AwaitWord(void) {
  char word;
  if (read(0, &word, 1) < 0) exit(8);
}

// Over a socket of AF_UNIX, to a child that was made before the connection.
static void Pass(const struct sockaddr_in* to, long first, long more) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0) exit(5);
  char space[CMSG_SPACE(sizeof(int))] = {0};
  char one = 0;
  struct iovec data = {&one, 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  const pid_t child = fork();
  if (child == 0) {
    if (recvmsg(pair[1], &message, 0) != 1) _exit(5);
    int got;
    memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof got);
    Send(got, more);
    _exit(0);
  }
  const int fd = Connect(socket(AF_INET, SOCK_STREAM, 0), to);
  Send(fd, first);
  AwaitWord();
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (sendmsg(pair[0], &message, 0) != 1) exit(5);
  printf("%ld\n", (long)child);
  waitpid(child, NULL, 0);
  End(fd);
}

// The connection is its output.
static int Become(int fd, char** command) {
  if (dup2(fd, 1) < 0 || (fd != 1 && close(fd) != 0)) exit(6);
  execv(command[0], command);
  return 6;
}

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "give") == 0) {
    Send(atoi(argv[2]), atol(argv[3]));
    End(atoi(argv[2]));
    return 0;
  }
  if (argc == 2 && strcmp(argv[1], "loopback") == 0) {
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &up) == 0 ? 0 : 9;
  }
  if (argc < 6) return 2;
  const char* const how = argv[1];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[3]))};
  inet_pton(AF_INET, argv[2], &to.sin_addr);
  if (strcmp(how, "serve") == 0) return Serve(AcceptOne(to, argv[3]), argv[4], atol(argv[5])), 0;
  if (strcmp(how, "drain") == 0) return Drain(AcceptOne(to, argv[3])), 0;
  if (strcmp(how, "fetch") == 0)
    return End(Connect(socket(AF_INET, SOCK_STREAM, Protocol(argv[4])), &to)), 0;
  if (strcmp(how, "become") == 0)
    return Become(Connect(socket(AF_INET, SOCK_STREAM, Protocol(argv[4])), &to), argv + 5);
  if (strcmp(how, "wait") == 0) return Become(AcceptOne(to, argv[4]), argv + 5);
  const long first = atol(argv[4]), more = atol(argv[5]);
  if (strcmp(how, "pass") == 0) return Pass(&to, first, more), 0;
  if (strcmp(how, "exec") == 0 || strcmp(how, "fork") == 0) {
    const int is_exec = strcmp(how, "exec") == 0;
    if (is_exec && argc != 8) return 2;
    const int fd = Connect(socket(AF_INET, SOCK_STREAM, is_exec ? Protocol(argv[7]) : 0), &to);
    Send(fd, first);
    if (is_exec) {
      char number[16];
      snprintf(number, sizeof number, "%d", fd);
      execl(argv[6], argv[6], "give", number, argv[5], (char*)NULL);
      return 6;
    }
    AwaitWord();
    const pid_t child = fork();
    if (child == 0) {
      Send(fd, more);
      _exit(0);
    }
    printf("%ld\n", (long)child);
    waitpid(child, NULL, 0);
    End(fd);
    return 0;
  }
  if (strcmp(how, "udp") == 0) {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (long index = 0; index < first; index++)
      if (sendto(fd, bytes, (size_t)more, 0, (struct sockaddr*)&to, sizeof to) < 0) return 7;
    return 0;
  }
  const int is_reset = strcmp(how, "reset") == 0, is_mptcp = strcmp(how, "mptcp") == 0;
  int fd = -1;
  for (long index = 0; index < first; index++) {
    if (fd < 0) fd = socket(AF_INET, SOCK_STREAM, is_mptcp ? kMptcp : 0);
    Connect(fd, &to);
    Send(fd, more);
    WaitUntilAcknowledged(fd);
    if (is_mptcp) {
      End(fd);
      fd = -1;
    } else if (is_reset) {
      Reset(fd);
      fd = -1;
    } else {
      Disconnect(fd);
    }
  }
  return 0;
}
