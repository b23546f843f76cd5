// What a signature is worth, over a double of Security.framework: whose it is, which slice is
// meant, and whether a failure is the program's or the one's who looked.
#include "mac/code_inspector.h"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "check.h"

namespace freshet {
namespace {

constexpr OsStatus kUnsigned = -67062;
constexpr u32 kAdhoc = 0x2;
constexpr u32 kRuntime = 0x10000;

Cdhash HashOf(u8 byte) {
  Cdhash hash;
  hash.fill(byte);
  return hash;
}

// A slice as Security.framework would tell of it.
struct Code {
  OsStatus opens = 0;
  OsStatus reads = 0;
  OsStatus holds = 0;
  CodeFacts facts;
  std::vector<CodeRequirement> meets;
};

class Double : public CodeApi {
 public:
  std::map<u64, Code> slices;  // by offset; 0: the one this machine would run
  std::vector<u64> opened;
  int validations = 0;

  OsStatus Open(const std::string& path, u64 offset, std::unique_ptr<CodeSlice>* slice) override {
    CHECK(path == "/A.app/Contents/MacOS/A");
    opened.push_back(offset);
    const auto found = slices.find(offset);
    CHECK(found != slices.end());
    if (found->second.opens != 0) return found->second.opens;
    *slice = std::make_unique<Slice>(&found->second, this);
    return 0;
  }

 private:
  class Slice : public CodeSlice {
   public:
    Slice(const Code* code, Double* owner) : code_(code), owner_(owner) {}
    OsStatus Read(CodeFacts* facts) override {
      if (code_->reads == 0) *facts = code_->facts;
      return code_->reads;
    }
    OsStatus Validate() override {
      owner_->validations++;
      is_valid_ = code_->holds == 0;
      return code_->holds;
    }
    bool Meets(CodeRequirement requirement) override {
      CHECK(is_valid_);  // a certificate of a signature that does not hold proves nothing
      for (const CodeRequirement one : code_->meets)
        if (one == requirement) return true;
      return false;
    }

