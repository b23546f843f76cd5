#include "mac/filter_protocol.h"

#include <algorithm>

#include "emitter.h"

namespace freshet {
namespace {

template <typename T>
std::optional<T> ReadStruct(std::span<const std::byte> bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

bool AllZero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte one) { return one == std::byte{0}; });
}

// A line of record.def: 'R' and a name, 'N' and a number, 'F' and anything.
struct Line {
  char kind;
  std::string_view text;
};
constexpr Line kLines[] = {
#define RECORD(name, number, doc) {'R', #name}, {'N', #number},
#define FIELD(width, field, unit, doc) {'F', #width " " #field},
#define BYTES(field, count, doc) {'F', #field "[" #count "]"},
#define STRING(field, max, doc) {'F', "text " #field " " #max},
#define FLAG(record, name, bit, doc)
#define CODE(set, name, value, doc)
#define END()
#include "record.def"
#undef RECORD
#undef FIELD
#undef BYTES
#undef STRING
#undef END
#undef FLAG
#undef CODE
};

constexpr u32 ComputeFlowLayout() {
  u32 hash = 0x811c9dc5;
  bool counts = false;
  for (const Line& line : kLines) {
    if (line.kind == 'R') counts = line.text == "flow" || line.text == "name";
    if (!counts) continue;
    for (const char one : line.text) hash = (hash ^ static_cast<u8>(one)) * 0x01000193;
    hash = (hash ^ 0xff) * 0x01000193;
  }
  return hash;
}

constexpr u64 kAheadNs = 1'000'000'000;
constexpr u32 kFlowFlags = k_flow_enumerated | k_flow_inexact | k_flow_counters_lost;

bool IsFlow(std::span<const std::byte> bytes) {
  const auto flow = ReadStruct<flow_record>(bytes);
  return flow && bytes.size() == sizeof(flow_record) && flow->bytes_out < kBytesEnd &&
         flow->bytes_in < kBytesEnd && (flow->flags & ~kFlowFlags) == 0 &&
         flow->direction <= k_direction_inbound && flow->state >= k_flow_state_opened &&
         flow->state <= k_flow_state_closed && flow->reserved == 0;
}

bool IsName(std::span<const std::byte> bytes) {
  const auto name = ReadStruct<name_record>(bytes);
  return name && name->hostname_bytes <= name_record::k_hostname_max &&
         bytes.size() == RecordSize<name_record>(name->hostname_bytes) &&
         AllZero(bytes.subspan(sizeof(name_record) + name->hostname_bytes));
}

MessagePrefix Prefix(FilterMessage kind, u16 version, size_t size) {
  return {kFilterMagic, static_cast<u16>(kind), version, static_cast<u32>(size), 0};
}

}  // namespace

u32 FlowLayout() {
  static constexpr u32 kLayout = ComputeFlowLayout();
  return kLayout;
}

std::optional<FilterMessage> KindOf(std::span<const std::byte> message) {
  const auto prefix = ReadStruct<MessagePrefix>(message);
  if (!prefix || prefix->magic != kFilterMagic || prefix->size != message.size() ||
      prefix->zero != 0 || message.size() > kFilterMessageBytesMax)
    return std::nullopt;
  if (prefix->kind < static_cast<u16>(FilterMessage::kHello) ||
      prefix->kind > static_cast<u16>(FilterMessage::kReceipt))
    return std::nullopt;
  return static_cast<FilterMessage>(prefix->kind);
}

std::optional<Hello> ReadHello(std::span<const std::byte> message) {
  const auto hello = ReadStruct<HelloMessage>(message);
  if (!hello || hello->zero != 0 || hello->run == 0 ||
      hello->text_bytes > kExtensionVersionBytesMax ||
      message.size() != sizeof(HelloMessage) + hello->text_bytes)
    return std::nullopt;
  return Hello{
      hello->prefix.version,
      hello->run,
      hello->layout,
      {reinterpret_cast<const char*>(message.data()) + sizeof(HelloMessage), hello->text_bytes}};
}

