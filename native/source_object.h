// NativeSource of the addon: a ring, one of the platform's sources, which fills it, and the way to
// wake JavaScript. Several may be open, each of its own kind.
#ifndef FRESHET_SOURCE_OBJECT_H_
#define FRESHET_SOURCE_OBJECT_H_

#include <napi.h>

#include <memory>

#include "program_files.h"
#include "ring.h"
#include "source.h"
#include "wanted_pids.h"

namespace freshet {

// Threads: every method on the environment's JavaScript thread. The source's thread calls only the
// thread-safe function, which is released after that thread has ended: by close(), by the end of
// the environment (process.exit, a worker's end), or by the garbage collector, whichever is first.
class SourceObject : public Napi::ObjectWrap<SourceObject> {
 public:
  // What the sources of one environment share.
  struct Shared {
    std::shared_ptr<ProgramFiles> programs = std::make_shared<ProgramFiles>();
    std::shared_ptr<WantedPids> wanted_pids = std::make_shared<WantedPids>();
    std::shared_ptr<WantedPids> executed_pids = std::make_shared<WantedPids>();
  };

  static Napi::Function Define(Napi::Env env);

  // `info[0]`: OpenOptions; `info[1]`: External<Shared>.
  // Throws TypeError or RangeError on others.
  explicit SourceObject(const Napi::CallbackInfo& info);
  ~SourceObject() override;

 private:
  Napi::Value Drain(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  void Enumerate(const Napi::CallbackInfo& info);
  void Look(const Napi::CallbackInfo& info);
  void CloseMethod(const Napi::CallbackInfo& info);
  void Close();
  static void CloseAtExit(void* self);

  Shared shared_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Source> source_;
  Napi::ThreadSafeFunction wake_;
  napi_env env_ = nullptr;
  bool open_ = false;
};

}  // namespace freshet

#endif  // FRESHET_SOURCE_OBJECT_H_
