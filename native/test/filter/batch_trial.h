// A trial of the batch encoder and the daemon's decoder: any rows of a ledger become a batch, the
// daemon takes it, and what lies in its ring is what the rows say. Then the same batch, changed: it
// is taken as it is or refused whole.
#ifndef FRESHET_TEST_FILTER_BATCH_TRIAL_H_
#define FRESHET_TEST_FILTER_BATCH_TRIAL_H_

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "mac/filter/flow_batch.h"
#include "mac/flow_intake.h"
#include "ring_records.h"
#include "trial_input.h"

namespace freshet {

class BatchTrial {
 public:
  // `batch` is used by one trial after the other, as an uplink does.
  BatchTrial(std::span<const std::byte> bytes, FlowBatch* batch)
      : input_(bytes),
        batch_(batch),
        ring_(32 << 10),
        intake_(&ring_,
                {.boot_id = {1},
                 .unix_ns = [] { return u64{1}; },
                 .statistics = [] { return Statistics::kLow; }},
                [this](u64) { cancelled_ = true; }) {}

  void Run() {
    version_ = input_.Below(2) == 0 ? kFilterVersion : kFilterVersionBefore;
    Connect();
    Encode();
    const std::vector<std::byte> message = Framed();
    const auto receipt = intake_.Take(kPeer, message, now_ns_);
    CHECK(receipt && receipt->status == static_cast<u8>(FilterStatus::kOk));
    CHECK(receipt->number == number_);
    found_.Drain(&ring_, now_ns_);
    CHECK(std::equal(found_.bytes.begin(), found_.bytes.end(), wanted_.begin(), wanted_.end()));
    CHECK(found_.records == batch_->records());
    CHECK(found_.marks[k_mark_start] == (batch_->begins ? 2 : 1));
    CHECK(found_.marks[k_mark_enumerated] == (batch_->begins && batch_->ends ? 1 : 0));
    CHECK((intake_.counters().dropped == dropped_));
    // Again, and it is known.
    const auto again = intake_.Take(kPeer, message, now_ns_);
    CHECK(again && again->status == static_cast<u8>(FilterStatus::kDuplicate));
    for (u32 count = 0; count < 6 && !input_.empty(); count++) SendChanged(message);
  }

 private:
  static constexpr u64 kPeer = 1;
  static constexpr u32 kRowsMax = 12;

  void Connect() {
    intake_.Start(now_ns_);
    CHECK(intake_.Came(kPeer, now_ns_));
    HelloBytes hello = WriteHello(7, FlowLayout(), "1.0");
    HelloMessage head;
    std::memcpy(&head, hello.bytes.data(), sizeof(head));
    head.prefix.version = version_;
    std::memcpy(hello.bytes.data(), &head, sizeof(head));
    const auto welcome = intake_.Take(kPeer, std::span(hello.bytes).first(hello.size), now_ns_);
    CHECK(welcome && welcome->prefix.version == version_);
  }

  void Encode() {
    batch_->Clear();
    const u32 how = input_.Byte();
    batch_->begins = (how & 1) != 0;
    batch_->ends = (how & 2) != 0;
    const u32 rows = (how >> 2) % (kRowsMax + 1);
    for (u32 count = 0; count < rows && !input_.empty(); count++) {
      std::string hostname;
      const FlowRow row = MakeRow(&hostname);
      batch_->Add(row, hostname, now_ns_);
      Want(row, hostname);
    }
    number_ = 1 + input_.Number() / 2;
    if (version_ == kFilterVersion && (how & 0x80) != 0)
      dropped_ = {input_.Number() >> 11, input_.Byte(), input_.Byte()};
  }

  // Any row that the ledger may have.
  FlowRow MakeRow(std::string* hostname) {
    FlowRow row{};
    const u32 kinds = input_.Byte();
    row.place = (kinds & 3) == 3   ? Place::kClosing
                : (kinds & 3) == 2 ? Place::kLiveOther
                                   : Place::kLiveTcp;
    row.bits = input_.Byte();
    row.flow_id = input_.Number();
    row.epoch = static_cast<u32>(input_.Number());
    row.base_out = input_.Number() % kBytesEnd;
    row.base_in = input_.Byte();
    row.bytes_out = row.base_out + input_.Number() % (kBytesEnd - row.base_out);
    row.bytes_in = row.base_in + input_.Byte();
    const bool found = (row.bits & FlowRow::kFound) != 0;
    row.found_out = found ? row.base_out + (row.bytes_out - row.base_out) / 2 : row.base_out;
    row.found_in = found ? row.bytes_in : row.base_in;
    row.began_ns = now_ns_ - input_.Number() % now_ns_;
    row.heard_ns = now_ns_ - input_.Byte();
    if ((kinds & 4) != 0) row.app = {input_.Byte(), input_.Byte()};
    if ((kinds & 8) != 0) row.maker = {input_.Byte(), input_.Byte()};
    if ((kinds & 16) != 0) row.maker = row.app;
    if ((kinds & 32) != 0) Fill(&row.remote);
    if ((kinds & 64) != 0) Fill(&row.local);
    if ((kinds & 128) != 0) *hostname = input_.Text();
    row.hostname_bytes = static_cast<u8>(hostname->size());
    row.remote_port = static_cast<u16>(input_.Byte() * 257);
    row.local_port = input_.Byte();
    row.protocol = input_.Byte();
    row.direction = static_cast<u8>(input_.Below(3));
    return row;
  }
  void Fill(AddressBytes* address) {
    for (u8& byte : *address) byte = input_.Byte();
  }

