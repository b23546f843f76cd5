#include "mac/filter/queued_report.h"

#include <cstring>

#include "emitter.h"

namespace freshet {
namespace {

// bsm/libbsm.h: eight words; the process id is the sixth, its version the eighth.
constexpr size_t kTokenBytes = 32;
constexpr size_t kTokenPid = 5;
constexpr size_t kTokenPidversion = 7;

ProcessId ReadToken(std::span<const std::byte> token) {
  if (token.size() != kTokenBytes) return {};
  u32 words[8];
  std::memcpy(words, token.data(), sizeof(words));
  if (words[kTokenPid] == 0) return {};
  return {words[kTokenPid], words[kTokenPidversion]};
}

}  // namespace

bool QueuedReport::Keep(const FlowReport& report) {
  using Kind = Endpoint::Kind;
  const Endpoint remote_end = ParseEndpoint(report.remote);
  const Endpoint local_end = ParseEndpoint(report.local);
  uuid = report.uuid;
  at_ns = report.at_ns;
  event = report.event;
  bytes_out = counts() ? report.bytes_out : 0;
  bytes_in = counts() ? report.bytes_in : 0;
  app = ReadToken(report.app_token);
  maker = ReadToken(report.process_token);
  direction = report.direction;
  protocol = report.protocol;
  has_remote = remote_end.kind == Kind::kAddress;
  remote = remote_end.address;
  remote_port = remote_end.port;
  has_local = local_end.kind == Kind::kAddress;
  local = local_end.address;
  local_port = local_end.port;
  std::string_view name = IsHostname(report.hostname) ? report.hostname : std::string_view{};
  if (name.empty() && remote_end.kind == Kind::kName) name = report.remote.host;
  name = CutText(name, sizeof(hostname));
  hostname_bytes = static_cast<u8>(name.size());
  if (!name.empty()) std::memcpy(hostname, name.data(), name.size());
  return remote_end.kind != Kind::kMalformed && local_end.kind != Kind::kMalformed;
}

}  // namespace freshet
