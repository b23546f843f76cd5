// A trial of the ledger and its uplink: any bytes as a sequence of reports, leaps of the clock,
// answers and ends of connections. What they told has to be what the plain ledger has.
#ifndef FRESHET_TEST_FILTER_REPORT_TRIAL_H_
#define FRESHET_TEST_FILTER_REPORT_TRIAL_H_

#include <arpa/inet.h>

#include <string>
#include <vector>

#include "check.h"
#include "drain.h"
#include "mac/filter/uplink.h"
#include "plain_ledger.h"
#include "told.h"
#include "trial_input.h"

namespace freshet {

// Who answers the uplink as the trial says; reads each batch once, by its number.
class TrialDaemon final : public UplinkTransport {
 public:
  // `lossy`: rows may have made room for others.
  TrialDaemon(Told* told, bool lossy) : told_(told), lossy_(lossy) {}

  void Connect() override {
    CHECK(!connected_);
    connected_ = true;
  }
  void Cancel() override {
    CHECK(connected_);
    connected_ = false;
    awaited_ = {};
  }
  void Send(std::array<std::span<const std::byte>, 2> parts) override {
    CHECK(connected_ && !awaited_);
    std::vector<std::byte> message(parts[0].begin(), parts[0].end());
    message.insert(message.end(), parts[1].begin(), parts[1].end());
    awaited_ = KindOf(message);
    if (awaited_ == FilterMessage::kHello) {
      CHECK(ReadHello(message) && ReadHello(message)->run == 42);
      return;
    }
    CHECK(awaited_ == FilterMessage::kBatch);
    const std::optional<Batch> batch = ReadBatch(message);
    CHECK(batch && AreFilterRecords(batch->bytes, batch->records, latest_ns));
    dropped_ = batch->dropped;
    version_ = batch->version;
    if (batch->number == number_) {  // once more: the same
      CHECK(std::equal(batch->bytes.begin(), batch->bytes.end(), bytes_.begin(), bytes_.end()));
      return;
    }
    CHECK(batch->number == number_ + 1);
    number_ = batch->number;
    bytes_.assign(batch->bytes.begin(), batch->bytes.end());
    told_->Read(batch->bytes, lossy_);
    if (batch->begins) enumerating_ = true;
    CHECK(!batch->ends || enumerating_);
    if (batch->ends) enumerating_ = false;
  }

  // As the daemon would when all is well.
  AnswerMessage GoodAnswer(bool enumerate, u16 version) {
    const bool greets = awaited_ == FilterMessage::kHello;
    return MakeAnswer(greets ? FilterMessage::kWelcome : FilterMessage::kReceipt,
                      greets ? version : version_, FilterStatus::kOk, greets ? 0 : number_,
                      Statistics::kLow, enumerate);
  }

  void Give(Uplink* uplink, std::span<const std::byte> answer, u64 now_ns) {
    const bool was_batch = awaited_ == FilterMessage::kBatch;
    const u64 taken = uplink->counters().batches;
    awaited_ = {};
    const DropCounts dropped = dropped_;
    uplink->Answered(answer, now_ns);
    if (!was_batch || uplink->counters().batches == taken) return;
    told_dropped.queue_full += dropped.queue_full;
    told_dropped.table_full += dropped.table_full;
    told_dropped.malformed += dropped.malformed;
  }
  void Break(Uplink* uplink, u64 now_ns) {
    connected_ = false;
    awaited_ = {};
    uplink->Lost(now_ns);
  }

  bool connected() const { return connected_; }
  bool awaited() const { return awaited_.has_value(); }
  bool enumerating() const { return enumerating_; }

  DropCounts told_dropped;  // in batches that the uplink knows were taken
  u64 latest_ns = 0;

