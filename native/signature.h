// What is found of a program file's code signature.
#ifndef FRESHET_SIGNATURE_H_
#define FRESHET_SIGNATURE_H_

#include <array>
#include <functional>
#include <string>

#include "fd.h"
#include "record.h"

namespace freshet {

// A code directory's hash, cut to 20 bytes.
using Cdhash = std::array<u8, 20>;

struct SignatureFound {
  u32 signature = k_signature_not_asked;  // CODE signature
  u32 status = 0;                         // OSStatus, as two's complement
  u32 flags = 0;                          // FLAG inspected
  Cdhash cdhash{};                        // zeros when the file has none
  std::string signing_id;
  std::string team_id;
  // Common names of the certificates, the signer's own first, joined by one NUL: whole ones, as
  // many as a record holds.
  std::string authorities;
};

// Looks at the signature of the file at `path`, which is open as `file`; `kernels`: the cdhash that
// runs, zeros when not known. Threads: any number.
using FindSignature = std::function<SignatureFound(const Fd& file, u64 file_bytes,
                                                   const std::string& path, const Cdhash& kernels)>;

// This platform's; empty where programs carry no signatures (linux/no_signatures.cc,
// mac/code_calls.cc).
FindSignature PlatformSignatures();

}  // namespace freshet

#endif  // FRESHET_SIGNATURE_H_
