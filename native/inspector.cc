#include "inspector.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <span>

namespace freshet {
namespace {

constexpr size_t kChunkBytes = 128 * 1024;
// A file that is removed while it is read changes too (its ctime): then it is read once more.
constexpr int kReadsMax = 3;
// No program is larger; a file that says so is there to keep us busy, and is known by its path.
constexpr u64 kHashedBytesMax = u64{1} << 30;
// Linkers leave holes of some pages, and files of a disk image's size are no programs. Hashing so
// much of zeros takes a tenth of a second.
constexpr u64 kHoleBytesMax = u64{64} << 20;
// A file in so many pieces is read as it is, in its time.
constexpr int kHolesMax = 1024;
constexpr u64 kBlockBytes = 512;  // of st_blocks, whatever the file system's own are (stat(3type))

u64 Ns(const timespec& time) {
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}
u64 NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Ns(now);
}

// Whether most of a large file is hole. File systems that pack (btrfs) take less room than the size
// says without a hole, so the blocks alone do not tell.
bool IsMostlyHole(const Fd& file, const struct stat& status) {
  const u64 bytes = static_cast<u64>(status.st_size);
  if (bytes <= kHoleBytesMax || static_cast<u64>(status.st_blocks) * kBlockBytes > bytes / 2)
    return false;
  u64 hole_bytes = 0;
  off_t at = 0;
  for (int i = 0; i < kHolesMax && static_cast<u64>(at) < bytes; i++) {
    const off_t hole = lseek(file.get(), at, SEEK_HOLE);
    if (hole < 0 || static_cast<u64>(hole) >= bytes) break;
    at = lseek(file.get(), hole, SEEK_DATA);
    if (at < 0) at = status.st_size;  // ENXIO: hole to the end (lseek(2))
    hole_bytes += static_cast<u64>(at - hole);
  }
  return hole_bytes > std::max(kHoleBytesMax, bytes / 2);
}

// 0, or why the file cannot be read (errno).
u32 HashFile(const Fd& file, u64 until_ns, Sha256Digest* sha256) {
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
    if (NowNs() > until_ns) return ETIMEDOUT;
  }
}

void Tell(const struct stat& status, Inspection* result) {
  result->dev = DeviceOf(status);
  result->ino = static_cast<u64>(status.st_ino);
  result->file_bytes = static_cast<u64>(status.st_size);
  result->owner_uid = status.st_uid;
  result->mode = status.st_mode;
}

// Files of root's alone are no user's doing, and wait for none.
std::string LaneOf(const Inspection& facts) {
  const bool is_roots = facts.owner_uid == 0 && (facts.flags & k_inspected_writable_by_others) == 0;
  return is_roots ? "system" : "owner:" + std::to_string(facts.owner_uid);
}

}  // namespace

std::vector<Inspection> Inspector::InspectAll(std::span<const InspectRequest> requests,
                                              Depth depth) {
  std::vector<Inspection> answers;
  Answered answered;
  answers.reserve(requests.size());
  for (const InspectRequest& request : requests)
    answers.push_back(Inspect(request, depth, &answered));
  return answers;
}

Inspection Inspector::Inspect(const InspectRequest& request, Depth depth, Answered* answered) {
  FoundFile found = finder_->Find(request, depth == Depth::kRead);
  Inspection result;
  if (found.users_mount) result.flags |= k_inspected_users_mount;
  if (found.replaced) {
    result.flags |= k_inspected_replaced;
    result.error = ESTALE;
    return result;
  }
  if (!found.may_hang.empty() && depth == Depth::kLook) {
    result.lane = "mount:" + found.may_hang;
    return result;
  }
  if (found.read_apart) return InspectApart(found, request);
  if (!found.file) {
    result.error = found.error;
    return result;
  }
  const std::tuple question(std::string_view(request.path), KeyOf(found.status), request.cdhash);
  if (const auto known = answered->find(question); known != answered->end()) return known->second;
  result = InspectFile(std::move(found), request, depth);
  if (result.error == 0) answered->emplace(question, result);
  // It is asked about again, and what is kept of it is kept until then.
  if (!result.lane.empty()) files_->Renew(request.pid, request.dev, request.ino, NowNs());
  return result;
}

