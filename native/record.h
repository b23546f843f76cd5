// Records as they lie in the ring, on the pipe and in a capture file: record.def as C++ types.
//
// A record is its fixed part (a struct below), then its strings in the order of declaration, then
// zeros up to a multiple of 8. All integers are little-endian; the supported machines are too.
#ifndef FRESHET_RECORD_H_
#define FRESHET_RECORD_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

static_assert(std::endian::native == std::endian::little, "records are little-endian in memory");

namespace freshet {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;

struct Header {
  u32 size;   // whole record, a multiple of 8
  u16 type;   // RecordType
  u8 source;  // kSource*
  u8 zero;    // 0
  u64 at_ns;  // nanoseconds since boot, sleep included
};
static_assert(sizeof(Header) == 16);

#define RECORD(name, number, doc)        \
  struct name##_record {                 \
    static constexpr u16 kType = number; \
    Header header;
#define FIELD(width, field, unit, doc) width field;
#define BYTES(field, count, doc) u8 field[count];
#define STRING(field, max, doc)                  \
  static constexpr size_t k_##field##_max = max; \
  u16 field##_bytes;
#define FLAG(record, name, bit, doc)
#define CODE(set, name, value, doc)
#define END() \
  }           \
  ;
#include "record.def"
#undef RECORD
#undef FIELD
#undef BYTES
#undef STRING
#undef END
#undef FLAG
#undef CODE

// No padding, and a multiple of 8, for every record.
#define RECORD(name, number, doc)                                                \
  static_assert(alignof(name##_record) == 8 && sizeof(name##_record) % 8 == 0 && \
                sizeof(name##_record) == sizeof(Header)
#define FIELD(width, field, unit, doc) +sizeof(width)
#define BYTES(field, count, doc) +count
#define STRING(field, max, doc) +sizeof(u16)
#define FLAG(record, name, bit, doc)
#define CODE(set, name, value, doc)
#define END() );
#include "record.def"
#undef RECORD
#undef FIELD
#undef BYTES
#undef STRING
#undef END
#undef FLAG
#undef CODE

#define RECORD(name, number, doc)
#define FIELD(width, field, unit, doc)
#define BYTES(field, count, doc)
#define STRING(field, max, doc)
#define END()
#define FLAG(record, name, bit, doc) inline constexpr u32 k_##record##_##name = 1u << bit;
#define CODE(set, name, value, doc) inline constexpr u32 k_##set##_##name = value;
#include "record.def"
#undef RECORD
#undef FIELD
#undef BYTES
#undef STRING
#undef END
#undef FLAG
#undef CODE

// Longest a record can be: the policy record's document, or the exec record with every string full.
inline constexpr size_t kRecordBytesMax = 128 * 1024;

// FNV-1a of record.def's declarations; the same number as LAYOUT in src/records/record.gen.ts.
// scripts/generate.ts writes it, a test compares.
#include "record_layout.gen.h"

// A record's whole size with `string_bytes` of strings behind its fixed part.
template <typename R>
constexpr u32 RecordSize(size_t string_bytes) {
  return static_cast<u32>((sizeof(R) + string_bytes + 7) & ~size_t{7});
}

}  // namespace freshet

#endif  // FRESHET_RECORD_H_
