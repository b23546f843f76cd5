#include "mac/flow_listener.h"

#include "boot_clock.h"

namespace freshet {

FlowListener::FlowListener(Ring* ring, SourceOptions options, IntakeOptions intake,
                           std::unique_ptr<FlowCarrier> carrier)
    : ring_(ring),
      options_(std::move(options)),
      carrier_(std::move(carrier)),
      intake_(ring, std::move(intake), [this](Peer peer) { carrier_->Cancel(peer); }) {}

FlowListener::~FlowListener() { Stop(); }

bool FlowListener::Start() {
  if (!carrier_->Start(this)) return false;
  started_ = true;
  carrier_->Post([this] {
    intake_.Start(SinceBootNs());
    Wake();
  });
  return true;
}

void FlowListener::RequestEnumerate() {
  if (!started_) return;
  carrier_->Post([this] {
    intake_.Enumerate(SinceBootNs());
    Wake();
  });
}

void FlowListener::Stop() {
  if (!started_) return;
  started_ = false;
  carrier_->Post([this] {
    intake_.Stop(SinceBootNs());
    Wake();
  });
  carrier_->Stop();
}

bool FlowListener::Came(Peer peer) { return intake_.Came(peer, SinceBootNs()); }

void FlowListener::Gone(Peer peer) { intake_.Gone(peer, SinceBootNs()); }

void FlowListener::Stranger(Peer peer) {
  intake_.Stranger(peer, SinceBootNs());
  Wake();
}

void FlowListener::NoService() {
  intake_.NoService(SinceBootNs());
  Wake();
}

std::optional<AnswerMessage> FlowListener::Take(Peer peer, std::span<const std::byte> message) {
  std::optional<AnswerMessage> answer = intake_.Take(peer, message, SinceBootNs());
  Wake();
  return answer;
}

void FlowListener::Tick() {
  intake_.Tick(SinceBootNs());
  Wake();
}

void FlowListener::Wake() {
  if (ring_->Flush() && options_.on_readable) options_.on_readable();
}

}  // namespace freshet
