// The framework's dictionaries as tests write them, and what came of them.
#ifndef FRESHET_TEST_STATISTICS_DICTIONARY_H_
#define FRESHET_TEST_STATISTICS_DICTIONARY_H_

#include <arpa/inet.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "emitter.h"
#include "filter/told.h"
#include "mac/statistics/flow_book.h"

namespace freshet {

inline constexpr u64 kSecond = 1'000'000'000;
inline constexpr u64 kLooked = 1'000 * kSecond;  // when the books of the tests begin

// A sockaddr as Darwin has it; an empty host is no address.
inline std::vector<u8> SockaddrOf(const std::string& host, u16 port) {
  const bool is_six = host.find(':') != std::string::npos;
  std::vector<u8> bytes(is_six ? 28 : 16);
  bytes[0] = static_cast<u8>(bytes.size());
  bytes[1] = is_six ? 30 : 2;
  bytes[2] = static_cast<u8>(port >> 8);
  bytes[3] = static_cast<u8>(port);
  if (!host.empty())
    CHECK(inet_pton(is_six ? AF_INET6 : AF_INET, host.c_str(), &bytes[is_six ? 8 : 4]) == 1);
  return bytes;
}

// One dictionary and what it borrows. Each call sets a key.
class Dictionary {
 public:
  static Dictionary Tcp() { return Dictionary().Provider(StatisticsProvider::kTcp); }
  static Dictionary Udp() { return Dictionary().Provider(StatisticsProvider::kUdp); }
  static Dictionary Quic() { return Dictionary().Provider(StatisticsProvider::kQuic); }
  static Dictionary Counts(int64_t out, int64_t in) { return Dictionary().Bytes(out, in); }

  Dictionary& Provider(StatisticsProvider provider) {
    said_.provider = provider;
    return *this;
  }
  Dictionary& State(StatisticsTcpState state) {
    said_.tcp_state = state;
    return *this;
  }
  Dictionary& Pid(int64_t pid, std::optional<int64_t> upid = {}) {
    said_.pid = pid;
    said_.upid = upid;
    return *this;
  }
  Dictionary& For(int64_t epid, std::optional<int64_t> eupid = {}) {
    said_.epid = epid;
    said_.eupid = eupid;
    return *this;
  }
  Dictionary& Name(std::string name, std::string uuid = "") {
    name_ = std::move(name);
    uuid_ = std::move(uuid);
    return *this;
  }
  Dictionary& Local(const std::string& host, u16 port) {
    local_ = SockaddrOf(host, port);
    return *this;
  }
  Dictionary& Remote(const std::string& host, u16 port) {
    remote_ = SockaddrOf(host, port);
    return *this;
  }
  Dictionary& Bytes(int64_t out, int64_t in) {
    said_.bytes_out = out;
    said_.bytes_in = in;
    return *this;
  }
  Dictionary& Again(int64_t bytes) {
    said_.bytes_again = bytes;
    return *this;
  }
  Dictionary& Interface(int64_t index) {
    said_.interface = index;
    return *this;
  }
  Dictionary& Start(int64_t ticks) {
    said_.start_ticks = ticks;
    return *this;
  }

  // Good as long as this.
  FlowDescription said() const {
    FlowDescription said = said_;
    said.process_name = name_;
    said.uuid = uuid_;
    said.local = local_;
    said.remote = remote_;
    return said;
  }

 private:
  FlowDescription said_;
  std::string name_;
  std::string uuid_;
  std::vector<u8> local_;
  std::vector<u8> remote_;
};

// A book over processes and interfaces that a test sets, and what it has told.
class Bench {
 public:
  // `ring_bytes`: what fits in before anything is read.
  explicit Bench(u32 flows_max = 65'536, size_t ring_bytes = 1 << 20)
      : ring_(ring_bytes), book_(&emitter_, Options(flows_max)) {
    book_.Begin(kLooked);
    book_.Looked();
  }

  // A flow that begins now, as its first dictionary says.
  void Opens(u64 source, const Dictionary& dictionary, bool is_asked = false) {
    book_.Added(source, now_ns);
    Describes(source, dictionary, is_asked);
  }
  void Describes(u64 source, const Dictionary& dictionary, bool is_asked = false) {
    book_.Described(source, dictionary.said(), is_asked, now_ns);
  }
  // An answer: counts that were asked for.
  void Answers(u64 source, const Dictionary& dictionary) {
    book_.Asked();
    book_.Counted(source, dictionary.said(), true, now_ns);
  }
  // Counts that nobody asked for: the last ones.
  void Counts(u64 source, const Dictionary& dictionary) {
    book_.Counted(source, dictionary.said(), false, now_ns);
  }
  void Removes(u64 source) { book_.Removed(source, now_ns); }
  void Passes(u64 ns = kSecond) {
    now_ns += ns;
    book_.Tick(now_ns);
  }

  // All records so far.
  Told& told() {
    Drain();
    return told_;
  }
  std::vector<flow_record>& flows() {
    Drain();
    return flows_;
  }
  const flow_record& last() { return flows().back(); }
  u64 Lost(u32 what) {
    emitter_.EmitLosses(now_ns);
    return told().losses[what];
  }
  const ToldFlow& Of(const flow_record& record) {
    return told().flows.at({record.flow_id, record.epoch});
  }

  FlowBook& book() { return book_; }

  u64 now_ns = kLooked + kSecond;
  std::map<u32, ProcessNumbers> processes;
  std::map<u32, std::string> interfaces;
  std::vector<u32> new_pids;
  u32 looks = 0;  // at processes

 private:
  BookOptions Options(u32 flows_max) {
    BookOptions options;
    options.flows_max = flows_max;
    options.boot_id = {1, 2, 3};
    options.numbers_of = [this](u32 pid) -> std::optional<ProcessNumbers> {
      looks++;
      const auto found = processes.find(pid);
      if (found == processes.end()) return std::nullopt;
      return found->second;
    };
    options.interface_of = [this](u32 index) -> std::optional<std::string> {
      const auto found = interfaces.find(index);
      if (found == interfaces.end()) return std::nullopt;
      return found->second;
    };
    options.ns_of = [](u64 ticks) { return ticks; };
    options.on_new_pid = [this](u32 pid) { new_pids.push_back(pid); };
    return options;
  }

  void Drain() {
    static std::vector<std::byte> into(kRecordBytesMax);
    for (size_t copied = ring_.Drain(into); copied > 0; copied = ring_.Drain(into)) {
      const std::span<const std::byte> bytes(into.data(), copied);
      told_.Read(bytes, is_again_);
      for (size_t at = 0; at < copied;) {
        Header header;
        std::memcpy(&header, &into[at], sizeof(header));
        if (header.type == flow_record::kType)
          std::memcpy(&flows_.emplace_back(), &into[at], sizeof(flow_record));
        at += header.size;
      }
    }
  }

 public:
  // Records may be missing in between: the ring was full.
  void MayLack() { is_again_ = true; }

 private:
  Ring ring_;
  Emitter emitter_{&ring_, k_source_network_statistics};
  FlowBook book_;
  Told told_{k_source_network_statistics};
  std::vector<flow_record> flows_;
  bool is_again_ = false;
};

}  // namespace freshet

#endif  // FRESHET_TEST_STATISTICS_DICTIONARY_H_
