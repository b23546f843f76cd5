#include "mac/dyld_rules.h"

#include <algorithm>

#include "script_rules.h"

namespace freshet {
namespace {

// xnu osfmk/kern/cs_blobs.h. With either of the latter two the kernel lets in libraries of Apple's
// and of the program's own team alone: dyld may heed a variable, and nobody else's code comes of
// it. The hardened runtime sets them, unless the program is entitled to do without; that, and not
// CS_RUNTIME, is what counts.
constexpr u32 kCsRestrict = 0x800;  // dyld drops the variables
constexpr u32 kCsForcedLv = 0x10;
constexpr u32 kCsRequireLv = 0x2000;
// xnu bsd/sys/stat.h SF_RESTRICTED: protected by System Integrity Protection (dyld(1): ignored for
// such binaries). A copy of the file elsewhere does not have it.
constexpr u32 kRestrictedFile = 0x80000;

struct Variable {
  std::string_view name;  // with what separates it from its value
  bool is_folder;
};
// dyld(1), and dyld/DyldProcessConfig.cpp. The FALLBACK ones are left out: what they lead to is
// looked at where a library is missing, and takes no other's place. DYLD_IMAGE_SUFFIX names no
// path.
constexpr Variable kVariables[] = {
    {"INSERT_LIBRARIES=", false},        {"LIBRARY_PATH=", true},
    {"FRAMEWORK_PATH=", true},           {"VERSIONED_LIBRARY_PATH=", true},
    {"VERSIONED_FRAMEWORK_PATH=", true}, {"ROOT_PATH=", true},
};
constexpr std::string_view kPrefix = "DYLD_";

bool TakeAway(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

}  // namespace

bool HeedsDyldVariables(const DyldProgram& program) {
  return (program.codesign_flags & (kCsRestrict | kCsForcedLv | kCsRequireLv)) == 0 &&
         (program.file_flags & kRestrictedFile) == 0 && !program.changes_user;
}

// /System/Volumes leads to the volumes that are written to, and /usr/local is no system's. No file
// is looked at for this: it may lie where looking never ends.
bool IsProtectedPlace(std::string_view path) {
  constexpr std::string_view kOthers[] = {"/System/Volumes/", "/usr/local/"};
  constexpr std::string_view kProtected[] = {"/System/", "/usr/", "/bin/", "/sbin/"};
  const auto begins = [&](std::string_view place) { return path.starts_with(place); };
  return std::any_of(std::begin(kProtected), std::end(kProtected), begins) &&
         std::none_of(std::begin(kOthers), std::end(kOthers), begins);
}

void DyldPaths::Take(std::string_view variable) {
  if (!TakeAway(kPrefix, &variable)) return;
  for (const Variable& one : kVariables) {
    std::string_view value = variable;
    if (!TakeAway(one.name, &value)) continue;
    while (!value.empty()) {
      const size_t end = std::min(value.find(':'), value.size());
      Add(value.substr(0, end), one.is_folder);
      value.remove_prefix(std::min(end + 1, value.size()));
    }
    return;
  }
}

void DyldPaths::Add(std::string_view text, bool is_folder) {
  const auto is_it = [&](const Path& one) {
    return one.text == text && one.is_folder == is_folder;
  };
  const auto known = paths();
  if (text.empty() || std::any_of(known.begin(), known.end(), is_it)) return;
  if (count_ == kPathsMax)
    more_ = true;
  else
    paths_[count_++] = {text, is_folder};
}

std::string_view ResolveDyldPath(const DyldPaths::Path& path, std::string_view program,
                                 std::string_view folder, std::span<char> room, bool* cut) {
  std::string_view text = path.text;
  if (TakeAway("@executable_path/", &text) || TakeAway("@loader_path/", &text))
    folder = program.substr(0, program.rfind('/') + 1);
  std::string_view whole;
  *cut = false;
  if (!text.starts_with('@')) whole = AbsolutePath(folder, text, room, cut);
  if (whole.empty()) {
    const size_t kept = std::min(path.text.size(), room.size());
    std::copy_n(path.text.begin(), kept, room.data());
    *cut = kept < path.text.size();
    whole = {room.data(), kept};
  }
  if (!path.is_folder || whole.ends_with('/')) return whole;
  if (whole.size() == room.size()) {
    *cut = true;
    return whole;
  }
  room[whole.size()] = '/';
  return {room.data(), whole.size() + 1};
}

}  // namespace freshet
