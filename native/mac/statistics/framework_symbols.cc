#include "mac/statistics/framework_symbols.h"

namespace freshet {
namespace {

struct Wanted {
  const char* name;
  void* FrameworkSymbols::* symbol;
  bool is_needed;
};

using S = FrameworkSymbols;
constexpr Wanted kWanted[] = {
    {"NStatManagerCreate", &S::create, true},
    {"NStatManagerSetFlags", &S::set_flags, false},
    {"NStatManagerAddAllTCP", &S::add_tcp, false},
    {"NStatManagerAddAllUDP", &S::add_udp, false},
    {"NStatManagerAddAllQUIC", &S::add_quic, false},
    {"NStatManagerAddAllTCPWithFilter", &S::add_tcp_filter, false},
    {"NStatManagerAddAllUDPWithFilter", &S::add_udp_filter, false},
    {"NStatManagerQueryAllSourcesUpdate", &S::query_updates, false},
    {"NStatManagerQueryAllSources", &S::query_counts, false},
    {"NStatManagerQueryAllSourcesDescriptions", &S::query_descriptions, false},
    {"NStatSourceQueryDescription", &S::query_description, false},
    {"NStatSourceSetDescriptionBlock", &S::on_description, true},
    {"NStatSourceSetCountsBlock", &S::on_counts, true},
    {"NStatSourceSetRemovedBlock", &S::on_removed, true},
    {"kNStatSrcKeyPID", &S::pid, true},
    {"kNStatSrcKeyUPID", &S::upid, false},
    {"kNStatSrcKeyEPID", &S::epid, false},
    {"kNStatSrcKeyEUPID", &S::eupid, false},
    {"kNStatSrcKeyUUID", &S::uuid, false},
    {"kNStatSrcKeyEUUID", &S::euuid, false},
    {"kNStatSrcKeyProcessName", &S::process_name, false},
    {"kNStatSrcKeyProvider", &S::provider, true},
    {"kNStatSrcKeyLocal", &S::local, true},
    {"kNStatSrcKeyRemote", &S::remote, true},
    {"kNStatSrcKeyTxBytes", &S::bytes_out, true},
    {"kNStatSrcKeyRxBytes", &S::bytes_in, true},
    {"kNStatSrcKeyTxReTx", &S::bytes_again, false},
    {"kNStatSrcKeyTCPState", &S::tcp_state, false},
    {"kNStatSrcKeyInterface", &S::interface, false},
    {"kNStatSrcKeyStartAbsoluteTime", &S::start, false},
    {"kNStatProviderTCP", &S::tcp, false},
    {"kNStatProviderUDP", &S::udp, false},
    {"kNStatProviderQUIC", &S::quic, false},
    {"kNStatSrcTCPStateListen", &S::listen, false},
    {"kNStatSrcTCPStateSynSent", &S::syn_sent, false},
    {"kNStatSrcTCPStateSynReceived", &S::syn_received, false},
};

// One of each pair is enough.
struct Either {
  void* FrameworkSymbols::* one;
  void* FrameworkSymbols::* other;
  const char* name;
};
constexpr Either kEither[] = {
    {&S::add_tcp, &S::add_tcp_filter, "NStatManagerAddAllTCP"},
    {&S::add_udp, &S::add_udp_filter, "NStatManagerAddAllUDP"},
    {&S::query_updates, &S::query_counts, "NStatManagerQueryAllSources"},
};

}  // namespace

StatisticsProvider ProviderOf(std::string_view text, const FrameworkValues& values) {
  using P = StatisticsProvider;
  return text == values.tcp    ? P::kTcp
         : text == values.udp  ? P::kUdp
         : text == values.quic ? P::kQuic
                               : P::kAnother;
}

StatisticsTcpState TcpStateOf(std::string_view text, const FrameworkValues& values) {
  using T = StatisticsTcpState;
  return text == values.listen         ? T::kListen
         : text == values.syn_sent     ? T::kSynSent
         : text == values.syn_received ? T::kSynReceived
                                       : T::kAnother;
}

FrameworkQuery QueryOf(const FrameworkSymbols& symbols) {
  if (symbols.query_updates != nullptr) return FrameworkQuery::kUpdates;
  return symbols.query_descriptions != nullptr ? FrameworkQuery::kDescriptionsAndCounts
                                               : FrameworkQuery::kCounts;
}

std::string FindSymbols(const std::function<void*(const char* name)>& find,
                        FrameworkSymbols* symbols) {
  std::string missing;
  for (const Wanted& wanted : kWanted) {
    symbols->*wanted.symbol = find(wanted.name);
    if (symbols->*wanted.symbol == nullptr && wanted.is_needed && missing.empty())
      missing = wanted.name;
  }
  for (const Either& either : kEither)
    if (symbols->*either.one == nullptr && symbols->*either.other == nullptr && missing.empty())
      missing = either.name;
  // Descriptions come with updates, for all at once, or one by one.
  if (symbols->query_updates == nullptr && symbols->query_descriptions == nullptr &&
      symbols->query_description == nullptr && missing.empty())
    missing = "NStatSourceQueryDescription";
  return missing;
}

}  // namespace freshet
