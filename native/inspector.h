// What a program file is: its hash, its owner, and whether others than root could have changed it.
#ifndef FRESHET_INSPECTOR_H_
#define FRESHET_INSPECTOR_H_

#include <list>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "record.h"
#include "sha256.h"

namespace freshet {

struct InspectRequest {
  std::string path;
  u32 pid = 0;  // 0: not known
  u64 dev = 0;  // 0 with ino 0: whatever is at the path
  u64 ino = 0;
};

struct Inspection {
  u64 dev = 0;
  u64 ino = 0;
  u64 file_bytes = 0;
  u32 owner_uid = 0;
  u32 mode = 0;   // st_mode
  u32 flags = 0;  // FLAG inspected
  u32 error = 0;  // errno
  Sha256Digest sha256{};
};

// Threads: any number. Remembers the hashes of the last kRememberedMax files.
class Inspector {
 public:
  static constexpr size_t kRememberedMax = 4096;

  // Reads the file that runs as `request.pid` if it is still the one asked for, else the one at
  // `request.path` (flag `replaced` when that is another). Takes as long as reading the file; uses
  // 128 KiB. Never fails: see Inspection::error (ESTALE: the file changed while it was read).
  Inspection Inspect(const InspectRequest& request);

 private:
  // A file's content as far as stat(2) can tell: dev, ino, size, mtime, ctime (ns).
  using ContentKey = std::tuple<u64, u64, u64, u64, u64>;
  struct Remembered {
    ContentKey key;
    Sha256Digest sha256;
  };

  bool Recall(const ContentKey& key, Sha256Digest* sha256);
  void Remember(const ContentKey& key, const Sha256Digest& sha256);

  std::mutex mutex_;
  std::list<Remembered> newest_first_;                            // guarded by mutex_
  std::map<ContentKey, std::list<Remembered>::iterator> by_key_;  // guarded by mutex_
};

// Whether someone other than root can change what runs by this absolute path: the file, or a
// directory above it, belongs to another user or is writable by group (other than root's) or
// others; a sticky directory too, since whoever owns the entry may replace it. True for what cannot
// be told.
bool WritableByOthers(const std::string& path);

}  // namespace freshet

#endif  // FRESHET_INSPECTOR_H_
