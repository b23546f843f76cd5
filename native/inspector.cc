#include "inspector.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <span>

#include "regular_file.h"

#ifdef __linux__
#include "linux/program_catcher.h"
#endif

namespace freshet {
namespace {

constexpr size_t kChunkBytes = 128 * 1024;
// A file that is removed while it is read changes too (its ctime): then it is read once more.
constexpr int kReadsMax = 3;
// No program is larger; a file that says so is there to keep us busy, and is known by its path.
constexpr u64 kHashedBytesMax = u64{1} << 30;

#ifdef __linux__
u64 Ns(const timespec& time) {
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}
u64 ModifiedNs(const struct stat& status) { return Ns(status.st_mtim); }
u64 ChangedNs(const struct stat& status) { return Ns(status.st_ctim); }
u64 NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Ns(now);
}
#else
u64 Ns(const timespec& time) {
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}
u64 ModifiedNs(const struct stat& status) { return Ns(status.st_mtimespec); }
u64 ChangedNs(const struct stat& status) { return Ns(status.st_ctimespec); }
#endif

// As records have it: dev_t is a signed number of 32 bits on macOS, and one of 64 on Linux.
u64 DeviceOf(const struct stat& status) {
#ifdef __APPLE__
  return static_cast<u32>(status.st_dev);
#else
  return status.st_dev;
#endif
}

bool IsTheOneAskedFor([[maybe_unused]] const Fd& file, const struct stat& status,
                      const InspectRequest& request) {
  if (request.ino == 0) return true;
  if (status.st_ino != request.ino) return false;
  if (DeviceOf(status) == request.dev) return true;
#ifdef __linux__
  return HasOwnDeviceNumbers(file.get());
#else
  return false;
#endif
}

// 0, or why the file cannot be read (errno).
u32 HashFile(const Fd& file, Sha256Digest* sha256) {
  const auto chunk = std::make_unique<std::byte[]>(kChunkBytes);
  Sha256 hash;
  off_t at = 0;
  for (;;) {
    const ssize_t got = pread(file.get(), chunk.get(), kChunkBytes, at);
    if (got == 0) return hash.Finish(sha256) ? 0 : EIO;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return static_cast<u32>(errno);
    // One that grows while it is read is there to keep us busy.
    if (static_cast<u64>(at + got) > kHashedBytesMax) return EFBIG;
    hash.Update({chunk.get(), static_cast<size_t>(got)});
    at += got;
  }
}

bool ChangeableByOthers(const struct stat& status) {
  if (status.st_uid != 0) return true;
  if ((status.st_mode & S_IWOTH) != 0) return true;
  return (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
}

}  // namespace

bool WritableByOthers(const std::string& path) {
  // Every directory that the path leads through, as written and as resolved, must be root's alone.
  char resolved[PATH_MAX];
  if (path.empty() || path[0] != '/' || realpath(path.c_str(), resolved) == nullptr) return true;
  for (std::string at : {path, std::string(resolved)}) {
    for (;;) {
      struct stat status;
      if (stat(at.c_str(), &status) != 0 || ChangeableByOthers(status)) return true;
      if (at.size() <= 1) break;
      at.resize(std::max<size_t>(at.rfind('/'), 1));
    }
  }
  return false;
}

std::vector<Inspection> Inspector::InspectAll(std::span<const InspectRequest> requests) {
  std::vector<Inspection> answers;
  Answered answered;
  answers.reserve(requests.size());
  for (const InspectRequest& request : requests) answers.push_back(Inspect(request, &answered));
  return answers;
}

Inspection Inspector::Inspect(const InspectRequest& request, Answered* answered) {
  Inspection result;
  struct stat status;
  bool replaced = false;
  Fd file = OpenAsExecuted(request, &status);
  if (!file) {
    file = OpenRegular(request.path, &status);
    if (!file) {
      result.error = static_cast<u32>(errno);
      return result;
    }
    replaced = !IsTheOneAskedFor(file, status, request);
  }
  const std::tuple question(std::string_view(request.path), replaced, KeyOf(status),
                            request.cdhash);
  if (const auto found = answered->find(question); found != answered->end()) return found->second;
  result.dev = DeviceOf(status);
  result.ino = static_cast<u64>(status.st_ino);
  result.file_bytes = static_cast<u64>(status.st_size);
  result.owner_uid = status.st_uid;
  result.mode = status.st_mode;
  if (replaced) result.flags |= k_inspected_replaced;
  if (result.file_bytes > kHashedBytesMax) {
    result.error = EFBIG;
    return result;
  }
  // A file that is open but has no name any more is nobody's to vouch for.
  struct stat named;
  if (ChangeableByOthers(status) || stat(request.path.c_str(), &named) != 0 ||
      named.st_ino != status.st_ino || named.st_dev != status.st_dev ||
      WritableByOthers(request.path))
    result.flags |= k_inspected_writable_by_others;
  result.error = HashStable(file, &status, &result.sha256);
  result.file_bytes = static_cast<u64>(status.st_size);
  if (result.error == 0 && find_signature_ && !replaced)
    result.signed_as = SignatureOf(file, request, KeyOf(status));
  if (result.error == 0) answered->emplace(question, result);
  return result;
}

// Hashes what stays the same while it is read; `status` is then that of what was hashed. 0, or
// errno.
u32 Inspector::HashStable(const Fd& file, struct stat* status, Sha256Digest* sha256) {
  for (int attempt = 0; attempt < kReadsMax; attempt++) {
    const ContentKey key = KeyOf(*status);
    if (hashes_.Recall(key, sha256)) return 0;
    if (const u32 error = HashFile(file, sha256); error != 0) return error;
    if (fstat(file.get(), status) != 0) break;
    if (KeyOf(*status) == key) {
      hashes_.Remember(key, *sha256);
      return 0;
    }
  }
  *sha256 = {};
  return ESTALE;
}

// A signature is looked at by name, so the file there must be the one that was hashed before and
// after; otherwise nothing is known of it.
SignatureFound Inspector::SignatureOf(const Fd& file, const InspectRequest& request,
                                      const ContentKey& key) {
  const auto is_there = [&] {
    struct stat status;
    return stat(request.path.c_str(), &status) == 0 && KeyOf(status) == key;
  };
  const SignatureKey question(key, request.path, request.cdhash);
  SignatureFound found;
  if (!is_there()) return found;
  if (signatures_.Recall(question, &found)) return found;
  found = find_signature_(file, std::get<2>(key), request.path, request.cdhash);
  if (!is_there()) return {};
  if (found.signature != k_signature_unknown) signatures_.Remember(question, found);
  return found;
}

// The file that was executed, by what the source kept of it or by the process that runs it.
Fd Inspector::OpenAsExecuted([[maybe_unused]] const InspectRequest& request,
                             [[maybe_unused]] struct stat* status) {
#ifdef __linux__
  if (request.ino == 0) return Fd();
  const auto open_if_asked_for = [&](const std::string& path) {
    Fd file = OpenRegular(path, status);
    return file && IsTheOneAskedFor(file, *status, request) ? std::move(file) : Fd();
  };
  if (const Fd kept = files_->Find(request.pid, request.dev, request.ino, NowNs())) {
    if (Fd file = open_if_asked_for("/proc/self/fd/" + std::to_string(kept.get()))) return file;
  }
  if (request.pid != 0) return open_if_asked_for("/proc/" + std::to_string(request.pid) + "/exe");
#endif
  return Fd();
}

Inspector::ContentKey Inspector::KeyOf(const struct stat& status) {
  return {static_cast<u64>(status.st_dev), static_cast<u64>(status.st_ino),
          static_cast<u64>(status.st_size), ModifiedNs(status), ChangedNs(status)};
}

}  // namespace freshet
