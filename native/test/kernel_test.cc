// Our programs in the kernel and what they are made from: the reader of the kernel's types, the
// assembler, the events; then live, on this kernel, what they say of an exec. Wants root; the mocha
// test that runs it skips otherwise.
#include <fcntl.h>
#include <linux/btf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "check.h"
#include "linux/bpf_program.h"
#include "linux/btf_types.h"
#include "linux/clock.h"
#include "linux/kernel_layout.h"
#include "linux/kernel_programs.h"

namespace freshet {
namespace {

constexpr const char* kTypesPath = "/sys/kernel/btf/vmlinux";

using Buffer = std::vector<std::byte>;

// A type section and its strings, as a kernel would have them.
class Types {
 public:
  u32 Text(std::string_view text) {
    const u32 at = static_cast<u32>(strings_.size());
    strings_.append(text).push_back('\0');
    return at;
  }
  // The number of the type.
  u32 Add(u32 kind, u32 count, u32 size_or_type, std::string_view name, bool bit_fields = false) {
    Put(name.empty() ? 0 : Text(name));
    Put((bit_fields ? 1u << 31 : 0) | kind << 24 | count);
    Put(size_or_type);
    return ++types_;
  }
  void Member(std::string_view name, u32 type, u32 offset) {
    Put(name.empty() ? 0 : Text(name));
    Put(type);
    Put(offset);
  }
  void Put(u32 word) {
    const size_t at = body_.size();
    body_.resize(at + 4);
    std::memcpy(&body_[at], &word, 4);
  }
  Buffer Build() const {
    btf_header header{};
    header.magic = 0xeb9f;
    header.version = 1;
    header.hdr_len = sizeof(header);
    header.type_len = static_cast<u32>(body_.size());
    header.str_off = header.type_len;
    header.str_len = static_cast<u32>(strings_.size());
    Buffer all(sizeof(header) + body_.size() + strings_.size());
    std::memcpy(all.data(), &header, sizeof(header));
    std::memcpy(&all[sizeof(header)], body_.data(), body_.size());
    std::memcpy(&all[sizeof(header) + body_.size()], strings_.data(), strings_.size());
    return all;
  }

