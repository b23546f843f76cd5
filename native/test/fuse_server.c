// A read-only FUSE file system with one program in it, `app`, spoken raw over /dev/fuse so that no
// package is needed: fuse_server PROGRAM MOUNTPOINT UID. Mounted as fusermount would for that user,
// so that nobody else may read there. Says "mounted" when it is; after SIGUSR1 it answers nothing
// any more, which is how a file system hangs, and after SIGUSR2 opens nothing for anybody. Ends,
// unmounted, with its input.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kRoot = 1, kApp = 2 };
static volatile sig_atomic_t is_hanging;
static void Hang(int signal) {
  (void)signal;
  is_hanging = 1;
}

static volatile sig_atomic_t is_closed;
static void Close(int signal) {
  (void)signal;
  is_closed = 1;
}

static int device;
static unsigned user;
static char* content;
static size_t content_bytes;

static void Answer(const struct fuse_in_header* in, int error, const void* body, size_t bytes) {
  struct fuse_out_header out = {(uint32_t)(sizeof(out) + bytes), -error, in->unique};
  struct iovec parts[] = {{&out, sizeof(out)}, {(void*)body, bytes}};
  if (writev(device, parts, 2) < 0 && errno != ENOENT) perror("fuse: answer");
}

static struct fuse_attr AttrOf(uint64_t node) {
  struct fuse_attr attr = {.ino = node, .nlink = 1, .uid = user, .gid = user, .blksize = 4096};
  attr.mode = node == kRoot ? S_IFDIR | 0555 : S_IFREG | 0555;
  attr.size = node == kRoot ? 0 : content_bytes;
  attr.blocks = (attr.size + 511) / 512;
  return attr;
}

static void Serve(const struct fuse_in_header* in, const void* body) {
  switch (in->opcode) {
    case FUSE_INIT: {
      struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 1 << 17};
      Answer(in, 0, &out, sizeof(out));
      return;
    }
    case FUSE_LOOKUP: {
      struct fuse_entry_out out = {.nodeid = kApp, .attr = AttrOf(kApp)};
      if (strcmp(body, "app") != 0)
        Answer(in, ENOENT, NULL, 0);
      else
        Answer(in, 0, &out, sizeof(out));
      return;
    }
    case FUSE_GETATTR: {
      struct fuse_attr_out out = {.attr = AttrOf(in->nodeid)};
      Answer(in, 0, &out, sizeof(out));
      return;
    }
    case FUSE_OPEN:
    case FUSE_OPENDIR: {
      struct fuse_open_out out = {.fh = 1, .open_flags = 0};
      if (is_closed)
        Answer(in, EACCES, NULL, 0);
      else
        Answer(in, 0, &out, sizeof(out));
      return;
    }
    case FUSE_READ: {
      const struct fuse_read_in* read = body;
      const size_t at = read->offset < content_bytes ? read->offset : content_bytes;
      const size_t left = content_bytes - at;
      Answer(in, 0, content + at, read->size < left ? read->size : left);
      return;
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_ACCESS:
      Answer(in, 0, NULL, 0);
      return;
    default:
      Answer(in, ENOSYS, NULL, 0);
  }
}

static void Load(const char* path) {
  FILE* file = fopen(path, "rb");
  struct stat status;
  if (file == NULL || fstat(fileno(file), &status) != 0) exit(2);
  content_bytes = (size_t)status.st_size;
  content = malloc(content_bytes);
  if (fread(content, 1, content_bytes, file) != content_bytes) exit(2);
  fclose(file);
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  Load(argv[1]);
  user = (unsigned)atoi(argv[3]);
  signal(SIGUSR1, Hang);
  signal(SIGUSR2, Close);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  char options[128];
  snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", device, user,
           user);
  if (mount("app", argv[2], "fuse.app", MS_NOSUID | MS_NODEV, options) != 0) {
    perror("fuse: mount");
    return 1;
  }
  puts("mounted");
  fflush(stdout);
  static char request[1 << 20] __attribute__((aligned(8)));
  for (;;) {
    struct pollfd ready[] = {{.fd = 0, .events = POLLIN}, {.fd = device, .events = POLLIN}};
    if (poll(ready, 2, -1) < 0) continue;
    if (ready[0].revents != 0) break;
    const ssize_t got = read(device, request, sizeof(request));
    if (got <= 0 && errno == ENODEV) break;
    // Taken and not answered: as a server that is stuck.
    if (got > 0 && !is_hanging)
      Serve((const struct fuse_in_header*)request, request + sizeof(struct fuse_in_header));
  }
  umount2(argv[2], MNT_DETACH);
  return 0;
}
