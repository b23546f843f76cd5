// Types in the format of the kernel (BTF), as a test makes them.
#ifndef FRESHET_TEST_SOME_TYPES_H_
#define FRESHET_TEST_SOME_TYPES_H_

#include <linux/btf.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "record.h"

namespace freshet {

using Buffer = std::vector<std::byte>;

// A type section and its strings, as a kernel would have them.
class Types {
 public:
  u32 Text(std::string_view text) {
    const u32 at = static_cast<u32>(strings_.size());
    strings_.append(text).push_back('\0');
    return at;
  }
  // The number of the type.
  u32 Add(u32 kind, u32 count, u32 size_or_type, std::string_view name, bool bit_fields = false) {
    Put(name.empty() ? 0 : Text(name));
    Put((bit_fields ? 1u << 31 : 0) | kind << 24 | count);
    Put(size_or_type);
    return ++types_;
  }
  void Member(std::string_view name, u32 type, u32 offset) {
    Put(name.empty() ? 0 : Text(name));
    Put(type);
    Put(offset);
  }
  void Put(u32 word) {
    const size_t at = body_.size();
    body_.resize(at + 4);
    std::memcpy(&body_[at], &word, 4);
  }
  Buffer Build() const {
    btf_header header{};
    header.magic = 0xeb9f;
    header.version = 1;
    header.hdr_len = sizeof(header);
    header.type_len = static_cast<u32>(body_.size());
    header.str_off = header.type_len;
    header.str_len = static_cast<u32>(strings_.size());
    Buffer all(sizeof(header) + body_.size() + strings_.size());
    std::memcpy(all.data(), &header, sizeof(header));
    std::memcpy(&all[sizeof(header)], body_.data(), body_.size());
    std::memcpy(&all[sizeof(header) + body_.size()], strings_.data(), strings_.size());
    return all;
  }

 private:
  std::string strings_ = std::string(1, '\0');
  Buffer body_;
  u32 types_ = 0;
};

constexpr u32 kInt = 1, kPointer = 2, kArray = 3, kStruct = 4, kUnion = 5, kTypedef = 8,
              kConst = 10;

// struct inner { u32 a; }; struct outer { u64 first; union { const inner_t in; u8 bytes[6][2]; };
// void *pointer; u32 flag : 3; }; typedef void *btf_trace_some; typedef loop loop.
inline Types SomeTypes() {
  Types types;
  const u32 word = types.Add(kInt, 0, 4, "u32");
  types.Put(32);
  const u32 wide = types.Add(kInt, 0, 8, "u64");
  types.Put(64);
  const u32 byte = types.Add(kInt, 0, 1, "u8");
  types.Put(8);
  const u32 inner = types.Add(kStruct, 1, 4, "inner");
  types.Member("a", word, 0);
  const u32 named = types.Add(kTypedef, 0, inner, "inner_t");
  const u32 constant = types.Add(kConst, 0, named, "");
  const u32 pair = types.Add(kArray, 0, 0, "");
  for (const u32 of : {byte, word, 2u}) types.Put(of);
  const u32 pairs = types.Add(kArray, 0, 0, "");
  for (const u32 of : {pair, word, 6u}) types.Put(of);
  const u32 either = types.Add(kUnion, 2, 12, "");
  types.Member("in", constant, 0);
  types.Member("bytes", pairs, 0);
  const u32 pointer = types.Add(kPointer, 0, 0, "");
  types.Add(kStruct, 4, 40, "outer", true);
  types.Member("first", wide, 0);
  types.Member("", either, 64);
  types.Member("pointer", pointer, 192);
  types.Member("flag", word, 3u << 24 | 256);
  types.Add(kTypedef, 0, pointer, "btf_trace_some");
  types.Add(kTypedef, 0, 13, "loop");
  types.Add(kStruct, 1, 8, "endless");
  types.Member("", 14, 0);  // holds itself
  types.Add(kStruct, 1, 8, "looped");
  types.Member("member", 13, 0);
  return types;
}

}  // namespace freshet

#endif  // FRESHET_TEST_SOME_TYPES_H_
