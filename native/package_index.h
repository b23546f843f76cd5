// Which files the system's packages installed: dpkg's lists, read as dpkg(1) keeps them
// (/var/lib/dpkg/info/NAME.list, a path a line), and never asked of a program.
#ifndef FRESHET_PACKAGE_INDEX_H_
#define FRESHET_PACKAGE_INDEX_H_

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "record.h"

namespace freshet {

// Threads: any number. Memory: 12 bytes a path (Debian 12 with a desktop: some 300,000) and the
// packages' names.
class PackageIndex {
 public:
  struct Limits {
    size_t paths_max = 2'000'000;
    size_t packages_max = 20'000;
    u64 list_bytes_max = u64{32} << 20;
    // While an upgrade is under way the directory changes with each package.
    u64 reread_after_ns = 60'000'000'000;
  };

  enum class Answer {
    kUnknown,  // there is no database, it has more than the limits, or it has changed since
    kNone,     // no package has it
    kPackage,
  };
  struct Found {
    Answer answer = Answer::kUnknown;
    std::string package;   // without the architecture
    u64 installed_ns = 0;  // UTC: its list's mtime, so that of the last upgrade
  };

  // `directory`: dpkg's info. Its lists are believed only where root alone, or `owner_uid`, can
  // write to it.
  PackageIndex(std::string directory, u32 owner_uid, Limits limits)
      : directory_(std::move(directory)), owner_uid_(owner_uid), limits_(limits) {}
  explicit PackageIndex(std::string directory) : PackageIndex(std::move(directory), 0, Limits()) {}

  // Whether Find can answer without reading lists. One call of stat(2).
  bool IsReady(u64 now_ns);
  // Reads the lists where they changed, not again within `reread_after_ns`: 80 ms for 700 packages
  // with 120,000 paths. An older reading still tells what was in it, and says kUnknown of the rest.
  Found Find(std::string_view path, u64 now_ns);

 private:
  struct Package {
    std::string name;
    u64 installed_ns;
  };

  // When the directory was last changed, UTC; 0: it is not there, or others can change it.
  u64 ChangedNow() const;
  bool IsFresh(u64 changed_ns, u64 now_ns) const;
  void Read();
  bool ReadList(int directory, const char* name);
  const Package* PackageOf(std::string_view path) const;

  const std::string directory_;
  const u32 owner_uid_;
  const Limits limits_;
  std::mutex mutex_;
  // All guarded by mutex_.
  bool was_read_ = false;
  bool is_whole_ = false;
  u64 changed_ns_ = 0;
  u64 read_at_ns_ = 0;
  std::vector<Package> packages_;
  // Sorted by path; a hash of 64 bits stands for it, which two of a million share by a chance of
  // one in 10^7.
  struct Entry {
    u64 path;
    u32 package;
  } __attribute__((packed));
  std::vector<Entry> entries_;
};

}  // namespace freshet

#endif  // FRESHET_PACKAGE_INDEX_H_
