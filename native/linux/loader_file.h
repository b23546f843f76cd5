// What a program's file says of itself, whatever it is called: whether it is a loader, and of which
// interpreter of the system it is a copy.
//
// Whether a file is a dynamic loader (ld.so(8), musl's), which maps the program that it is given
// and runs it in its own process. The file says so, whatever it is called: a copy or a hard link of
// a loader loads as well, and a library that is called like one does not.
#ifndef FRESHET_LINUX_LOADER_FILE_H_
#define FRESHET_LINUX_LOADER_FILE_H_

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "linux/mounts.h"
#include "linux/process_root.h"
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
// not asked. `pid`: in whose mount namespace the file is looked for beside our own. `seen`: what
// LookAt says of it now.
Loads LoadsOfPlace(Mounts* mounts, int place, u32 pid, const FileSeen& seen);

// What tells whose build an ELF file is, although bytes of it were changed.
struct ElfMarks {
  // What its linker wrote into it (NT_GNU_BUILD_ID); empty where there is none.
  std::string build_id;
  // Its segments, and where it begins: those it keeps with any byte changed that is not theirs.
  // Empty where there is too little of it to tell it from others.
  std::string layout;
};

// Reads at most 12 KiB of a regular file, from `fd`. Any bytes give an answer.
ElfMarks MarksOf(int fd);

// The system's interpreters by their marks, so that a copy of one has its rules, also with some
// bytes changed. Who moves its segments about, or builds one, has a program of his own.
class SystemInterpreters {
 public:
  // Looks at what is called like one in `folders`, where that is root's alone: some 50 files. What
  // is installed later is not known.
  explicit SystemInterpreters(std::span<const std::string_view> folders);
  SystemInterpreters();

  // The file name of the interpreter that the file of an O_PATH descriptor is a copy of; empty
  // where it is none that is known, or its file system may hang.
  std::string_view CopiedBy(Mounts* mounts, int place, u32 pid, const FileSeen& seen);

 private:
  struct File {
    u64 dev = 0;
    u64 ino = 0;
    bool operator==(const File&) const = default;
  };
  struct Hash {
    size_t operator()(const File& file) const { return file.ino * 0x9e3779b97f4a7c15 ^ file.dev; }
  };
  // Of files that were looked at: which of two changes of a file was read is told by its ctime.
  struct Seen {
    u64 changed_ns = 0;
    std::string_view name;
  };
  static constexpr size_t kKnownMax = 1'024;
  static constexpr size_t kSeenMax = 4'096;

  std::string_view NameOf(const ElfMarks& marks) const;

  std::unordered_map<std::string, std::string> names_;     // by build id
  std::unordered_map<std::string, std::string> laid_out_;  // by layout
  std::unordered_map<File, Seen, Hash> seen_;
};

// By what name the rules of interpreters (script_rules.h) know a program: a loader by a loader's,
// what is only called like one by none, all others by `path`.
std::string_view RuledAs(std::string_view path, Loads loads);

// Whether it is one that maps the file it is given: by its file, else by its name. qemu-user's
// emulators, which are no loaders of the system's, are known by their names.
bool ActsAsLoader(std::string_view path, Loads loads);

}  // namespace freshet

#endif  // FRESHET_LINUX_LOADER_FILE_H_
