#include "source_object.h"

#include <string.h>

#include <string>

namespace freshet {
namespace {

constexpr double kRingBytesMin = 64 << 10;
constexpr double kRingBytesMax = 1 << 30;
constexpr double kIntervalMsMin = 10;
constexpr double kIntervalMsMax = 3'600'000;

const SourceKind* FindKind(const std::string& name) {
  for (const SourceKind& kind : PlatformSources())
    if (name == kind.name) return &kind;
  return nullptr;
}

}  // namespace

Napi::Function SourceObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeSource",
                     {InstanceMethod<&SourceObject::Drain>("drain"),
                      InstanceMethod<&SourceObject::Counters>("counters"),
                      InstanceMethod<&SourceObject::Enumerate>("enumerate"),
                      InstanceMethod<&SourceObject::Look>("look"),
                      InstanceMethod<&SourceObject::CloseMethod>("close")});
}

SourceObject::SourceObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SourceObject>(info), env_(info.Env()) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject() || !info[1].IsExternal()) {
    Napi::TypeError::New(
        env,
        "open: wants {source, ringBytes, intervalMs, execArguments, kernelPrograms, onReadable}")
        .ThrowAsJavaScriptException();
    return;
  }
  const Napi::Object options = info[0].As<Napi::Object>();
  const Napi::Value source = options["source"];
  const Napi::Value ring_bytes = options["ringBytes"];
  const Napi::Value interval_ms = options["intervalMs"];
  const Napi::Value exec_arguments = options["execArguments"];
  const Napi::Value kernel_programs = options["kernelPrograms"];
  const Napi::Value on_readable = options["onReadable"];
  if (!source.IsString() || !ring_bytes.IsNumber() || !interval_ms.IsNumber() ||
      !(exec_arguments.IsBoolean() || exec_arguments.IsUndefined()) ||
      !(kernel_programs.IsBoolean() || kernel_programs.IsUndefined()) ||
      !on_readable.IsFunction()) {
    Napi::TypeError::New(
        env,
        "open: source is a string, ringBytes and intervalMs are numbers, "
        "execArguments and kernelPrograms are booleans or left out, onReadable is a "
        "function")
        .ThrowAsJavaScriptException();
    return;
  }
  const std::string name = source.As<Napi::String>();
  const SourceKind* const kind = FindKind(name);
  if (kind == nullptr) {
    Napi::RangeError::New(env, "open: no source of this platform is called " + name)
        .ThrowAsJavaScriptException();
    return;
  }
  const double bytes = ring_bytes.As<Napi::Number>();
  const double interval = interval_ms.As<Napi::Number>();
  if (!(bytes >= kRingBytesMin && bytes <= kRingBytesMax) ||
      bytes != static_cast<double>(static_cast<size_t>(bytes)) ||
      !std::has_single_bit(static_cast<size_t>(bytes))) {
    Napi::RangeError::New(env, "open: ringBytes must be a power of two from 64 KiB to 1 GiB")
        .ThrowAsJavaScriptException();
    return;
  }
  if (!(interval >= kIntervalMsMin && interval <= kIntervalMsMax)) {
    Napi::RangeError::New(env, "open: intervalMs must be from 10 to 3600000")
        .ThrowAsJavaScriptException();
    return;
  }
  shared_ = *info[1].As<Napi::External<Shared>>().Data();
  ring_ = std::make_unique<Ring>(static_cast<size_t>(bytes));
  // One call may wait; more would say nothing new, since JavaScript drains until the ring is empty.
  wake_ = Napi::ThreadSafeFunction::New(env, on_readable.As<Napi::Function>(), "freshet.readable",
                                        1, 1);
  source_ = kind->make(ring_.get(), {.interval_ms = static_cast<u32>(interval),
                                     .on_readable = [this] { wake_.NonBlockingCall(); },
                                     .programs = shared_.programs.get(),
                                     .wanted_pids = shared_.wanted_pids.get(),
                                     .executed_pids = shared_.executed_pids.get(),
                                     .exec_arguments = exec_arguments.ToBoolean(),
                                     .kernel_programs = kernel_programs.IsUndefined() ||
                                                        kernel_programs.ToBoolean()});
  if (!source_->Start()) {
    const std::string reason = strerror(errno);
    wake_.Release();
    Napi::Error::New(env, name + ": the source's thread cannot be started: " + reason)
        .ThrowAsJavaScriptException();
    return;
  }
  open_ = true;
  Ref();  // it lives until it is closed, whether or not JavaScript holds it
  // Hooks run last in, first out: this one before the thread-safe function's own, which was made
  // above.
  napi_add_env_cleanup_hook(env, CloseAtExit, this);
}

SourceObject::~SourceObject() {
  if (open_) Close();
}

void SourceObject::CloseAtExit(void* self) { static_cast<SourceObject*>(self)->Close(); }

void SourceObject::Close() {
  if (!open_) return;
  open_ = false;
  source_->Stop();
  wake_.Release();
  napi_remove_env_cleanup_hook(env_, CloseAtExit, this);
}

Napi::Value SourceObject::Drain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray() ||
      info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Napi::TypeError::New(env, "drain: wants a Uint8Array").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Uint8Array into = info[0].As<Napi::Uint8Array>();
  if (into.ByteLength() < kRecordBytesMax) {
    Napi::RangeError::New(env, "drain: the array must have room for RECORD_BYTES_MAX bytes")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const size_t copied =
      ring_->Drain({reinterpret_cast<std::byte*>(into.Data()), into.ByteLength()});
  return Napi::Number::New(env, static_cast<double>(copied));
}

Napi::Value SourceObject::Counters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Ring::Counters counters = ring_->counters();
  Napi::Object result = Napi::Object::New(env);
  result["records"] = Napi::Number::New(env, static_cast<double>(counters.records));
  result["bytes"] = Napi::Number::New(env, static_cast<double>(counters.bytes));
  result["dropped"] = Napi::Number::New(env, static_cast<double>(counters.dropped));
  result["waitingBytes"] = Napi::Number::New(env, static_cast<double>(counters.waiting_bytes));
  result["capacityBytes"] = Napi::Number::New(env, static_cast<double>(counters.capacity_bytes));
  return result;
}

void SourceObject::Enumerate(const Napi::CallbackInfo&) {
  if (open_) source_->RequestEnumerate();
}

void SourceObject::Look(const Napi::CallbackInfo&) { shared_.wanted_pids->AskAll(); }

void SourceObject::CloseMethod(const Napi::CallbackInfo&) {
  if (!open_) return;
  Close();
  Unref();
}

}  // namespace freshet
