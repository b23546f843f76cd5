// What a program file is: its hash, its owner, and whether others than root could have changed it.
#ifndef FRESHET_INSPECTOR_H_
#define FRESHET_INSPECTOR_H_

#include <sys/stat.h>

#include <array>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "program_files.h"
#include "record.h"
#include "sha256.h"

namespace freshet {

using Cdhash = std::array<u8, 20>;

struct InspectRequest {
  std::string path;
  u32 pid = 0;  // 0: not known
  u64 dev = 0;  // 0 with ino 0: whatever is at the path
  u64 ino = 0;
  Cdhash cdhash{};  // as the kernel has it: which slice of the file runs; zeros when not known
};

// What was found of the file's signature.
struct SignatureFound {
  u32 signature = k_signature_not_asked;  // CODE signature
  u32 status = 0;                         // OSStatus, as two's complement
  u32 flags = 0;                          // FLAG inspected
  Cdhash cdhash{};                        // zeros when the file has none
  std::string signing_id;
  std::string team_id;
  std::string authority;
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
  SignatureFound signed_as;
};

// Threads: any number. Remembers the hashes of the last kRememberedMax files.
class Inspector {
 public:
  static constexpr size_t kRememberedMax = 4096;

  // `files`: what the source keeps of the programs executed.
  explicit Inspector(std::shared_ptr<ProgramFiles> files) : files_(std::move(files)) {}

  // Answers in the order of the requests. Of each, reads the file that was kept at its exec or that
  // runs as its pid if it is the one asked for, else the one at its path (flag `replaced` when that
  // is another). Takes as long as reading the files; uses 128 KiB. Never fails: see
  // Inspection::error (ESTALE: the file changed while it was read).
  std::vector<Inspection> InspectAll(std::span<const InspectRequest> requests);

 private:
  // A file's content as far as stat(2) can tell: dev, ino, size, mtime, ctime (ns).
  using ContentKey = std::tuple<u64, u64, u64, u64, u64>;
  struct Remembered {
    ContentKey key;
    Sha256Digest sha256;
  };

  // Answers of one call: what is asked for several processes is looked at once.
  using Answered = std::map<std::tuple<std::string_view, bool, ContentKey>, Inspection>;

  static ContentKey KeyOf(const struct stat& status);
  Inspection Inspect(const InspectRequest& request, Answered* answered);
  u32 HashStable(const Fd& file, struct stat* status, Sha256Digest* sha256);
  Fd OpenAsExecuted(const InspectRequest& request);
  bool Recall(const ContentKey& key, Sha256Digest* sha256);
  void Remember(const ContentKey& key, const Sha256Digest& sha256);

  const std::shared_ptr<ProgramFiles> files_;
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
