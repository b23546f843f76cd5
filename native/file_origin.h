// How a program file came onto this machine, as far as something here says so: plain C++ for both
// systems. What is said by what an ordinary user can write is told with whose word it is.
//
// Not told: what a signature says better (the App Store, the system's own), receipts of Apple's
// installer (files are in their bills of materials alone, /var/db/receipts), and management (MDM
// leaves no mark at a file).
#ifndef FRESHET_FILE_ORIGIN_H_
#define FRESHET_FILE_ORIGIN_H_

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fd.h"
#include "package_index.h"
#include "record.h"

namespace freshet {

inline constexpr u32 kKeeperUnknown = 0xffffffff;

struct FileOrigin {
  u32 kind = 0;  // CODE origin; 0: nothing says
  u64 installed_ns = 0;
  u32 keeper_uid = kKeeperUnknown;
  std::string name;  // at most 255 bytes
};

// What a mark of a download says: of com.apple.quarantine "flags;hex time;agent;UUID"
// (LaunchServices), and of user.xdg.origin.url the URL (freedesktop.org, common extended
// attributes), of which only the host is taken: the rest may hold secrets. Kind 0 where it is none.
FileOrigin OriginOfQuarantine(std::string_view mark);
FileOrigin OriginOfUrl(std::string_view mark);

// Threads: any number.
class OriginFinder {
 public:
  struct Places {
    std::string packages = "/var/lib/dpkg/info";
    std::vector<std::string> cellars = {"/opt/homebrew/Cellar/", "/usr/local/Cellar/",
                                        "/home/linuxbrew/.linuxbrew/Cellar/"};
  };
  // What is at a path, without waiting (FileFinder::Look).
  using Look = std::function<bool(const std::string& path, struct stat* status)>;

  OriginFinder() : OriginFinder(Places()) {}
  explicit OriginFinder(Places places) : places_(std::move(places)), packages_(places_.packages) {}

  // Whether Find reads no more than attributes.
  bool IsReady(u64 now_ns) { return packages_.IsReady(now_ns); }
  // Of the file that is open as `file`, has `status`, and is asked about by `path`; `is_roots`: the
  // path leads to it, and root alone can change that. `now_ns`: of a clock that only goes on.
  FileOrigin Find(const Fd& file, const std::string& path, const struct stat& status, bool is_roots,
                  const Look& look, u64 now_ns);

 private:
  FileOrigin OfBrew(const std::string& path, const struct stat& status, const Look& look) const;
  FileOrigin OfDownload(const Fd& file, const std::string& path, const struct stat& status,
                        const Look& look) const;

  const Places places_;
  PackageIndex packages_;
};

}  // namespace freshet

#endif  // FRESHET_FILE_ORIGIN_H_
