// The daemon's end of XPC, over a double of it: who is let in, what is answered, and that nothing
// reaches anybody after the end.
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "boot_clock.h"
#include "check.h"
#include "mac/xpc_listener.h"
#include "xpc_double.h"

namespace freshet {
namespace {

using xpc_double::Client;
using Bytes = std::vector<std::byte>;

constexpr char kService[] = "TEAM.org.freshet.daemon";
constexpr char kFilter[] = "identifier filter";

Bytes Saying(const char* text) {
  const auto bytes = std::as_bytes(std::span(text, std::strlen(text)));
  return {bytes.begin(), bytes.end()};
}

// Answers each message with its size as the number; "end" cancels.
class Answering final : public FlowCarrier::Handler {
 public:
  bool Came(FlowCarrier::Peer peer) override {
    const std::lock_guard lock(mutex);
    if (came.size() - gone.size() - strangers.size() >= peers_max) return false;
    came.push_back(peer);
    return true;
  }
  void Gone(FlowCarrier::Peer peer) override {
    const std::lock_guard lock(mutex);
    gone.push_back(peer);
  }
  void Stranger(FlowCarrier::Peer peer) override {
    const std::lock_guard lock(mutex);
    if (peer == FlowCarrier::kNobody)
      kept_out++;
    else
      strangers.push_back(peer);
  }
  void NoService() override { no_service++; }
  std::optional<AnswerMessage> Take(FlowCarrier::Peer peer,
                                    std::span<const std::byte> message) override {
    const std::lock_guard lock(mutex);
    heard.emplace_back(message.begin(), message.end());
    CHECK(!ended.load());
    if (message.empty() || heard.back() == Saying("end")) {
      carrier->Cancel(peer);
      cancelled++;
      return std::nullopt;
    }
    return MakeAnswer(FilterMessage::kReceipt, kFilterVersion, FilterStatus::kOk, message.size(),
                      Statistics::kLow, false);
  }
  void Tick() override {
    CHECK(!ended.load());
    ticks++;
  }

