#include "linux/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <charconv>

#include "linux/procfs.h"

namespace freshet {
namespace {

// Numbers of the generic system call table, the same on every architecture since Linux 5.2.
constexpr long kSysFsopen = 430;
constexpr long kSysFsconfig = 431;
constexpr long kSysFsmount = 432;
constexpr unsigned kCloexec = 1;       // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
constexpr unsigned kConfigCreate = 6;  // FSCONFIG_CMD_CREATE

Fd MountDetached() {
  const Fd context(static_cast<int>(syscall(kSysFsopen, "tracefs", kCloexec)));
  if (!context) return Fd();
  if (syscall(kSysFsconfig, context.get(), kConfigCreate, nullptr, nullptr, 0) != 0) return Fd();
  return Fd(static_cast<int>(syscall(kSysFsmount, context.get(), kCloexec, 0)));
}

// The number behind `key` in `line`; nothing when there is none.
std::optional<u16> NumberAfter(std::string_view line, std::string_view key) {
  const size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(at + key.size());
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  u16 value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// "field:__u8 saddr[4];" -> "saddr"; "field:__data_loc char[] filename;" -> "filename".
std::string_view FieldName(std::string_view line) {
  const size_t end = line.find(';');
  if (end == std::string_view::npos) return {};
  std::string_view declaration = line.substr(0, end);
  if (declaration.ends_with(']')) declaration = declaration.substr(0, declaration.rfind('['));
  const size_t space = declaration.find_last_of(" *");
  return space == std::string_view::npos ? std::string_view() : declaration.substr(space + 1);
}

}  // namespace

std::optional<u16> TraceFormat::OffsetOf(const char* name, u16 size) const {
  const auto field = fields.find(name);
  if (field == fields.end() || field->second.size != size) return std::nullopt;
  return field->second.offset;
}

std::optional<TraceFormat> ParseTraceFormat(std::string_view text) {
  TraceFormat format;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.starts_with("ID:")) format.id = NumberAfter(line, "ID:").value_or(0);
    if (line.find("field:") == std::string_view::npos) continue;
    const std::string_view name = FieldName(line);
    const auto offset = NumberAfter(line, "offset:");
    const auto size = NumberAfter(line, "size:");
    if (!name.empty() && offset && size) format.fields[std::string(name)] = {*offset, *size};
  }
  if (format.id == 0 || format.fields.empty()) return std::nullopt;
  return format;
}

Tracefs::Tracefs(std::span<const char* const> mount_points, bool may_mount) {
  for (const char* path : mount_points) {
    Fd root(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (root && faccessat(root.get(), "events/sched", R_OK | X_OK, 0) == 0) {
      root_ = std::move(root);
      return;
    }
  }
  errno = ENOENT;
  if (may_mount) root_ = MountDetached();
  if (!root_) error_ = errno;
}

std::optional<TraceFormat> Tracefs::Read(const char* event) const {
  const std::string path = std::string("events/") + event + "/format";
  std::string text;
  if (!ReadFileAt(root_.get(), path.c_str(), 64 * 1024, &text)) return std::nullopt;
  return ParseTraceFormat(text);
}

}  // namespace freshet
