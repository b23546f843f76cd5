// Our programs in the kernel and what they are made from: the assembler, the events; then live, on
// this kernel, what they say of an exec. Wants root; the mocha test that runs it skips otherwise.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "check.h"
#include "linux/bpf_program.h"
#include "linux/btf_types.h"
#include "linux/clock.h"
#include "linux/kernel_programs.h"
#include "some_types.h"

namespace freshet {
namespace {

constexpr const char* kTypesPath = "/sys/kernel/btf/vmlinux";

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
    const u32 kind = static_cast<u32>(random.Below(8));
    if (any.size() >= 4) std::memcpy(any.data(), &kind, 4);
    const KernelEvent event = ParseKernelEvent(any, &exec);
    if (event.kind == KernelEvent::Kind::kExec) CHECK(exec.argv().size() <= exec.text.size());
  }
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

void TellsOfWhatRuns() {
  KernelPrograms programs(kTypesPath);
  if (!programs.has_walk()) return std::puts("running: not here"), void();
  CHECK(programs.LookAtRunning(static_cast<u32>(getpid())) == RunningExec::kExecuted);
  CHECK(programs.LookAtRunning(2) == RunningExec::kNotAsked);  // a kernel thread
  CHECK(programs.LookAtRunning(0x7fffffff) == RunningExec::kNotAsked);
  const u64 began_ns = MonotonicNs();
  for (int times = 0; times < 200; times++) programs.LookAtRunning(static_cast<u32>(getpid()));
  std::printf("running: %llu us a process\n",
              static_cast<unsigned long long>((MonotonicNs() - began_ns) / 200 / 1000));
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
  PutsProgramsTogether();
  ReadsAnyEvent();
  SaysWhyItHasNone();
  KeepsWhatTheVerifierSays();
  FindsTheExecOfAnEvent();
  TellsExecs();
  TellsOfWhatRuns();
  CountsWhatFindsNoRoom();
}