  FlowCarrier* carrier = nullptr;
  size_t peers_max = 4;
  std::atomic<bool> ended{false};
  std::atomic<int> no_service{0};
  std::atomic<int> ticks{0};
  int cancelled = 0;
  int kept_out = 0;
  std::mutex mutex;
  std::vector<FlowCarrier::Peer> came, gone, strangers;
  std::vector<Bytes> heard;
};

// What the queue still does when the last call has returned ends soon.
void AllIsGone() {
  for (int wait = 0; xpc_double::Objects() > 0; wait++) {
    CHECK(wait < 2000);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

struct Listening {
  explicit Listening(const char* requirement = kFilter) : carrier(kService, requirement) {
    handler.carrier = &carrier;
    CHECK(carrier.Start(&handler));
  }
  ~Listening() {
    carrier.Stop();
    handler.ended.store(true);
  }
  Answering handler;
  XpcListener carrier;
};

u64 NumberIn(const std::optional<Bytes>& answer) {
  CHECK(answer && answer->size() == sizeof(AnswerMessage));
  return ReadAnswer(*answer)->number;
}

void AnswersTheFilter() {
  {
    Listening here;
    Client filter(kService, kFilter);
    CHECK(filter.found());
    CHECK(NumberIn(filter.Send(Saying("one"))) == 3);
    CHECK(NumberIn(filter.Send(Saying("three"))) == 5);
    Client second(kService, kFilter);
    CHECK(NumberIn(second.Send(Saying("seven.."))) == 7);
    CHECK((here.handler.came == std::vector<FlowCarrier::Peer>{1, 2}));
    filter.Close();
    CHECK(here.handler.gone == std::vector<FlowCarrier::Peer>{1});
    CHECK(!filter.Send(Saying("late")));
    while (here.handler.ticks.load() < 3) std::this_thread::yield();
    CHECK(here.handler.no_service.load() == 0 && here.handler.strangers.empty());
    CHECK(!Client("TEAM.org.other", kFilter).found());
  }
  AllIsGone();
}

// A requirement is what keeps others out; none that macOS takes, and nobody comes in.
void TurnsOthersAway() {
  {
    Listening here;
    Client other(kService, "identifier other");
    CHECK(!other.Send(Saying("hello")));
    CHECK(here.handler.heard.empty());
    CHECK(here.handler.strangers == std::vector<FlowCarrier::Peer>{1});
    CHECK(here.handler.gone.empty());
    CHECK(NumberIn(Client(kService, kFilter).Send(Saying("one"))) == 3);
  }
  {
    xpc_double::RefuseRequirement("nonsense");
    Listening here("nonsense");
    CHECK(!Client(kService, "nonsense").Send(Saying("one")));
    CHECK(here.handler.came.empty());
    xpc_double::RefuseRequirement("");
  }
  Answering handler;
  XpcListener open_to_all(kService, "");
  CHECK(!open_to_all.Start(&handler) && errno == EINVAL);
  CHECK(!Client(kService, "").found());
  AllIsGone();
}

// XPC judges a peer by its first message: who says nothing would hold a place until the handler
// gives it up, so a user's programs are let into none.
void HasNoPlaceForWhoIsNotRoot() {
  {
    Listening here;
    here.handler.peers_max = 1;
    for (const unsigned euid : {501u, 1u, 0xfffffffeu}) {
      Client silent(kService, kFilter, euid);
      CHECK(silent.found() && !silent.Send(Saying("late")));
    }
    CHECK(here.handler.kept_out == 3 && here.handler.came.empty() && here.handler.heard.empty());
    CHECK(NumberIn(Client(kService, kFilter).Send(Saying("one"))) == 3);
  }
  AllIsGone();
}

void KeepsToWhatTheHandlerSays() {
  {
    Listening here;
    here.handler.peers_max = 1;
    Client filter(kService, kFilter);
    CHECK(!Client(kService, kFilter).Send(Saying("one")));  // one too many
    CHECK(!filter.Send(Saying("end")));                     // cancelled from within Take
    CHECK(!filter.Send(Saying("more")) && here.handler.heard.size() == 1);
    // Gone is not called for who was cancelled.
    CHECK(here.handler.gone.empty() && here.handler.cancelled == 1);
  }
  {
    Listening here;
    Client filter(kService, kFilter);
    CHECK(!filter.Send(Saying("one"), "other"));  // no message under the key
    CHECK(here.handler.heard == std::vector<Bytes>{{}} && here.handler.cancelled == 1);
    Client silent(kService, kFilter);
    CHECK(!silent.SendOneWay(Saying("one")));  // awaits no answer
    CHECK(here.handler.heard.size() == 2 && here.handler.cancelled == 2);
  }
  AllIsGone();
}

void SaysThatThereIsNoService() {
  xpc_double::Advertise("");
  {
    Listening here;
    while (here.handler.no_service.load() == 0) std::this_thread::yield();
    CHECK(!Client(kService, kFilter).found());
    while (here.handler.ticks.load() < 2) std::this_thread::yield();  // it goes on
    CHECK(here.handler.no_service.load() == 1);
  }
  xpc_double::Advertise(kService);
  AllIsGone();
}

void RunsWhatWasPosted() {
  int ran = 0;
  {
    Listening here;
    Client filter(kService, kFilter);
    here.carrier.Post([&] { here.carrier.Cancel(here.handler.came.front()); });
    for (int task = 0; task < 100; task++)
      here.carrier.Post([&, task] { ran += ran == task ? 1 : 1000; });
  }
  CHECK(ran == 100);
  AllIsGone();
}

// Ended at any instant, while peers come, send and go, and begun again under the same name.
void EndsAtAnyInstant() {
  std::atomic<bool> stopping{false};
  std::atomic<u64> answered{0};
  std::vector<std::thread> filters;
  for (int which = 0; which < 3; which++)
    filters.emplace_back([&] {
      while (!stopping.load()) {
        Client filter(kService, kFilter);
        for (int message = 0; message < 5; message++)
          if (filter.Send(Saying("one"))) answered++;
        if (!filter.found()) std::this_thread::yield();
      }
    });
  Random random(11);
  // As many more as a slow machine's peers need to be heard at all.
  for (int round = 0; round < 200 || answered.load() <= 100; round++) {
    Listening here;
    here.handler.peers_max = 100;
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(3'000)));
  }
  stopping.store(true);
  for (std::thread& filter : filters) filter.join();
  CHECK(answered.load() > 100);
  AllIsGone();
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  xpc_double::Advertise(kService);
  AnswersTheFilter();
  TurnsOthersAway();
  HasNoPlaceForWhoIsNotRoot();
  KeepsToWhatTheHandlerSays();
  SaysThatThereIsNoService();
  RunsWhatWasPosted();
  EndsAtAnyInstant();
  std::puts("xpc: ok");
}
