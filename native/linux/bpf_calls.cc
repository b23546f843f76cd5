#include "linux/bpf_calls.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

namespace freshet {
namespace {

// The programs call helpers that the kernel gives to GPL-compatible programs alone; those that
// kernel_programs.cc puts together may be used under either.
constexpr char kLicense[] = "Dual MIT/GPL";
constexpr size_t kLogBytes = 256 << 10;
constexpr size_t kWhyBytes = 400;

long Bpf(bpf_cmd command, bpf_attr* attr) { return syscall(SYS_bpf, command, attr, sizeof(*attr)); }

u64 AsWord(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

size_t PageBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

Fd LoadProgram(const char* name, std::span<const bpf_insn> program, bpf_attach_type attach_type,
               u32 btf_type, char* log) {
  bpf_attr attr{};
  attr.prog_type = BPF_PROG_TYPE_TRACING;
  attr.expected_attach_type = attach_type;
  attr.attach_btf_id = btf_type;
  attr.insns = AsWord(program.data());
  attr.insn_cnt = static_cast<u32>(program.size());
  attr.license = AsWord(kLicense);
  strncpy(attr.prog_name, name, sizeof(attr.prog_name) - 1);
  if (log != nullptr) {
    attr.log_buf = AsWord(log);
    attr.log_size = kLogBytes;
    attr.log_level = 1;
  }
  return Fd(static_cast<int>(Bpf(BPF_PROG_LOAD, &attr)));
}

}  // namespace

Fd CreateBpfMap(bpf_map_type type, u32 key_bytes, u32 value_bytes, u32 entries_max, u32 flags) {
  bpf_attr attr{};
  attr.map_type = type;
  attr.key_size = key_bytes;
  attr.value_size = value_bytes;
  attr.max_entries = entries_max;
  attr.map_flags = flags;
  return Fd(static_cast<int>(Bpf(BPF_MAP_CREATE, &attr)));
}

bool LookUpBpfMap(int map, const void* key, void* value) {
  bpf_attr attr{};
  attr.map_fd = static_cast<u32>(map);
  attr.key = AsWord(key);
  attr.value = AsWord(value);
  return Bpf(BPF_MAP_LOOKUP_ELEM, &attr) == 0;
}

bool DeleteFromBpfMap(int map, const void* key) {
  bpf_attr attr{};
  attr.map_fd = static_cast<u32>(map);
  attr.key = AsWord(key);
  return Bpf(BPF_MAP_DELETE_ELEM, &attr) == 0;
}

bool NextBpfKey(int map, const void* key, void* next) {
  bpf_attr attr{};
  attr.map_fd = static_cast<u32>(map);
  attr.key = AsWord(key);
  attr.next_key = AsWord(next);
  return Bpf(BPF_MAP_GET_NEXT_KEY, &attr) == 0;
}

Fd AttachBpfProgram(const char* name, std::span<const bpf_insn> program, u32 btf_type, Fd* loaded,
                    std::string* why) {
  *loaded = LoadProgram(name, program, BPF_TRACE_RAW_TP, btf_type, nullptr);
  if (!*loaded) {
    *why = std::string(name) + ": " + strerror(errno);
    if (errno == EPERM) return Fd();
    // Once more for what the verifier has to say; its last lines are the reason.
    std::vector<char> log(kLogBytes);
    *loaded = LoadProgram(name, program, BPF_TRACE_RAW_TP, btf_type, log.data());
    if (!*loaded) {
      std::string_view said(log.data(), strnlen(log.data(), log.size()));
      while (said.ends_with('\n')) said.remove_suffix(1);
      if (said.size() > kWhyBytes) said.remove_prefix(said.size() - kWhyBytes);
      if (!said.empty()) *why += ": " + std::string(said);
      return Fd();
    }
  }
  bpf_attr attr{};
  attr.raw_tracepoint.prog_fd = static_cast<u32>(loaded->get());
  Fd attached(static_cast<int>(Bpf(BPF_RAW_TRACEPOINT_OPEN, &attr)));
  if (!attached) *why = std::string(name) + ": cannot be attached: " + strerror(errno);
  return attached;
}

Fd LoadBpfTaskWalk(const char* name, std::span<const bpf_insn> program, u32 btf_type) {
  return LoadProgram(name, program, BPF_TRACE_ITER, btf_type, nullptr);
}

size_t AskBpfTaskWalk(int program, u32 pid, std::span<std::byte> answer) {
  bpf_iter_link_info to{};
  to.task.tid = pid;
  bpf_attr attr{};
  attr.link_create.prog_fd = static_cast<u32>(program);
  attr.link_create.attach_type = BPF_TRACE_ITER;
  attr.link_create.iter_info = AsWord(&to);
  attr.link_create.iter_info_len = sizeof(to);
  const Fd link(static_cast<int>(Bpf(BPF_LINK_CREATE, &attr)));
  if (!link) return 0;
  attr = {};
  attr.iter_create.link_fd = static_cast<u32>(link.get());
  const Fd walk(static_cast<int>(Bpf(BPF_ITER_CREATE, &attr)));
  const ssize_t got = walk ? read(walk.get(), answer.data(), answer.size()) : 0;
  return got < 0 ? 0 : static_cast<size_t>(got);
}

u64 MissedRuns(int program) {
  bpf_prog_info info{};
  bpf_attr attr{};
  attr.info.bpf_fd = static_cast<u32>(program);
  attr.info.info_len = sizeof(info);
  attr.info.info = AsWord(&info);
  return Bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 ? info.recursion_misses : 0;
}

BpfRing::BpfRing(u32 bytes) : bytes_(bytes) {
  map_ = CreateBpfMap(BPF_MAP_TYPE_RINGBUF, 0, 0, bytes);
  if (!map_) return;
  const size_t page = PageBytes();
  void* consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_.get(), 0);
  if (consumer == MAP_FAILED) return;
  void* producer = mmap(nullptr, page + 2 * size_t{bytes}, PROT_READ, MAP_SHARED, map_.get(),
                        static_cast<off_t>(page));
  if (producer == MAP_FAILED) {
    munmap(consumer, page);
    return;
  }
  consumer_ = consumer;
  producer_ = producer;
  records_ = RingRecords(static_cast<u64*>(consumer), static_cast<const u64*>(producer),
                         static_cast<const std::byte*>(producer) + page, bytes);
}

BpfRing::~BpfRing() {
  if (!ok()) return;
  const size_t page = PageBytes();
  munmap(consumer_, page);
  munmap(producer_, page + 2 * size_t{bytes_});
}

u64 RingRecords::TakenMax() const {
  return data_ == nullptr ? 0 : __atomic_load_n(producer_, __ATOMIC_ACQUIRE);
}

bool RingRecords::Next(u64 until, std::span<const std::byte>* record) {
  while (data_ != nullptr && *consumer_ < until) {
    const std::byte* const at = data_ + (*consumer_ & (bytes_ - 1));
    const u32 length = __atomic_load_n(reinterpret_cast<const u32*>(at), __ATOMIC_ACQUIRE);
    if ((length & BPF_RINGBUF_BUSY_BIT) != 0) return false;  // is being written
    const u32 size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (size > bytes_ - BPF_RINGBUF_HDR_SZ) return false;  // the kernel never does this
    *record = {at + BPF_RINGBUF_HDR_SZ, size};
    if ((length & BPF_RINGBUF_DISCARD_BIT) == 0) return true;
    Let(*record);
  }
  return false;
}

void RingRecords::Let(std::span<const std::byte> record) {
  const u64 step = (record.size() + BPF_RINGBUF_HDR_SZ + 7) & ~size_t{7};
  __atomic_store_n(consumer_, *consumer_ + step, __ATOMIC_RELEASE);
}

}  // namespace freshet
