// The Endpoint Security source's thread, from the first attempt at a client to the last record. See
// endpoint_security.h.
#ifndef FRESHET_MAC_ES_READER_H_
#define FRESHET_MAC_ES_READER_H_

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "emitter.h"
#include "mac/es_client.h"
#include "mac/es_options.h"
#include "mac/es_silence.h"
#include "source.h"

namespace freshet {

// What the owner thread asks of the reader's; with the bell rung after a change.
struct EsRequests {
  std::atomic<bool> stop{false};
  std::atomic<bool> enumerate{false};
};

// Threads: made, run and destroyed on one. `requests` outlives it.
class EsReader {
 public:
  EsReader(Ring* ring, const SourceOptions& options, const EsOptions& es_options,
           std::shared_ptr<Bell> bell, EsRequests* requests);

  // Runs until it is asked to stop.
  void Run();

 private:
  // Asks for a client, and sets when to ask again.
  void TryClient();
  void RetryLater();
  bool IsFooled() const;
  // Gives up a client that tells nothing while programs begin; they are counted as lost.
  void WatchSilence(u64 now_ns);
  // mark(start), every process alive, mark(enumerated). Subscribed first, where there is a client:
  // a process that starts meanwhile tells of itself.
  void Enumerate();
  // Passes on what the handler has made, and says what was lost on the way there. Leaves off after
  // as much as the handler's ring holds: a burst without end holds up neither ticks nor the stop.
  void PassOn();
  void Hear(Bytes record);
  // Says whose program is another now, to whoever knows its flows.
  void SayExecuted(Bytes record);
  void CountLosses();
  // Waits until something is due or asked for; then, so that a burst is one batch, until gather_ms
  // after the last batch.
  void Wait();
  void Tick();
  void EmitMark(u32 kind, const std::string& note);
  void Flush();
  std::string MissingNote() const;
  bool stopping() const { return requests_->stop.load(); }

  Ring* const ring_;
  const SourceOptions& options_;
  const EsOptions& es_options_;
  const std::shared_ptr<Bell> bell_;
  EsRequests* const requests_;
  const MachClock clock_;
  Emitter emitter_;
  EsClient client_;
  std::shared_ptr<EsHandler> handler_;  // of client_; nothing while there is none
  EsAnswer answer_ = EsAnswer::kUnknown;
  EsHandler::Losses told_;        // of handler_'s
  std::vector<std::byte> batch_;  // between the two rings

  // Pids that execs and exits told of since the enumeration under way began.
  bool enumerating_ = false;
  std::unordered_set<u32> heard_;
  bool is_fooled_ = false;   // as the last mark has it
  bool lost_ = false;        // on the way to the source's ring, since the last enumeration
  u64 dropped_ = 0;          // that the source's ring had dropped at the last enumeration
  bool more_waits_ = false;  // PassOn left off before the handler's ring was empty
  EsSilence silence_;        // of client_

  // Steady time, ns: what the thread waits for.
  u64 tick_due_ns_ = 0;
  u64 retry_due_ns_ = 0;  // 0: not again
  u64 retry_ns_ = 0;      // EsRetry::kSlower's next
  u64 passed_on_ns_ = 0;
  u64 enumerated_ns_ = 0;

  u64 asleep_ns_ = 0;
  u64 unix_less_boot_ns_ = 0;  // at the last mark
};

}  // namespace freshet

#endif  // FRESHET_MAC_ES_READER_H_
