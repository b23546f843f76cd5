// A trial of the book: any bytes as a sequence of what a framework might do, with dictionaries that
// hold anything. What is told has to be what an engine may be given, whatever came.
#ifndef FRESHET_TEST_STATISTICS_DICTIONARY_TRIAL_H_
#define FRESHET_TEST_STATISTICS_DICTIONARY_TRIAL_H_

#include "dictionary.h"
#include "filter/trial_input.h"

namespace freshet {

class DictionaryTrial {
 public:
  explicit DictionaryTrial(std::span<const std::byte> bytes)
      : input_(bytes), bench_(1 + input_.Below(8), 1 << 15) {
    for (u32 pid = 1; pid < 6; pid++) bench_.processes[pid] = {pid + 10u, 1};
    bench_.interfaces = {{1, "lo0"}, {2, "utun0"}};
    if (input_.Below(2) == 1) bench_.book().Begin(kLooked);
  }

  void Run() {
    while (!input_.empty()) {
      Step();
      bench_.told();
    }
    for (u64 source = 0; source < kSources; source++) bench_.Removes(source);
    CHECK(bench_.book().rows() == 0 && bench_.book().is_complete());
    CHECK(bench_.Lost(k_loss_ring_full) == 0);
    CHECK(bench_.told().Open() == 0);
    for (const flow_record& flow : bench_.flows()) {
      CHECK(flow.protocol == 6 || flow.protocol == 17);
      CHECK(flow.bytes_out < u64{1} << 53 && flow.bytes_in < u64{1} << 53);
      CHECK(flow.protocol == 17 || flow.remote_port != 0);
      CHECK(flow.header.at_ns <= bench_.now_ns);
      CHECK(flow.flow_id != 0 && flow.direction <= k_direction_inbound);
    }
  }

 private:
  static constexpr u32 kSources = 12;

  void Step() {
    const u64 source = input_.Below(kSources);
    switch (input_.Below(12)) {
      case 0:
        return bench_.Removes(source);
      case 1:
        return bench_.Passes(input_.Number() % (100 * kSecond));
      case 2:
        bench_.book().Looked();
        return bench_.book().TellAll(bench_.now_ns);
      case 3:
        return Process();
      case 4:
      case 5:
        return bench_.book().Added(source, bench_.now_ns);
      default:
        return Dictionary(source);
    }
  }

  // One comes, executes another program, or goes.
  void Process() {
    const u32 pid = 1 + input_.Below(6);
    const u32 what = input_.Below(4);
    if (what == 0)
      bench_.processes.erase(pid);
    else if (what == 1)
      bench_.processes[pid] = {input_.Below(32), 1 + input_.Below(4)};
    else if (what == 2)
      bench_.book().Executed(pid, bench_.now_ns);
    else
      bench_.book().ManyExecuted(bench_.now_ns);
  }

  void Dictionary(u64 source) {
    FlowDescription said;
    const u32 keys = static_cast<u32>(input_.Byte()) << 8 | input_.Byte();
    const auto number = [&](int bit, std::optional<int64_t>* into, u64 below) {
      if ((keys >> bit & 1) != 0) *into = static_cast<int64_t>(input_.Number() % below);
    };
    // Mostly what may be; also what may not.
    const u64 any = input_.Below(8) == 0 ? ~u64{0} : 0;
    if ((keys & 1) != 0) said.provider = static_cast<StatisticsProvider>(input_.Below(5));
    if ((keys & 2) != 0) said.tcp_state = static_cast<StatisticsTcpState>(input_.Below(5));
    number(2, &said.pid, any != 0 ? any : 8);
    number(3, &said.upid, any != 0 ? any : 32);
    number(4, &said.epid, any != 0 ? any : 8);
    number(5, &said.eupid, any != 0 ? any : 32);
    number(6, &said.bytes_out, any != 0 ? any : u64{1} << 34);
    number(7, &said.bytes_in, any != 0 ? any : u64{1} << 20);
    number(8, &said.bytes_again, any != 0 ? any : u64{1} << 33);
    number(9, &said.interface, any != 0 ? any : 4);
    number(10, &said.start_ticks, any != 0 ? any : 2 * kLooked);
    std::vector<u8> local, remote;
    if ((keys >> 11 & 1) != 0) local = Address();
    if ((keys >> 12 & 1) != 0) remote = Address();
    said.local = local;
    said.remote = remote;
    if ((keys >> 13 & 1) != 0) said.process_name = input_.Text();
    if ((keys >> 14 & 1) != 0) said.uuid = input_.Text();
    const bool is_asked = input_.Below(2) == 0;
    if ((keys >> 15 & 1) != 0)
      bench_.book().Described(source, said, is_asked, bench_.now_ns);
    else
      bench_.book().Counted(source, said, is_asked, bench_.now_ns);
  }

  // A whole one of few, or any bytes.
  std::vector<u8> Address() {
    const u32 kind = input_.Below(4);
    const u16 port = static_cast<u16>(input_.Below(4));
    if (kind == 0) return SockaddrOf("198.51.100.9", port);
    if (kind == 1) return SockaddrOf("2001:db8::9", port);
    if (kind == 2) return SockaddrOf("", port);
    std::vector<u8> bytes;
    for (const std::byte byte : input_.Some()) bytes.push_back(static_cast<u8>(byte));
    return bytes;
  }

  TrialInput input_;
  Bench bench_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_STATISTICS_DICTIONARY_TRIAL_H_