  // The records that a row should become, by their bytes.
  void Want(const FlowRow& row, const std::string& hostname) {
    const bool opened = (row.bits & FlowRow::kOpened) != 0;
    const bool closes = row.place == Place::kClosing;
    const bool anew = !closes && (row.bits & FlowRow::kEnumerate) != 0;
    const bool found = (row.bits & FlowRow::kFound) != 0;
    const bool moved = row.bytes_out > row.found_out || row.bytes_in > row.found_in;
    const Counters now{row.bytes_out - row.base_out, row.bytes_in - row.base_in};
    const Counters first{found ? row.found_out - row.base_out : 0,
                         found ? row.found_in - row.base_in : 0};
    if ((row.bits & FlowRow::kNamed) == 0) WantName(row, hostname, opened ? now_ns_ : row.began_ns);
    if (anew) return WantFlow(row, k_flow_state_opened, k_flow_enumerated, now, now_ns_);
    if (!opened)
      WantFlow(row, k_flow_state_opened, found ? k_flow_enumerated : 0, first, row.began_ns);
    const u32 inexact = (row.bits & FlowRow::kInexact) != 0 ? k_flow_inexact : 0;
    const u32 lost = (row.bits & FlowRow::kLost) != 0 ? k_flow_counters_lost : 0;
    if (closes) return WantFlow(row, k_flow_state_closed, inexact | lost, now, row.heard_ns);
    if (opened || moved) WantFlow(row, k_flow_state_report, 0, now, row.heard_ns);
  }

  template <typename T>
  void Put(T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    wanted_.insert(wanted_.end(), bytes, bytes + sizeof(value));
  }
  void PutHeader(size_t size, u16 type, u64 at_ns) {
    Put(static_cast<u32>(size));
    Put(type);
    Put(static_cast<u8>(k_source_filter));
    Put(u8{0});
    Put(at_ns);
  }
  struct Counters {
    u64 out;
    u64 in;
  };
  // Field after field as record.def has them, so that no struct stands in for both sides.
  void WantFlow(const FlowRow& row, u32 state, u32 flags, Counters counters, u64 at_ns) {
    PutHeader(80, 4, at_ns);
    Put(row.flow_id);
    Put(counters.out);
    Put(counters.in);
    Put(row.epoch);
    Put(row.app.pid);
    Put(row.app.version);
    Put(flags);
    Put(row.remote);
    Put(row.remote_port);
    Put(row.local_port);
    Put(row.protocol);
    Put(row.direction);
    Put(static_cast<u8>(state));
    Put(u8{0});
  }
  void WantName(const FlowRow& row, const std::string& hostname, u64 at_ns) {
    const bool acts = !(row.maker == row.app);
    PutHeader((56 + hostname.size() + 7) / 8 * 8, 5, at_ns);
    Put(row.flow_id);
    Put(row.epoch);
    Put(acts ? row.maker.pid : 0);
    Put(acts ? row.maker.version : 0);
    Put(row.local_port);
    Put(row.local);
    Put(static_cast<u16>(hostname.size()));
    for (const char one : hostname) Put(one);
    while (wanted_.size() % 8 != 0) Put(u8{0});
  }

  std::vector<std::byte> Framed() const {
    std::vector<std::byte> message(sizeof(BatchMessage));
    const size_t head = WriteBatchHead({version_, number_, batch_->records(), batch_->begins,
                                        batch_->ends, dropped_, batch_->bytes()},
                                       message);
    message.resize(head);
    message.insert(message.end(), batch_->bytes().begin(), batch_->bytes().end());
    return message;
  }

  void SendChanged(std::vector<std::byte> message) {
    if (cancelled_) return;
    // A number of its own, or it is a duplicate.
    const u64 number = ++number_;
    std::memcpy(&message[offsetof(BatchMessageBefore, number)], &number, sizeof(number));
    const u32 how = input_.Byte();
    if ((how & 1) != 0) message.resize(input_.Number() % (message.size() + 64));
    for (u32 count = 0; count < (how >> 1 & 3) && !message.empty(); count++)
      message[input_.Number() % message.size()] ^= std::byte{input_.Byte()};
    // With the length that it has, so that what is behind the prefix is looked at.
    if ((how & 8) != 0 && message.size() >= sizeof(MessagePrefix)) {
      const u32 size = static_cast<u32>(message.size());
      std::memcpy(&message[offsetof(MessagePrefix, size)], &size, sizeof(size));
    }
    found_.Forget();
    const u64 records = found_.records;
    const u64 taken = intake_.counters().batches;
    const auto answer = intake_.Take(kPeer, message, now_ns_);
    CHECK(answer.has_value() != cancelled_);
    found_.Drain(&ring_, now_ns_);
    if (intake_.counters().batches == taken) {
      CHECK(found_.bytes.empty());
      return;
    }
    CHECK(answer && answer->status == static_cast<u8>(FilterStatus::kOk));
    const size_t head =
        version_ == kFilterVersion ? sizeof(BatchMessage) : sizeof(BatchMessageBefore);
    CHECK(std::equal(found_.bytes.begin(), found_.bytes.end(), message.begin() + head,
                     message.end()));
    CHECK(found_.records - records <= kBatchRecordsMax);
    // One that is taken may have had another number.
    std::memcpy(&number_, &message[offsetof(BatchMessageBefore, number)], sizeof(number_));
  }

  static constexpr u64 kBytesEnd = u64{1} << 53;

  TrialInput input_;
  FlowBatch* const batch_;
  Ring ring_;
  FlowIntake intake_;
  bool cancelled_ = false;
  u16 version_ = kFilterVersion;
  u64 now_ns_ = 1'000'000'000'000;
  u64 number_ = 0;
  DropCounts dropped_;
  std::vector<std::byte> wanted_;
  RingRecords found_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_BATCH_TRIAL_H_
