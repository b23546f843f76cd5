#include "mac/filter/uplink.h"

#include <algorithm>

namespace freshet {

Uplink::Uplink(FlowLedger* ledger, UplinkTransport* transport, UplinkOptions options)
    : ledger_(ledger), transport_(transport), options_(std::move(options)) {}

void Uplink::Tick(u64 now_ns) {
  ledger_->Collect(now_ns);
  switch (state_) {
    case State::kAway:
      if (now_ns >= next_ns_) Greet(now_ns);
      break;
    case State::kGreeting:
    case State::kSent:
      if (now_ns < sent_ns_ + kAnswerWithinNs) break;
      transport_->Cancel();
      Lost(now_ns);
      break;
    case State::kReady:
      SendDue(now_ns);
      break;
  }
}

void Uplink::Stopped(u64 now_ns) {
  ledger_->Collect(now_ns);
  ledger_->CloseAll();
  batch_due_ns_ = now_ns;
  if (state_ == State::kReady) SendDue(now_ns);
}

void Uplink::Greet(u64 now_ns) {
  counters_.connections++;
  state_ = State::kGreeting;
  sent_ns_ = now_ns;
  transport_->Connect();
  const HelloBytes hello = WriteHello(options_.run, FlowLayout(), options_.extension_version);
  transport_->Send({std::span(hello.bytes).first(hello.size), {}});
}

void Uplink::Lost(u64 now_ns) {
  if (state_ == State::kAway) return;
  counters_.lost++;
  Fail(now_ns, retry_ns_);
  retry_ns_ = std::min(retry_ns_ * 2, kRetryLastNs);
}

// The batch in flight is kept: whether it was taken is not known, and its number tells the daemon.
void Uplink::Fail(u64 now_ns, u64 wait_ns) {
  state_ = State::kAway;
  next_ns_ = now_ns + wait_ns;
}

void Uplink::Answered(std::span<const std::byte> message, u64 now_ns) {
  if (state_ != State::kGreeting && state_ != State::kSent) return;
  const FilterMessage wanted =
      state_ == State::kGreeting ? FilterMessage::kWelcome : FilterMessage::kReceipt;
  const std::optional<AnswerMessage> answer =
      KindOf(message) == wanted ? ReadAnswer(message) : std::nullopt;
  if (!answer) {
    transport_->Cancel();
    return Lost(now_ns);
  }
  if (state_ == State::kGreeting) return Welcomed(*answer, now_ns);
  Receipted(*answer, now_ns);
}

void Uplink::Welcomed(const AnswerMessage& answer, u64 now_ns) {
  const u16 version = answer.prefix.version;
  const bool is_known = version == kFilterVersion || version == kFilterVersionBefore;
  if (answer.status != static_cast<u8>(FilterStatus::kOk) || !is_known ||
      answer.layout != FlowLayout()) {
    counters_.refused_hellos++;
    transport_->Cancel();
    return Fail(now_ns, kRefusedNs);
  }
  version_ = version;
  state_ = State::kReady;
  retry_ns_ = kRetryFirstNs;
  batch_due_ns_ = now_ns;
  next_ns_ = now_ns;
  Heed(answer);
  SendDue(now_ns);
}

void Uplink::Receipted(const AnswerMessage& answer, u64 now_ns) {
  state_ = State::kReady;
  next_ns_ = now_ns;
  const auto status = static_cast<FilterStatus>(answer.status);
  const bool is_taken = status == FilterStatus::kOk || status == FilterStatus::kDuplicate;
  if (is_taken && answer.number == number_) {
    holds_ = false;
    counters_.batches++;
    counters_.records += batch_.records();
    counters_.delivered_reports += batch_.reports;
    if (version_ != kFilterVersionBefore) {
      told_.queue_full += in_batch_.queue_full;
      told_.table_full += in_batch_.table_full;
      told_.malformed += in_batch_.malformed;
    }
  } else if (status == FilterStatus::kMalformed) {
    // The same bytes would be refused again: they are given up and told as dropped.
    holds_ = false;
    counters_.refused_batches++;
    counters_.refused_reports += batch_.reports;
    ledger_->BeginEnumeration();
  } else if (status == FilterStatus::kBusy) {
    counters_.busy++;
    next_ns_ = now_ns + kBusyNs;
  } else {
    transport_->Cancel();
    return Lost(now_ns);
  }
  Heed(answer);
  SendDue(now_ns);
}

void Uplink::Heed(const AnswerMessage& answer) {
  if ((answer.flags & AnswerMessage::kEnumerate) != 0) ledger_->BeginEnumeration();
  if (answer.statistics > static_cast<u8>(Statistics::kHigh)) return;
  const auto statistics = static_cast<Statistics>(answer.statistics);
  if (statistics == statistics_) return;
  statistics_ = statistics;
  ledger_->Switch(statistics != Statistics::kOff);
  if (options_.on_statistics) options_.on_statistics(statistics);
}

void Uplink::SendDue(u64 now_ns) {
  if (now_ns < next_ns_) return;
  if (holds_) {
    counters_.resent++;
    return SendBatch(now_ns);
  }
  const bool is_due = now_ns >= batch_due_ns_ || more_ || ledger_->enumeration_waits() ||
                      ledger_->waiting_flows() >= FlowBatch::kRecordsMax;
  if (!is_due) return;
  ledger_->TakeBatch(now_ns, &batch_);
  more_ = !batch_.HasRoom();
  // An empty one too, each five seconds: it says that the filter lives, and brings back what the
  // daemon wants.
  if (batch_.empty() && now_ns < batch_due_ns_) return;
  number_++;
  holds_ = true;
  in_batch_ = version_ == kFilterVersionBefore ? DropCounts{} : Undelivered();
  batch_due_ns_ = now_ns + kBatchNs;
  SendBatch(now_ns);
}

void Uplink::SendBatch(u64 now_ns) {
  // Sent again to a daemon of another version it has that version's head: the former one tells no
  // counts, which then stay to be told.
  const Batch batch{version_,    number_,   batch_.records(), batch_.begins,
                    batch_.ends, in_batch_, batch_.bytes()};
  std::array<std::byte, sizeof(BatchMessage)> head;
  const size_t head_bytes = WriteBatchHead(batch, head);
  state_ = State::kSent;
  sent_ns_ = now_ns;
  transport_->Send({std::span(head).first(head_bytes), batch_.bytes()});
}

// What was dropped and no batch that was taken has told.
DropCounts Uplink::Undelivered() const {
  const FlowLedger::Counters counters = ledger_->counters();
  return {counters.queue_full - told_.queue_full, counters.table_full - told_.table_full,
          counters.malformed + counters_.refused_reports - told_.malformed};
}

}  // namespace freshet
