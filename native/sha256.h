// SHA-256 by the library that is there already: OpenSSL as Node exports it, CommonCrypto on macOS.
#ifndef FRESHET_SHA256_H_
#define FRESHET_SHA256_H_

#include <array>
#include <cstddef>
#include <span>

#include "record.h"

#ifdef __APPLE__
#include <CommonCrypto/CommonDigest.h>
#else
#include <openssl/evp.h>
#endif

namespace freshet {

using Sha256Digest = std::array<u8, 32>;

// Threads: one at a time.
class Sha256 {
 public:
#ifdef __APPLE__
  Sha256() { CC_SHA256_Init(&context_); }
  void Update(std::span<const std::byte> bytes) {
    CC_SHA256_Update(&context_, bytes.data(), static_cast<CC_LONG>(bytes.size()));
  }
  // Once, at the end. False when the library refused.
  bool Finish(Sha256Digest* digest) { return CC_SHA256_Final(digest->data(), &context_) == 1; }

 private:
  CC_SHA256_CTX context_;
#else
  Sha256() : context_(EVP_MD_CTX_new()) {
    ok_ = context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1;
  }
  ~Sha256() { EVP_MD_CTX_free(context_); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(std::span<const std::byte> bytes) {
    ok_ = ok_ && EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
  }
  // Once, at the end. False when the library refused.
  bool Finish(Sha256Digest* digest) {
    return ok_ && EVP_DigestFinal_ex(context_, digest->data(), nullptr) == 1;
  }

 private:
  EVP_MD_CTX* context_;
  bool ok_ = false;
#endif
};

}  // namespace freshet

#endif  // FRESHET_SHA256_H_
