// The code that processes run beside their programs.
#include <utility>

#include "linux/clock.h"
#include "linux/process_table.h"
#include "linux/procfs.h"

namespace freshet {

const ProcessTable::Code* ProcessTable::AddCode(u32 pid, Process* process, u64 at_ns,
                                                const MappedFile& mapped, u32 flags) {
  const auto is = [&](u64 dev, u64 ino) { return mapped.ino == ino && mapped.dev == dev; };
  const Program& program = *process->program;
  if (is(program.dev, program.ino) || is(program.script.dev, program.script.ino)) return nullptr;
  const size_t known = process->codes == nullptr ? 0 : process->codes->size();
  if (known > kCodesMax) return nullptr;
  if (known > 0 &&
      std::ranges::any_of(*process->codes, [&](const Code& one) { return is(one.dev, one.ino); }))
    return nullptr;
  CodePlace place = places_.Of(pid, mapped.path, mapped.dev, mapped.ino, MonotonicNs());
  // Where inodes have another number in mappings than in stat(2), the program's is known by its
  // path.
  if (place.is_roots_alone || place.path == program.path) return nullptr;
  auto codes = known == 0 ? std::make_shared<Codes>() : std::make_shared<Codes>(*process->codes);
  if (known == kCodesMax) flags |= k_code_more;
  codes->push_back({std::move(place.path), mapped.dev, mapped.ino, place.owner_uid, at_ns, flags});
  process->codes = std::move(codes);
  return &process->codes->back();
}

void ProcessTable::AddCodes(u32 pid, Process* process, u64 at_ns, const MapsSeen& maps) {
  for (const MappedFile& one : maps.files) AddCode(pid, process, at_ns, one, k_code_enumerated);
  if (!maps.is_cut) return;
  // One that was not told, or one too many, says already that there are more.
  if (process->codes != nullptr && (process->codes->back().flags & k_code_more) != 0) return;
  auto codes = process->codes == nullptr ? std::make_shared<Codes>()
                                         : std::make_shared<Codes>(*process->codes);
  codes->push_back({{}, 0, 0, kUidUnknown, at_ns, k_code_enumerated | k_code_more});
  process->codes = std::move(codes);
}

void ProcessTable::ReadLostCode(u64 until_ns) {
  if (code_unread_.empty() && std::exchange(code_lost_, false))
    for (const auto& [pid, process] : processes_) code_unread_.push_back(pid);
  for (u64 now_ns = BoottimeNs(); !code_unread_.empty() && now_ns < until_ns;
       now_ns = BoottimeNs()) {
    const u32 pid = code_unread_.back();
    code_unread_.pop_back();
    Process* process = Find(pid);
    if (process == nullptr || process->program == nullptr || process->coming != nullptr) continue;
    const MapsSeen maps = ReadMaps(pid, kMapsLookedAtMax);
    // Another program's by now is told by its own exec.
    ProgramFile file;
    if (!ReadProgramFile(pid, &file) || file.ino != process->program->ino) continue;
    const size_t known = process->codes == nullptr ? 0 : process->codes->size();
    AddCodes(pid, process, now_ns, maps);
    const size_t count = process->codes == nullptr ? 0 : process->codes->size();
    for (size_t index = known; index < count; index++)
      EmitCode(pid, *process, (*process->codes)[index], 0);
  }
}

void ProcessTable::EmitCodes(u32 pid, const Process& process, u32 more_flags) {
  if (process.codes == nullptr) return;
  for (const Code& code : *process.codes) EmitCode(pid, process, code, more_flags);
}

void ProcessTable::EmitCode(u32 pid, const Process& process, const Code& code, u32 more_flags) {
  code_record record{};
  record.dev = code.dev;
  record.ino = code.ino;
  record.flags = code.flags | more_flags;
  record.pid = pid;
  record.pidversion = process.version;
  record.owner_uid = code.owner_uid;
  emitter_->Emit(record, code.at_ns, code.path);
}

}  // namespace freshet
