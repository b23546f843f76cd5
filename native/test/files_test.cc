// Files without a word to a file system that may hang: what is mounted, where a path leads, and
// reading in a process that can be given up.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "linux/apart_reader.h"
#include "linux/find_file.h"
#include "linux/mounts.h"
#include "linux/path_walk.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

constexpr u64 kSecondNs = 1'000'000'000;

void ReadsMountinfo() {
  const auto mounts = ParseMountinfo(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "40 22 0:44 / /home/ann/app rw,nosuid shared:9 master:2 - fuse.app\\040image app "
      "rw,user_id=1000,group_id=1001\n"
      "41 22 0:45 / /mnt/a\\040-\\040b rw - nfs4 host:/x rw,user_id=7\n"
      "42 22 0:46 / /usr ro - 9p share rw\n"
      "no mount at all\n43 22 x:1 / /y rw - ext4 a b\n44 22 0:47 / /z rw - ext4 a\n");
  CHECK(mounts.size() == 4);
  CHECK(mounts.at(22).dev == makedev(8, 1) && !mounts.at(22).MayHang());
  const Mount& fuse = mounts.at(40);
  CHECK(fuse.MayHang() && fuse.IsUsers() && fuse.user_id == 1000 && fuse.group_id == 1001);
  CHECK(mounts.at(41).MayHang() && !mounts.at(41).IsUsers() && mounts.at(41).user_id == 0);
  // What the system itself stands on is waited for by everything.
  CHECK(!mounts.at(42).MayHang());
}

void ReadsAnyMountinfo() {
  const std::string text =
      "40 22 0:44 / /home/ann/app rw shared:9 - fuse.app app rw,user_id=1000,group_id=1001\n";
  Random random(7);
  for (int i = 0; i < 20'000; i++) {
    std::string mutated = text.substr(0, random.Below(text.size() + 1));
    for (u64 j = random.Below(4); j > 0 && !mutated.empty(); j--)
      mutated[random.Below(mutated.size())] = static_cast<char>(random.Next());
    ParseMountinfo(mutated);
  }
}

void BelievesADeviceByTheWayItWasFound() {
  struct stat status{};
  status.st_dev = 5;
  status.st_ino = 9;
  const Mount ext4{.dev = 5, .type = "ext4"};
  const Mount overlay{.dev = 5, .type = "overlay"};
  const Mount btrfs{.dev = 6, .type = "btrfs"};
  for (const Way way : {Way::kByProcess, Way::kByName}) {
    CHECK(IsFileOf(status, ext4, way, 5, 9));
    CHECK(!IsFileOf(status, ext4, way, 5, 8));
    CHECK(!IsFileOf(status, ext4, way, 4, 9));
  }
  // An inode's number alone is any file's, by a name that anything may stand at.
  CHECK(IsFileOf(status, overlay, Way::kByProcess, 4, 9));
  CHECK(!IsFileOf(status, overlay, Way::kByName, 4, 9));
  CHECK(IsFileOf(status, btrfs, Way::kByProcess, 6, 9));
  CHECK(!IsFileOf(status, btrfs, Way::kByName, 6, 9));
}

std::string Folder() {
  char name[] = "/tmp/freshet-files-XXXXXX";
  CHECK(mkdtemp(name) != nullptr);
  return name;
}