Inspection Inspector::InspectFile(FoundFile found, const InspectRequest& request, Depth depth) {
  Inspection result;
  if (found.users_mount) result.flags |= k_inspected_users_mount;
  Tell(found.status, &result);
  // A file that is open but has no name any more is nobody's to vouch for.
  const bool is_roots = finder_->IsRootsAlone(request.path, found.status);
  if (is_roots) result.flags &= ~k_inspected_writable_by_others;
  if (result.file_bytes > kHashedBytesMax || IsMostlyHole(found.file, found.status)) {
    result.error = EFBIG;
    return result;
  }
  // Packages are asked of what is root's alone: lists that are not read yet take time.
  const bool wants_lists = is_roots && origins_ && !origins_->IsReady(NowNs());
  if (depth == Depth::kLook && (wants_lists || !IsRemembered(request, KeyOf(found.status)))) {
    result.lane = LaneOf(result);
    return result;
  }
  result.error = HashStable(found.file, !found.users_mount, &found.status, &result.sha256);
  result.file_bytes = static_cast<u64>(found.status.st_size);
  if (!found.users_mount) result.changed_ns = std::max(ChangedNs(found.status), found.put_ns);
  if (result.error == 0 && find_signature_)
    result.signed_as = SignatureOf(found.file, request, KeyOf(found.status));
  if (result.error == 0) result.origin = OriginOf(found, request, is_roots);
  return result;
}

// A user's own file system may say of attributes what it likes, and takes its time.
FileOrigin Inspector::OriginOf(const FoundFile& found, const InspectRequest& request,
                               bool is_roots) {
  if (!origins_ || found.users_mount || request.subject == k_subject_code) return {};
  const auto look = [this](const std::string& path, struct stat* status) {
    return finder_->Look(path, status);
  };
  return origins_->Find(found.file, request.path, found.status, is_roots, look, NowNs());
}

// What another user's file system, or another machine, tells is told on: that others can change it
// is certain.
Inspection Inspector::InspectApart(const FoundFile& found, const InspectRequest& request) {
  Inspection result;
  if (found.users_mount) result.flags |= k_inspected_users_mount;
  Sha256 hash;
  u64 read_bytes = 0;
  u32 refused = 0;
  bool is_known = false;
  ContentKey key;
  const ApartEars ears{.on_status =
                           [&](const struct stat& status) {
                             if (request.ino != 0 && (DeviceOf(status) != request.dev ||
                                                      status.st_ino != request.ino)) {
                               result.flags |= k_inspected_replaced;
                               refused = ESTALE;
                               return false;
                             }
                             Tell(status, &result);
                             key = KeyOf(status);
                             if (result.file_bytes > kHashedBytesMax) refused = EFBIG;
                             // A user's own file system may answer another content each time.
                             is_known = !found.users_mount && hashes_.Recall(key, &result.sha256);
                             return refused == 0 && !is_known;
                           },
                       .on_bytes =
                           [&](std::span<const std::byte> bytes) {
                             read_bytes += bytes.size();
                             if (read_bytes > kHashedBytesMax) refused = EFBIG;
                             hash.Update(bytes);
                             return refused == 0;
                           }};
  result.error = found.read_apart(times_.apart_ns, ears);
  if (refused != 0) result.error = refused;
  if (result.error != 0 || is_known) return result;
  if (!hash.Finish(&result.sha256)) result.error = EIO;
  if (result.error == 0 && !found.users_mount) hashes_.Remember(key, result.sha256);
  return result;
}

bool Inspector::IsRemembered(const InspectRequest& request, const ContentKey& key) {
  Sha256Digest sha256;
  SignatureFound found;
  if (!hashes_.Recall(key, &sha256)) return false;
  return !find_signature_ || signatures_.Recall({key, request.path, request.cdhash}, &found);
}

// Hashes what stays the same while it is read; `status` is then that of what was hashed. 0, or
// errno. Not `may_remember`: a user's own file system may answer another content each time.
u32 Inspector::HashStable(const Fd& file, bool may_remember, struct stat* status,
                          Sha256Digest* sha256) {
  const u64 until_ns = NowNs() + times_.hash_ns;
  for (int attempt = 0; attempt < kReadsMax; attempt++) {
    const ContentKey key = KeyOf(*status);
    if (may_remember && hashes_.Recall(key, sha256)) return 0;
    if (const u32 error = HashFile(file, until_ns, sha256); error != 0) return error;
    if (fstat(file.get(), status) != 0) break;
    if (KeyOf(*status) == key) {
      if (may_remember) hashes_.Remember(key, *sha256);
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

Inspector::ContentKey Inspector::KeyOf(const struct stat& status) {
  return {static_cast<u64>(status.st_dev), static_cast<u64>(status.st_ino),
          static_cast<u64>(status.st_size), ModifiedNs(status), ChangedNs(status)};
}

}  // namespace freshet
