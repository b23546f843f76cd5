// Which file a path leads to on a Mac, and whose word that is: on mounts of users and servers, and
// behind links.
#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#undef open
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "found_file.h"

namespace {

struct Mount {
  std::string at;
  std::string type;
  uid_t owner;
};
std::vector<Mount> mounts;
int opened = 0;  // files and folders, in all

}  // namespace

int getfsstat(struct statfs* list, int list_bytes, int /*flags*/) {
  if (list == nullptr) return static_cast<int>(mounts.size());
  const size_t room = static_cast<size_t>(list_bytes) / sizeof(*list);
  const size_t count = std::min(room, mounts.size());
  for (size_t i = 0; i < count; i++) {
    snprintf(list[i].f_mntonname, sizeof(list[i].f_mntonname), "%s", mounts[i].at.c_str());
    snprintf(list[i].f_fstypename, sizeof(list[i].f_fstypename), "%s", mounts[i].type.c_str());
    list[i].f_owner = mounts[i].owner;
  }
  return static_cast<int>(count);
}

int OpenAsMac(const char* path, int flags) {
  if ((flags & O_NOFOLLOW_ANY) != 0) {
    const std::string all = path;
    for (size_t at = 1; at != std::string::npos;) {
      at = all.find('/', at);
      struct stat status;
      if (lstat(all.substr(0, at).c_str(), &status) == 0 && S_ISLNK(status.st_mode)) {
        errno = ELOOP;
        return -1;
      }
      if (at != std::string::npos) at++;
    }
  }
  opened++;
  return open(path, flags & ~O_NOFOLLOW_ANY);
}