 private:
  std::string strings_ = std::string(1, '\0');
  Buffer body_;
  u32 types_ = 0;
};

constexpr u32 kInt = 1, kPointer = 2, kArray = 3, kStruct = 4, kUnion = 5, kTypedef = 8,
              kConst = 10;

// struct inner { u32 a; }; struct outer { u64 first; union { const inner_t in; u8 bytes[6][2]; };
// void *pointer; u32 flag : 3; }; typedef void *btf_trace_some; typedef loop loop.
Types SomeTypes() {
  Types types;
  const u32 word = types.Add(kInt, 0, 4, "u32");
  types.Put(32);
  const u32 wide = types.Add(kInt, 0, 8, "u64");
  types.Put(64);
  const u32 byte = types.Add(kInt, 0, 1, "u8");
  types.Put(8);
  const u32 inner = types.Add(kStruct, 1, 4, "inner");
  types.Member("a", word, 0);
  const u32 named = types.Add(kTypedef, 0, inner, "inner_t");
  const u32 constant = types.Add(kConst, 0, named, "");
  const u32 pair = types.Add(kArray, 0, 0, "");
  for (const u32 of : {byte, word, 2u}) types.Put(of);
  const u32 pairs = types.Add(kArray, 0, 0, "");
  for (const u32 of : {pair, word, 6u}) types.Put(of);
  const u32 either = types.Add(kUnion, 2, 12, "");
  types.Member("in", constant, 0);
  types.Member("bytes", pairs, 0);
  const u32 pointer = types.Add(kPointer, 0, 0, "");
  types.Add(kStruct, 4, 40, "outer", true);
  types.Member("first", wide, 0);
  types.Member("", either, 64);
  types.Member("pointer", pointer, 192);
  types.Member("flag", word, 3u << 24 | 256);
  types.Add(kTypedef, 0, pointer, "btf_trace_some");
  types.Add(kTypedef, 0, 13, "loop");
  types.Add(kStruct, 1, 8, "endless");
  types.Member("", 14, 0);  // holds itself
  types.Add(kStruct, 1, 8, "looped");
  types.Member("member", 13, 0);
  return types;
}

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
  CHECK(btf->Typedef("btf_trace_sched_process_exec") && !btf->Typedef("btf_trace_no_such"));
}

void PutsProgramsTogether() {
  using If = BpfProgram::If;
  BpfProgram program;
  const auto out = program.NewLabel();
  program.Load(4, Reg::r2, Reg::r1, -8);
  program.JumpIf32(If::kEqual, Reg::r2, 7, out);
  program.LoadWide(Reg::r3, 0x1122334455667788);
  program.Bind(out);
  program.Exit();
  const auto built = program.Build();
  CHECK(built && built->size() == 5);
  CHECK((*built)[0].code == (BPF_LDX | BPF_MEM | BPF_W) && (*built)[0].off == -8);
  CHECK((*built)[1].off == 2 && (*built)[1].imm == 7);
  CHECK((*built)[2].imm == 0x55667788 && (*built)[3].imm == 0x11223344);

  BpfProgram nowhere;
  nowhere.Jump(nowhere.NewLabel());
  CHECK(!nowhere.Build());
  BpfProgram odd;
  odd.Load(3, Reg::r1, Reg::r2, 0);
  CHECK(!odd.Build());
  BpfProgram far;
  far.Load(4, Reg::r1, Reg::r2, 0x8000);
  CHECK(!far.Build());
}

void ReadsAnyEvent() {
  Random random(12);
  KernelExec exec;
  for (int round = 0; round < 50'000; round++) {
    Buffer any(random.Below(1200));
    for (std::byte& one : any) one = std::byte(random.Next() & 0xff);
    const u32 kind = static_cast<u32>(random.Below(6));
    if (any.size() >= 4) std::memcpy(any.data(), &kind, 4);
    const KernelEvent event = ParseKernelEvent(any, &exec);
    if (event.kind == KernelEvent::Kind::kExec) CHECK(exec.argv().size() <= exec.text.size());
  }
}

// Each byte of an MPTCP connection once, or marked.
void CountsSubflows() {
  const auto parse = [](u64 sent, u64 connection_sent, u64 connection_resent, u64 received = 0,
                        u64 connection_received = 0) {
    FinalEvent final{};
    final.head.kind = kKindFinal;
    final.family = AF_INET;
    final.sent = sent + 50;
    final.resent = 50;  // by TCP
    final.received = received;
    final.data_segs_in = received > 0 ? 1 : 0;
    final.is_mptcp = 1;
    final.mptcp_sent = connection_sent;
    final.mptcp_resent = connection_resent;
    final.mptcp_received = connection_received;
    KernelExec exec;
    return ParseKernelEvent(std::as_bytes(std::span(&final, 1)), &exec);
  };
  const auto is = [](const KernelEvent& event, u64 out, bool exact, u64 in = 0) {
    return event.kind == KernelEvent::Kind::kFinal && event.bytes_out == out &&
           event.bytes_in == in && event.is_inexact == !exact;
  };
  // Nothing was sent again: alone, or beside others.
  CHECK(is(parse(1000, 1000, 0), 1000, true) && is(parse(400, 1000, 0), 400, true));
  CHECK(is(parse(0, 0, 0), 0, true));
  // 200 were, by the one that carried everything, or by who knows whom.
  CHECK(is(parse(1200, 1000, 200), 1000, true));
  CHECK(is(parse(700, 1000, 200), 500, false) && is(parse(100, 1000, 200), 0, false));
  // More than there was without a count of it: a connection that began anew after a failure.
  CHECK(is(parse(1300, 1000, 0), 1000, false));
  // What came in: all of it by one, part of it by each, or more than the program was given.
  CHECK(is(parse(0, 0, 0, 800, 800), 0, true, 800) && is(parse(0, 0, 0, 300, 800), 0, false, 300));
  CHECK(is(parse(0, 0, 0, 900, 800), 0, false, 800));
}

void SaysWhyItHasNone() {
  const KernelPrograms missing("/nowhere/btf");
  CHECK(!missing.has_execs() && missing.why().find("/nowhere/btf") != std::string::npos);
  char path[] = "/tmp/freshet-btf-XXXXXX";
  const Fd file(mkstemp(path));
  const Buffer bytes = SomeTypes().Build();
  CHECK(file && write(file.get(), bytes.data(), bytes.size() - 1) > 0);
  const KernelPrograms damaged(path);
  CHECK(!damaged.has_execs() && damaged.why().find("not understood") != std::string::npos);
  CHECK(write(file.get(), "", 1) == 1);  // whole, of a kernel without tracepoints of ours
  const KernelPrograms other(path);
  CHECK(!other.has_execs() && other.why().find("no tracepoint") != std::string::npos);
  unlink(path);
}

// A program that the verifier refuses has its reason kept.
void KeepsWhatTheVerifierSays() {
  std::ifstream file(kTypesPath, std::ios::binary);
  const std::vector<char> text((std::istreambuf_iterator<char>(file)), {});
  const auto btf = Btf::Parse(std::as_bytes(std::span(text)));
  if (!btf) return;
  BpfProgram program;
  program.Load(8, Reg::r0, Reg::r9, 0);  // of nothing
  program.Exit();
  const auto built = program.Build();
  Fd loaded;
  std::string why;
  const auto type = btf->Typedef("btf_trace_sched_process_exec");
  CHECK(type && !AttachBpfProgram("refused", *built, *type, &loaded, &why));
  CHECK(why.starts_with("refused: ") && why.find("R9") != std::string::npos);
}

u32 Run(const std::vector<const char*>& argv) {
  std::vector<char*> all;
  for (const char* one : argv) all.push_back(const_cast<char*>(one));
  all.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    execv(all[0], all.data());
    _exit(1);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  return static_cast<u32>(pid);
}

// What the kernel said of the exec of `pid`, last.
KernelExec Told(KernelPrograms* programs, u32 pid) {
  KernelExec found;
  programs->Take([&](std::span<const std::byte> record) {
    KernelExec exec;
    const KernelEvent event = ParseKernelEvent(record, &exec);
    CHECK(event.kind != KernelEvent::Kind::kMalformed);
    if (event.kind == KernelEvent::Kind::kExec && exec.pid == pid) found = exec;
  });
  CHECK(found.pid == pid);
  return found;
}

void TellsExecs() {
  KernelPrograms programs(kTypesPath);
  if (!programs.has_execs()) {
    std::printf("execs: not here: %s\n", programs.why().c_str());
    return;
  }
  struct stat file;
  CHECK(stat("/bin/true", &file) == 0);
  const u64 before_ns = MonotonicNs();
  const KernelExec plain = Told(&programs, Run({"/bin/true", "one", ""}));
  CHECK(plain.ino == file.st_ino && plain.dev == file.st_dev && plain.count == 3);
  CHECK(plain.argv() == std::string_view("/bin/true\0one\0\0", 15) && !plain.is_cut());
  CHECK(plain.at_ns > before_ns && plain.at_ns < MonotonicNs());

  const std::string longer(3000, 'x');
  const KernelExec cut = Told(&programs, Run({"/bin/true", longer.c_str()}));
  CHECK(cut.argv_bytes == 10 + 3001 && cut.kept_bytes == 1024 && cut.is_cut());

  char path[] = "/tmp/freshet-script-XXXXXX";
  {
    const Fd script(mkstemp(path));
    const std::string_view text = "#!/bin/sh -e\nexit 0\n";
    CHECK(write(script.get(), text.data(), text.size()) > 0 && fchmod(script.get(), 0700) == 0);
  }
  CHECK(stat("/bin/sh", &file) == 0);
  const KernelExec script = Told(&programs, Run({path, "argument"}));
  CHECK(script.ino == file.st_ino && script.count == 4);
  CHECK(script.argv() ==
        std::string("/bin/sh") + '\0' + "-e" + '\0' + path + '\0' + "argument" + '\0');
  unlink(path);
  CHECK(programs.TakeDropped() == 0);
  std::puts("execs: the file executed and its first arguments, of a script its interpreter's");
}

// Execs that nobody reads fill the ring: what finds no room is counted, once.
void CountsWhatFindsNoRoom() {
  KernelPrograms programs(kTypesPath, 64 << 10);
  if (!programs.has_execs()) return;
  u64 told = 0;
  constexpr u64 kRuns = 70;  // 1,072 bytes each
  for (u64 run = 0; run < kRuns; run++) Run({"/bin/true"});
  programs.Take([&](std::span<const std::byte>) { told++; });
  const u64 dropped = programs.TakeDropped();
  CHECK(told > 50 && dropped > 0 && told + dropped >= kRuns);
  CHECK(programs.TakeDropped() == 0);
  std::printf("execs: %llu told, %llu counted as dropped\n", static_cast<unsigned long long>(told),
              static_cast<unsigned long long>(dropped));
}

constexpr int kMptcp = 262;  // IPPROTO_MPTCP

// What the kernel said of the connections that ended with this port at either end.
std::vector<KernelEvent> Ended(KernelPrograms* programs, u16 port, size_t wanted) {
  std::vector<KernelEvent> ended;
  // The kernel ends subflows on a thread of its own.
  for (int look = 0; look < 1000 && ended.size() < wanted; look++) {
    usleep(10'000);
    programs->Take([&](std::span<const std::byte> record) {
      KernelExec exec;
      const KernelEvent event = ParseKernelEvent(record, &exec);
      if (event.kind == KernelEvent::Kind::kFinal &&
          (event.ends.local_port == port || event.ends.remote_port == port))
        ended.push_back(event);
    });
  }
  return ended;
}

// Both ends of a connection of MPTCP that has one subflow, or falls back to TCP as the server knows
// nothing else: exact, and known as such.
void TellsSubflows(int served_by) {
  KernelPrograms programs(kTypesPath);
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, served_by));
  if (!programs.has_finals() || !listener) {
    std::printf("mptcp: not here: %s\n", programs.why().c_str());
    return;
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(to);
  sockaddr* const address = reinterpret_cast<sockaddr*>(&to);
  CHECK(bind(listener.get(), address, sizeof(to)) == 0 && listen(listener.get(), 1) == 0);
  CHECK(getsockname(listener.get(), address, &bytes) == 0);
  constexpr size_t kUp = 50'000, kDown = 700;
  {
    const Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, kMptcp));
    CHECK(client && connect(client.get(), address, sizeof(to)) == 0);
    const Fd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const Buffer text(kUp);
    Buffer got(kUp);
    const auto read_all = [&](int fd, size_t want) {
      for (size_t done = 0; done < want;) {
        const ssize_t one = read(fd, &got[done], want - done);
        CHECK(one > 0);
        done += static_cast<size_t>(one);
      }
    };
    CHECK(server && write(client.get(), text.data(), kUp) == static_cast<ssize_t>(kUp));
    read_all(server.get(), kUp);
    CHECK(write(server.get(), text.data(), kDown) == static_cast<ssize_t>(kDown));
    read_all(client.get(), kDown);
    CHECK(shutdown(client.get(), SHUT_WR) == 0 && read(server.get(), got.data(), 1) == 0);
  }
  const u16 port = ntohs(to.sin_port);
  const auto ended = Ended(&programs, port, 2);
  CHECK(ended.size() == 2);
  for (const KernelEvent& event : ended) {
    const bool is_client = event.ends.remote_port == port;
    CHECK(event.bytes_out == (is_client ? kUp : kDown));
    CHECK(event.bytes_in == (is_client ? kDown : kUp) && !event.is_inexact);
    CHECK(event.is_mptcp == (is_client || served_by == kMptcp));
  }
  std::puts("mptcp: both ends of a connection, each byte once");
}