std::optional<AnswerMessage> ReadAnswer(std::span<const std::byte> message) {
  const auto answer = ReadStruct<AnswerMessage>(message);
  // Statuses and flags that a later daemon may add are not refused here: who acts on them decides.
  if (!answer || message.size() != sizeof(AnswerMessage) || answer->zero != 0) return std::nullopt;
  return answer;
}

std::optional<Batch> ReadBatch(std::span<const std::byte> message) {
  const auto before = ReadStruct<BatchMessageBefore>(message);
  if (!before || before->number == 0 || before->records > kBatchRecordsMax ||
      (before->flags & ~(BatchMessageBefore::kBegins | BatchMessageBefore::kEnds)) != 0)
    return std::nullopt;
  Batch batch{before->prefix.version,
              before->number,
              before->records,
              (before->flags & BatchMessageBefore::kBegins) != 0,
              (before->flags & BatchMessageBefore::kEnds) != 0,
              {},
              {}};
  if (batch.version == kFilterVersionBefore) {
    batch.bytes = message.subspan(sizeof(BatchMessageBefore));
    return batch;
  }
  const auto whole = ReadStruct<BatchMessage>(message);
  if (batch.version != kFilterVersion || !whole) return std::nullopt;
  batch.dropped = whole->dropped;
  // More was never dropped, and sums of them stay within 64 bits.
  if (std::max({batch.dropped.queue_full, batch.dropped.table_full, batch.dropped.malformed}) >=
      kBytesEnd)
    return std::nullopt;
  batch.bytes = message.subspan(sizeof(BatchMessage));
  return batch;
}

HelloBytes WriteHello(u64 run, u32 layout, std::string_view extension_version) {
  const std::string_view text = CutText(extension_version, kExtensionVersionBytesMax);
  HelloBytes out{};
  out.size = sizeof(HelloMessage) + text.size();
  const HelloMessage hello{Prefix(FilterMessage::kHello, kFilterVersion, out.size), run, layout,
                           static_cast<u16>(text.size()), 0};
  std::memcpy(out.bytes.data(), &hello, sizeof(hello));
  std::memcpy(out.bytes.data() + sizeof(hello), text.data(), text.size());
  return out;
}

AnswerMessage MakeAnswer(FilterMessage kind, u16 version, FilterStatus status, u64 number,
                         Statistics statistics, bool enumerate) {
  AnswerMessage answer{};
  answer.prefix = Prefix(kind, version, sizeof(AnswerMessage));
  answer.number = number;
  answer.layout = FlowLayout();
  answer.status = static_cast<u8>(status);
  answer.statistics = static_cast<u8>(statistics);
  answer.flags = enumerate ? AnswerMessage::kEnumerate : 0;
  return answer;
}

size_t WriteBatchHead(const Batch& batch, std::span<std::byte> into) {
  const size_t size =
      batch.version == kFilterVersionBefore ? sizeof(BatchMessageBefore) : sizeof(BatchMessage);
  const u32 flags = (batch.begins ? BatchMessageBefore::kBegins : 0) |
                    (batch.ends ? BatchMessageBefore::kEnds : 0);
  const BatchMessage message{
      {Prefix(FilterMessage::kBatch, batch.version, size + batch.bytes.size()), batch.number,
       batch.records, flags},
      batch.dropped};
  std::memcpy(into.data(), &message, size);
  return size;
}

bool AreFilterRecords(std::span<const std::byte> bytes, u32 records, u64 now_ns) {
  u32 count = 0;
  while (!bytes.empty()) {
    const auto header = ReadStruct<Header>(bytes);
    if (!header || header->size < sizeof(Header) || header->size % 8 != 0 ||
        header->size > bytes.size() || header->source != k_source_filter || header->zero != 0 ||
        header->at_ns > now_ns + kAheadNs)
      return false;
    const std::span<const std::byte> record = bytes.first(header->size);
    const bool ok = header->type == flow_record::kType   ? IsFlow(record)
                    : header->type == name_record::kType ? IsName(record)
                                                         : false;
    if (!ok) return false;
    bytes = bytes.subspan(header->size);
    count++;
  }
  return count == records;
}

}  // namespace freshet
