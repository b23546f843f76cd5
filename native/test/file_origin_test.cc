// Where files came from, by lists, receipts and marks of this test's own.
#include "file_origin.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "check.h"
#include "package_index.h"

namespace freshet {
namespace {

using Answer = PackageIndex::Answer;

constexpr u64 kMinuteNs = 60'000'000'000;

class Folder {
 public:
  Folder() { CHECK(mkdtemp(path_) != nullptr); }
  ~Folder() { CHECK(system(("rm -rf " + path()).c_str()) == 0); }
  std::string path() const { return path_; }
  std::string Make(const std::string& name) const {
    const std::string made = path() + "/" + name;
    CHECK(system(("mkdir -p " + made).c_str()) == 0);
    return made;
  }
  std::string Write(const std::string& name, const std::string& text) const {
    const std::string at = path() + "/" + name;
    FILE* file = fopen(at.c_str(), "w");
    CHECK(file != nullptr && fwrite(text.data(), 1, text.size(), file) == text.size());
    fclose(file);
    return at;
  }
  // As if it had been changed at `seconds`.
  void Change(const std::string& name, time_t seconds) const {
    const timespec times[] = {{seconds, 0}, {seconds, 0}};
    CHECK(utimensat(AT_FDCWD, (path() + "/" + name).c_str(), times, 0) == 0);
  }

