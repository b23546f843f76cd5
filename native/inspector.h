// What a program file is: its hash, its owner, and whether others than root could have changed it.
#ifndef FRESHET_INSPECTOR_H_
#define FRESHET_INSPECTOR_H_

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "file_origin.h"
#include "found_file.h"
#include "program_files.h"
#include "record.h"
#include "remembered.h"
#include "sha256.h"
#include "signature.h"

namespace freshet {

inline constexpr u32 kOwnerUnknown = 0xffffffff;

// How long one file may take: a bound, not an aim. A program of 200 MB, as the largest that are
// common, is hashed in 0.2 to 0.6 s once it is in memory.
struct InspectTimes {
  u64 hash_ns = 2'000'000'000;   // checked between pieces of 128 KiB
  u64 apart_ns = 2'000'000'000;  // where reading may hang
};

struct Inspection {
  u64 dev = 0;
  u64 ino = 0;
  u64 file_bytes = 0;
  u64 changed_ns = 0;  // UTC, its ctime, or when what its path leads through was put there; 0: not
                       // known, or a user's file system says so
  u32 owner_uid = kOwnerUnknown;
  u32 mode = 0;                                // st_mode
  u32 flags = k_inspected_writable_by_others;  // FLAG inspected: true of what cannot be told
  u32 error = 0;                               // errno
  Sha256Digest sha256{};
  SignatureFound signed_as;
  FileOrigin origin;  // without an error alone, and of nothing that is read apart
  // What is missing takes time: whose files it is to be had in turn with. Empty: nothing is
  // missing.
  std::string lane;
};

// Threads: any number. Remembers what the last kRememberedMax files were. Reads regular files
// alone, of at most 1 GiB, and none of which most is a hole.
class Inspector {
 public:
  static constexpr size_t kRememberedMax = 4096;

  // `files`: what the source keeps of the programs executed.
  // `find_signature`: empty where programs have none. `origins`: none, nothing is told of that.
  Inspector(std::shared_ptr<ProgramFiles> files, FindSignature find_signature,
            InspectTimes times = {}, std::shared_ptr<OriginFinder> origins = nullptr)
      : files_(std::move(files)),
        finder_(MakeFileFinder(files_)),
        find_signature_(std::move(find_signature)),
        times_(times),
        origins_(std::move(origins)) {}

  enum class Depth {
    kLook,  // what is known at once: facts of stat(2), and hashes that are remembered
    kRead,  // all
  };

  // Answers in the order of the requests. Of each, finds the file that was kept at its exec or that
  // runs as its pid if it is the one asked for, else the one at its path if its device and inode
  // are those asked for. Of another file nothing is told (flag `replaced`, ESTALE). A signature is
  // looked at too. kLook takes no longer than some calls of the kernel each and says by `lane` what
  // is left for kRead, which takes as long as reading the files, twice where they are signed, but
  // not longer than the times; it uses 128 KiB. Never fails: see Inspection::error (ESTALE: the
  // file changed while it was read; ETIMEDOUT; EFBIG: too large, or mostly a hole). Facts are told
  // with an error too, where they are known: else owner_uid is kOwnerUnknown.
  std::vector<Inspection> InspectAll(std::span<const InspectRequest> requests, Depth depth);

 private:
  // A file's content as far as stat(2) can tell: dev, ino, size, mtime, ctime (ns).
  using ContentKey = std::tuple<u64, u64, u64, u64, u64>;
  // And which slice of it by which path: a bundle around the file is part of its signature.
  using SignatureKey = std::tuple<ContentKey, std::string, Cdhash>;

  // Answers of one call: what is asked for several processes is looked at once.
  using Answered = std::map<std::tuple<std::string_view, ContentKey, Cdhash>, Inspection>;

  static ContentKey KeyOf(const struct stat& status);
  Inspection Inspect(const InspectRequest& request, Depth depth, Answered* answered);
  Inspection InspectFile(FoundFile found, const InspectRequest& request, Depth depth);
  Inspection InspectApart(const FoundFile& found, const InspectRequest& request);
  bool IsRemembered(const InspectRequest& request, const ContentKey& key);
  FileOrigin OriginOf(const FoundFile& found, const InspectRequest& request, bool is_roots);
  u32 HashStable(const Fd& file, bool may_remember, struct stat* status, Sha256Digest* sha256);
  SignatureFound SignatureOf(const Fd& file, const InspectRequest& request, const ContentKey& key);

  const std::shared_ptr<ProgramFiles> files_;
  const std::unique_ptr<FileFinder> finder_;
  const FindSignature find_signature_;
  const InspectTimes times_;
  const std::shared_ptr<OriginFinder> origins_;
  Remembered<ContentKey, Sha256Digest> hashes_{kRememberedMax};
  Remembered<SignatureKey, SignatureFound> signatures_{kRememberedMax};
};

}  // namespace freshet

#endif  // FRESHET_INSPECTOR_H_
