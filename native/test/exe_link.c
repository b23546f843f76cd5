// A program of the tests that sets what /proc/PID/exe says of it, as an ordinary user may, and
// stays until its standard input ends.
//   exe_link PROGRAM own|shared
// `own`: from a user namespace that it makes for itself. `shared`: it stays in none, and a child
// that has its memory does it from one. Prints "set", or what was refused, and is built -static.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMappings = 32, kStackBytes = 1 << 16, kPage = 4096 };
struct mapping {
  uintptr_t from, to;
  int protection;
};
static struct prctl_mm_map map;

static int refused(const char* what) {
  printf("%s: %s\n", what, strerror(errno));
  return 1;
}

// The link can be set once nothing of the old file is mapped: copies take its place.
static int leave_own_file(void) {
  struct mapping own[kMappings];
  int count = 0;
  char line[512], file[256] = {0};
  if (readlink("/proc/self/exe", file, sizeof(file) - 1) < 0) return -1;
  FILE* const maps = fopen("/proc/self/maps", "r");
  while (maps != NULL && count < kMappings && fgets(line, sizeof(line), maps) != NULL) {
    unsigned long from, to;
    char rights[5], path[256] = {0};
    sscanf(line, "%lx-%lx %4s %*s %*s %*s %255s", &from, &to, rights, path);
    if (strcmp(path, file) != 0) continue;
    own[count++] =
        (struct mapping){from, to,
                         (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0) |
                             (rights[2] == 'x' ? PROT_EXEC : 0)};
  }
  if (maps == NULL) return -1;
  fclose(maps);
  for (int index = 0; index < count; index++) {
    void* const at = (void*)own[index].from;
    const size_t length = own[index].to - own[index].from;
    void* const copy =
        mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) return -1;
    memcpy(copy, at, length);
    mprotect(copy, length, own[index].protection);
    if (mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED) return -1;
  }
  return 0;
}

// What the process has already, by proc_pid_stat(5): the call sets all of it.
static int read_layout(void) {
  char text[2048] = {0};
  FILE* const stat = fopen("/proc/self/stat", "r");
  if (stat == NULL || fread(text, 1, sizeof(text) - 1, stat) == 0) return -1;
  fclose(stat);
  unsigned long fields[53] = {0};
  int field = 3;
  for (char* word = strtok(strrchr(text, ')') + 2, " "); word != NULL && field < 53; field++) {
    fields[field] = strtoul(word, NULL, 10);
    word = strtok(NULL, " ");
  }
  map = (struct prctl_mm_map){.start_code = fields[26],
                              .end_code = fields[27],
                              .start_stack = fields[28],
                              .start_data = fields[45],
                              .end_data = fields[46],
                              .start_brk = fields[47],
                              .brk = (uintptr_t)sbrk(0),
                              .arg_start = fields[48],
                              .arg_end = fields[49],
                              .env_start = fields[50],
                              .env_end = fields[51]};
  return 0;
}

static int set(void* unused) {
  (void)unused;
  return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0 ? 0 : errno;
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  if (argc != 3) return 2;
  const int is_shared = strcmp(argv[2], "shared") == 0;
  if (!is_shared && unshare(CLONE_NEWUSER) != 0) return refused("unshare");
  const int file = open(argv[1], O_RDONLY);
  if (file < 0) return refused("open");
  if (leave_own_file() != 0 || read_layout() != 0) return refused("mappings");
  // So that link and mappings agree.
  if (mmap(NULL, kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) == MAP_FAILED)
    return refused("mmap");
  map.exe_fd = (unsigned)file;
  if (is_shared) {
    char* const stack =
        mmap(NULL, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const pid_t child = clone(set, stack + kStackBytes, CLONE_VM | CLONE_NEWUSER | SIGCHLD, NULL);
    int status;
    if (child < 0) return refused("clone");
    if (waitpid(child, &status, 0) != child) return refused("waitpid");
    errno = WEXITSTATUS(status);
  } else {
    errno = set(NULL);
  }
  if (errno != 0) return refused("prctl");
  puts("set");
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}
