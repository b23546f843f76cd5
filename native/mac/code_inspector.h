// What a program file's code signature is worth: the decisions, in plain C++ over a seam of
// Security.framework's calls (code_calls.cc).
//
// A file may hold a slice for each architecture, each with a signature of its own; the one that the
// kernel runs is found by its cdhash. Of a bundle's main executable Security.framework takes the
// whole bundle; what is validated is the executable and the Info.plist that it seals, not the
// bundle's resources: those may be gigabytes, and none of them is what runs.
//
// Nothing here uses the network. `notarized` means: by a ticket stapled to the bundle, or in this
// Mac's own store, where Gatekeeper puts it at the first launch (Security, notarization.cpp
// isNotarized: "offline notarization check"). Code without a ticket here may have been notarized
// all the same. Revocation of certificates is not asked about either.
#ifndef FRESHET_MAC_CODE_INSPECTOR_H_
#define FRESHET_MAC_CODE_INSPECTOR_H_

#include <memory>
#include <string>
#include <vector>

#include "fd.h"
#include "record.h"
#include "signature.h"

namespace freshet {

// OSStatus: 0 when all is well (CSCommon.h, MacErrors.h).
using OsStatus = int32_t;

// What a signature says of itself, whether or not it holds.
struct CodeFacts {
  u32 flags = 0;                 // kSecCodeInfoFlags: SecCodeSignatureFlags
  std::vector<Cdhash> cdhashes;  // one a digest algorithm; the first is kSecCodeInfoUnique
  std::string signing_id;        // empty: the code is not signed
  std::string team_id;
  std::vector<std::string> authorities;  // common names of the certificates, the leaf's first
};

enum class CodeRequirement { kApple, kAppStore, kDeveloperId, kNotarized };

// One slice of a file. Threads: one at a time.
class CodeSlice {
 public:
  virtual ~CodeSlice() = default;
  // SecCodeCopySigningInformation. REQUIRES: `facts` is empty.
  virtual OsStatus Read(CodeFacts* facts) = 0;
  // SecStaticCodeCheckValidity of the executable, without resources and without the network. Takes
  // as long as hashing the slice.
  virtual OsStatus Validate() = 0;
  // Whether the signature meets the requirement. REQUIRES: Validate answered 0.
  virtual bool Meets(CodeRequirement requirement) = 0;
};

// Threads: any number.
class CodeApi {
 public:
  virtual ~CodeApi() = default;
  // SecStaticCodeCreateWithPathAndAttributes; `offset` of a slice in a universal file, 0: the one
  // that this machine would run.
  virtual OsStatus Open(const std::string& path, u64 offset, std::unique_ptr<CodeSlice>* slice) = 0;
};

// Apple's. macOS only.
std::unique_ptr<CodeApi> MakeCodeApi();

// Where the slices of a universal file begin; empty when it is none, or lies about them
// (mach-o/fat.h).
std::vector<u64> SliceOffsets(const Fd& file, u64 file_bytes);

// What the file at `path` is signed as. `kernels`: the cdhash of what runs, zeros when not known:
// the answer is about the slice that has it, else about the one this machine would run. `file` is
// open at the same file. Threads: any number.
SignatureFound InspectCode(CodeApi* api, const Fd& file, u64 file_bytes, const std::string& path,
                           const Cdhash& kernels);

}  // namespace freshet

#endif  // FRESHET_MAC_CODE_INSPECTOR_H_
