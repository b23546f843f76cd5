// A trial of the daemon's end: any bytes as peers that come, speak, go and are silent. Each message
// is answered or its peer is cancelled, every counter adds up, and the ring holds nothing but
// records.
#ifndef FRESHET_TEST_FILTER_MESSAGE_TRIAL_H_
#define FRESHET_TEST_FILTER_MESSAGE_TRIAL_H_

#include <algorithm>
#include <cstring>
#include <vector>

#include "check.h"
#include "mac/flow_intake.h"
#include "ring_records.h"
#include "trial_input.h"

namespace freshet {

class MessageTrial {
 public:
  explicit MessageTrial(std::span<const std::byte> bytes)
      : input_(bytes),
        // So small that it fills; the smallest has no room for a batch even when it is empty.
        ring_(size_t{1024} << input_.Below(5)),
        intake_(&ring_,
                {.boot_id = {1},
                 .unix_ns = [] { return u64{1}; },
                 .statistics = [this] { return statistics_; }},
                [this](u64 peer) { Cancelled(peer); }) {
    intake_.Start(now_ns_);
  }

  void Run() {
    for (u32 steps = 0; steps < kStepsMax && !input_.empty(); steps++) Step();
    intake_.Stop(now_ns_);
    CHECK(peers_.empty() && !intake_.connected());
    // What found no room is said as soon as there is some.
    found_.Drain(&ring_, now_ns_);
    intake_.Start(now_ns_);
    intake_.Tick(now_ns_);
    found_.Drain(&ring_, now_ns_);
    CheckSums();
  }

 private:
  static constexpr u32 kStepsMax = 120;

  void Step() {
    const u32 what = input_.Below(16);
    if (what < 2) return Come();
    if (what < 3) return Greet();
    if (what < 8) return SendBatch();
    if (what < 10) return SendBytes();
    if (what < 12) return Leap();
    if (what == 12) return found_.Drain(&ring_, now_ns_);
    if (what == 13) return intake_.Enumerate(now_ns_);
    if (what == 14) {
      const u64 peer = Peer();
      std::erase(peers_, peer);
      return intake_.Gone(peer, now_ns_);
    }
    statistics_ = static_cast<Statistics>(input_.Below(4));
  }

  void Come() {
    const u64 peer = ++last_peer_;
    const bool taken = intake_.Came(peer, now_ns_);
    CHECK(taken == (peers_.size() < FlowIntake::kPeersMax));
    if (taken)
      peers_.push_back(peer);
    else
      refused_peers_++;
  }

  // Mostly one that is there.
  u64 Peer() {
    const u32 which = input_.Below(6);
    return which < peers_.size() ? peers_[which] : which;
  }

  void Greet() {
    const u64 peer = Peer();
    const u32 how = input_.Byte();
    const u32 layout = (how & 0x10) == 0 ? FlowLayout() : FlowLayout() + input_.Byte();
    HelloBytes hello = WriteHello(1 + (how & 3), layout, input_.Text());
    HelloMessage head;
    std::memcpy(&head, hello.bytes.data(), sizeof(head));
    head.prefix.version = static_cast<u16>(how >> 2 & 3);  // 0 is too old, 3 a later one
    if ((how & 0x20) != 0) head.zero = input_.Byte();
    std::memcpy(hello.bytes.data(), &head, sizeof(head));
    Take(peer, std::span(hello.bytes).first(hello.size));
  }

  void SendBatch() {
    const u64 peer = Peer();
    const u32 how = input_.Byte();
    const u16 version = (how & 1) == 0 ? kFilterVersion : kFilterVersionBefore;
    // What the sender says of its records, and they may be anything.
    const u32 records = (how >> 1 & 7) == 7 ? static_cast<u32>(input_.Number()) : how >> 1 & 7;
    DropCounts dropped;
    if ((how & 0x80) != 0) dropped = {input_.Number(), input_.Byte(), input_.Byte()};
    std::vector<std::byte> bytes;
    for (u32 count = 0; count < std::min(records, 8u); count++) AddRecord(&bytes);
    const u64 number = (how & 0x40) == 0 ? ++number_ : input_.Number();
    std::vector<std::byte> message(sizeof(BatchMessage));
    message.resize(WriteBatchHead(
        {version, number, records, (how & 0x10) != 0, (how & 0x20) != 0, dropped, bytes}, message));
    message.insert(message.end(), bytes.begin(), bytes.end());
    Take(peer, message);
  }

