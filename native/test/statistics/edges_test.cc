// The book's edges: ids, twins, tunnels, a full table, a full ring, and what the framework lacks.
#include <set>

#include "dictionary.h"
#include "mac/statistics/framework_symbols.h"

namespace freshet {
namespace {

Dictionary Connected(u16 local_port = 50'000, int64_t start = kLooked + kSecond / 2) {
  return Dictionary::Tcp()
      .Pid(100)
      .Local("192.0.2.7", local_port)
      .Remote("198.51.100.9", 443)
      .Start(start);
}

void NamesAFlowAlikeAfterARestart() {
  u64 first = 0;
  for (const u64 source : {u64{5}, u64{99}}) {
    Bench bench;
    bench.Opens(source, Connected());
    if (first == 0) first = bench.last().flow_id;
    CHECK(bench.last().flow_id == first && first != 0);
  }
}

void GivesEachSocketAnIdOfItsOwn() {
  Bench bench;
  std::set<u64> ids;
  for (u64 source = 1; source <= 600; source++) {
    // Three to an instant, and some of which nothing says when they were made.
    const int64_t start = source % 7 == 0 ? 0 : static_cast<int64_t>(kLooked + 10 + source / 3);
    bench.Opens(source, Connected(static_cast<u16>(source), start));
    CHECK(ids.insert(bench.last().flow_id).second);
  }
}

void TakesNoFlowForOneThatGoesOnWhereNothingSaysWhenItBegan() {
  Bench bench;
  std::set<u64> ids;
  for (u64 source = 1; source <= 20; source++) {
    bench.Opens(source, Connected(7, 0));
    bench.Counts(source, Dictionary::Counts(static_cast<int64_t>(source), 0));
    bench.Removes(source);
    CHECK(ids.insert(bench.last().flow_id).second && bench.last().bytes_out == source);
  }
}

// The framework lets go of a socket that lives and tells of it again.
void GoesOnWithAFlowThatComesAgain() {
  Bench bench;
  bench.Opens(1, Connected());
  bench.Answers(1, Dictionary::Counts(5'000, 300));
  bench.Removes(1);
  bench.Opens(2, Connected());
  CHECK(bench.last().epoch == 1 && bench.last().bytes_out == 0);
  bench.Answers(2, Dictionary::Counts(5'700, 300));
  CHECK(bench.last().bytes_out == 700 && bench.last().bytes_in == 0);
  CHECK((bench.told().Totals() == std::pair<u64, u64>(5'700, 300)));
  bench.Removes(2);
  // One with less than that is another, whatever its id.
  bench.Opens(3, Connected());
  bench.Answers(3, Dictionary::Counts(100, 50));
  CHECK(bench.last().epoch == 2 && bench.last().bytes_out == 100);
}

Dictionary Datagrams(Dictionary dictionary) {
  return dictionary.Pid(100)
      .Local("192.0.2.7", 60'000)
      .Remote("198.51.100.9", 443)
      .Start(kLooked + kSecond / 2);
}

void TellsTheBytesOfQuicAndItsUdpOnce() {
  for (const bool quic_first : {true, false}) {
    Bench bench;
    const Dictionary quic = Datagrams(Dictionary::Quic());
    const Dictionary udp = Datagrams(Dictionary::Udp());
    bench.Opens(1, quic_first ? quic : udp);
    bench.Opens(2, quic_first ? udp : quic);
    for (int64_t bytes = 1'000; bytes <= 5'000; bytes += 1'000) {
      bench.Answers(1, Dictionary::Counts(bytes, 10).Again(0));
      bench.Answers(2, Dictionary::Counts(bytes + 50, 10).Again(0));
    }
    CHECK((bench.told().Totals() == std::pair<u64, u64>(5'000, 10)));
    CHECK(bench.last().protocol == 17);
    // Ends the one that told, the other goes on from there.
    bench.Counts(1, Dictionary::Counts(6'000, 10).Again(0));
    bench.Removes(1);
    bench.Answers(2, Dictionary::Counts(6'200, 10).Again(0));
    CHECK((bench.told().Totals() == std::pair<u64, u64>(6'000 + 1'150, 10)));
    bench.Counts(2, Dictionary::Counts(6'200, 10).Again(0));
    bench.Removes(2);
    CHECK(bench.told().Open() == 0);
  }
  // The one that waits may end first. A source may have any number.
  Bench bench;
  bench.Opens(0, Datagrams(Dictionary::Udp()));
  bench.Opens(2, Datagrams(Dictionary::Quic()));
  bench.Removes(2);
  bench.Removes(0);
  CHECK(bench.told().flows.size() == 1);
  // Or connect elsewhere, and is no twin any more: what the other told is not told again.
  Bench apart;
  apart.Opens(1, Datagrams(Dictionary::Udp()));
  apart.Opens(2, Datagrams(Dictionary::Quic()));
  apart.Answers(1, Dictionary::Counts(1'000, 0));
  apart.Answers(2, Dictionary::Counts(1'000, 0).Again(0));
  apart.Describes(2, Dictionary::Quic().Remote("198.51.100.77", 443));
  apart.Answers(2, Dictionary::Counts(1'600, 0).Again(0));
  CHECK((apart.told().Totals() == std::pair<u64, u64>(1'600, 0)));
  // Two of one provider are two.
  bench.Opens(3, Datagrams(Dictionary::Udp()));
  bench.Opens(4, Datagrams(Dictionary::Udp()));
  CHECK(bench.told().Open() == 2);
  // The second of them goes on when the first has ended and a third comes.
  bench.Answers(4, Dictionary::Counts(300, 0));
  bench.Removes(3);
  bench.Opens(5, Datagrams(Dictionary::Quic()));
  bench.Answers(4, Dictionary::Counts(900, 0));
  bench.Removes(5);
  bench.Answers(4, Dictionary::Counts(1'000, 0));
  CHECK(bench.last().bytes_out == 1'000);
}

void SaysWhatGoesThroughATunnel() {
  Bench bench;
  bench.interfaces = {{4, "en0"},   {9, "utun3"}, {10, "ipsec0"},
                      {11, "ppp0"}, {12, "utun"}, {13, "utunnel0"}};
  const auto is_tunnelled = [&](u64 source, int64_t index) {
    bench.Opens(source, Connected(static_cast<u16>(source)).Interface(index));
    return (bench.last().flags & k_flow_tunnelled) != 0;
  };
  CHECK(!is_tunnelled(1, 4) && is_tunnelled(2, 9));
  CHECK(!is_tunnelled(3, 10) && !is_tunnelled(4, 11));                         // sent by the kernel
  CHECK(!is_tunnelled(5, 12) && !is_tunnelled(6, 13));                         // no such names
  CHECK(!is_tunnelled(7, 99) && !is_tunnelled(8, 0) && !is_tunnelled(9, -1));  // no such interface
  // An index is given again.
  bench.interfaces[9] = "en7";
  bench.Answers(2, Dictionary::Counts(10, 0).Interface(9));
  CHECK((bench.last().flags & k_flow_tunnelled) != 0);
  for (int second = 0; second < 20; second++) bench.Passes();
  bench.Answers(2, Dictionary::Counts(20, 0).Interface(9));
  CHECK((bench.last().flags & k_flow_tunnelled) == 0);
}

void LetsGoOfTheLeastImportant() {
  Bench bench(4);
  bench.Opens(1, Connected(1));
  bench.Answers(1, Dictionary::Counts(9'000, 0));
  bench.Opens(2, Connected(2));  // nothing passes
  bench.Opens(3, Connected(3));
  bench.Answers(3, Dictionary::Counts(10, 0));
  bench.Opens(4, Connected(4));
  bench.Answers(4, Dictionary::Counts(10, 0));
  bench.Opens(5, Connected(5));
  bench.Answers(5, Dictionary::Counts(10, 0));
  CHECK(bench.book().rows() == 4 && bench.Lost(k_loss_table_full) == 1);
  std::set<u16> open;
  for (const auto& [key, flow] : bench.told().flows)
    if (!flow.closed) open.insert(flow.last.local_port);
  CHECK((open == std::set<u16>{1, 3, 4, 5}));
  // All have moved something: the one that was silent for longest.
  bench.Answers(1, Dictionary::Counts(9'500, 0));
  bench.Opens(6, Connected(6));
  bench.Answers(3, Dictionary::Counts(99'999, 0));  // 3 has gone: what follows is lost
  open.clear();
  for (const auto& [key, flow] : bench.told().flows) {
    if (!flow.closed) open.insert(flow.last.local_port);
    if (flow.closed) CHECK(flow.inexact);
  }
  CHECK((open == std::set<u16>{1, 4, 5, 6}) && bench.Lost(k_loss_table_full) == 2);
}

// Whichever record was the first that found none: the name, the opening or the report.
void TriesAgainWhatFoundNoRoom() {
  for (u64 reports = 0; reports < 8; reports++) {
    Bench bench(65'536, 4096);
    bench.MayLack();
    for (u64 source = 1; source <= 40; source++) {
      bench.Opens(source, Connected(static_cast<u16>(source)));
      if (source <= reports) bench.Answers(source, Dictionary::Counts(500, 50));
    }
    CHECK(bench.told().flows.size() < 40);
    for (u64 source = 1; source <= 40; source++) {
      bench.Answers(source, Dictionary::Counts(500, 50));
      bench.told();
    }
    CHECK((bench.told().Totals() == std::pair<u64, u64>(40 * 500, 40 * 50)));
    CHECK(bench.Lost(k_loss_ring_full) > 0);
    std::set<u16> opened;
    for (const flow_record& flow : bench.flows())
      if (flow.state == k_flow_state_opened) opened.insert(flow.local_port);
    CHECK(opened.size() == 40);
  }
}

void ReadsAddresses() {
  const auto four = ReadSocketAddress(SockaddrOf("192.0.2.7", 443));
  CHECK(four && four->port == 443 && four->address[11] == 0xff && four->address[15] == 7);
  const auto six = ReadSocketAddress(SockaddrOf("2001:db8::9", 80));
  CHECK(six && six->port == 80 && six->address[0] == 0x20 && six->address[15] == 9);
  CHECK(ReadSocketAddress(SockaddrOf("", 5353))->address == decltype(six->address){});
  CHECK(!ReadSocketAddress(SockaddrOf("0.0.0.0", 5353))->is_whole());
  std::vector<u8> other = SockaddrOf("192.0.2.7", 443);
  other[1] = 18;  // AF_LINK
  CHECK(!ReadSocketAddress(other) && !ReadSocketAddress({}));
  const std::vector<u8> whole = SockaddrOf("2001:db8::9", 80);
  for (size_t bytes = 0; bytes < 24; bytes++)
    CHECK(!ReadSocketAddress(std::span(whole).first(bytes)));
  // A flow that came over IPv6's form of an IPv4 address is told as any other.
  CHECK(ReadSocketAddress(SockaddrOf("::ffff:192.0.2.7", 443)) == four);
}

void SaysWhatTheFrameworkLacks() {
  std::set<std::string> asked;
  static int there;
  const auto find_all_but = [&asked](std::set<std::string> missing) {
    FrameworkSymbols symbols;
    return FindSymbols(
        [&](const char* name) -> void* {
          asked.insert(name);
          return missing.contains(name) ? nullptr : &there;
        },
        &symbols);
  };
  CHECK(find_all_but({}).empty());
  const std::set<std::string> all = asked;
  std::set<std::string> needed;
  for (const std::string& name : all)
    if (const std::string missing = find_all_but({name}); !missing.empty()) {
      CHECK(missing == name);
      needed.insert(name);
    }
  CHECK((needed == std::set<std::string>{"NStatManagerCreate", "NStatSourceSetDescriptionBlock",
                                         "NStatSourceSetCountsBlock", "NStatSourceSetRemovedBlock",
                                         "kNStatSrcKeyPID", "kNStatSrcKeyProvider",
                                         "kNStatSrcKeyLocal", "kNStatSrcKeyRemote",
                                         "kNStatSrcKeyTxBytes", "kNStatSrcKeyRxBytes"}));
  // One of two ways is enough, none of both is not.
  CHECK(find_all_but({"NStatManagerAddAllTCP", "NStatManagerAddAllTCPWithFilter"}) ==
        "NStatManagerAddAllTCP");
  CHECK(find_all_but({"NStatManagerAddAllUDP", "NStatManagerAddAllUDPWithFilter"}) ==
        "NStatManagerAddAllUDP");
  CHECK(find_all_but({"NStatManagerQueryAllSourcesUpdate", "NStatManagerQueryAllSources"}) ==
        "NStatManagerQueryAllSources");
  CHECK(find_all_but({"NStatManagerQueryAllSourcesUpdate", "NStatSourceQueryDescription",
                      "NStatManagerQueryAllSourcesDescriptions"}) == "NStatSourceQueryDescription");
  CHECK(find_all_but(all) == "NStatManagerCreate");
}

void KnowsTheFrameworksValuesByItsConstants() {
  using P = StatisticsProvider;
  using T = StatisticsTcpState;
  const FrameworkValues seen;
  CHECK(ProviderOf("TCP", seen) == P::kTcp && ProviderOf("UDP", seen) == P::kUdp);
  CHECK(ProviderOf("QUIC", seen) == P::kQuic);
  for (const char* const other : {"", "tcp", "TCP ", "Listen"})
    CHECK(ProviderOf(other, seen) == P::kAnother);
  CHECK(TcpStateOf("Listen", seen) == T::kListen && TcpStateOf("SynSent", seen) == T::kSynSent);
  CHECK(TcpStateOf("SynReceived", seen) == T::kSynReceived);
  for (const char* const other : {"", "Established", "TCP"})
    CHECK(TcpStateOf(other, seen) == T::kAnother);
  FrameworkValues its;
  its.udp = "Datagrams";
  its.listen = "Waiting";
  CHECK(ProviderOf("Datagrams", its) == P::kUdp && ProviderOf("UDP", its) == P::kAnother);
  CHECK(TcpStateOf("Waiting", its) == T::kListen && TcpStateOf("Listen", its) == T::kAnother);
}

void AsksForDescriptionsWithCountsWhereItCan() {
  int there = 0;
  FrameworkSymbols symbols;
  symbols.query_counts = symbols.query_description = &there;
  CHECK(QueryOf(symbols) == FrameworkQuery::kCounts);
  symbols.query_descriptions = &there;
  CHECK(QueryOf(symbols) == FrameworkQuery::kDescriptionsAndCounts);
  symbols.query_updates = &there;
  CHECK(QueryOf(symbols) == FrameworkQuery::kUpdates);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  NamesAFlowAlikeAfterARestart();
  GivesEachSocketAnIdOfItsOwn();
  TakesNoFlowForOneThatGoesOnWhereNothingSaysWhenItBegan();
  GoesOnWithAFlowThatComesAgain();
  TellsTheBytesOfQuicAndItsUdpOnce();
  SaysWhatGoesThroughATunnel();
  LetsGoOfTheLeastImportant();
  TriesAgainWhatFoundNoRoom();
  ReadsAddresses();
  SaysWhatTheFrameworkLacks();
  KnowsTheFrameworksValuesByItsConstants();
  AsksForDescriptionsWithCountsWhereItCan();
  std::puts("edges: ok");
}