 private:
  char path_[32] = "/tmp/freshet-origin-XXXXXX";
};

bool Look(const std::string& path, struct stat* status) { return stat(path.c_str(), status) == 0; }

PackageIndex IndexOf(const Folder& folder, PackageIndex::Limits limits = {}) {
  return PackageIndex(folder.path(), geteuid(), limits);
}

void ReadsListsOnce() {
  const Folder folder;
  folder.Write("tool.list", "/.\n/opt\n/opt/tool\n/opt/tool/bin/tool\n/usr/share/doc/tool/x\n");
  folder.Write("libc6:amd64.list", "/bin/old\n/lib/x86_64-linux-gnu/ld.so\n/usr/bin/ldd");
  folder.Write("tool.md5sums", "/opt/tool/never\n");
  folder.Change("tool.list", 1'700'000'000);
  PackageIndex index = IndexOf(folder);
  CHECK(!index.IsReady(1));
  const PackageIndex::Found tool = index.Find("/opt/tool/bin/tool", 1);
  CHECK(tool.answer == Answer::kPackage && tool.package == "tool");
  CHECK(tool.installed_ns == u64{1'700'000'000} * 1'000'000'000);
  CHECK(index.IsReady(2));
  // Without its architecture; also where the last line has no end, and where /usr was merged.
  for (const char* path : {"/usr/bin/ldd", "/usr/bin/old", "/usr/lib/x86_64-linux-gnu/ld.so"})
    CHECK(index.Find(path, 2).package == "libc6");
  for (const char* path : {"/opt/tool/never", "/opt/tool/bin/tool2", "/opt/tool/bin", ""})
    CHECK(index.Find(path, 2).answer == Answer::kNone);
  // What is never run was not read, so nothing follows from its absence.
  CHECK(index.Find("/usr/share/doc/tool/x", 2).answer == Answer::kUnknown);
}

void SaysNothingOfWhatChangedSince() {
  const Folder folder;
  folder.Write("a.list", "/usr/bin/a\n");
  folder.Change("", 1'700'000'000);
  PackageIndex index = IndexOf(folder);
  CHECK(index.Find("/usr/bin/b", 1).answer == Answer::kNone);
  folder.Write("b.list", "/usr/bin/b\n");
  folder.Change("", 1'700'000'001);
  // An upgrade is under way: b is not taken for nobody's, and a is still a's.
  CHECK(index.IsReady(2) && index.Find("/usr/bin/b", 2).answer == Answer::kUnknown);
  CHECK(index.Find("/usr/bin/a", 2).answer == Answer::kPackage);
  CHECK(!index.IsReady(1 + kMinuteNs));
  CHECK(index.Find("/usr/bin/b", 1 + kMinuteNs).package == "b");
}

void BelievesNoneThatOthersCanWrite() {
  const Folder folder;
  folder.Write("a.list", "/usr/bin/a\n");
  CHECK(chmod(folder.path().c_str(), 0777) == 0);
  PackageIndex open = IndexOf(folder);
  CHECK(open.Find("/usr/bin/a", 1).answer == Answer::kUnknown && open.IsReady(1));
  CHECK(chmod(folder.path().c_str(), 0755) == 0);
  CHECK(IndexOf(folder).Find("/usr/bin/a", 1).answer == Answer::kPackage);
  if (geteuid() == 0) {
    CHECK(chown(folder.path().c_str(), 1234, 1234) == 0);
    CHECK(IndexOf(folder).Find("/usr/bin/a", 1).answer == Answer::kUnknown);
  }
  PackageIndex absent(folder.path() + "/absent");
  CHECK(absent.Find("/usr/bin/a", 1).answer == Answer::kUnknown && absent.IsReady(1));
}

void KeepsToItsLimits() {
  const Folder folder;
  folder.Write("a.list", "/usr/bin/a\n/usr/bin/b\n/usr/bin/c\n");
  // What is known is told, and of the rest that it is not known.
  PackageIndex few = IndexOf(folder, {.paths_max = 2});
  CHECK(few.Find("/usr/bin/a", 1).answer == Answer::kPackage);
  CHECK(few.Find("/usr/bin/c", 1).answer == Answer::kUnknown);
  CHECK(IndexOf(folder, {.packages_max = 0}).Find("/usr/bin/a", 1).answer == Answer::kUnknown);
  CHECK(IndexOf(folder, {.list_bytes_max = 8}).Find("/usr/bin/a", 1).answer == Answer::kUnknown);
  // A link is no list: it may lead anywhere.
  CHECK(symlink("/etc/passwd", (folder.path() + "/z.list").c_str()) == 0);
  CHECK(IndexOf(folder).Find("/usr/bin/z", 1).answer == Answer::kUnknown);
  // A folder without any is no database.
  const Folder empty;
  CHECK(IndexOf(empty).Find("/usr/bin/a", 1).answer == Answer::kUnknown);
}

void ReadsQuarantine() {
  const FileOrigin safari = OriginOfQuarantine("0083;5f3a1b2c;Safari;8F1C2A30-0000");
  CHECK(safari.kind == k_origin_download && safari.name == "Safari");
  CHECK(safari.installed_ns == u64{0x5f3a1b2c} * 1'000'000'000);
  // A time that is none, and one that no clock says.
  for (const char* mark : {"0083;zz;Safari;", "0083;;Safari", "0083;ffffffffffffffff;Safari"}) {
    const FileOrigin found = OriginOfQuarantine(mark);
    CHECK(found.kind == k_origin_download && found.installed_ns == 0 && found.name == "Safari");
  }
  CHECK(OriginOfQuarantine("0083;5f3a1b2c;").name.empty());
  CHECK(OriginOfQuarantine(std::string_view("0083;5f3a1b2c;a\0b;", 18)).name.empty());
  CHECK(OriginOfQuarantine("0083").kind == 0 && OriginOfQuarantine("").kind == 0);
  // Cut before a character that does not fit.
  const std::string long_name = std::string(254, 'a') + "\xc3\xa9";
  CHECK(OriginOfQuarantine("0;0;" + long_name).name == std::string(254, 'a'));
}

void TakesTheHostOfAUrlAlone() {
  const auto host = [](std::string_view url) { return OriginOfUrl(url).name; };
  CHECK(host("https://files.example.org/a?token=secret") == "files.example.org");
  CHECK(host("https://user:secret@example.org:8443/a") == "example.org");
  CHECK(host("https://example.org?token=secret") == "example.org");
  CHECK(host("https://example.org") == "example.org");
  // What is no host name is not told, and is a download all the same.
  CHECK(host("https://[::1]/x").empty() && host("file:///home/ann/x").empty());
  CHECK(OriginOfUrl("file:///home/ann/x").kind == k_origin_download);
  CHECK(OriginOfUrl("secret").kind == 0 && OriginOfUrl("://x").kind == 0);
}

// Whatever a user writes there is read within bounds (under the sanitizers).
void ReadsAnyMark() {
  Random random(7);
  constexpr std::string_view kParts[] = {"://", ";", "@", "/", "?", ":", "0083", "\xff", "a", ""};
  for (u64 times = Times(20'000, 2'000'000); times > 0; times--) {
    std::string mark;
    for (u64 parts = random.Below(12); parts > 0; parts--)
      mark += kParts[random.Below(std::size(kParts))];
    CHECK(OriginOfQuarantine(mark).name.size() <= 255 && OriginOfUrl(mark).name.size() <= 255);
    CHECK(OriginOfUrl(mark).name.find_first_of("@/?:;") == std::string::npos);
  }
}

class Machine {
 public:
  Machine() {
    packages_.Write("tool.list", "/usr/bin/tool\n/opt/tool/tool\n");
    origins_ = std::make_unique<OriginFinder>(
        OriginFinder::Places{packages_.path(), {folder_.path() + "/Cellar/"}});
  }
  // Of the file at `path`, as if it had been asked about by `asked`.
  FileOrigin Of(const std::string& path, const std::string& asked, bool is_roots) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status;
    CHECK(file && fstat(file.get(), &status) == 0);
    return origins_->Find(file, asked, status, is_roots, Look, 1);
  }
  FileOrigin Of(const std::string& path) { return Of(path, path, false); }
  const Folder& folder() const { return folder_; }

 private:
  Folder packages_;
  Folder folder_;
  std::unique_ptr<OriginFinder> origins_;
};

void BelievesPathsOfRootsAlone() {
  Machine machine;
  const std::string file = machine.folder().Write("x", "x");
  // The lists' folder is this test's user's: believed where that is root.
  const u32 expected = geteuid() == 0 ? k_origin_package : 0;
  const FileOrigin found = machine.Of(file, "/opt/tool/tool", true);
  CHECK(found.kind == expected && (expected == 0 || found.name == "tool"));
  CHECK(expected == 0 || (found.keeper_uid == 0 && found.installed_ns > 0));
  // A user's root directory may have any path in it.
  CHECK(machine.Of(file, "/opt/tool/tool", false).kind == 0);
  // Nobody's, where packages install; elsewhere an administrator does so by hand.
  CHECK(machine.Of(file, "/usr/bin/planted", true).kind ==
        (geteuid() == 0 ? k_origin_unpackaged : 0u));
  CHECK(machine.Of(file, "/usr/bin/planted", false).kind == 0);
  for (const char* path : {"/usr/local/bin/x", "/opt/x", "/srv/x"})
    CHECK(machine.Of(file, path, true).kind == 0);
}

void WantsAReceiptOfBrew() {
  Machine machine;
  machine.folder().Make("Cellar/jq/1.8.1/bin");
  const std::string jq = machine.folder().Write("Cellar/jq/1.8.1/bin/jq", "x");
  CHECK(machine.Of(jq).kind == 0);
  machine.folder().Write("Cellar/jq/1.8.1/INSTALL_RECEIPT.json", "{}");
  machine.folder().Change("Cellar/jq/1.8.1/INSTALL_RECEIPT.json", 1'700'000'000);
  const FileOrigin found = machine.Of(jq);
  CHECK(found.kind == k_origin_brew && found.name == "jq" && found.keeper_uid == geteuid());
  CHECK(found.installed_ns == u64{1'700'000'000} * 1'000'000'000);
  // Another file than that at the path; one that is in no version's folder; a folder as a receipt.
  const std::string other = machine.folder().Write("other", "x");
  CHECK(machine.Of(other, jq, false).kind == 0);
  CHECK(machine.Of(machine.folder().Write("Cellar/jq/loose", "x")).kind == 0);
  machine.folder().Make("Cellar/yq/4/INSTALL_RECEIPT.json");
  CHECK(machine.Of(machine.folder().Write("Cellar/yq/4/yq", "x")).kind == 0);
  // Everybody's receipt is nobody's word.
  const std::string receipt = machine.folder().path() + "/Cellar/jq/1.8.1/INSTALL_RECEIPT.json";
  CHECK(chmod(receipt.c_str(), 0666) == 0);
  CHECK(machine.Of(jq).keeper_uid == kKeeperUnknown);
}

void ReadsMarksOfDownloads() {
  Machine machine;
  const std::string file = machine.folder().Write("x", "x");
  CHECK(machine.Of(file).kind == 0);
  constexpr char kUrl[] = "https://example.org/x";
  if (setxattr(file.c_str(), "user.xdg.origin.url", kUrl, sizeof(kUrl) - 1, 0) != 0) {
    std::puts("file_origin: no extended attributes here, so their reading was not tried");
    return;
  }
  const FileOrigin found = machine.Of(file);
  CHECK(found.kind == k_origin_download && found.name == "example.org");
  CHECK(found.keeper_uid == geteuid());
  CHECK(chmod(file.c_str(), 0666) == 0 && machine.Of(file).keeper_uid == kKeeperUnknown);
  // Of one that is larger than any URL nothing is told.
  const std::string huge = "https://" + std::string(8'000, 'a');
  if (setxattr(file.c_str(), "user.xdg.origin.url", huge.data(), huge.size(), 0) == 0)
    CHECK(machine.Of(file).kind == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsListsOnce();
  SaysNothingOfWhatChangedSince();
  BelievesNoneThatOthersCanWrite();
  KeepsToItsLimits();
  ReadsQuarantine();
  TakesTheHostOfAUrlAlone();
  ReadsAnyMark();
  BelievesPathsOfRootsAlone();
  WantsAReceiptOfBrew();
  ReadsMarksOfDownloads();
  std::puts("file_origin: ok");
}
