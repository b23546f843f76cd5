// A program of the tests that stays until its standard input ends.
//   waiter [ARGUMENT ...]
// As its first argument: `load FILE` maps FILE as a library once a byte came; `again` executes
// itself by /proc/self/exe, `descriptor` by a descriptor; `rewrite TEXT` puts TEXT, its arguments
// joined by commas, in place of its own; `fill FILE` maps FILE 45,000 times.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int wait_for_end(void) {
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}

static void rewrite(int argc, char** argv, const char* from) {
  char text[256] = {0};
  strncpy(text, from, sizeof(text) - 1);
  char* const end = argv[argc - 1] + strlen(argv[argc - 1]);
  for (char* at = argv[0]; at < end; at++) *at = 0;
  for (size_t at = 0; text[at] != 0 && argv[0] + at < end; at++)
    argv[0][at] = text[at] == ',' ? '\0' : text[at];
}

int main(int argc, char** argv) {
  char* const again[] = {argv[0], NULL};
  char* const none[] = {NULL};
  if (argc < 2) return wait_for_end();
  if (strcmp(argv[1], "load") == 0) {
    char byte;
    if (read(0, &byte, 1) != 1 || dlopen(argv[2], RTLD_NOW) == NULL) return 1;
  } else if (strcmp(argv[1], "again") == 0) {
    return execve("/proc/self/exe", again, none);
  } else if (strcmp(argv[1], "descriptor") == 0) {
    return fexecve(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), again, none);
  } else if (strcmp(argv[1], "rewrite") == 0) {
    rewrite(argc, argv, argv[2]);
  } else if (strcmp(argv[1], "fill") == 0) {
    // One page again and again: the kernel joins only what continues.
    const int file = open(argv[2], O_RDONLY | O_CLOEXEC);
    for (int count = 0; count < 45000; count++)
      if (mmap(NULL, 1, PROT_READ, MAP_PRIVATE, file, 0) == MAP_FAILED) return 1;
  }
  (void)!write(1, "ready\n", 6);
  return wait_for_end();
}
