// The daemon's source of flows: takes what the network filter sends and puts it into the ring.
#ifndef FRESHET_MAC_FLOW_LISTENER_H_
#define FRESHET_MAC_FLOW_LISTENER_H_

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "mac/flow_intake.h"
#include "source.h"

namespace freshet {

// The daemon's end of what carries messages: XPC (xpc_listener.h), or a test's double.
class FlowCarrier {
 public:
  using Peer = FlowIntake::Peer;
  static constexpr Peer kNobody = 0;

  // Called one at a time, on a thread or queue of the carrier's own. None blocks.
  class Handler {
   public:
    virtual ~Handler() = default;
    // A connection whose peer meets the code requirement, as far as its messages go: those of
    // another never arrive. False: it is cancelled.
    virtual bool Came(Peer peer) = 0;
    virtual void Gone(Peer peer) = 0;
    // Gone, because it does not meet the code requirement. kNobody: not let in at all, since it is
    // not root's.
    virtual void Stranger(Peer peer) = 0;
    // The service cannot be had: nobody comes as long as this runs.
    virtual void NoService() = 0;
    // The answer, which is sent at once; nothing when the peer was cancelled.
    virtual std::optional<AnswerMessage> Take(Peer peer, std::span<const std::byte> message) = 0;
    // About once a second.
    virtual void Tick() = 0;
  };

  virtual ~FlowCarrier() = default;

  // Begins to call `handler`, which outlives it or is let go of by Stop. False, with errno set,
  // when there can be no listener.
  virtual bool Start(Handler* handler) = 0;
  // Runs `task` as the handler's calls are run, after what was posted before. Any thread.
  virtual void Post(std::function<void()> task) = 0;
  // Ends a connection; Gone is not called for it. From within the handler's calls only.
  virtual void Cancel(Peer peer) = 0;
  // Runs what was posted, ends every connection and calls nobody any more. Not from within the
  // handler's calls.
  virtual void Stop() = 0;
};

// Ticks of the engine's clock are the Endpoint Security source's; this one says marks, flows, names
// and losses. Its mark(enumerated) comes when a filter has told all that is open: without a filter
// there is none, since flows that go on meanwhile must not count as closed.
class FlowListener final : public Source, private FlowCarrier::Handler {
 public:
  // REQUIRES: `intake.unix_ns` and `intake.statistics` may be called on the carrier's thread.
  FlowListener(Ring* ring, SourceOptions options, IntakeOptions intake,
               std::unique_ptr<FlowCarrier> carrier);
  ~FlowListener() override;

  bool Start() override;
  void RequestEnumerate() override;
  void Stop() override;

  // REQUIRES: stopped, or called by the carrier (Post).
  const FlowIntake::Counters& counters() const { return intake_.counters(); }

 private:
  using Peer = FlowCarrier::Peer;

  bool Came(Peer peer) override;
  void Gone(Peer peer) override;
  void Stranger(Peer peer) override;
  void NoService() override;
  std::optional<AnswerMessage> Take(Peer peer, std::span<const std::byte> message) override;
  void Tick() override;
  void Wake();

  Ring* const ring_;
  const SourceOptions options_;
  const std::unique_ptr<FlowCarrier> carrier_;
  FlowIntake intake_;
  bool started_ = false;
};

// The source as it runs, over XPC on the daemon's Mach service (make_flow_listener.cc).
std::unique_ptr<Source> MakeFlowListener(Ring* ring, SourceOptions options);

}  // namespace freshet

#endif  // FRESHET_MAC_FLOW_LISTENER_H_
