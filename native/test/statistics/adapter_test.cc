// What the adapter of the framework says of it: sockets and their dictionaries, answers, and what
// it lacks.
#include "adapter.h"

#include <errno.h>

#include <thread>

#include "mac/statistics/framework_symbols.h"

namespace freshet {
namespace {

using cf_double::Value;
using nstat_double::Habits;

void TellsOfASocketFromItsFirstBlockToItsLast() {
  nstat_double::Add(1, Tcp(100, 50'001));
  nstat_double::Count(1, Sent(900, 5));
  Adapter adapter;
  // What is there follows the beginning, and is described without being asked about again.
  CHECK((adapter.Take() ==
         Lines{"began", "added 1", "described 1 tcp pid 100 local 50001 remote 443"}));
  nstat_double::Add(2, {{"kNStatSrcKeyProvider", "kNStatProviderUDP"},
                        {"kNStatSrcKeyPID", int64_t{101}},
                        {"kNStatSrcKeyUPID", int64_t{7'001}},
                        {"kNStatSrcKeyEPID", int64_t{102}},
                        {"kNStatSrcKeyEUPID", int64_t{7'002}},
                        {"kNStatSrcKeyProcessName", "curl"},
                        {"kNStatSrcKeyUUID", "AAAA"},
                        {"kNStatSrcKeyEUUID", "BBBB"},
                        {"kNStatSrcKeyLocal", SockaddrOf("2001:db8::7", 50'002)},
                        {"kNStatSrcKeyRemote", SockaddrOf("2001:db8::9", 53)},
                        {"kNStatSrcKeyInterface", int64_t{4}},
                        {"kNStatSrcKeyStartAbsoluteTime", int64_t{99}}});
  CHECK((adapter.Take() == Lines{"added 2",
                                 "described 2 udp pid 101 upid 7001 epid 102 eupid 7002 name curl "
                                 "uuid AAAA euuid BBBB local 50002 remote 53 interface 4 start "
                                 "99"}));
  Values counts = Sent(int64_t{1} << 40, 0);
  counts["kNStatSrcKeyTxReTx"] = int64_t{3};
  nstat_double::Count(2, counts);
  nstat_double::Remove(2);
  nstat_double::Remove(1, false);
  CHECK((adapter.Take() ==
         Lines{"counted 2 out 1099511627776 in 0 again 3", "removed 2", "removed 1"}));
  // Its number is not given again.
  nstat_double::Add(1, Tcp(103, 50'003));
  CHECK((adapter.Take() == Lines{"added 3", "described 3 tcp pid 103 local 50003 remote 443"}));
  nstat_double::TellNothingOf(1);
  CHECK(adapter.Take().empty());
  while (adapter.hearing.ticks() < 3) std::this_thread::yield();
  CHECK((nstat_double::TakeCalls() ==
         Lines{"NStatManagerCreate", "NStatManagerSetFlags", "NStatManagerAddAllTCP",
               "NStatManagerAddAllUDP", "NStatManagerAddAllQUIC", "NStatSourceSetDescriptionBlock",
               "NStatSourceSetCountsBlock", "NStatSourceSetRemovedBlock",
               "NStatSourceQueryDescription", "NStatSourceSetDescriptionBlock",
               "NStatSourceSetCountsBlock", "NStatSourceSetRemovedBlock",
               "NStatSourceQueryDescription", "NStatSourceSetDescriptionBlock",
               "NStatSourceSetCountsBlock", "NStatSourceSetRemovedBlock",
               "NStatSourceQueryDescription"}));
}

// By its constants, and by the texts that were seen where it has none.
void KnowsProvidersAndStates() {
  const auto shown = [](Adapter& adapter, const char* provider, const char* state) {
    static u64 last = 0;
    Values values{{"kNStatSrcKeyProvider", provider}};
    if (state != nullptr) values["kNStatSrcKeyTCPState"] = state;
    nstat_double::Add(++last, values);
    const Lines lines = adapter.Take();
    CHECK(lines.size() == 2);
    return lines.back().substr(lines.back().find(' ', 10) + 1);
  };
  Habits habits;
  habits.lacks = {"kNStatProviderQUIC", "kNStatSrcTCPStateSynSent"};
  nstat_double::Set(habits);
  Adapter adapter;
  CHECK(adapter.Take() == Lines{"began"});
  CHECK(shown(adapter, "kNStatProviderTCP", nullptr) == "tcp");
  CHECK(shown(adapter, "kNStatProviderUDP", nullptr) == "udp");
  CHECK(shown(adapter, "QUIC", nullptr) == "quic");
  CHECK(shown(adapter, "TCP", nullptr) == "another");  // it says otherwise
  CHECK(shown(adapter, "kNStatProviderTCP", "kNStatSrcTCPStateListen") == "tcp listen");
  CHECK(shown(adapter, "kNStatProviderTCP", "SynSent") == "tcp syn-sent");
  CHECK(shown(adapter, "kNStatProviderTCP", "kNStatSrcTCPStateSynReceived") == "tcp syn-received");
  CHECK(shown(adapter, "kNStatProviderTCP", "Closed") == "tcp state");
}

// What is of another type than it was is as good as not there; what it is of stays one of those
// that were asked for.
void TakesNoValueForOneOfAnotherType() {
  Adapter adapter;
  adapter.Take();
  const Value others[] = {int64_t{7},
                          1.5,
                          1e300,
                          "text",
                          cf_double::HalfAPair{},
                          std::vector<u8>{},
                          std::vector<u8>{1, 2, 3}};
  u64 last = 0;
  for (const std::string& key : nstat_double::Symbols()) {
    if (!key.starts_with("kNStatSrcKey")) continue;
    for (const Value& other : others) {
      Values values{{"kNStatSrcKeyProvider", "kNStatProviderTCP"}};
      values[key] = other;
      nstat_double::Add(++last, values);
      const std::string described = adapter.Take().back();
      const std::string shown = described.substr(described.find(' ', 10));
      const bool is_text = other == Value("text"), is_number = other == Value(int64_t{7});
      const bool is_data = other == Value(std::vector<u8>{1, 2, 3});
      const bool is_any = shown != " tcp";
      if (key == "kNStatSrcKeyProvider")
        CHECK(shown == " another");
      else if (key == "kNStatSrcKeyTCPState")
        CHECK(shown == " tcp state");
      else if (key.ends_with("Local") || key.ends_with("Remote"))
        CHECK(is_any == is_data);
      else if (key.ends_with("UUID") || key.ends_with("ProcessName"))
        CHECK(is_any == is_text);
      else
        CHECK(is_any == is_number);
      nstat_double::Remove(last);
      adapter.Take();
    }
  }
  // Whole, though it is kept as a double; texts of any length and with any characters.
  const std::string name = std::string(3'000, 'n') + "\xf0\x9f\x8c\x8a\xc3\xa9";
  nstat_double::Add(++last, {{"kNStatSrcKeyProvider", "kNStatProviderTCP"},
                             {"kNStatSrcKeyPID", 100.0},
                             {"kNStatSrcKeyProcessName", name},
                             {"kNStatSrcKeyUUID", std::string("AA\0BB", 5)}});
  CHECK(adapter.Take().back() ==
        "described " + std::to_string(last) + " tcp pid 100 name " + name + " uuid AA");
}

// Each way in which it may be asked: one answer a question, after all that it is about.
void AsksByWhateverThereIs(Habits habits, Lines calls, Lines answer) {
  nstat_double::Set(std::move(habits));
  nstat_double::Add(1, Tcp(100, 50'001));
  nstat_double::Count(1, Sent(900, 5));
  Adapter adapter;
  adapter.Take();
  nstat_double::TakeCalls();
  adapter.Query();
  CHECK(adapter.Take() == answer);
  CHECK(nstat_double::TakeCalls() == calls);
}

void AsksForBothInOne() {
  AsksByWhateverThereIs({}, {"NStatManagerQueryAllSourcesUpdate"},
                        {"counted 1 tcp pid 100 local 50001 remote 443 out 900 in 5", "answered"});
}
void AsksForOneAfterTheOther() {
  Habits habits;
  habits.lacks = {"NStatManagerQueryAllSourcesUpdate"};
  AsksByWhateverThereIs(
      habits, {"NStatManagerQueryAllSourcesDescriptions", "NStatManagerQueryAllSources"},
      {"described 1 tcp pid 100 local 50001 remote 443", "counted 1 out 900 in 5", "answered"});
}
void AsksForCountsAlone() {
  Habits habits;
  habits.lacks = {"NStatManagerQueryAllSourcesUpdate", "NStatManagerQueryAllSourcesDescriptions"};
  AsksByWhateverThereIs(habits, {"NStatManagerQueryAllSources"},
                        {"counted 1 out 900 in 5", "answered"});
}

void SaysWhatIsMissing() {
  const auto began = [](Habits habits) {
    nstat_double::Set(std::move(habits));
    Adapter adapter;
    while (adapter.hearing.ticks() == 0) std::this_thread::yield();
    adapter.Stop();
    const Lines lines = adapter.hearing.Take();
    CHECK(lines.size() == 2 && lines.back() == "ended");
    return lines.front();
  };
  nstat_double::Add(1, Tcp(100, 50'001));
  Habits none;
  none.can_be_loaded = false;
  CHECK(began(none) == "began: it cannot be loaded on this macOS");
  for (const char* symbol :
       {"NStatManagerCreate", "NStatSourceSetDescriptionBlock", "NStatSourceSetCountsBlock",
        "NStatSourceSetRemovedBlock", "kNStatSrcKeyPID", "kNStatSrcKeyProvider",
        "kNStatSrcKeyLocal", "kNStatSrcKeyRemote", "kNStatSrcKeyTxBytes", "kNStatSrcKeyRxBytes"}) {
    Habits lacking;
    lacking.lacks = {symbol};
    CHECK(began(lacking) == std::string("began: this macOS has no ") + symbol);
  }
  Habits refusing;
  refusing.gives_manager = false;
  CHECK(began(refusing) == "began: it gives no manager");
  // It is tried again with each start, until it is there; then it is kept.
  nstat_double::Set({});
  CHECK(Adapter().Take().size() == 3);
  nstat_double::Set(none);
  CHECK(Adapter().Take().size() == 3);
}

// Whatever else it lacks, flows are told.
void DoesWithout(const std::string& symbol) {
  Habits habits;
  habits.lacks = {symbol};
  nstat_double::Set(habits);
  nstat_double::Add(1, Tcp(100, 50'001));
  nstat_double::Count(1, Sent(900, 5));
  Adapter adapter;
  adapter.Query();
  adapter.Settle();
  nstat_double::Remove(1);
  const Lines lines = adapter.Take();
  const auto has = [&](const char* begin, const char* within) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.starts_with(begin) && line.find(within) != std::string::npos;
    });
  };
  CHECK(lines[0] == "began" && lines[1] == "added 1" && lines.back() == "removed 1");
  CHECK(has("", "pid 100") && has("counted 1", "out 900 in 5"));
  CHECK(std::count(lines.begin(), lines.end(), "answered") == 1);
}

void DoesWithoutWhatItCan() {
  u32 without = 0;
  for (const std::string& symbol : nstat_double::Symbols()) {
    FrameworkSymbols symbols;
    const auto find = [&](const char* name) { return name == symbol ? nullptr : &symbols; };
    if (!FindSymbols(find, &symbols).empty()) continue;
    Alone([&] { DoesWithout(symbol); });
    without++;
  }
  CHECK(without == 26);
}

void HasNoQueueToRunOn() {
  xpc_double::lacks_queues.store(true);
  const auto api = MakeStatisticsApi();
  Hearing hearing;
  errno = 0;
  CHECK(!api->Start(&hearing, 1'000) && errno == ENOMEM);
}

void HasNoTimer() {
  xpc_double::lacks_timers.store(true);
  Hearing hearing;
  errno = 0;
  CHECK(!MakeStatisticsApi()->Start(&hearing, 1'000) && errno == ENOMEM);
  xpc_double::lacks_timers.store(false);
  CHECK(Adapter().Take() == Lines{"began"});
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  for (void (*test)() : {TellsOfASocketFromItsFirstBlockToItsLast, KnowsProvidersAndStates,
                         TakesNoValueForOneOfAnotherType, AsksForBothInOne, AsksForOneAfterTheOther,
                         AsksForCountsAlone, SaysWhatIsMissing, HasNoQueueToRunOn, HasNoTimer})
    Alone(test);
  DoesWithoutWhatItCan();
  std::puts("adapter: ok");
}
