// Whether a file is a dynamic loader (ld.so(8), musl's), which maps the program that it is given
// and runs it in its own process. The file says so, whatever it is called: a copy or a hard link of
// a loader loads as well, and a library that is called like one does not.
#ifndef FRESHET_LINUX_LOADER_FILE_H_
#define FRESHET_LINUX_LOADER_FILE_H_

#include <string_view>

#include "linux/mounts.h"
#include "record.h"

namespace freshet {

enum class Loads : u8 {
  kNotKnown,  // it could not be looked at: its name is all there is to go by
  kNo,
  kYes
};

// Reads at most 80 KiB of a regular file, from `fd`, open for reading. Any bytes give an answer;
// what can be read and is no loader is kNo.
Loads LoadsOf(int fd);

// The same of the file of an O_PATH descriptor; kNotKnown where its file system may hang, which is
// not asked. `pid`: in whose mount namespace the file is looked for beside our own.
Loads LoadsOfPlace(Mounts* mounts, int place, u32 pid);

// By what name the rules of interpreters (script_rules.h) know a program: a loader by a loader's,
// what is only called like one by none, all others by `path`.
std::string_view RuledAs(std::string_view path, Loads loads);

// Whether it is one that maps the file it is given: by its file, else by its name. qemu-user's
// emulators, which are no loaders of the system's, are known by their names.
bool ActsAsLoader(std::string_view path, Loads loads);

}  // namespace freshet

#endif  // FRESHET_LINUX_LOADER_FILE_H_