  // A record as it should be, or with a byte that is not.
  void AddRecord(std::vector<std::byte>* bytes) {
    const u32 how = input_.Byte();
    const size_t at = bytes->size();
    if ((how & 7) == 7) {
      const std::span<const std::byte> raw = input_.Some();
      bytes->insert(bytes->end(), raw.begin(), raw.end());
    } else if ((how & 1) == 0) {
      flow_record flow{};
      flow.header = {sizeof(flow), flow_record::kType, k_source_filter, 0, now_ns_};
      flow.flow_id = how;
      flow.bytes_out = input_.Byte();
      flow.state = static_cast<u8>(1 + (how >> 3) % 3);
      Append(bytes, flow, {});
    } else {
      const std::string_view hostname = input_.Text();
      name_record name{};
      name.header = {RecordSize<name_record>(hostname.size()), name_record::kType, k_source_filter,
                     0, now_ns_};
      name.hostname_bytes = static_cast<u16>(hostname.size());
      Append(bytes, name, hostname);
    }
    if ((how & 0x80) == 0 || bytes->size() == at) return;
    (*bytes)[at + input_.Byte() % (bytes->size() - at)] ^= std::byte{input_.Byte()};
  }
  template <typename R>
  static void Append(std::vector<std::byte>* bytes, const R& record, std::string_view text) {
    const size_t at = bytes->size();
    bytes->resize(at + record.header.size);
    std::memcpy(&(*bytes)[at], &record, sizeof(record));
    if (!text.empty()) std::memcpy(&(*bytes)[at + sizeof(record)], text.data(), text.size());
  }

  void SendBytes() {
    const u64 peer = Peer();
    const std::span<const std::byte> raw = input_.Many();
    std::vector<std::byte> message(raw.begin(), raw.end());
    // Now and then with a prefix that leads further.
    if (input_.Below(2) == 0 && message.size() >= sizeof(MessagePrefix)) {
      const MessagePrefix prefix{kFilterMagic, static_cast<u16>(input_.Below(6)),
                                 static_cast<u16>(input_.Below(4)),
                                 static_cast<u32>(message.size()), 0};
      std::memcpy(message.data(), &prefix, sizeof(prefix));
    }
    Take(peer, message);
  }

  void Leap() {
    static constexpr u64 kLeaps[] = {1'000'000, 1'000'000'000, 10'000'000'000, 16'000'000'000,
                                     86'400'000'000'000};
    now_ns_ += kLeaps[input_.Below(std::size(kLeaps))];
    intake_.Tick(now_ns_);
  }

  void Take(u64 peer, std::span<const std::byte> message) {
    const bool known = std::find(peers_.begin(), peers_.end(), peer) != peers_.end();
    const u64 taken = intake_.counters().records;
    const u64 room = ring_.counters().waiting_bytes;
    const auto answer = intake_.Take(peer, message, now_ns_);
    const bool lives = std::find(peers_.begin(), peers_.end(), peer) != peers_.end();
    CHECK(answer.has_value() == (known && lives));
    if (!known) CHECK(room == ring_.counters().waiting_bytes);
    if (!answer) return;
    CHECK(answer->prefix.magic == kFilterMagic && answer->zero == 0);
    CHECK(answer->prefix.size == sizeof(*answer) && answer->layout == FlowLayout());
    CHECK(answer->statistics == static_cast<u8>(statistics_));
    const bool is_ok = answer->status == static_cast<u8>(FilterStatus::kOk);
    const auto kind = static_cast<FilterMessage>(answer->prefix.kind);
    CHECK(kind == FilterMessage::kWelcome || kind == FilterMessage::kReceipt);
    if (kind == FilterMessage::kReceipt) receipts_[answer->status]++;
    CHECK(is_ok || taken == intake_.counters().records);
    if (kind == FilterMessage::kWelcome && is_ok) CHECK(intake_.connected());
  }

  void Cancelled(u64 peer) {
    CHECK(std::erase(peers_, peer) == 1);  // one that is there, once
  }

  void CheckSums() {
    const FlowIntake::Counters& counters = intake_.counters();
    CHECK(counters.batches == receipts_[static_cast<size_t>(FilterStatus::kOk)]);
    CHECK(counters.duplicates == receipts_[static_cast<size_t>(FilterStatus::kDuplicate)]);
    CHECK(counters.busy == receipts_[static_cast<size_t>(FilterStatus::kBusy)]);
    CHECK(counters.malformed >= receipts_[static_cast<size_t>(FilterStatus::kMalformed)]);
    CHECK(counters.refused_peers == refused_peers_);
    CHECK(found_.losses[k_loss_filter_refused] ==
          counters.malformed + counters.refused_peers + counters.silent_peers +
              counters.flooding_peers + counters.refused_hellos);
    CHECK(found_.losses[k_loss_filter_queue] == counters.dropped.queue_full);
    CHECK(found_.losses[k_loss_table_full] == counters.dropped.table_full);
    CHECK(found_.losses[k_loss_malformed] == counters.dropped.malformed);
    // Each record that was taken is in the ring, or counted as one that found it full; so is each
    // mark.
    CHECK(found_.losses[k_loss_ring_full] == ring_.counters().dropped);
    CHECK(found_.records <= counters.records);
    CHECK(counters.records - found_.records <= ring_.counters().dropped);
    CHECK(ring_.counters().records == found_.records + found_.others);
  }

  TrialInput input_;
  Ring ring_;
  Statistics statistics_ = Statistics::kLow;
  FlowIntake intake_;
  std::vector<u64> peers_;
  u64 last_peer_ = 10;
  u64 now_ns_ = 1'000'000'000'000;
  u64 number_ = 0;
  u64 refused_peers_ = 0;
  u64 receipts_[8] = {};  // by FilterStatus
  RingRecords found_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_MESSAGE_TRIAL_H_
