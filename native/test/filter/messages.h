// Messages that a test sends to a daemon by hand.
#ifndef FRESHET_TEST_FILTER_MESSAGES_H_
#define FRESHET_TEST_FILTER_MESSAGES_H_

#include <optional>

#include "drain.h"
#include "wire.h"

namespace freshet {

inline std::optional<AnswerMessage> Greet(Daemon* daemon, u64 peer, u16 version, u32 layout,
                                          u64 now_ns) {
  HelloBytes hello = WriteHello(peer, layout, "9.9");
  std::memcpy(&hello.bytes[offsetof(MessagePrefix, version)], &version, sizeof(version));
  return daemon->intake.Take(peer, std::span(hello.bytes).first(hello.size), now_ns);
}

inline Message RecordsOf(u64 flows, u64 now_ns) {
  FlowLedger ledger({});
  const auto token = Token(77, 3);
  for (u64 flow = 0; flow < flows; flow++) {
    FlowReport report;
    report.uuid = Uuid(flow);
    report.event = FlowEvent::kNewFlow;
    report.app_token = token;
    report.remote = {"192.0.2.9", "443"};
    report.at_ns = now_ns;
    ledger.Push(report);
  }
  ledger.Collect(now_ns);
  FlowBatch batch;
  ledger.TakeBatch(now_ns, &batch);
  return {batch.bytes().begin(), batch.bytes().end()};
}

inline Message BatchOf(u16 version, u64 number, u32 records, const Message& bytes,
                       DropCounts dropped = {}) {
  Message message(sizeof(BatchMessage));
  message.resize(WriteBatchHead({version, number, records, false, false, dropped, bytes}, message));
  message.insert(message.end(), bytes.begin(), bytes.end());
  return message;
}

inline u8 StatusOf(Daemon* daemon, u64 peer, const Message& message, u64 now_ns) {
  const auto answer = daemon->intake.Take(peer, message, now_ns);
  return answer ? answer->status : 0xff;
}

inline constexpr u8 kOk = static_cast<u8>(FilterStatus::kOk);
inline constexpr u8 kMalformed = static_cast<u8>(FilterStatus::kMalformed);

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_MESSAGES_H_
