// The addon: what src/sense/addon.ts declares. The only file that knows Node; it decides nothing.
#include <napi.h>
#include <node_version.h>

#include <algorithm>
#include <memory>

#include "boot_clock.h"
#include "inspect_worker.h"
#include "source_object.h"

// Another major version's headers build without a word (an .npmrc may name them) and load by
// chance.
static_assert(NODE_MAJOR_VERSION == 26,
              "build with the pinned Node's headers: node scripts/setup.mjs");

namespace freshet {
namespace {

// What one environment (the main thread, or a worker) holds.
struct AddonData {
  Napi::FunctionReference source_class;
  SourceObject::Shared shared;
  std::shared_ptr<Inspector> inspector = std::make_shared<Inspector>(
      shared.programs, PlatformSignatures(), InspectTimes(), std::make_shared<OriginFinder>());
};

// open(options): NativeSource
Napi::Value Open(const Napi::CallbackInfo& info) {
  auto* data = info.Env().GetInstanceData<AddonData>();
  const Napi::Value shared = Napi::External<SourceObject::Shared>::New(
      info.Env(), &data->shared);  // it lives as long as the environment
  return data->source_class.New({info[0], shared});
}

// look(requests): Promise<Inspection[]>
Napi::Value Look(const Napi::CallbackInfo& info) {
  return InspectWorker::Queue(info, info.Env().GetInstanceData<AddonData>()->inspector,
                              Inspector::Depth::kLook);
}

// inspect(requests): Promise<Inspection[]>
Napi::Value Inspect(const Napi::CallbackInfo& info) {
  return InspectWorker::Queue(info, info.Env().GetInstanceData<AddonData>()->inspector,
                              Inspector::Depth::kRead);
}

// bootNs(): bigint
Napi::Value BootNs(const Napi::CallbackInfo& info) {
  return Napi::BigInt::New(info.Env(), SinceBootNs());
}

// bootId(): Uint8Array
Napi::Value BootId(const Napi::CallbackInfo& info) {
  Napi::Uint8Array id = Napi::Uint8Array::New(info.Env(), 16);
  std::fill_n(id.Data(), 16, u8{0});
  PlatformBootId(id.Data());
  return id;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData;
  env.SetInstanceData(data);
  data->source_class = Napi::Persistent(SourceObject::Define(env));
  exports["layout"] = Napi::Number::New(env, kRecordLayout);
  Napi::Array sources = Napi::Array::New(env);
  for (const SourceKind& kind : PlatformSources()) {
    Napi::Object source = Napi::Object::New(env);
    source["name"] = Napi::String::New(env, kind.name);
    source["code"] = Napi::Number::New(env, kind.code);
    sources.Set(sources.Length(), source);
  }
  exports["sources"] = sources;
  exports["open"] = Napi::Function::New(env, Open, "open");
  exports["bootNs"] = Napi::Function::New(env, BootNs, "bootNs");
  exports["bootId"] = Napi::Function::New(env, BootId, "bootId");
  exports["look"] = Napi::Function::New(env, Look, "look");
  exports["inspect"] = Napi::Function::New(env, Inspect, "inspect");
  return exports;
}

}  // namespace
}  // namespace freshet

static Napi::Object InitFreshet(Napi::Env env, Napi::Object exports) {
  return freshet::Init(env, exports);
}
NODE_API_MODULE(freshet, InitFreshet)
