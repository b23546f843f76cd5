// A process of the tests: connects to an address and port, sends so many bytes, closes and ends.
//   sender ADDRESS PORT BYTES [REPLY_BYTES [HOLD_MS [abrupt]]]
// With REPLY_BYTES it reads as many before it goes on; then it stays connected for HOLD_MS; then it
// says that it has sent all and reads to the end, unless it is abrupt: then it closes without
// looking.
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  struct addrinfo* address;
  if (getaddrinfo(argv[1], argv[2], &hints, &address) != 0) return 2;
  const int fd = socket(address->ai_family, SOCK_STREAM, 0);
  if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) return 1;
  static char bytes[65536];
  for (long left = atol(argv[3]); left > 0;) {
    const ssize_t sent = send(fd, bytes, left < (long)sizeof(bytes) ? left : sizeof(bytes), 0);
    if (sent < 0) return 1;
    left -= sent;
  }
  for (long left = argc > 4 ? atol(argv[4]) : 0; left > 0;) {
    const ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    if (got <= 0) return 1;
    left -= got;
  }
  if (argc > 5) usleep(atoi(argv[5]) * 1000);
  if (argc > 4 && argc < 7) {
    shutdown(fd, SHUT_WR);
    while (recv(fd, bytes, sizeof(bytes), 0) > 0) {
    }
  }
  close(fd);
  return 0;
}
