// Tracepoints as tracefs describes them: ids and the places of their fields.
//
// Where tracefs is not mounted it is mounted detached (fsopen(2), fsmount(2), Linux 5.2): visible
// to nobody, gone with its descriptor. That needs CAP_SYS_ADMIN.
#ifndef FRESHET_LINUX_TRACEFS_H_
#define FRESHET_LINUX_TRACEFS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fd.h"
#include "record.h"

namespace freshet {

struct TraceField {
  u16 offset;  // from the first byte of the raw record
  u16 size;    // bytes
};

struct TraceFormat {
  u16 id = 0;  // what common_type reads, and what perf_event_attr.config takes
  std::unordered_map<std::string, TraceField> fields;  // by name

  // The field's offset when it is there with this size.
  std::optional<u16> OffsetOf(const char* name, u16 size) const;
};

// Parses the text of an events/*/*/format file. Nothing when it has no id or no field.
std::optional<TraceFormat> ParseTraceFormat(std::string_view text);

class Tracefs {
 public:
  // Where distributions mount it.
  static constexpr const char* kMountPoints[] = {"/sys/kernel/tracing",
                                                 "/sys/kernel/debug/tracing"};

  // Opens tracefs where it is mounted, else, if it `may_mount`, mounts it detached. On failure ok()
  // is false and error() is the errno.
  explicit Tracefs(std::span<const char* const> mount_points = kMountPoints, bool may_mount = true);
  bool ok() const { return static_cast<bool>(root_); }
  int error() const { return error_; }

  // `event` as in "sock/inet_sock_set_state". Nothing when this kernel has no such tracepoint.
  std::optional<TraceFormat> Read(const char* event) const;

 private:
  Fd root_;
  int error_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_TRACEFS_H_
