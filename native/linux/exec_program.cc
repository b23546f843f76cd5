// The instructions that this file puts together may be used under MIT or GPL: the kernel gives some
// of what they call to programs of a GPL-compatible licence alone.
#include <cstddef>

#include "linux/program_maker.h"

namespace freshet {
namespace {

class ExecMaker : public ProgramMaker {
 public:
  using ProgramMaker::ProgramMaker;

  // btf_trace_sched_process_exec(task, old_pid, bprm), in the context of what is executed.
  void Make() {
    const Label out = code_.NewLabel();
    code_.Load(8, r8, r1, 0);
    code_.Load(8, r7, r1, 16);
    ReserveEvent<ExecEvent>(kKindExec, out);
    code_.Call(BPF_FUNC_get_current_pid_tgid);
    code_.Do(BPF_RSH, r0, 32);
    code_.Store(4, r9, offsetof(EventHead, pid), r0);
    Copy("linux_binprm", "argc", r7, offsetof(ExecEvent, count), 4);
    LoadMember(r1, r7, "linux_binprm", "file", 8);
    LoadMember(r1, r1, "file", "f_inode", 8);
    LoadMember(r2, r1, "inode", "i_ino", 8);
    code_.Store(8, r9, offsetof(ExecEvent, ino), r2);
    LoadMember(r1, r1, "inode", "i_sb", 8);
    LoadMember(r1, r1, "super_block", "s_dev", 4);
    code_.Store(4, r9, offsetof(ExecEvent, dev), r1);
    LoadMember(r1, r8, "task_struct", "fs", 8);
    LoadMember(r1, r1, "fs_struct", "pwd.dentry", 8);
    LoadMember(r1, r1, "dentry", "d_inode", 8);
    LoadMember(r2, r1, "inode", "i_ino", 8);
    code_.Store(8, r9, offsetof(ExecEvent, folder_ino), r2);
    LoadMember(r1, r1, "inode", "i_sb", 8);
    LoadMember(r1, r1, "super_block", "s_dev", 4);
    code_.Store(4, r9, offsetof(ExecEvent, folder_dev), r1);
    LoadMember(r1, r8, "task_struct", "cred", 8);
    Copy("cred", "euid.val", r1, offsetof(ExecEvent, uid), 4);
    LoadMember(r1, r8, "task_struct", "mm", 8);
    LoadMember(r3, r1, "mm_struct", "arg_start", 8);
    LoadMember(r6, r1, "mm_struct", "arg_end", 8);
    code_.Do(BPF_SUB, r6, r3);
    code_.Store(4, r9, offsetof(ExecEvent, argv_bytes), r6);
    const Label fits = code_.NewLabel(), is_read = code_.NewLabel();
    code_.JumpIf(If::kBelow, r6, static_cast<int>(KernelExec::kArgvBytesMax), fits);
    code_.Move(r6, static_cast<int>(KernelExec::kArgvBytesMax));
    code_.Bind(fits);
    code_.Move(r1, r9);
    code_.Do(BPF_ADD, r1, static_cast<int>(offsetof(ExecEvent, text)));
    code_.Move(r2, r6);
    code_.Call(BPF_FUNC_probe_read_user);
    code_.JumpIf(If::kEqual, r0, 0, is_read);
    code_.Move(r6, 0);
    code_.Bind(is_read);
    code_.Store(4, r9, offsetof(ExecEvent, kept_bytes), r6);
    Submit();
    Leave(out);
  }
};

}  // namespace

MadeProgram MakeExecProgram(const Btf& btf, const KernelMaps& maps) {
  ExecMaker maker(btf, maps);
  maker.Make();
  return maker.Made();
}

}  // namespace freshet
