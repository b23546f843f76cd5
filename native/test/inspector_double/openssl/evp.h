// A double of the digest that Node's OpenSSL gives to the addon: a program of its own is not linked
// with it. What it makes tells one content from another here, and is no SHA-256.
#ifndef FRESHET_TEST_OPENSSL_EVP_H_
#define FRESHET_TEST_OPENSSL_EVP_H_

#include <stddef.h>
#include <stdint.h>

struct EVP_MD_CTX {
  uint64_t sum = 0;
};

// Bytes digested since the start, by whichever context.
inline size_t g_digested_bytes = 0;

inline EVP_MD_CTX* EVP_MD_CTX_new() { return new EVP_MD_CTX; }
inline void EVP_MD_CTX_free(EVP_MD_CTX* context) { delete context; }
inline const void* EVP_sha256() { return nullptr; }
inline int EVP_DigestInit_ex(EVP_MD_CTX*, const void*, const void*) { return 1; }
inline int EVP_DigestUpdate(EVP_MD_CTX* context, const void* bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    context->sum = context->sum * 31 + static_cast<const uint8_t*>(bytes)[i];
  g_digested_bytes += count;
  return 1;
}
inline int EVP_DigestFinal_ex(EVP_MD_CTX* context, uint8_t* digest, unsigned*) {
  for (int i = 0; i < 32; i++) digest[i] = static_cast<uint8_t>(context->sum >> i % 8 * 8 | 1);
  return 1;
}

#endif  // FRESHET_TEST_OPENSSL_EVP_H_