void FindsTheExecOfAnEvent() {
  KernelExecs execs;
  const auto keep = [&](u32 pid, u64 at_ns, u64 ino) {
    KernelExec one;
    one.pid = pid;
    one.at_ns = at_ns;
    one.ino = ino;
    execs.Keep(one);
  };
  // What perf tells: of process 7 three execs, of each other one.
  const auto find = [&](u32 pid, u64 at_ns) {
    return execs.Find(pid, at_ns, [&](u64 kernel_ns) {
      const auto apart = [&](u64 ns) { return std::max(ns, kernel_ns) - std::min(ns, kernel_ns); };
      for (const u64 other : {u64{1'000'200}, u64{1'299'000}, u64{2'000'000}})
        if (pid == 7 && apart(other) < apart(at_ns)) return false;
      return true;
    });
  };
  keep(7, 1'000'000, 1);
  keep(8, 1'000'100, 2);
  keep(7, 1'300'000, 3);
  CHECK(find(7, 1'000'200)->ino == 1 && find(7, 1'299'000)->ino == 3);
  CHECK(find(8, 1'000'000)->ino == 2);
  CHECK(find(9, 1'000'000) == nullptr && find(7, 2'000'000) == nullptr);
  // The host of a virtual machine may take the processor between the two.
  CHECK(find(8, 41'000'100)->ino == 2 && find(8, 51'000'100) == nullptr);
  for (u32 other = 0; other < 253; other++) keep(9, 5'000'000, 4);
  CHECK(find(7, 1'000'200)->ino == 1);
  keep(9, 5'000'000, 4);
  CHECK(find(7, 1'000'200) == nullptr && find(8, 1'000'100)->ino == 2);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  FindsMembersOfTypes();
  RefusesDamagedTypes();
  ReadsAnyTypes();
  ReadsThisKernelsTypes();
  PutsProgramsTogether();
  ReadsAnyEvent();
  CountsSubflows();
  SaysWhyItHasNone();
  KeepsWhatTheVerifierSays();
  FindsTheExecOfAnEvent();
  TellsExecs();
  for (const int served_by : {kMptcp, int{IPPROTO_TCP}}) TellsSubflows(served_by);
  CountsWhatFindsNoRoom();
}