 private:
  Told* const told_;
  const bool lossy_;
  bool connected_ = false;
  std::optional<FilterMessage> awaited_;
  u64 number_ = 0;
  u16 version_ = kFilterVersion;
  std::vector<std::byte> bytes_;
  DropCounts dropped_;
  bool enumerating_ = false;
};

class ReportTrial {
 public:
  explicit ReportTrial(std::span<const std::byte> bytes)
      : input_(bytes),
        small_(input_.Below(4) == 0),
        ledger_({.flows_max = small_ ? 1 + input_.Below(6) : 96,
                 .queue_slots = 2u << input_.Below(6),
                 .tcp_silent_ns = kTcpSilentNs,
                 .other_silent_ns = kOtherSilentNs,
                 .seed = 5}),
        plain_(kTcpSilentNs, kOtherSilentNs),
        daemon_(&told_, small_),
        uplink_(&ledger_, &daemon_, {.run = 42, .extension_version = "1", .on_statistics = {}}) {
    daemon_.latest_ns = now_ns_;
  }

  void Run() {
    for (u32 steps = 0; steps < kStepsMax && !input_.empty(); steps++) Step();
    Settle();
    const FlowLedger::Counters counters = ledger_.counters();
    CheckSum(ledger_, pushed_);
    CHECK(ledger_.waiting_flows() == 0 && !daemon_.enumerating());
    const Uplink::Counters& uplink = uplink_.counters();
    CHECK(counters.told == uplink.delivered_reports + uplink.refused_reports);
    const DropCounts dropped{counters.queue_full, counters.table_full,
                             counters.malformed + uplink.refused_reports};
    CHECK(daemon_.told_dropped == dropped);
    // In a small table flows make room for others, and what comes late of them is another flow.
    if (small_) return;
    CHECK(counters.evicted_flows == 0);
    CHECK(counters.repeated == plain_.repeated());
    plain_.CheckAgainst(told_);
  }

 private:
  static constexpr u32 kStepsMax = 90;  // each begins one row at most: the large table has room
  static constexpr u64 kTcpSilentNs = 3'600 * kSecond;
  static constexpr u64 kOtherSilentNs = 60 * kSecond;

  void Step() {
    const u32 what = input_.Below(16);
    if (what < 8) return Push();
    if (what < 10) return Leap();
    if (what < 12) return Tick();
    if (what == 12) return Answer();
    if (what == 13 && daemon_.awaited()) return AnswerOddly();
    if (what == 14 && daemon_.connected()) return daemon_.Break(&uplink_, now_ns_);
    if (what == 15) ledger_.BeginEnumeration();
  }

  void Tick() {
    plain_.Collect(now_ns_);
    uplink_.Tick(now_ns_);
  }

  void Leap() {
    static constexpr u64 kLeaps[] = {1'000'000,     100'000'000,     kSecond,
                                     6 * kSecond,   11 * kSecond,    61 * kSecond,
                                     600 * kSecond, 4'000 * kSecond, 7 * 86'400 * kSecond};
    const u32 which = input_.Below(10);
    if (which < std::size(kLeaps))
      Set(now_ns_ + kLeaps[which]);
    else
      Set(now_ns_ - 30 * kSecond);  // no clock does so; nothing may break when one did
  }
  void Set(u64 now_ns) {
    now_ns_ = std::max(now_ns, kStartNs);
    daemon_.latest_ns = std::max(daemon_.latest_ns, now_ns_);
  }

  void Push() {
    const u32 number = input_.Below(6);
    u64& out = counters_[number].first;
    u64& in = counters_[number].second;
    const u32 kinds = input_.Byte();
    FlowReport report;
    report.uuid = Uuid(number);
    report.event = static_cast<FlowEvent>(kinds & 3);
    report.protocol = number % 2 == 0 ? 6 : 17;
    report.direction = k_direction_outbound;
    switch (kinds >> 2 & 3) {
      case 0:
        break;
      case 1:
        out += input_.Byte();
        in += input_.Byte();
        break;
      case 2:
        out /= 2;
        in -= in / 4;
        break;
      case 3:
        out = input_.Number();
        in = input_.Number();
        break;
    }
    report.bytes_out = out;
    report.bytes_in = in;
    const auto token = Token(100 + number, 3);
    const auto nobody = Token(0, 9);
    report.app_token = report.process_token = token;
    report.remote = {"192.0.2.9", "443"};
    report.at_ns = now_ns_;
    // What is out of the ordinary costs a byte more.
    if ((kinds & 0x10) != 0) {
      const u32 odd = input_.Byte();
      if ((odd & 3) == 1) report.app_token = {};
      if ((odd & 3) == 2) report.app_token = nobody;
      if ((odd & 3) == 3) report.app_token = input_.Some();
      if ((odd & 4) != 0) report.process_token = input_.Some();
      report.direction = static_cast<u8>(odd >> 3 & 3);  // 3 is none
      if ((odd & 0x20) != 0) report.protocol = input_.Byte();
      if ((odd & 0x40) != 0) report.hostname = "host.example";
      if ((odd & 0x80) != 0) report.hostname = input_.Text();
    }
    if ((kinds & 0x20) != 0) report.remote = Text();
    if ((kinds & 0x40) != 0) report.local = Text();
    if ((kinds & 0x80) != 0) {
      static constexpr u64 kBefore[] = {1, 200'000'000, 2 * kSecond, 20 * kSecond};
      const u32 when = input_.Below(8);
      report.at_ns = when < 4 ? now_ns_ - kBefore[when] : now_ns_ + kBefore[when - 4];
      daemon_.latest_ns = std::max(daemon_.latest_ns, report.at_ns);
    }
    pushed_ += ledger_.is_on() ? 1 : 0;
    if (ledger_.Push(report)) plain_.Take(report);
  }

