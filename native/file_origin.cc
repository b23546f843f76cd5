#include "file_origin.h"

#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "found_file.h"

namespace freshet {
namespace {

constexpr size_t kNameBytesMax = origin_record::k_name_max;
// Marks are some 60 bytes, URLs seldom more than some hundred; a longer one is none.
constexpr size_t kMarkBytesMax = 4096;
constexpr u64 kSecondNs = 1'000'000'000;
// 2100: what is later is no time of a download, and would overflow nothing.
constexpr u64 kSecondsMax = 4'102'444'800;

#ifdef __APPLE__
constexpr char kMark[] = "com.apple.quarantine";
ssize_t ReadMark(int file, char* into) { return fgetxattr(file, kMark, into, kMarkBytesMax, 0, 0); }
ssize_t ReadMarkAt(const char* path, char* into) {
  return getxattr(path, kMark, into, kMarkBytesMax, 0, XATTR_NOFOLLOW);
}
#else
constexpr char kMark[] = "user.xdg.origin.url";
ssize_t ReadMark(int file, char* into) { return fgetxattr(file, kMark, into, kMarkBytesMax); }
ssize_t ReadMarkAt(const char* path, char* into) {
  return lgetxattr(path, kMark, into, kMarkBytesMax);
}
#endif

FileOrigin OriginOfMark(std::string_view mark) {
#ifdef __APPLE__
  return OriginOfQuarantine(mark);
#else
  return OriginOfUrl(mark);
#endif
}

// Who can write what is in a file, its attributes included.
u32 KeeperOf(const struct stat& status) {
  const bool is_owners_alone = (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  return is_owners_alone || !ChangeableByOthers(status) ? status.st_uid : kKeeperUnknown;
}

// Where packages install what is run; what an administrator puts there by hand belongs elsewhere
// (FHS 3.0: /usr/local, /opt).
bool IsPackagesPlace(std::string_view path) {
  constexpr std::string_view kPlaces[] = {"/usr/bin/",   "/usr/sbin/", "/usr/lib/", "/usr/libexec/",
                                          "/usr/games/", "/bin/",      "/sbin/",    "/lib/"};
  return std::any_of(std::begin(kPlaces), std::end(kPlaces),
                     [&](std::string_view place) { return path.starts_with(place); });
}

bool IsSame(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::string Cut(std::string_view text) {
  size_t end = std::min(text.size(), kNameBytesMax);
  // Not within a character of UTF-8.
  while (end < text.size() && end > 0 && (static_cast<u8>(text[end]) & 0xc0) == 0x80) end--;
  return std::string(text.substr(0, end));
}

// The folder of the bundle that a path lies in; empty: none.
std::string BundleOf(const std::string& path) {
  const size_t at = path.find(".app/Contents/");
  return at == std::string::npos ? "" : path.substr(0, at + 4);
}

}  // namespace

FileOrigin OriginOfQuarantine(std::string_view mark) {
  std::array<std::string_view, 3> fields;
  for (size_t i = 0; i < fields.size(); i++) {
    const size_t end = std::min(mark.find(';'), mark.size());
    fields[i] = mark.substr(0, end);
    // Of flags alone nobody knows what it is.
    if (end == mark.size() && i == 0) return {};
    mark.remove_prefix(std::min(end + 1, mark.size()));
  }
  FileOrigin origin;
  origin.kind = k_origin_download;
  u64 seconds = 0;
  const std::string_view time = fields[1];
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), seconds, 16);
  if (error == std::errc() && end == time.data() + time.size() && seconds <= kSecondsMax)
    origin.installed_ns = seconds * kSecondNs;
  const std::string_view agent = fields[2];
  if (agent.find('\0') == std::string_view::npos) origin.name = Cut(agent);
  return origin;
}

FileOrigin OriginOfUrl(std::string_view mark) {
  const size_t scheme = mark.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return {};
  std::string_view host = mark.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#\\"));
  if (const size_t user = host.rfind('@'); user != std::string_view::npos)
    host.remove_prefix(user + 1);
  host = host.substr(0, host.find(':'));
  FileOrigin origin;
  origin.kind = k_origin_download;
  const bool is_name = std::all_of(host.begin(), host.end(), [](char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '-' || byte == '_';
  });
  if (is_name) origin.name = Cut(host);
  return origin;
}

FileOrigin OriginFinder::Find(const Fd& file, const std::string& path, const struct stat& status,
                              bool is_roots, const Look& look, u64 now_ns) {
  PackageIndex::Found of_package;
  if (is_roots) of_package = packages_.Find(path, now_ns);
  if (of_package.answer == PackageIndex::Answer::kPackage)
    return {k_origin_package, of_package.installed_ns, 0, Cut(of_package.package)};
  if (FileOrigin brew = OfBrew(path, status, look); brew.kind != 0) return brew;
  if (FileOrigin download = OfDownload(file, path, status, look); download.kind != 0)
    return download;
  if (of_package.answer == PackageIndex::Answer::kNone && IsPackagesPlace(path))
    return {k_origin_unpackaged, 0, 0, ""};
  return {};
}

FileOrigin OriginFinder::OfBrew(const std::string& path, const struct stat& status,
                                const Look& look) const {
  for (const std::string& cellar : places_.cellars) {
    if (!path.starts_with(cellar)) continue;
    const size_t formula = path.find('/', cellar.size());
    const size_t version = formula == std::string::npos ? formula : path.find('/', formula + 1);
    struct stat named;
    struct stat receipt;
    // In a root directory of its own a path means something else.
    if (version == std::string::npos || !look(path, &named) || !IsSame(named, status) ||
        !look(path.substr(0, version) + "/INSTALL_RECEIPT.json", &receipt) ||
        !S_ISREG(receipt.st_mode))
      return {};
    const std::string name = path.substr(cellar.size(), formula - cellar.size());
    return {k_origin_brew, ModifiedNs(receipt), KeeperOf(receipt), Cut(name)};
  }
  return {};
}

FileOrigin OriginFinder::OfDownload(const Fd& file, const std::string& path,
                                    const struct stat& status, const Look& look) const {
  std::string mark(kMarkBytesMax, '\0');
  struct stat keeper = status;
  ssize_t bytes = ReadMark(file.get(), mark.data());
  if (bytes <= 0) {
    // What is unpacked by another than Finder has the mark at its bundle alone.
    const std::string bundle = BundleOf(path);
    struct stat named;
    if (bundle.empty() || !look(path, &named) || !IsSame(named, status) || !look(bundle, &keeper) ||
        !S_ISDIR(keeper.st_mode))
      return {};
    bytes = ReadMarkAt(bundle.c_str(), mark.data());
  }
  if (bytes <= 0) return {};
  FileOrigin origin = OriginOfMark(std::string_view(mark).substr(0, static_cast<size_t>(bytes)));
  if (origin.kind != 0) origin.keeper_uid = KeeperOf(keeper);
  return origin;
}

}  // namespace freshet
