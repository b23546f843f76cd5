// The rival of the bench: the same records handed over as N-API objects, one a flow record, with
// just the fields an engine reads. Not part of the product.
#include <arpa/inet.h>
#include <napi.h>

#include <cstring>

#include "record.h"

namespace {

using namespace freshet;

// eachFlow(records: Uint8Array, call: (flow) => void): number
// Calls `call` with {flowId, bytesOut, bytesIn, pid, pidversion, remoteAddress, remotePort,
// protocol, direction, state, atNs} for each flow record of whole records, in order; answers how
// many. 64-bit values are numbers. Throws what `call` throws.
Napi::Value EachFlow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray() || !info[1].IsFunction()) {
    Napi::TypeError::New(env, "eachFlow: wants a Uint8Array and a function")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
  const Napi::Function call = info[1].As<Napi::Function>();
  u32 flows = 0;
  for (size_t at = 0; at + sizeof(Header) <= bytes.ByteLength();) {
    Header header;
    std::memcpy(&header, bytes.Data() + at, sizeof(header));
    if (header.size < sizeof(header) || header.size > bytes.ByteLength() - at) break;
    if (header.type == flow_record::kType && header.size >= sizeof(flow_record)) {
      const Napi::HandleScope scope(env);
      flow_record flow;
      std::memcpy(&flow, bytes.Data() + at, sizeof(flow));
      char address[INET6_ADDRSTRLEN];
      inet_ntop(AF_INET6, flow.remote_addr, address, sizeof(address));
      Napi::Object object = Napi::Object::New(env);
      object["flowId"] = Napi::Number::New(env, static_cast<double>(flow.flow_id));
      object["bytesOut"] = Napi::Number::New(env, static_cast<double>(flow.bytes_out));
      object["bytesIn"] = Napi::Number::New(env, static_cast<double>(flow.bytes_in));
      object["pid"] = Napi::Number::New(env, flow.pid);
      object["pidversion"] = Napi::Number::New(env, flow.pidversion);
      object["remoteAddress"] = Napi::String::New(env, address);
      object["remotePort"] = Napi::Number::New(env, flow.remote_port);
      object["protocol"] = Napi::Number::New(env, flow.protocol);
      object["direction"] = Napi::Number::New(env, flow.direction);
      object["state"] = Napi::Number::New(env, flow.state);
      object["atNs"] = Napi::Number::New(env, static_cast<double>(flow.header.at_ns));
      call.Call({object});
      if (env.IsExceptionPending()) return env.Undefined();
      flows++;
    }
    at += header.size;
  }
  return Napi::Number::New(env, flows);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["eachFlow"] = Napi::Function::New(env, EachFlow, "eachFlow");
  return exports;
}

}  // namespace

NODE_API_MODULE(freshet_bench, Init)
