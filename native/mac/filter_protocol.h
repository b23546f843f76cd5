// What the filter (the system extension) and the daemon say to each other; docs/filter-protocol.md
// tells the same for a reader. Messages are bytes in both directions, little-endian; what carries
// them (XPC, a test's double) answers each of the filter's messages with one of the daemon's.
//
//   filter: Hello            -> daemon: Answer (kWelcome)
//   filter: Batch, records   -> daemon: Answer (kReceipt)
//
// Hello and Answer never change their form. A batch has the form of the version that the welcome
// named: the filter speaks its own and the one before, and so does the daemon, since an upgraded
// extension starts only with the next boot or wake and the two meet until then.
#ifndef FRESHET_MAC_FILTER_PROTOCOL_H_
#define FRESHET_MAC_FILTER_PROTOCOL_H_

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "record.h"

namespace freshet {

inline constexpr u32 kFilterMagic = 0x54535246;  // "FRST"
// 1: batches without the counts of what was dropped.
// 2: with them.
inline constexpr u16 kFilterVersion = 2;
inline constexpr u16 kFilterVersionBefore = 1;

// Counters from here on no disk, memory or network reaches, and the engine takes none.
inline constexpr u64 kBytesEnd = u64{1} << 53;
inline constexpr u32 kBatchRecordsMax = 1'000;
inline constexpr size_t kExtensionVersionBytesMax = 64;

enum class FilterMessage : u16 { kHello = 1, kWelcome = 2, kBatch = 3, kReceipt = 4 };

enum class FilterStatus : u8 {
  kOk = 0,
  kDuplicate = 1,  // a batch that was taken before: as good as kOk
  kBusy = 2,       // the daemon has no room: the same batch again, later
  kMalformed = 3,  // the batch cannot be read; the same again would fare no better
  kNoHello = 4,    // a batch came before the hello
  kVersion = 5,    // no version in common
  kLayout = 6,     // the records would be of another layout
};

// How often the kernel is to report a flow's counters; kOff is the kill switch: flows are allowed
// without a report of any kind.
enum class Statistics : u8 { kOff = 0, kLow = 1, kMedium = 2, kHigh = 3 };

struct MessagePrefix {
  u32 magic;
  u16 kind;     // FilterMessage
  u16 version;  // of the sender; of a batch: the version of its form
  u32 size;     // whole message
  u32 zero;
};

struct HelloMessage {
  MessagePrefix prefix;
  u64 run;         // names this run of the extension: random, never 0
  u32 layout;      // kFlowLayout
  u16 text_bytes;  // of the extension's version, which follows
  u16 zero;
};

struct AnswerMessage {
  static constexpr u8 kEnumerate = 1;  // tell every open flow anew
  MessagePrefix prefix;                // of a welcome, `version` is the one to speak
  u64 number;                          // of a receipt: the batch's
  u32 layout;
  u8 status;      // FilterStatus
  u8 statistics;  // Statistics
  u8 flags;
  u8 zero;
};

// Version 1's batch; the records follow.
struct BatchMessageBefore {
  static constexpr u32 kBegins = 1;  // an enumeration begins with its first record
  static constexpr u32 kEnds = 2;    // and ends with its last
  MessagePrefix prefix;
  u64 number;  // 1 for a run's first, and upwards by one; a batch that is sent again keeps its own
  u32 records;
  u32 flags;
};

// What was dropped since the batch before, in reports of the filter.
struct DropCounts {
  u64 queue_full = 0;
  u64 table_full = 0;
  u64 malformed = 0;
  bool operator==(const DropCounts&) const = default;
};

// Version 2's batch.
struct BatchMessage {
  BatchMessageBefore before;
  DropCounts dropped;
};

static_assert(sizeof(MessagePrefix) == 16 && sizeof(HelloMessage) == 32);
static_assert(sizeof(AnswerMessage) == 32 && sizeof(BatchMessageBefore) == 32);
static_assert(sizeof(BatchMessage) == 56);

// A name record with the longest host name is the largest that a batch holds.
inline constexpr size_t kBatchRecordBytesMax = RecordSize<name_record>(name_record::k_hostname_max);
inline constexpr size_t kFilterMessageBytesMax =
    sizeof(BatchMessage) + kBatchRecordsMax * kBatchRecordBytesMax;

// FNV-1a of the declarations of the two records that batches hold, and of no others: a daemon whose
// other records have changed still understands the filter's.
u32 FlowLayout();

struct Hello {
  u16 version;
  u64 run;
  u32 layout;
  std::string_view extension_version;  // borrowed from the message
};

struct Batch {
  u16 version;
  u64 number;
  u32 records;
  bool begins;
  bool ends;
  DropCounts dropped;                // zeros in version 1
  std::span<const std::byte> bytes;  // the records, not yet checked; borrowed from the message
};

// The kind a message says it is; nothing when it is too short, of another magic, of a size other
// than its own, or of no kind that is known.
std::optional<FilterMessage> KindOf(std::span<const std::byte> message);

// Nothing when the message is not a whole one of its kind with every reserved field zero. REQUIRES:
// KindOf said so.
std::optional<Hello> ReadHello(std::span<const std::byte> message);
std::optional<AnswerMessage> ReadAnswer(std::span<const std::byte> message);
// Of both versions.
std::optional<Batch> ReadBatch(std::span<const std::byte> message);

// A hello as bytes; its text is cut to its limit.
struct HelloBytes {
  std::array<std::byte, sizeof(HelloMessage) + kExtensionVersionBytesMax> bytes;
  size_t size;
};
HelloBytes WriteHello(u64 run, u32 layout, std::string_view extension_version);

AnswerMessage MakeAnswer(FilterMessage kind, u16 version, FilterStatus status, u64 number,
                         Statistics statistics, bool enumerate);

// The head of a batch of `version`, which is one of the two; answers its size. REQUIRES: `into` has
// room for a BatchMessage.
size_t WriteBatchHead(const Batch& batch, std::span<std::byte> into);

// Whether `bytes` are exactly `records` whole records that a filter may send: flow and name records
// of source filter, stamped no later than `now_ns` and a second, every code and length within its
// limits, every reserved byte zero.
bool AreFilterRecords(std::span<const std::byte> bytes, u32 records, u64 now_ns);

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_PROTOCOL_H_