namespace freshet {
namespace {

const std::unique_ptr<FileFinder> finder = MakeFileFinder(nullptr);

FoundFile Find(const std::string& path, bool may_wait, u64 dev = 0, u64 ino = 0) {
  opened = 0;
  return finder->Find({.path = path, .dev = dev, .ino = ino}, may_wait);
}

void Write(const std::string& path) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
  CHECK(file && write(file.get(), "x", 1) == 1);
}

void FindsWhatLiesOnADisk(const std::string& folder) {
  mounts = {{"/", "apfs", 0}, {folder + "/m", "macfuse", 501}};
  // The mount's name is the beginning of this one's, and it does not lie on it.
  for (const char* name : {"/file", "/mm"}) {
    Write(folder + name);
    const FoundFile found = Find(folder + name, false);
    CHECK(found.file && found.error == 0 && found.may_hang.empty() && !found.users_mount);
    CHECK(Find(folder + name, false, DeviceOf(found.status), found.status.st_ino).file);
    const FoundFile other = Find(folder + name, false, DeviceOf(found.status), 1);
    CHECK(other.replaced && !other.file && other.status.st_ino == 0);
  }
  CHECK(Find(folder + "/none", false).error == ENOENT);
}

void WaitsForNoMountAtALook(const std::string& folder) {
  const std::string at = folder + "/m";
  CHECK(mkdir(at.c_str(), 0755) == 0);
  Write(at + "/app");
  const struct {
    const char* type;
    uid_t owner;
    bool is_users;
  } kinds[] = {
      {"macfuse", 501, true}, {"macfuse", 0, true},  // nobody but its program says whose it is
      {"smbfs", 501, true},   {"nfs", 0, false},
      {"webdav", 0, false},   {"never-heard-of", 0, true},
  };
  for (const auto& kind : kinds) {
    // Whatever the order of the list, the lowest mount counts.
    mounts = {{at, kind.type, kind.owner}, {"/", "apfs", 0}};
    for (int turn = 0; turn < 2; turn++) {
      const FoundFile looked = Find(at + "/app", false);
      CHECK(opened == 0 && !looked.file && looked.may_hang == at);
      CHECK(looked.users_mount == kind.is_users);
      const FoundFile read = Find(at + "/app", true);
      CHECK(read.file && read.users_mount == kind.is_users);
      std::reverse(mounts.begin(), mounts.end());
    }
  }
  // Nothing is known of any mount.
  mounts = {};
  const FoundFile unknown = Find(at + "/app", false);
  CHECK(opened == 0 && unknown.may_hang == "unknown" && unknown.users_mount);
}

void WaitsForNoLinkAtALook(const std::string& folder) {
  mounts = {{"/", "apfs", 0}};
  CHECK(mkdir((folder + "/d").c_str(), 0755) == 0);
  Write(folder + "/d/app");
  CHECK(symlink("app", (folder + "/d/link").c_str()) == 0);
  CHECK(symlink("d", (folder + "/way").c_str()) == 0);
  for (const char* name : {"/d/link", "/way/app"}) {
    const FoundFile looked = Find(folder + name, false);
    CHECK(!looked.file && looked.may_hang == "links" && !looked.users_mount);
    CHECK(Find(folder + name, true).file);
  }
  CHECK(Find(folder + "/d/app", false).file);
}

// What others can put on the way counts, and what root alone can does not: /tmp is root's to move.
void TellsWhatWasPutOnTheWay(const std::string& folder) {
  mounts = {{"/", "apfs", 0}};
  const auto changed = [&](const char* name) {
    struct stat status;
    CHECK(lstat((folder + name).c_str(), &status) == 0);
    return ChangedNs(status);
  };
  const auto put = [&](const char* name) { return Find(folder + name, true).put_ns; };
  CHECK(mkdir((folder + "/p").c_str(), 0755) == 0);
  Write(folder + "/p/x.py");
  CHECK(put("/p/x.py") == 0);
  CHECK(symlink("./p/../p", (folder + "/q").c_str()) == 0);
  CHECK(put("/q/x.py") == changed("/q"));
  CHECK(symlink((folder + "/q/x.py").c_str(), (folder + "/last.py").c_str()) == 0);
  CHECK(put("/last.py") == std::max(changed("/last.py"), changed("/q")));
  CHECK(rename((folder + "/p").c_str(), (folder + "/o").c_str()) == 0);
  CHECK(rename((folder + "/o").c_str(), (folder + "/p").c_str()) == 0);
  CHECK(put("/p/x.py") == changed("/p"));
  Write(folder + "/p/log");
  CHECK(put("/p/x.py") == 0);
  CHECK(symlink("loop", (folder + "/loop").c_str()) == 0);
  CHECK(Find(folder + "/loop", true).error == ELOOP);
}

void OpensFilesAlone(const std::string& folder) {
  mounts = {{"/", "apfs", 0}};
  CHECK(mkfifo((folder + "/fifo").c_str(), 0600) == 0);
  const FoundFile fifo = Find(folder + "/fifo", true);
  // The folder above was, to see that there is no link.
  CHECK(!fifo.file && fifo.error == EINVAL && opened == 1);
  CHECK(Find(folder, true).error == EISDIR);
}

void BelievesOfOwnersTheDiskAlone() {
  const std::string env = "/usr/bin/env";
  struct stat status;
  CHECK(stat(env.c_str(), &status) == 0);
  mounts = {{"/", "apfs", 0}};
  CHECK(finder->IsRootsAlone(env, status));
  struct stat other = status;
  other.st_ino++;
  CHECK(!finder->IsRootsAlone(env, other));
  CHECK(!finder->IsRootsAlone("usr/bin/env", status) && !finder->IsRootsAlone("", status));
  for (const char* type : {"nfs", "smbfs", "macfuse"}) {
    mounts = {{"/", "apfs", 0}, {"/usr", type, 0}};
    CHECK(!finder->IsRootsAlone(env, status));
  }
  mounts = {};
  CHECK(!finder->IsRootsAlone(env, status));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  // Without a link on its way, whatever TMPDIR is.
  char made[] = "/tmp/freshet-files-XXXXXX";
  char room[4096];
  if (mkdtemp(made) == nullptr || realpath(made, room) == nullptr) return 1;
  const std::string folder = room;
  FindsWhatLiesOnADisk(folder);
  WaitsForNoMountAtALook(folder);
  WaitsForNoLinkAtALook(folder);
  TellsWhatWasPutOnTheWay(folder);
  OpensFilesAlone(folder);
  BelievesOfOwnersTheDiskAlone();
  return system(("rm -r " + folder).c_str());
}
