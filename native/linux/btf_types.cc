#include "linux/btf_types.h"

#include <linux/btf.h>

#include <algorithm>
#include <cstring>

namespace freshet {
namespace {

constexpr u16 kMagic = 0xeb9f;
// This kernel's (6.18) has 5.5 MB and some 130,000 types; ten times that is none of ours.
constexpr size_t kBytesMax = 64 << 20;
constexpr size_t kTypesMax = 2'000'000;
// Of structures within structures, and of typedefs of typedefs: 6.18 has 6.
constexpr int kDepthMax = 24;
// Members looked at for one name: struct task_struct of 6.18 has some 400 with those of the
// unnamed ones.
constexpr size_t kStepsMax = 20'000;

constexpr u32 kKindInt = 1, kKindPointer = 2, kKindArray = 3, kKindStruct = 4, kKindUnion = 5,
              kKindEnum = 6, kKindForward = 7, kKindTypedef = 8, kKindVolatile = 9, kKindConst = 10,
              kKindRestrict = 11, kKindFunction = 12, kKindPrototype = 13, kKindVariable = 14,
              kKindSection = 15, kKindFloat = 16, kKindDeclTag = 17, kKindTypeTag = 18,
              kKindEnum64 = 19;

template <typename T>
bool Load(std::span<const std::byte> bytes, size_t offset, T* value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(value, bytes.data() + offset, sizeof(T));
  return true;
}

// What follows a type of this kind; nothing for a kind that is not known, whose length is not.
std::optional<size_t> TailBytes(u32 kind, u32 count) {
  switch (kind) {
    case kKindInt:
    case kKindVariable:
    case kKindDeclTag:
      return 4;
    case kKindArray:
      return sizeof(btf_array);
    case kKindStruct:
    case kKindUnion:
      return count * sizeof(btf_member);
    case kKindEnum:
    case kKindPrototype:
      return count * size_t{8};
    case kKindSection:
    case kKindEnum64:
      return count * size_t{12};
    case kKindPointer:
    case kKindForward:
    case kKindTypedef:
    case kKindVolatile:
    case kKindConst:
    case kKindRestrict:
    case kKindFunction:
    case kKindFloat:
    case kKindTypeTag:
      return 0;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct Btf::Type {
  u32 kind;
  u32 count;  // of members
  bool has_bit_fields;
  u32 name;
  u32 size_or_type;
  size_t tail;  // offset of what follows
};

struct Btf::Found {
  u32 type;
  u64 bit_offset;
  bool is_bit_field;
};

std::optional<Btf::Type> Btf::At(u32 id) const {
  btf_type raw;
  if (id == 0 || id > type_at_.size() || !Load(types_, type_at_[id - 1], &raw)) return std::nullopt;
  return Type{(raw.info >> 24) & 0x1f,    raw.info & 0xffff,
              raw.info >> 31 != 0,        raw.name_off,
              static_cast<u32>(raw.size), type_at_[id - 1] + sizeof(raw)};
}

std::string_view Btf::Name(u32 offset) const {
  if (offset >= strings_.size()) return {};
  const char* begin = reinterpret_cast<const char*>(strings_.data()) + offset;
  return {begin, strnlen(begin, strings_.size() - offset)};
}

std::optional<Btf> Btf::Parse(std::span<const std::byte> bytes) {
  btf_header header;
  if (bytes.size() > kBytesMax || !Load(bytes, 0, &header) || header.magic != kMagic ||
      header.version != 1 || header.hdr_len < sizeof(header) || header.hdr_len > bytes.size())
    return std::nullopt;
  const std::span<const std::byte> body = bytes.subspan(header.hdr_len);
  if (header.type_off > body.size() || body.size() - header.type_off < header.type_len ||
      header.str_off > body.size() || body.size() - header.str_off < header.str_len ||
      header.type_off % 4 != 0)
    return std::nullopt;
  Btf btf;
  btf.types_ = body.subspan(header.type_off, header.type_len);
  btf.strings_ = body.subspan(header.str_off, header.str_len);
  for (size_t at = 0; at < btf.types_.size();) {
    btf_type raw;
    if (!Load(btf.types_, at, &raw) || btf.type_at_.size() >= kTypesMax) return std::nullopt;
    const u32 kind = (raw.info >> 24) & 0x1f;
    const auto tail = TailBytes(kind, raw.info & 0xffff);
    if (!tail || *tail > btf.types_.size() - at - sizeof(raw)) return std::nullopt;
    btf.type_at_.push_back(static_cast<u32>(at));
    const u32 id = static_cast<u32>(btf.type_at_.size());
    if (kind == kKindStruct) {
      const std::string_view name = btf.Name(raw.name_off);
      if (!name.empty()) btf.structures_.emplace(name, id);
    } else if (kind == kKindTypedef) {
      const std::string_view name = btf.Name(raw.name_off);
      if (name.starts_with("btf_trace_")) btf.tracepoints_.emplace(name, id);
    } else if (kind == kKindFunction) {
      const std::string_view name = btf.Name(raw.name_off);
      if (name.starts_with("bpf_iter_")) btf.walks_.emplace(name, id);
    }
    at += sizeof(raw) + *tail;
  }
  return btf;
}

std::optional<u32> Btf::Typedef(std::string_view name) const {
  const auto found = tracepoints_.find(name);
  if (found == tracepoints_.end()) return std::nullopt;
  return found->second;
}

std::optional<u32> Btf::Walk(std::string_view name) const {
  const auto found = walks_.find(name);
  if (found == walks_.end()) return std::nullopt;
  return found->second;
}

u32 Btf::Resolve(u32 id) const {
  for (int depth = 0; depth < kDepthMax; depth++) {
    const auto type = At(id);
    if (!type) return 0;
    if (type->kind != kKindTypedef && type->kind != kKindVolatile && type->kind != kKindConst &&
        type->kind != kKindRestrict && type->kind != kKindTypeTag)
      return id;
    id = type->size_or_type;
  }
  return 0;
}

std::optional<u64> Btf::SizeOf(u32 id, int depth) const {
  const auto type = At(Resolve(id));
  if (!type || depth > kDepthMax) return std::nullopt;
  if (type->kind == kKindPointer) return sizeof(void*);
  if (type->kind != kKindArray)
    return type->kind == kKindForward || type->kind == kKindFunction
               ? std::nullopt
               : std::optional<u64>(type->size_or_type);
  btf_array array;
  if (!Load(types_, type->tail, &array)) return std::nullopt;
  const auto element = SizeOf(array.type, depth + 1);
  // Both are at most 32 bits wide unless an array is within an array.
  if (!element || *element > 0xffffffff) return std::nullopt;
  return *element * array.nelems;
}

std::optional<Btf::Found> Btf::FindIn(u32 id, std::string_view name, int depth,
                                      size_t* steps) const {
  const auto type = At(Resolve(id));
  if (!type || depth > kDepthMax || (type->kind != kKindStruct && type->kind != kKindUnion))
    return std::nullopt;
  for (u32 index = 0; index < type->count; index++) {
    btf_member member;
    if (++*steps > kStepsMax || !Load(types_, type->tail + index * sizeof(member), &member))
      return std::nullopt;
    const u32 bits = type->has_bit_fields ? member.offset >> 24 : 0;
    const u64 offset = type->has_bit_fields ? member.offset & 0xffffff : member.offset;
    const std::string_view its_name = Name(member.name_off);
    if (its_name == name) return Found{member.type, offset, bits != 0};
    if (!its_name.empty()) continue;
    if (auto inner = FindIn(member.type, name, depth + 1, steps)) {
      inner->bit_offset += offset;
      return inner;
    }
  }
  return std::nullopt;
}

std::optional<Btf::Member> Btf::Find(std::string_view structure, std::string_view path) const {
  const auto found = structures_.find(structure);
  if (found == structures_.end() || path.empty()) return std::nullopt;
  u32 id = found->second;
  u64 bit_offset = 0;
  size_t steps = 0;
  for (int depth = 0; depth < kDepthMax; depth++) {
    const size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    const auto member = name.empty() ? std::nullopt : FindIn(id, name, 0, &steps);
    if (!member || member->is_bit_field) return std::nullopt;
    bit_offset += member->bit_offset;
    id = member->type;
    if (dot != std::string_view::npos) {
      path = path.substr(dot + 1);
      continue;
    }
    const auto size = SizeOf(id, 0);
    if (!size || *size > 0xffffffff || bit_offset % 8 != 0 || bit_offset / 8 > 0x7fff)
      return std::nullopt;  // a load's offset has 15 bits
    return Member{static_cast<u32>(bit_offset / 8), static_cast<u32>(*size)};
  }
  return std::nullopt;
}

}  // namespace freshet
