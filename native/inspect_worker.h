// look(requests) and inspect(requests) of the addon: an Inspector call on libuv's pool, its results
// as a promise.
#ifndef FRESHET_INSPECT_WORKER_H_
#define FRESHET_INSPECT_WORKER_H_

#include <napi.h>

#include <memory>
#include <vector>

#include "inspector.h"

namespace freshet {

class InspectWorker : public Napi::AsyncWorker {
 public:
  // `info[0]`: an array of InspectRequest. Throws TypeError on another shape.
  static Napi::Value Queue(const Napi::CallbackInfo& info, std::shared_ptr<Inspector> inspector,
                           Inspector::Depth depth);

 protected:
  void Execute() override { results_ = inspector_->InspectAll(requests_, depth_); }
  void OnOK() override;
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  InspectWorker(Napi::Env env, std::vector<InspectRequest> requests,
                std::shared_ptr<Inspector> inspector, Inspector::Depth depth);

  const std::vector<InspectRequest> requests_;
  const std::shared_ptr<Inspector> inspector_;
  const Inspector::Depth depth_;
  const Napi::Promise::Deferred deferred_;
  std::vector<Inspection> results_;
};

}  // namespace freshet

#endif  // FRESHET_INSPECT_WORKER_H_
