// Which file an interpreter was given to run, by its arguments: `python3 -u send.py` runs send.py.
// The rules are data (interpreters.json). Of the arguments nothing but that file's name is passed
// on.
//
// Plain C++ without a system's calls. Where the arguments come as a span nothing is allocated: an
// Endpoint Security handler asks. Threads: any.
#ifndef FRESHET_SCRIPT_RULES_H_
#define FRESHET_SCRIPT_RULES_H_

#include <span>
#include <string_view>
#include <vector>

#include "record.h"
#include "script_paths.h"

namespace freshet {

// What a program runs by its arguments. A loader (ld.so) runs the program that it is given.
struct ScriptNamed {
  // CODE script: none, argument, inline, module, standard_input, or claimed without a path: it runs
  // what these arguments do not tell, as they are cut or have an option that is not known. `none`
  // also for another program, and for a descriptor.
  u32 from = k_script_none;
  // Argument: as it was given; points into the arguments. None: empty, or the descriptor
  // (IsOwnDescriptor) that was given, for who can look where it leads.
  std::string_view path;
  // Other code runs beside that file, or may: an option brings it, a text or another file.
  bool other_code = false;
};

// Whether a program whose file has this name runs what its arguments say: arguments of others need
// not be read.
bool IsInterpreter(std::string_view program);

// Whether it is one that maps the file it is given and runs it as if that had been executed.
bool IsLoader(std::string_view program);

// Whether the two names are those of one entry of the rules.
bool HasRulesOf(std::string_view program, std::string_view other);

// `program`: the name or path of the program's file. `arguments` begin with the name it was called
// by. `cut`: there were more than these, or the last is not whole. Total: any bytes are understood
// or answered with none.
ScriptNamed NameScript(std::string_view program, std::span<const std::string_view> arguments,
                       bool cut);

// The same of arguments as Linux has them, each ended by a NUL; a last one without is whole too.
// At most kArgumentsLookedAtMax of them are looked at.
inline constexpr size_t kArgumentsLookedAtMax = 256;
ScriptNamed NameScript(std::string_view program, std::string_view joined, bool cut);

}  // namespace freshet

#endif  // FRESHET_SCRIPT_RULES_H_
