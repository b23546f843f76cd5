// The instructions that this file puts together may be used under MIT or GPL: the kernel gives some
// of what they call to programs of a GPL-compatible licence alone.
#include <cstddef>

#include "linux/program_maker.h"

namespace freshet {
namespace {

// On the stack.
constexpr int kAnswerAt = -static_cast<int>(sizeof(RunningAnswer));

class RunningMaker : public ProgramMaker {
 public:
  using ProgramMaker::ProgramMaker;

  // bpf_iter__task {meta, task}: called once for each task, and at the end for none.
  void Make() {
    const Label out = code_.NewLabel();
    code_.Load(8, r6, r1, 0);
    code_.Load(8, r7, r1, 8);
    code_.JumpIf(If::kEqual, r7, 0, out);
    LoadMember(r7, r7, "task_struct", "mm", 8);
    code_.JumpIf(If::kEqual, r7, 0, out);
    LoadMember(r7, r7, "mm_struct", "exe_file", 8);
    code_.JumpIf(If::kEqual, r7, 0, out);
    Answer("file", "f_flags", 4, offsetof(RunningAnswer, file_flags));
    LoadMember(r7, r7, "file", "f_cred", 8);
    LoadMember(r7, r7, "cred", "user_ns", 8);
    Answer("user_namespace", "level", 4, offsetof(RunningAnswer, level));
    // Before Linux 6.7 there is one list for all namespaces.
    if (btf_.Find("user_namespace", "binfmt_misc")) {
      Answer("user_namespace", "binfmt_misc", 8, offsetof(RunningAnswer, handlers));
    } else {
      code_.Move(r1, 0);
      code_.Store(8, kFrame, At(offsetof(RunningAnswer, handlers)), r1);
    }
    LoadMember(r1, r6, "bpf_iter_meta", "seq", 8);
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kAnswerAt);
    code_.Move(r3, static_cast<int>(sizeof(RunningAnswer)));
    code_.Call(BPF_FUNC_seq_write);
    Leave(out);
  }

 private:
  static int At(size_t offset) { return kAnswerAt + static_cast<int>(offset); }
  void Answer(const char* structure, const char* path, u32 size, size_t to) {
    LoadMember(r1, r7, structure, path, size);
    code_.Store(size, kFrame, At(to), r1);
  }
};

}  // namespace

MadeProgram MakeRunningProgram(const Btf& btf, const KernelMaps& maps) {
  RunningMaker maker(btf, maps);
  maker.Make();
  return maker.Made();
}

}  // namespace freshet