  EndpointText Text() {
    switch (input_.Below(4)) {
      case 0:
        return {};
      case 1:
        return {"0.0.0.0", "5353"};
      case 2:
        return {"name.example", "443"};
    }
    const EndpointText text{input_.Text(), input_.Text()};
    HoldAgainstInetPton(text.host);
    return text;
  }

  static void HoldAgainstInetPton(std::string_view text) {
    const std::string copy(text);
    if (copy.find('\0') != std::string::npos) return;
    AddressBytes address{};
    const std::optional<AddressBytes> v6 = ParseIpv6(text);
    CHECK((inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) == v6.has_value());
    CHECK(!v6 || *v6 == address);
    address = {};
    address[10] = address[11] = 0xff;
    const std::optional<AddressBytes> v4 = ParseIpv4(text);
    CHECK((inet_pton(AF_INET, copy.c_str(), &address[12]) == 1) == v4.has_value());
    CHECK(!v4 || *v4 == address);
  }

  void Answer() {
    if (!daemon_.awaited()) return;
    const u32 how = input_.Below(4);
    Give(daemon_.GoodAnswer(how == 1, how == 2 ? kFilterVersionBefore : kFilterVersion));
  }
  void AnswerOddly() {
    const u32 how = input_.Below(4);
    if (how == 0) return daemon_.Give(&uplink_, input_.Some(), now_ns_);
    AnswerMessage answer = daemon_.GoodAnswer(false, kFilterVersion);
    if (how == 1) answer.status = static_cast<u8>(input_.Below(8));
    if (how == 2) answer.statistics = static_cast<u8>(input_.Below(5));
    if (how == 3) {
      const u32 at = input_.Below(sizeof(answer));
      reinterpret_cast<u8*>(&answer)[at] ^= input_.Byte();
    }
    Give(answer);
  }
  void Give(const AnswerMessage& answer) {
    daemon_.Give(&uplink_, std::as_bytes(std::span(&answer, 1)), now_ns_);
  }

  // Until nothing waits any more: a minute at a time, so that whatever was put off comes; and in a
  // new connection, since one of the version before tells no drops.
  void Settle() {
    Set(daemon_.latest_ns);
    if (daemon_.connected()) daemon_.Break(&uplink_, now_ns_);
    for (u32 count = 0; count < 100; count++) {
      Set(now_ns_ + 61 * kSecond);
      Tick();
      while (daemon_.awaited()) Give(daemon_.GoodAnswer(false, kFilterVersion));
      const bool settled = daemon_.connected() && ledger_.waiting_flows() == 0 && count > 3;
      if (settled) return;
    }
    CHECK(false);
  }

  TrialInput input_;
  const bool small_;
  FlowLedger ledger_;
  PlainLedger plain_;
  Told told_;
  TrialDaemon daemon_;
  Uplink uplink_;
  u64 now_ns_ = kStartNs;
  u64 pushed_ = 0;
  std::pair<u64, u64> counters_[6] = {};
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_REPORT_TRIAL_H_
