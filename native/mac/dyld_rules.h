// What an environment asks dyld to load into a program beside its own code, and whether dyld heeds
// it. Of an environment nothing but the paths of such variables is passed on.
//
// Plain C++ without a system's calls. Nothing is allocated: an Endpoint Security handler asks.
// Threads: any.
#ifndef FRESHET_MAC_DYLD_RULES_H_
#define FRESHET_MAC_DYLD_RULES_H_

#include <array>
#include <span>
#include <string_view>

#include "record.h"

namespace freshet {

// What dyld's rules go by, of a program that is executed.
struct DyldProgram {
  u32 codesign_flags = 0;     // the kernel's, as in an exec record
  u32 file_flags = 0;         // st_flags of the program's file
  bool changes_user = false;  // its effective user or group is not the real one
};

// Whether dyld heeds DYLD_ variables for it, and code that is not its signer's can come of that.
// With System Integrity Protection switched off dyld heeds them for protected programs as well:
// that is not seen here.
bool HeedsDyldVariables(const DyldProgram& program);

// The paths that variables name. Threads: one.
class DyldPaths {
 public:
  // As many files are told of one image.
  static constexpr size_t kPathsMax = 8;

  struct Path {
    std::string_view text;  // as it was given; points into the variable
    bool is_folder;         // libraries of the system's names are looked for in it first
  };

  // `variable`: "NAME=value". Others than dyld's say nothing.
  void Take(std::string_view variable);
  // There are variables that were not looked at.
  void Miss() { more_ = true; }

  std::span<const Path> paths() const { return std::span(paths_).first(count_); }
  // Whether there are paths beside these.
  bool more() const { return more_; }
  bool empty() const { return count_ == 0 && !more_; }

 private:
  void Add(std::string_view text, bool is_folder);

  std::array<Path, kPathsMax> paths_{};
  size_t count_ = 0;
  bool more_ = false;
};

// `path` made absolute in `room`: dyld's @executable_path and @loader_path are the folder of
// `program`, a relative path is taken from `folder`. A folder ends in a slash. What leads nowhere
// (@rpath, no folder) stays as it was given. `cut`: the room was too small.
std::string_view ResolveDyldPath(const DyldPaths::Path& path, std::string_view program,
                                 std::string_view folder, std::span<char> room, bool* cut);

// Whether nobody can change what lies there, root and its password included: System Integrity
// Protection keeps it. `path` is absolute, without "..".
bool IsProtectedPlace(std::string_view path);

// Calls `push` with the record and the path of each from another place, without process and time,
// until it answers false; whether it never did. Where nothing can be named but there is more, one
// record without a path says so. The paths lie in `room`.
template <typename Push>
bool EachCode(const DyldPaths& paths, std::string_view program, std::string_view folder,
              std::span<char> room, Push push) {
  code_record record{};
  record.owner_uid = UINT32_MAX;
  bool is_told = false;
  for (const DyldPaths::Path& one : paths.paths()) {
    bool cut;
    const std::string_view path = ResolveDyldPath(one, program, folder, room, &cut);
    if (IsProtectedPlace(path)) continue;
    record.path_bytes = static_cast<u16>(path.size());
    record.flags = k_code_asked_for | (paths.more() || cut ? k_code_more : 0);
    if (!push(record, path)) return false;
    is_told = true;
  }
  if (is_told || !paths.more()) return true;
  record.path_bytes = 0;
  record.flags = k_code_asked_for | k_code_more;
  return push(record, std::string_view{});
}

}  // namespace freshet

#endif  // FRESHET_MAC_DYLD_RULES_H_