   private:
    const Code* const code_;
    Double* const owner_;
    bool is_valid_ = false;
  };
};

// A file with these bytes and no name.
Fd FileOf(const std::vector<u8>& bytes) {
  char path[] = "/tmp/freshet-code-XXXXXX";
  Fd file(mkstemp(path));
  CHECK(file);
  unlink(path);
  CHECK(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return file;
}

void Append(std::vector<u8>* bytes, u64 value, int count) {
  while (count-- > 0) bytes->push_back(static_cast<u8>(value >> (8 * count)));
}

// A universal file of slices of 64 bytes at 4096, 8192, ...
std::vector<u8> Universal(u32 count, bool is_64) {
  std::vector<u8> bytes;
  Append(&bytes, is_64 ? 0xcafebabf : 0xcafebabe, 4);
  Append(&bytes, count, 4);
  for (u32 i = 1; i <= count; i++) {
    Append(&bytes, 0x0100000c, 4);
    Append(&bytes, 0, 4);
    Append(&bytes, i * 4096, is_64 ? 8 : 4);
    Append(&bytes, 64, is_64 ? 8 : 4);
    Append(&bytes, 12, 4);
    if (is_64) Append(&bytes, 0, 4);
  }
  bytes.resize(count * 4096 + 64);
  return bytes;
}

std::vector<u64> SlicesOf(const std::vector<u8>& bytes) {
  return SliceOffsets(FileOf(bytes), bytes.size());
}

SignatureFound Inspect(Double* api, const std::vector<u8>& bytes, const Cdhash& kernels) {
  return InspectCode(api, FileOf(bytes), bytes.size(), "/A.app/Contents/MacOS/A", kernels);
}

const std::vector<std::string> kChain = {"Developer ID Application: Example (EXAMPLE123)",
                                         "Developer ID Certification Authority", "Apple Root CA"};
const std::string kChainJoined = kChain[0] + '\0' + kChain[1] + '\0' + kChain[2];

Code Signed(std::vector<CodeRequirement> meets, u32 flags = kRuntime) {
  Code code;
  code.facts = {flags, {HashOf(7), HashOf(8)}, "com.example.a", "EXAMPLE123", kChain};
  code.meets = std::move(meets);
  return code;
}

SignatureFound InspectOne(Code code) {
  Double api;
  api.slices[0] = std::move(code);
  return Inspect(&api, {1, 2, 3}, {});
}

void TestWhoSigned() {
  using enum CodeRequirement;
  constexpr u32 kHard = k_inspected_hardened_runtime;
  const struct {
    std::vector<CodeRequirement> meets;
    u32 flags;
  } cases[] = {
      {{kApple}, k_inspected_apple | kHard},
      // Apple's own also meets what is asked of others' code in places; it is Apple's first.
      {{kApple, kDeveloperId, kNotarized}, k_inspected_apple | kHard},
      {{kAppStore}, k_inspected_app_store | kHard},
      {{kDeveloperId}, k_inspected_developer_id | kHard},
      {{kDeveloperId, kNotarized}, k_inspected_developer_id | k_inspected_notarized | kHard},
      // A ticket without Developer ID, and a development certificate: neither vouches.
      {{kNotarized}, kHard},
      {{}, kHard},
  };
  for (const auto& one : cases) {
    const SignatureFound found = InspectOne(Signed(one.meets));
    CHECK(found.signature == k_signature_valid && found.status == 0);
    CHECK(found.flags == one.flags);
    CHECK(found.cdhash == HashOf(7) && found.signing_id == "com.example.a");
    CHECK(found.team_id == "EXAMPLE123" && found.authorities == kChainJoined);
  }
  const SignatureFound adhoc = InspectOne(Signed({kApple, kDeveloperId, kNotarized}, kAdhoc));
  CHECK(adhoc.signature == k_signature_adhoc && adhoc.flags == 0 && adhoc.cdhash == HashOf(7));
  CHECK(InspectOne(Signed({}, 0)).flags == 0);
}

// Whole names, the signer's first, as many as a record holds.
void TestAuthorities() {
  const auto told = [](std::vector<std::string> names) {
    Code code = Signed({});
    code.facts.authorities = std::move(names);
    return InspectOne(std::move(code)).authorities;
  };
  constexpr size_t kMax = inspected_record::k_authorities_max;
  const std::string whole(kMax, 'a');
  CHECK(told({}).empty());
  CHECK(told({whole, "b"}) == whole && told({whole + "a", "b"}).empty());
  const std::string leaves_two(kMax - 2, 'a');
  CHECK(told({leaves_two, "b"}) == leaves_two + '\0' + "b");
  CHECK(told({leaves_two, "bc"}) == leaves_two);
  CHECK(told({"", "a", "", "b"}) == std::string("a\0b", 3));
}

void TestFailures() {
  using enum CodeRequirement;
  const struct {
    OsStatus status;
    u32 signature;
  } cases[] = {
      {kUnsigned, k_signature_unsigned}, {-67061, k_signature_invalid},  // errSecCSSignatureFailed
      {-67030, k_signature_invalid},                                     // errSecCSInfoPlistFailed
      {-66992, k_signature_invalid},  // errSecCSRevokedNotarization
      {-67060, k_signature_unknown},  // errSecCSSignatureNotVerifiable
      {-67048, k_signature_unknown},  // errSecCSInternalError
      {-108, k_signature_unknown},    // errSecAllocate
      {100002, k_signature_unknown},  // ENOENT
  };
  for (const auto& one : cases) {
    for (OsStatus Code::* step : {&Code::opens, &Code::reads, &Code::holds}) {
      Code code = Signed({kApple, kDeveloperId, kNotarized});
      code.*step = one.status;
      const SignatureFound found = InspectOne(code);
      CHECK(found.signature == one.signature);
      CHECK(found.status == (one.status == kUnsigned ? 0 : static_cast<u32>(one.status)));
      CHECK((found.flags & ~u32{k_inspected_hardened_runtime}) == 0);
    }
  }
  Code unsigned_code;
  unsigned_code.holds = kUnsigned;
  const SignatureFound found = InspectOne(unsigned_code);
  CHECK(found.cdhash == Cdhash{} && found.signing_id.empty() && found.flags == 0);
}

void TestSlices() {
  using enum CodeRequirement;
  for (const bool is_64 : {false, true}) {
    const std::vector<u8> bytes = Universal(3, is_64);
    Double api;
    api.slices[0] = api.slices[8192] = Signed({kDeveloperId});
    api.slices[4096] = Signed({}, kAdhoc);
    api.slices[4096].facts.cdhashes = {HashOf(1), HashOf(2)};
    api.slices[12288].opens = -67049;  // errSecCSBadObjectFormat: not the slice that runs
    // What runs is the native slice, by the hash of any algorithm.
    SignatureFound found = Inspect(&api, bytes, HashOf(8));
    CHECK(found.cdhash == HashOf(8) && found.signature == k_signature_valid);
    CHECK(api.opened == std::vector<u64>{0});
    // Another slice runs (Rosetta): its signature counts, and it alone is validated.
    api.validations = 0;
    found = Inspect(&api, bytes, HashOf(2));
    CHECK(found.cdhash == HashOf(2) && found.signature == k_signature_adhoc);
    CHECK(api.validations == 1);
    // None has what the kernel runs: the native one is told, and the difference shows.
    found = Inspect(&api, bytes, HashOf(99));
    CHECK(found.cdhash == HashOf(7) && found.signature == k_signature_valid);
    CHECK(api.opened.back() == 12288);
    // The kernel's is not known: slices are not searched.
    api.opened.clear();
    found = Inspect(&api, bytes, {});
    CHECK(found.cdhash == HashOf(7) && api.opened == std::vector<u64>{0});
  }
}

void TestUniversalHeader() {
  const std::vector<u64> three = {4096, 8192, 12288};
  for (const bool is_64 : {false, true}) {
    std::vector<u8> bytes = Universal(3, is_64);
    CHECK(SlicesOf(bytes) == three);
    for (size_t cut = 0; cut < 8 + 3 * 32; cut++)
      SlicesOf({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(cut)});
    // The last slice ends with the file, not beyond.
    bytes.pop_back();
    CHECK(SlicesOf(bytes).empty());
  }
  CHECK(SlicesOf({}).empty());
  CHECK(SlicesOf({0xca, 0xfe, 0xba, 0xbe}).empty());
  // Java 8's class file: version 52 in place of a count.
  std::vector<u8> java = {0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52};
  java.resize(1 << 16);
  CHECK(SlicesOf(java).empty());
  // A slice that begins within the header.
  std::vector<u8> lies = Universal(1, false);
  lies[8 + 8 + 2] = 0;
  lies[8 + 8 + 3] = 4;
  CHECK(SlicesOf(lies).empty());
  for (u64 seed = 1; seed <= 3000; seed++) {
    Random random(seed);
    std::vector<u8> any = Universal(1 + static_cast<u32>(random.Below(3)), random.Below(2) == 1);
    for (u64 i = random.Below(8); i > 0; i--)
      any[random.Below(8 + 3 * 20)] = static_cast<u8>(random.Next());
    for (const u64 offset : SlicesOf(any)) CHECK(offset >= 28 && offset <= any.size());
  }
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TestWhoSigned();
  TestAuthorities();
  TestFailures();
  TestSlices();
  TestUniversalHeader();
}
