// Which of the framework's calls and keys there are. It is private: none is taken for granted, and
// the source does without whatever it can do without.
#ifndef FRESHET_MAC_STATISTICS_FRAMEWORK_SYMBOLS_H_
#define FRESHET_MAC_STATISTICS_FRAMEWORK_SYMBOLS_H_

#include <functional>
#include <string>
#include <string_view>

#include "mac/statistics/statistics_api.h"

namespace freshet {

// Addresses, nullptr where there is none. A key's is that of a CFStringRef.
struct FrameworkSymbols {
  void* create = nullptr;     // NStatManagerCreate
  void* set_flags = nullptr;  // NStatManagerSetFlags
  void* add_tcp = nullptr;    // NStatManagerAddAllTCP
  void* add_udp = nullptr;    // NStatManagerAddAllUDP
  void* add_quic = nullptr;   // NStatManagerAddAllQUIC
  // The same with (manager, 0, 0), for want of those without a filter.
  void* add_tcp_filter = nullptr;
  void* add_udp_filter = nullptr;
  void* query_updates = nullptr;       // NStatManagerQueryAllSourcesUpdate: both in one
  void* query_counts = nullptr;        // NStatManagerQueryAllSources
  void* query_descriptions = nullptr;  // NStatManagerQueryAllSourcesDescriptions
  void* query_description = nullptr;   // NStatSourceQueryDescription, of one source
  void* on_description = nullptr;      // NStatSourceSetDescriptionBlock
  void* on_counts = nullptr;           // NStatSourceSetCountsBlock
  void* on_removed = nullptr;          // NStatSourceSetRemovedBlock

  void* pid = nullptr;  // kNStatSrcKeyPID, and so on
  void* upid = nullptr;
  void* epid = nullptr;
  void* eupid = nullptr;
  void* uuid = nullptr;
  void* euuid = nullptr;
  void* process_name = nullptr;
  void* provider = nullptr;
  void* local = nullptr;
  void* remote = nullptr;
  void* bytes_out = nullptr;
  void* bytes_in = nullptr;
  void* bytes_again = nullptr;  // kNStatSrcKeyTxReTx
  void* tcp_state = nullptr;
  void* interface = nullptr;
  void* start = nullptr;

  void* tcp = nullptr;  // kNStatProviderTCP, and so on: values
  void* udp = nullptr;
  void* quic = nullptr;
  void* listen = nullptr;  // kNStatSrcTCPStateListen, and so on
  void* syn_sent = nullptr;
  void* syn_received = nullptr;
};

// What the framework calls providers and states of TCP: its constants' texts, and where it has no
// such constant the text that was seen.
struct FrameworkValues {
  std::string tcp = "TCP", udp = "UDP", quic = "QUIC";
  std::string listen = "Listen", syn_sent = "SynSent", syn_received = "SynReceived";
};
// Of a value that is there: empty for one that is no text.
StatisticsProvider ProviderOf(std::string_view text, const FrameworkValues& values);
StatisticsTcpState TcpStateOf(std::string_view text, const FrameworkValues& values);

// How description and counts of all flows are asked for.
enum class FrameworkQuery : u8 {
  kUpdates,                // both in one
  kDescriptionsAndCounts,  // one after the other
  kCounts,                 // descriptions are asked for flow by flow, as they are added
};
// REQUIRES: FindSymbols found what is needed.
FrameworkQuery QueryOf(const FrameworkSymbols& symbols);

// Fills `symbols` in; `find` gives nullptr for what is not there. The first name without which
// there are no flows; empty when all of those are there.
std::string FindSymbols(const std::function<void*(const char* name)>& find,
                        FrameworkSymbols* symbols);

}  // namespace freshet

#endif  // FRESHET_MAC_STATISTICS_FRAMEWORK_SYMBOLS_H_
