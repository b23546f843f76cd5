// A double of what mac/find_file.cc asks of macOS's <sys/mount.h> and <fcntl.h>, for tests on
// Linux: a list of mounts that the test gives, and open(2) with O_NOFOLLOW_ANY. Included after
// <fcntl.h>.
#ifndef FRESHET_TEST_MAC_FILES_SYS_MOUNT_H_
#define FRESHET_TEST_MAC_FILES_SYS_MOUNT_H_

#include <fcntl.h>
#include <sys/types.h>

constexpr int MNT_NOWAIT = 2;
// No link anywhere in the path is followed; a bit that open(2) of Linux has no use for.
constexpr int O_NOFOLLOW_ANY = 1 << 30;

struct statfs {
  char f_mntonname[1024];
  char f_fstypename[16];
  uid_t f_owner;
};

// As getfsstat(2): how many there are without `list`, else how many were written.
int getfsstat(struct statfs* list, int list_bytes, int flags);
int OpenAsMac(const char* path, int flags);

#define open(path, flags) OpenAsMac(path, flags)

#endif  // FRESHET_TEST_MAC_FILES_SYS_MOUNT_H_
