// Which file a question is about, and how it can be read: what each platform says of it
// (linux/find_file.cc, mac/find_file.cc).
#ifndef FRESHET_FOUND_FILE_H_
#define FRESHET_FOUND_FILE_H_

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "fd.h"
#include "program_files.h"
#include "record.h"
#include "signature.h"

namespace freshet {

struct InspectRequest {
  std::string path;
  u32 pid = 0;  // 0: not known
  u64 dev = 0;  // 0 with ino 0: whatever is at the path
  u64 ino = 0;
  Cdhash cdhash{};  // as the kernel has it: which slice of the file runs; zeros when not known
  u32 subject = k_subject_program;  // CODE subject
};

// What a file that is read apart tells, in order. Each answers whether it is to go on.
struct ApartEars {
  std::function<bool(const struct stat& status)> on_status;
  std::function<bool(std::span<const std::byte> bytes)> on_bytes;
};

struct FoundFile {
  Fd file;  // open to be read; none: `error` says why, unless it is to be read otherwise
  struct stat status{};
  u32 error = 0;
  // UTC: when what the path leads through was last put where it is, as far as that shows; 0:
  // nothing of it that others than root can put there.
  u64 put_ns = 0;
  // There is a file, but not the one asked for: nothing is known of that one.
  bool replaced = false;
  // On a FUSE mount that another user than root may have made.
  bool users_mount = false;
  // Reading it may take for ever: whose it is, as a name of a lane; else empty.
  std::string may_hang;
  // Set where it is read so that it can be given up: 0, or errno, ETIMEDOUT after `within_ns`.
  std::function<u32(u64 within_ns, const ApartEars& ears)> read_apart;
};

// Threads: any number.
class FileFinder {
 public:
  virtual ~FileFinder() = default;
  // Does not wait for a file system that may hang, unless `may_wait`.
  virtual FoundFile Find(const InspectRequest& request, bool may_wait) = 0;
  // Whether the path leads to just this file and nobody but root can change what it leads to. False
  // for what cannot be told: in a root directory of its own a path means something else.
  virtual bool IsRootsAlone(const std::string& path, const struct stat& status) = 0;
  // What is at the path, links followed; false where nothing is, or where to ask may hang.
  virtual bool Look(const std::string& path, struct stat* status) = 0;
};

// This platform's. `files`: what the source keeps of the programs executed.
std::unique_ptr<FileFinder> MakeFileFinder(std::shared_ptr<ProgramFiles> files);

// Whether someone other than root can change the file or directory itself.
bool ChangeableByOthers(const struct stat& status);

// UTC, its ctime and its mtime.
u64 ChangedNs(const struct stat& status);
u64 ModifiedNs(const struct stat& status);

// When a link or directory was last put where it is: a rename changes its ctime. An entry of a
// directory that changes does so too, and its mtime with it: 0 then, as it would be told of whoever
// writes beside his script.
u64 PutNs(const struct stat& status);

// As records have it: dev_t is a signed number of 32 bits on macOS, and one of 64 on Linux.
inline u64 DeviceOf(const struct stat& status) {
#ifdef __APPLE__
  return static_cast<u32>(status.st_dev);
#else
  return status.st_dev;
#endif
}

}  // namespace freshet

#endif  // FRESHET_FOUND_FILE_H_
