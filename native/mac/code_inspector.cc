#include "mac/code_inspector.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

namespace freshet {
namespace {

// mach-o/fat.h, all big-endian.
constexpr u32 kFatMagic = 0xcafebabe;
constexpr u32 kFatMagic64 = 0xcafebabf;
// Java's class files begin as universal ones do, with a version (45 and up) in place of the count.
constexpr u32 kSlicesMax = 32;
constexpr size_t kFatHeaderBytes = 8;
constexpr size_t kFatArchBytes = 20;  // cputype, cpusubtype, offset, size, align
constexpr size_t kFatArch64Bytes =
    32;  // cputype, cpusubtype, u64 offset, u64 size, align, reserved

// CSCommon.h, SecCodeSignatureFlags.
constexpr u32 kSignatureAdhoc = 0x2;
constexpr u32 kSignatureRuntime = 0x10000;

u64 BigEndian(const u8* bytes, size_t count) {
  u64 value = 0;
  for (size_t i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

bool ReadAt(const Fd& file, size_t at, std::span<u8> into) {
  return pread(file.get(), into.data(), into.size(), static_cast<off_t>(at)) ==
         static_cast<ssize_t>(into.size());
}

// Whether the status tells of the one who looked and not of what was looked at: then nothing is
// known of the signature, and the program is not to be blamed for it.
bool SaysNothing(OsStatus status) {
  constexpr OsStatus kOurs[] = {
      -67072,  // errSecCSUnimplemented
      -67071,  // errSecCSInvalidObjectRef
      -67070,  // errSecCSInvalidFlags
      -67069,  // errSecCSObjectRequired
      -67068,  // errSecCSStaticCodeNotFound
      -67066,  // errSecCSInvalidAttributeValues
      -67060,  // errSecCSSignatureNotVerifiable: file permissions, or the trust daemon is not there
      -67048,  // errSecCSInternalError
      -67033,  // errSecCSDBDenied
      -67032,  // errSecCSDBAccess
      -67006,  // errSecCSCancelled
      -108,    // errSecAllocate
  };
  // MacErrors.h and unix++: 100000 + errno.
  return (status > 100'000 && status < 100'200) ||
         std::find(std::begin(kOurs), std::end(kOurs), status) != std::end(kOurs);
}

SignatureFound Failed(OsStatus status) {
  constexpr OsStatus kUnsigned = -67062;  // errSecCSUnsigned
  SignatureFound found;
  if (status == kUnsigned) {
    found.signature = k_signature_unsigned;
    return found;
  }
  found.signature = SaysNothing(status) ? k_signature_unknown : k_signature_invalid;
  found.status = static_cast<u32>(status);
  return found;
}

struct Chosen {
  std::unique_ptr<CodeSlice> slice;
  CodeFacts facts;
  Cdhash cdhash{};
  OsStatus status = 0;
};

Chosen OpenSlice(CodeApi* api, const std::string& path, u64 offset) {
  Chosen chosen;
  chosen.status = api->Open(path, offset, &chosen.slice);
  if (chosen.status == 0) chosen.status = chosen.slice->Read(&chosen.facts);
  if (!chosen.facts.cdhashes.empty()) chosen.cdhash = chosen.facts.cdhashes.front();
  return chosen;
}

// The slice with that cdhash, else the one this machine would run.
Chosen Choose(CodeApi* api, const Fd& file, u64 file_bytes, const std::string& path,
              const Cdhash& kernels) {
  Chosen native = OpenSlice(api, path, 0);
  const auto has = [&](const Chosen& one) {
    const std::vector<Cdhash>& all = one.facts.cdhashes;
    return one.status == 0 && std::find(all.begin(), all.end(), kernels) != all.end();
  };
  if (kernels == Cdhash{}) return native;
  if (has(native)) {
    native.cdhash = kernels;
    return native;
  }
  for (const u64 offset : SliceOffsets(file, file_bytes)) {
    Chosen slice = OpenSlice(api, path, offset);
    if (!has(slice)) continue;
    slice.cdhash = kernels;
    return slice;
  }
  return native;
}

// The root's name goes first where there is no room for all.
std::string Joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    const size_t separator_bytes = all.empty() ? 0 : 1;
    if (name.empty()) continue;
    if (all.size() + separator_bytes + name.size() > inspected_record::k_authorities_max) break;
    if (separator_bytes > 0) all.push_back('\0');
    all += name;
  }
  return all;
}

u32 WhoSigned(CodeSlice* slice) {
  if (slice->Meets(CodeRequirement::kApple)) return k_inspected_apple;
  if (slice->Meets(CodeRequirement::kAppStore)) return k_inspected_app_store;
  if (!slice->Meets(CodeRequirement::kDeveloperId)) return 0;
  const bool is_notarized = slice->Meets(CodeRequirement::kNotarized);
  return k_inspected_developer_id | (is_notarized ? k_inspected_notarized : 0);
}

}  // namespace

std::vector<u64> SliceOffsets(const Fd& file, u64 file_bytes) {
  std::array<u8, kFatHeaderBytes> header;
  if (!ReadAt(file, 0, header)) return {};
  const u64 magic = BigEndian(header.data(), 4);
  const u64 count = BigEndian(header.data() + 4, 4);
  if ((magic != kFatMagic && magic != kFatMagic64) || count > kSlicesMax) return {};
  const bool is_64 = magic == kFatMagic64;
  const size_t entry_bytes = is_64 ? kFatArch64Bytes : kFatArchBytes;
  std::vector<u8> entries(count * entry_bytes);
  if (!ReadAt(file, kFatHeaderBytes, entries)) return {};
  std::vector<u64> offsets;
  for (size_t at = 0; at < entries.size(); at += entry_bytes) {
    const u64 offset = BigEndian(&entries[at + 8], is_64 ? 8 : 4);
    const u64 bytes = BigEndian(&entries[at + (is_64 ? 16 : 12)], is_64 ? 8 : 4);
    if (offset < kFatHeaderBytes + entries.size() || offset > file_bytes ||
        bytes > file_bytes - offset)
      return {};
    offsets.push_back(offset);
  }
  return offsets;
}

SignatureFound InspectCode(CodeApi* api, const Fd& file, u64 file_bytes, const std::string& path,
                           const Cdhash& kernels) {
  Chosen chosen = Choose(api, file, file_bytes, path, kernels);
  const OsStatus status = chosen.status == 0 ? chosen.slice->Validate() : chosen.status;
  SignatureFound found;
  if (status != 0) {
    found = Failed(status);
  } else if ((chosen.facts.flags & kSignatureAdhoc) != 0) {
    found.signature = k_signature_adhoc;
  } else {
    found.signature = k_signature_valid;
    found.flags = WhoSigned(chosen.slice.get());
  }
  // What an invalid signature says of itself is told too: it is how the file presents itself.
  if ((chosen.facts.flags & kSignatureRuntime) != 0) found.flags |= k_inspected_hardened_runtime;
  found.cdhash = chosen.cdhash;
  found.signing_id = std::move(chosen.facts.signing_id);
  found.team_id = std::move(chosen.facts.team_id);
  found.authorities = Joined(chosen.facts.authorities);
  return found;
}

}  // namespace freshet
