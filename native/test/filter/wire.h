// A double of what carries messages between the filter and the daemon, with faults: messages and
// answers that are lost, come twice or arrive changed, daemons that end. One thread, and time is an
// argument.
#ifndef FRESHET_TEST_FILTER_WIRE_H_
#define FRESHET_TEST_FILTER_WIRE_H_

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "check.h"
#include "mac/filter/uplink.h"
#include "mac/flow_intake.h"
#include "told.h"

namespace freshet {

using Message = std::vector<std::byte>;

inline Message BytesOf(const void* data, size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  return {bytes, bytes + size};
}

// A daemon: its ring, and what came out of it.
struct Daemon {
  explicit Daemon(size_t ring_bytes, std::function<void(u64)> on_cancel)
      : ring(ring_bytes),
        intake(&ring,
               {.boot_id = {1, 2, 3},
                .unix_ns = [] { return u64{1'700'000'000'000'000'000}; },
                .statistics = [this] { return statistics; }},
               std::move(on_cancel)) {}

  void Drain(Told* told, bool again = false) {
    std::vector<std::byte> into(kRecordBytesMax);
    for (size_t size = ring.Drain(into); size > 0; size = ring.Drain(into))
      told->Read(std::span(into).first(size), again);
  }

  Ring ring;
  Statistics statistics = Statistics::kLow;
  FlowIntake intake;
};

class Wire final : public UplinkTransport {
 public:
  struct Faults {
    u64 lost_message = 0;  // one in so many; 0: never
    u64 lost_answer = 0;
    u64 twice = 0;
    u64 changed = 0;
    u64 cut = 0;  // the connection ends before the message arrives
  };

  explicit Wire(u64 seed) : random_(seed) {}

  void Connect() override {
    CHECK(connection_ == 0);
    connection_ = ++last_connection_;
    connects++;
    if (daemon == nullptr || wrong_peer) return;
    if (!daemon->intake.Came(connection_, now_ns)) Break();
  }

  void Send(std::array<std::span<const std::byte>, 2> parts) override {
    CHECK(!awaited_);
    awaited_ = true;
    Message message(parts[0].begin(), parts[0].end());
    message.insert(message.end(), parts[1].begin(), parts[1].end());
    last_sent = message;
    sent++;
    queue_.push_back({connection_, std::move(message)});
  }

  void Cancel() override {
    if (daemon != nullptr) daemon->intake.Gone(connection_, now_ns);
    Forget();
  }

  // The daemon's side ends a connection.
  void OnCancel(u64 peer) {
    if (peer == connection_) Break();
  }

  // The daemon ends with whatever was on the way.
  void EndDaemon() {
    daemon = nullptr;
    queue_.clear();
    if (connection_ != 0) Break();
  }

  // Delivers all that is on the way.
  void Pump(Uplink* uplink, u64 now) {
    now_ns = now;
    for (size_t count = 0; count < 10'000; count++) {
      if (broken_) {
        Forget();
        uplink->Lost(now_ns);
        continue;
      }
      if (queue_.empty()) return;
      auto [peer, message] = std::move(queue_.front());
      queue_.pop_front();
      if (peer != connection_ || Happens(faults.lost_message)) continue;
      if (daemon == nullptr || wrong_peer || Happens(faults.cut)) {
        if (daemon != nullptr) daemon->intake.Gone(peer, now_ns);
        Break();
        continue;
      }
      if (Happens(faults.changed)) Change(&message);
      if (Happens(faults.twice)) daemon->intake.Take(peer, message, now_ns);
      if (broken_) continue;
      const auto answer = daemon->intake.Take(peer, message, now_ns);
      if (broken_ || !answer || Happens(faults.lost_answer)) continue;
      last_answer = *answer;
      awaited_ = false;
      uplink->Answered(std::as_bytes(std::span(&*answer, 1)), now_ns);
    }
    CHECK(false);  // two sides that answer each other for ever
  }

  Daemon* daemon = nullptr;
  Faults faults;
  bool wrong_peer = false;  // does not meet the requirement: its messages never arrive
  u64 now_ns = 0;
  u64 connects = 0;
  u64 sent = 0;
  Message last_sent;
  AnswerMessage last_answer{};

 private:
  bool Happens(u64 one_in) { return one_in != 0 && random_.Below(one_in) == 0; }
  void Break() { broken_ = true; }
  void Forget() {
    connection_ = 0;
    awaited_ = broken_ = false;
    queue_.clear();
  }
  // Cut short, made longer, or of another magic or size: nobody takes it for a message.
  void Change(Message* message) {
    const u64 how = random_.Below(3);
    if (how == 0) message->resize(random_.Below(message->size()));
    if (how == 1) message->resize(message->size() + 1 + random_.Below(1'000'000));
    if (how == 2) (*message)[random_.Below(2) * 8 + random_.Below(4)] ^= std::byte{0x80};
  }

  Random random_;
  u64 connection_ = 0;
  u64 last_connection_ = 0;
  bool awaited_ = false;
  bool broken_ = false;
  std::deque<std::pair<u64, Message>> queue_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_WIRE_H_
