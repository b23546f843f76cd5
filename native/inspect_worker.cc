#include "inspect_worker.h"

#include <algorithm>
#include <array>

namespace freshet {
namespace {

constexpr char kWants[] = "inspect: wants an array of {path, pid, dev, ino, cdhash, subject}";

bool IsCdhash(const Napi::Value& value) {
  if (!value.IsTypedArray()) return false;
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  return array.TypedArrayType() == napi_uint8_array && array.ElementLength() == Cdhash{}.size();
}

template <size_t kCount>
Napi::Uint8Array ToBytes(Napi::Env env, const std::array<u8, kCount>& bytes) {
  Napi::Uint8Array copy = Napi::Uint8Array::New(env, bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.Data());
  return copy;
}

// Throws TypeError and answers false on another shape.
bool ReadRequest(Napi::Env env, const Napi::Value& value, InspectRequest* request) {
  if (!value.IsObject()) {
    Napi::TypeError::New(env, kWants).ThrowAsJavaScriptException();
    return false;
  }
  const Napi::Object options = value.As<Napi::Object>();
  const Napi::Value path = options["path"];
  const Napi::Value pid = options["pid"];
  const Napi::Value dev = options["dev"];
  const Napi::Value ino = options["ino"];
  const Napi::Value cdhash = options["cdhash"];
  const Napi::Value subject = options["subject"];
  if (!path.IsString() || !pid.IsNumber() || !dev.IsBigInt() || !ino.IsBigInt() ||
      !IsCdhash(cdhash) || !subject.IsNumber()) {
    Napi::TypeError::New(env,
                         "inspect: path is a string, pid and subject are numbers, dev and ino "
                         "bigints, cdhash a Uint8Array of 20")
        .ThrowAsJavaScriptException();
    return false;
  }
  bool lossless;
  request->path = path.As<Napi::String>();
  request->pid = pid.As<Napi::Number>();
  request->dev = dev.As<Napi::BigInt>().Uint64Value(&lossless);
  request->ino = ino.As<Napi::BigInt>().Uint64Value(&lossless);
  request->subject = subject.As<Napi::Number>();
  std::copy_n(cdhash.As<Napi::Uint8Array>().Data(), request->cdhash.size(),
              request->cdhash.begin());
  return true;
}

Napi::Object ToObject(Napi::Env env, const Inspection& inspection) {
  const SignatureFound& signed_as = inspection.signed_as;
  Napi::Object object = Napi::Object::New(env);
  object["dev"] = Napi::BigInt::New(env, inspection.dev);
  object["ino"] = Napi::BigInt::New(env, inspection.ino);
  object["fileBytes"] = Napi::BigInt::New(env, inspection.file_bytes);
  object["changedNs"] = Napi::BigInt::New(env, inspection.changed_ns);
  object["ownerUid"] = Napi::Number::New(env, inspection.owner_uid);
  object["mode"] = Napi::Number::New(env, inspection.mode);
  object["flags"] = Napi::Number::New(env, inspection.flags | signed_as.flags);
  object["error"] = Napi::Number::New(env, inspection.error);
  object["sha256"] = ToBytes(env, inspection.sha256);
  object["signature"] = Napi::Number::New(env, signed_as.signature);
  object["signatureStatus"] = Napi::Number::New(env, signed_as.status);
  object["cdhash"] = ToBytes(env, signed_as.cdhash);
  object["signingId"] = Napi::String::New(env, signed_as.signing_id);
  object["teamId"] = Napi::String::New(env, signed_as.team_id);
  object["lane"] = Napi::String::New(env, inspection.lane);
  object["authorities"] = Napi::String::New(env, signed_as.authorities);
  if (const FileOrigin& origin = inspection.origin; origin.kind != 0) {
    Napi::Object told = Napi::Object::New(env);
    told["kind"] = Napi::Number::New(env, origin.kind);
    told["installedUnixNs"] = Napi::BigInt::New(env, origin.installed_ns);
    told["keeperUid"] = Napi::Number::New(env, origin.keeper_uid);
    told["name"] = Napi::String::New(env, origin.name);
    object["origin"] = told;
  }
  return object;
}

}  // namespace

InspectWorker::InspectWorker(Napi::Env env, std::vector<InspectRequest> requests,
                             std::shared_ptr<Inspector> inspector, Inspector::Depth depth)
    : AsyncWorker(env, "freshet.inspect"),
      requests_(std::move(requests)),
      inspector_(std::move(inspector)),
      depth_(depth),
      deferred_(Napi::Promise::Deferred::New(env)) {}

Napi::Value InspectWorker::Queue(const Napi::CallbackInfo& info,
                                 std::shared_ptr<Inspector> inspector, Inspector::Depth depth) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray()) {
    Napi::TypeError::New(env, kWants).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const Napi::Array given = info[0].As<Napi::Array>();
  std::vector<InspectRequest> requests(given.Length());
  for (u32 index = 0; index < requests.size(); index++)
    if (!ReadRequest(env, given.Get(index), &requests[index])) return env.Undefined();
  auto* worker = new InspectWorker(env, std::move(requests), std::move(inspector), depth);
  worker->AsyncWorker::Queue();  // it deletes itself when it is done
  return worker->deferred_.Promise();
}

void InspectWorker::OnOK() {
  const Napi::Env env = Env();
  Napi::Array answers = Napi::Array::New(env, results_.size());
  for (u32 index = 0; index < results_.size(); index++)
    answers.Set(index, ToObject(env, results_[index]));
  deferred_.Resolve(answers);
}

}  // namespace freshet
