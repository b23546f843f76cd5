// The kernel's own description of its types, BTF, as /sys/kernel/btf/vmlinux has it: where the
// members of a structure lie on this kernel, and the numbers of its tracepoints' types. Format:
// Documentation/bpf/btf.rst of the kernel, linux/btf.h.
//
// A decoder: any bytes give an answer, and nothing outside them is read. It keeps no copy; the
// bytes outlive it.
#ifndef FRESHET_LINUX_BTF_TYPES_H_
#define FRESHET_LINUX_BTF_TYPES_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "record.h"

namespace freshet {

class Btf {
 public:
  struct Member {
    u32 offset;  // bytes from the beginning of the structure
    u32 size;    // bytes
  };

  // Nothing when the bytes are no BTF of this machine's byte order, or contradict themselves.
  static std::optional<Btf> Parse(std::span<const std::byte> bytes);

  // The number of the type that is declared as `typedef ... name`, as BPF_PROG_LOAD takes it; of
  // tracepoints alone (btf_trace_NAME).
  std::optional<u32> Typedef(std::string_view name) const;
  // The same of a function that stands for a walk through the kernel's things (bpf_iter_NAME).
  std::optional<u32> Walk(std::string_view name) const;

  // A member by its path of names, "__sk_common.skc_cookie.counter": members of unnamed structures
  // and unions are found by their own name. Nothing when there is none, or it is a bit field.
  std::optional<Member> Find(std::string_view structure, std::string_view path) const;

  size_t types() const { return type_at_.size(); }

 private:
  struct Type;
  struct Found;

  Btf() = default;
  std::optional<Type> At(u32 id) const;
  std::string_view Name(u32 offset) const;
  // What `id` is by another name or with qualifiers; 0 when that does not end.
  u32 Resolve(u32 id) const;
  std::optional<u64> SizeOf(u32 id, int depth) const;
  std::optional<Found> FindIn(u32 id, std::string_view name, int depth, size_t* steps) const;

  std::span<const std::byte> types_;
  std::span<const std::byte> strings_;
  std::vector<u32> type_at_;  // offset into types_ by number less 1: number 0 is void
  std::unordered_map<std::string_view, u32> structures_;   // first of each name
  std::unordered_map<std::string_view, u32> tracepoints_;  // typedefs of tracepoints: btf_trace_*
  std::unordered_map<std::string_view, u32> walks_;        // functions bpf_iter_*
};

}  // namespace freshet

#endif  // FRESHET_LINUX_BTF_TYPES_H_
