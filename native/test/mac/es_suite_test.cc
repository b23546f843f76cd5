// The Endpoint Security source over the double of macOS: the suite of every source.
#include <mutex>
#include <optional>

#include "double.h"
#include "mac/endpoint_security.h"
#include "messages.h"
#include "seen.h"
#include "source_suite.h"

namespace freshet {
namespace {

constexpr u32 kAlive = 10;

// A kernel that tells each client the execs since it was made, numbered from 0.
class Kernel {
 public:
  std::unique_ptr<Source> Make(Ring* ring, SourceOptions options) {
    const std::lock_guard lock(mutex_);
    told_ = 0;
    EsOptions es_options;
    // The suite counts what the source's own ring drops: the handler's is to drop nothing.
    es_options.handover_bytes = 64 << 20;
    es_options.tell_running = [](const IsTold& is_told, const TellExec& tell, const TellCode&) {
      exec_record alive{};
      alive.flags = k_exec_enumerated;
      alive.pid = kAlive;
      alive.pidversion = 3;
      if (!is_told(alive.pid, alive.pidversion)) tell(alive, {"/bin/alive"});
      return 0;
    };
    return std::make_unique<EndpointSecuritySource>(ring, std::move(options),
                                                    std::move(es_options));
  }

  void Exec() {
    const std::lock_guard lock(mutex_);
    exec_->seq_num = told_;
    exec_->global_seq_num = told_;
    if (mac_double::Deliver(*exec_)) told_++;
  }

 private:
  std::mutex mutex_;
  Client client_;
  es_message_t* const exec_ = client_.Exec(50, 2);
  u64 told_ = 0;
};

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  mac_double::Reset();
  Kernel kernel;
  RunSourceSuite(
      {.name = "endpoint_security",
       .code = k_source_endpoint_security,
       .make = [&](Ring* ring,
                   SourceOptions options) { return kernel.Make(ring, std::move(options)); },
       .stir = [&] { kernel.Exec(); },
       .alive_pid = kAlive});
  const mac_double::State state = mac_double::Now();
  CHECK(state.made == state.deleted && state.wrong_threads == 0);
}
