#include "inspect_worker.h"

namespace freshet {

InspectWorker::InspectWorker(Napi::Env env, InspectRequest request,
                             std::shared_ptr<Inspector> inspector)
    : AsyncWorker(env, "freshet.inspect"),
      request_(std::move(request)),
      inspector_(std::move(inspector)),
      deferred_(Napi::Promise::Deferred::New(env)) {}

Napi::Value InspectWorker::Queue(const Napi::CallbackInfo& info,
                                 std::shared_ptr<Inspector> inspector) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    Napi::TypeError::New(env, "inspect: wants {path, pid, dev, ino}").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const Napi::Object options = info[0].As<Napi::Object>();
  const Napi::Value path = options["path"];
  const Napi::Value pid = options["pid"];
  const Napi::Value dev = options["dev"];
  const Napi::Value ino = options["ino"];
  if (!path.IsString() || !pid.IsNumber() || !dev.IsBigInt() || !ino.IsBigInt()) {
    Napi::TypeError::New(env, "inspect: path is a string, pid a number, dev and ino are bigints")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  bool lossless;
  InspectRequest request;
  request.path = path.As<Napi::String>();
  request.pid = pid.As<Napi::Number>();
  request.dev = dev.As<Napi::BigInt>().Uint64Value(&lossless);
  request.ino = ino.As<Napi::BigInt>().Uint64Value(&lossless);
  auto* worker = new InspectWorker(env, std::move(request), std::move(inspector));
  worker->AsyncWorker::Queue();  // it deletes itself when it is done
  return worker->deferred_.Promise();
}

void InspectWorker::OnOK() {
  const Napi::Env env = Env();
  Napi::Object result = Napi::Object::New(env);
  result["dev"] = Napi::BigInt::New(env, result_.dev);
  result["ino"] = Napi::BigInt::New(env, result_.ino);
  result["fileBytes"] = Napi::BigInt::New(env, result_.file_bytes);
  result["ownerUid"] = Napi::Number::New(env, result_.owner_uid);
  result["mode"] = Napi::Number::New(env, result_.mode);
  result["flags"] = Napi::Number::New(env, result_.flags);
  result["error"] = Napi::Number::New(env, result_.error);
  Napi::Uint8Array sha256 = Napi::Uint8Array::New(env, result_.sha256.size());
  std::copy(result_.sha256.begin(), result_.sha256.end(), sha256.Data());
  result["sha256"] = sha256;
  deferred_.Resolve(result);
}

}  // namespace freshet
