// inspect(request) of the addon: an Inspector call on libuv's pool, its result as a promise.
#ifndef FRESHET_INSPECT_WORKER_H_
#define FRESHET_INSPECT_WORKER_H_

#include <napi.h>

#include <memory>

#include "inspector.h"

namespace freshet {

class InspectWorker : public Napi::AsyncWorker {
 public:
  // `info[0]`: an InspectRequest. Throws TypeError on another shape.
  static Napi::Value Queue(const Napi::CallbackInfo& info, std::shared_ptr<Inspector> inspector);

 protected:
  void Execute() override { result_ = inspector_->Inspect(request_); }
  void OnOK() override;
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  InspectWorker(Napi::Env env, InspectRequest request, std::shared_ptr<Inspector> inspector);

  const InspectRequest request_;
  const std::shared_ptr<Inspector> inspector_;
  const Napi::Promise::Deferred deferred_;
  Inspection result_;
};

}  // namespace freshet

#endif  // FRESHET_INSPECT_WORKER_H_
