// The reader of the kernel's types: of some made here, of damaged ones, and of this kernel's.
#include "linux/btf_types.h"

#include <linux/btf.h>

#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "check.h"
#include "some_types.h"

namespace freshet {
namespace {

constexpr const char* kTypesPath = "/sys/kernel/btf/vmlinux";

void FindsMembersOfTypes() {
  const Buffer bytes = SomeTypes().Build();
  const auto btf = Btf::Parse(bytes);
  CHECK(btf.has_value() && btf->types() == 15);
  const auto is = [&](const char* path, u32 offset, u32 size) {
    const auto member = btf->Find("outer", path);
    return member && member->offset == offset && member->size == size;
  };
  CHECK(is("first", 0, 8) && is("in", 8, 4) && is("in.a", 8, 4) && is("bytes", 8, 12));
  CHECK(is("pointer", 24, 8));
  for (const char* none : {"flag", "a", "in.b", "pointer.a", "", ".", "in.", "first.a"})
    CHECK(!btf->Find("outer", none));
  CHECK(!btf->Find("inner_t", "a") && !btf->Find("nothing", "a"));
  CHECK(!btf->Find("endless", "a") && !btf->Find("looped", "member"));
  CHECK(btf->Typedef("btf_trace_some") == 12 && !btf->Typedef("loop") && !btf->Typedef("inner"));
}

void RefusesDamagedTypes() {
  const Buffer whole = SomeTypes().Build();
  const auto refused = [&](size_t at, u8 value) {
    Buffer changed = whole;
    changed[at] = std::byte{value};
    return !Btf::Parse(changed);
  };
  CHECK(!Btf::Parse({}));
  CHECK(refused(0, 0x9e));                                // of the other byte order
  CHECK(refused(2, 2));                                   // a version of later
  CHECK(refused(offsetof(btf_header, hdr_len), 8));       // shorter than a header
  CHECK(refused(offsetof(btf_header, type_len) + 2, 1));  // longer than the file
  CHECK(refused(offsetof(btf_header, str_len) + 3, 1));   //
  CHECK(refused(sizeof(btf_header) + 7, 31));             // a kind that nobody knows
  CHECK(refused(offsetof(btf_header, type_off), 2));      // not aligned
  CHECK(!refused(whole.size() - 1, 'x'));                 // a name without an end is no name's
}

void ReadsAnyTypes() {
  const Buffer whole = SomeTypes().Build();
  const auto look = [](const Buffer& bytes) {
    const auto btf = Btf::Parse(bytes);
    if (!btf) return;
    for (const char* path : {"first", "in.a", "bytes", "pointer", "flag", "a.b.c"})
      for (const char* structure : {"outer", "endless", "looped", "inner"})
        if (const auto member = btf->Find(structure, path)) CHECK(member->offset <= 0x7fff);
    const auto type = btf->Typedef("btf_trace_some");
    CHECK(!type || *type <= btf->types());
  };
  for (size_t length = 0; length <= whole.size(); length++)
    look(Buffer(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)));
  Random random(11);
  size_t understood = 0;
  for (int round = 0; round < 50'000; round++) {
    Buffer changed = whole;
    for (u64 count = 1 + random.Below(4); count > 0; count--)
      changed[random.Below(changed.size())] = std::byte(random.Next() & 0xff);
    if (Btf::Parse(changed)) understood++;
    look(changed);
  }
  CHECK(understood > 5'000);  // not all are refused at the door
  std::printf("types: %zu of 50,000 damaged ones understood, none read outside\n", understood);
}

void ReadsThisKernelsTypes() {
  std::ifstream file(kTypesPath, std::ios::binary);
  const std::vector<char> text((std::istreambuf_iterator<char>(file)), {});
  if (text.empty()) return;
  const auto btf = Btf::Parse(std::as_bytes(std::span(text)));
  CHECK(btf.has_value() && btf->types() > 1000);
  const auto family = btf->Find("sock", "__sk_common.skc_family");
  CHECK(family && family->size == 2);
  CHECK(btf->Find("task_struct", "tgid") && !btf->Find("task_struct", "no_such_member"));
  CHECK(!btf->Walk("bpf_iter_no_such") && !btf->Walk("task_struct"));
  CHECK(btf->Typedef("btf_trace_sched_process_exec") && !btf->Typedef("btf_trace_no_such"));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  FindsMembersOfTypes();
  RefusesDamagedTypes();
  ReadsAnyTypes();
  ReadsThisKernelsTypes();
}
