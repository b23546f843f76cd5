// What a program file is: its hash, its owner, and whether others than root could have changed it.
#ifndef FRESHET_INSPECTOR_H_
#define FRESHET_INSPECTOR_H_

#include <sys/stat.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "program_files.h"
#include "record.h"
#include "remembered.h"
#include "sha256.h"
#include "signature.h"

namespace freshet {

struct InspectRequest {
  std::string path;
  u32 pid = 0;  // 0: not known
  u64 dev = 0;  // 0 with ino 0: whatever is at the path
  u64 ino = 0;
  Cdhash cdhash{};  // as the kernel has it: which slice of the file runs; zeros when not known
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

// Threads: any number. Remembers what the last kRememberedMax files were. Reads regular files
// alone, of at most 1 GiB.
class Inspector {
 public:
  static constexpr size_t kRememberedMax = 4096;

  // `files`: what the source keeps of the programs executed.
  // `find_signature`: empty where programs have none.
  Inspector(std::shared_ptr<ProgramFiles> files, FindSignature find_signature)
      : files_(std::move(files)), find_signature_(std::move(find_signature)) {}

  // Answers in the order of the requests. Of each, reads the file that was kept at its exec or that
  // runs as its pid if it is the one asked for, else the one at its path (flag `replaced` when that
  // is another). A signature is looked at where the file is the one that was asked for. Takes as
  // long as reading the files, twice where they are signed; uses 128 KiB. Never fails: see
  // Inspection::error (ESTALE: the file changed while it was read).
  std::vector<Inspection> InspectAll(std::span<const InspectRequest> requests);

 private:
  // A file's content as far as stat(2) can tell: dev, ino, size, mtime, ctime (ns).
  using ContentKey = std::tuple<u64, u64, u64, u64, u64>;
  // And which slice of it by which path: a bundle around the file is part of its signature.
  using SignatureKey = std::tuple<ContentKey, std::string, Cdhash>;

  // Answers of one call: what is asked for several processes is looked at once.
  using Answered = std::map<std::tuple<std::string_view, bool, ContentKey, Cdhash>, Inspection>;

  static ContentKey KeyOf(const struct stat& status);
  Inspection Inspect(const InspectRequest& request, Answered* answered);
  u32 HashStable(const Fd& file, struct stat* status, Sha256Digest* sha256);
  Fd OpenAsExecuted(const InspectRequest& request, struct stat* status);
  SignatureFound SignatureOf(const Fd& file, const InspectRequest& request, const ContentKey& key);

  const std::shared_ptr<ProgramFiles> files_;
  const FindSignature find_signature_;
  Remembered<ContentKey, Sha256Digest> hashes_{kRememberedMax};
  Remembered<SignatureKey, SignatureFound> signatures_{kRememberedMax};
};

// Whether someone other than root can change what runs by this absolute path: the file, or a
// directory above it, belongs to another user or is writable by group (other than root's) or
// others; a sticky directory too, since whoever owns the entry may replace it. True for what cannot
// be told.
bool WritableByOthers(const std::string& path);

}  // namespace freshet

#endif  // FRESHET_INSPECTOR_H_
