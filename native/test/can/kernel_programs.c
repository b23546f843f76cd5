// Ends with 0 where the kernel takes programs like those of linux/kernel_programs.h: it has types
// (BTF) and the youngest of the tracepoints, gives a map, and sees processes by the numbers that
// /proc shows here. None of it is asked of the code under test: what that cannot do is its fault.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int lacks(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  return 1;
}

static int has_tracepoint(const char* types, const char* name) {
  FILE* file = fopen(types, "re");
  if (file == NULL) return 0;
  static char content[64 << 20];
  const size_t bytes = fread(content, 1, sizeof(content), file);
  fclose(file);
  errno = ENOENT;
  return memmem(content, bytes, name, strlen(name) + 1) != NULL;
}

int main(void) {
  if (!has_tracepoint("/sys/kernel/btf/vmlinux", "btf_trace_sock_send_length"))
    return lacks("sock_send_length in /sys/kernel/btf/vmlinux");
  union bpf_attr map = {.map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 65536};
  if (syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)) < 0) return lacks("bpf(2) gives no map");
  struct stat status;
  if (stat("/proc/self/ns/pid", &status) != 0) return lacks("/proc/self/ns/pid");
  if (status.st_ino == 0xeffffffc) return 0;  // PROC_PID_INIT_INO of include/linux/proc_ns.h
  fputs("this is a pid namespace of its own\n", stderr);
  return 1;
}