void Write(const std::string& path, const std::string& text) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  CHECK(write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

// As much memory as the file wants, whatever it might be allowed to: what a thread's arena once had
// the process keeps.
void ReadsWithinItsBound(const std::string& folder) {
  constexpr size_t kAllowed = 16 << 20;
  std::string text;
  for (const size_t bytes : {0, 1, 4095, 4096, 4097, 100'000}) {
    std::string whole(bytes, 'a');
    if (bytes > 0) whole.back() = 'z';
    Write(folder + "/read", whole);
    std::string().swap(text);
    CHECK(ReadFileAt(AT_FDCWD, (folder + "/read").c_str(), kAllowed, &text) && text == whole);
    CHECK(text.capacity() <= std::max<size_t>(8192, 4 * bytes));
    for (const size_t bound : {size_t{0}, bytes / 2, bytes}) {
      CHECK(ReadFileAt(AT_FDCWD, (folder + "/read").c_str(), bound, &text));
      CHECK(text == whole.substr(0, bound));
    }
  }
  CHECK(!ReadFileAt(AT_FDCWD, (folder + "/none").c_str(), kAllowed, &text));
}

// By statx(2) and by /proc alike.
void KnowsTheMountOfADescriptor(const std::string& folder) {
  Mounts mounts;
  for (const std::string& path : {std::string("/proc"), std::string("/"), folder}) {
    const Fd place(open(path.c_str(), O_PATH | O_CLOEXEC));
    std::string text;
    CHECK(ReadFileAt(AT_FDCWD, ("/proc/self/fdinfo/" + std::to_string(place.get())).c_str(), 4096,
                     &text));
    const auto mount = mounts.OfDescriptor(place.get(), 0);
    CHECK(mount && text.find("mnt_id:\t" + std::to_string(mount->id) + "\n") != std::string::npos);
  }
  CHECK(!mounts.OfDescriptor(-1, 0));
}

void FollowsAPath(const std::string& folder) {
  Mounts mounts;
  Write(folder + "/file", "text");
  CHECK(symlink("file", (folder + "/link").c_str()) == 0);
  CHECK(symlink((folder + "/./x/../link").c_str(), (folder + "/far").c_str()) == 0);
  CHECK(mkdir((folder + "/x").c_str(), 0755) == 0);
  CHECK(symlink("loop", (folder + "/loop").c_str()) == 0);
  struct stat status;
  CHECK(stat((folder + "/file").c_str(), &status) == 0);
  for (const char* name : {"/file", "/link", "/far", "/../../../../tmp/../x/y"}) {
    const Walked walked = WalkPath(&mounts, 0, folder + name);
    if (std::string(name).ends_with("/x/y")) {
      CHECK(!walked.place && walked.error == ENOENT);
      continue;
    }
    CHECK(walked.place && walked.status.st_ino == status.st_ino && !walked.hanging);
    CHECK(walked.changeable);  // /tmp is anybody's
  }
  CHECK(WalkPath(&mounts, 0, folder + "/loop").error == ELOOP);
  CHECK(WalkPath(&mounts, 0, folder + "/file/x").error == ENOTDIR);
  CHECK(!WalkPath(&mounts, 0, "/etc/passwd").changeable);
  // /proc's own links are text here: what they say, not where they lead.
  CHECK(WalkPath(&mounts, static_cast<u32>(getpid()), folder + "/link").place);
}

void ReadsApart(const std::string& folder) {
  ApartReader reader;
  std::string text(300'000, 'x');
  text[299'999] = 'y';
  Write(folder + "/apart", text);
  std::string got;
  struct stat told{};
  const ApartEars ears{.on_status =
                           [&](const struct stat& status) {
                             told = status;
                             return true;
                           },
                       .on_bytes =
                           [&](std::span<const std::byte> bytes) {
                             got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                             return true;
                           }};
  const std::string path = folder + "/apart";
  CHECK(reader.Read({.path = path}, "a", 10 * kSecondNs, ears) == 0);
  CHECK(got == text && told.st_size == 300'000);
  const Fd place(open(folder.c_str(), O_PATH | O_CLOEXEC));
  got.clear();
  CHECK(reader.Read({.place = place.get(), .path = "apart"}, "a", 10 * kSecondNs, ears) == 0);
  CHECK(got == text);
  CHECK(reader.Read({.path = folder + "/none"}, "a", 10 * kSecondNs, ears) == ENOENT);
  CHECK(reader.Read({.path = folder}, "a", 10 * kSecondNs, ears) == EISDIR);
  CHECK(mkfifo((folder + "/fifo").c_str(), 0600) == 0);
  CHECK(reader.Read({.path = folder + "/fifo"}, "a", 10 * kSecondNs, ears) == EINVAL);
  // A time that is over already.
  CHECK(reader.Read({.path = path}, "a", 0, ears) == ETIMEDOUT);
  CHECK(reader.Stuck() == 0);
  if (geteuid() != 0) return;
  // As somebody else, with nothing of root's left.
  CHECK(reader.Read({.path = path, .uid = 65534, .gid = 65534}, "a", 10 * kSecondNs, ears) ==
        EACCES);
  CHECK(chmod(path.c_str(), 0604) == 0);
  CHECK(reader.Read({.path = path, .uid = 65534, .gid = 65534}, "a", 10 * kSecondNs, ears) == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsMountinfo();
  ReadsAnyMountinfo();
  BelievesADeviceByTheWayItWasFound();
  const std::string folder = Folder();
  // A thread beside, as where it runs: only the forking one is in the child.
  std::atomic<bool> is_over = false;
  std::thread beside([&] {
    while (!is_over) std::vector<int>(1000, 1);
  });
  ReadsWithinItsBound(folder);
  KnowsTheMountOfADescriptor(folder);
  FollowsAPath(folder);
  ReadsApart(folder);
  is_over = true;
  beside.join();
  const std::string remove = "rm -r " + folder;
  return std::system(remove.c_str());
}
