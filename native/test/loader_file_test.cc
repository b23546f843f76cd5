// Whether a file is a loader, by what it holds, and which rules it goes by then.
#include "linux/loader_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "check.h"
#include "elf_file.h"
#include "interpreter_rules.h"
#include "linux/exec_catcher.h"

namespace freshet {
namespace {

Loads LoadsOfText(std::string_view text) {
  const Fd file(memfd_create("elf", MFD_CLOEXEC));
  CHECK(file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return LoadsOf(file.get());
}

void KnowsALoaderByItsFile() {
  const auto is = [](const Elf& elf) {
    const Loads loads = LoadsOfText(elf.Of64());
    CHECK(loads != Loads::kNotKnown && LoadsOfText(elf.Of32()) == loads);
    return loads == Loads::kYes;
  };
  CHECK(is({}));
  for (const char* name : {"ld64.so.2", "ld.so.1", "ld-2.31.so", "ld-android.so"})
    CHECK(is({.own_name = name}));
  // musl's is its libc, without a name or with libc's.
  const std::string musl("\0dlclose\0dlopen", 15);
  CHECK(is({.own_name = "", .exported = musl}) && is({.own_name = "libc.so", .exported = musl}));
  // glibc's libc.so.6, which can be run and asks for a loader; other libraries; programs without a
  // loader: static ones, and those that are position-independent.
  CHECK(!is({.interpreter = "/lib64/ld-linux-x86-64.so.2", .own_name = "libc.so.6"}));
  CHECK(!is({.interpreter = "/lib64/ld-linux-x86-64.so.2"}));
  CHECK(!is({.own_name = "libfoo.so.1"}) && !is({.own_name = "ld-foo"}) && !is({.own_name = ""}));
  CHECK(!is({.type = ET_EXEC}) && !is({.type = ET_REL}) && !is({.entry = 0}));
  CHECK(!is({.entries = {{DT_NEEDED, 1}}}));
  CHECK(!is({.entries = {{DT_FLAGS_1, DF_1_PIE}}, .own_name = "", .exported = musl}));
  // This machine's own, and what it is not.
  const auto of = [](const char* path) {
    const Fd file(open(path, O_RDONLY | O_CLOEXEC));
    return file ? LoadsOf(file.get()) : Loads::kNotKnown;
  };
  for (const MappedFile& one : ReadMaps(static_cast<u32>(getpid()), 100).files) {
    const bool is_loader = one.path.find("/ld-") != std::string::npos;
    CHECK(of(one.path.c_str()) == (is_loader ? Loads::kYes : Loads::kNo));
  }
  CHECK(of("/bin/true") == Loads::kNo && of("/etc/passwd") == Loads::kNo);
}

// Cut and changed ones: sanitizers tell of reads outside, and of sizes that are believed.
void LooksIntoAnyFile() {
  Random random(31);
  size_t loaders = 0;
  for (const std::string& whole : {Elf{}.Of64(), Elf{}.Of32()}) {
    // The names stand behind all else but the section: without that it is none.
    for (size_t length = 0; length < whole.size(); length++)
      CHECK(LoadsOfText(std::string_view(whole).substr(0, length)) == Loads::kNo);
    for (int round = 0; round < 20'000; round++) {
      std::string changed = whole;
      for (u64 count = 1 + random.Below(5); count > 0; count--)
        changed[random.Below(changed.size())] = static_cast<char>(random.Next() & 0xff);
      if (LoadsOfText(changed) == Loads::kYes) loaders++;
    }
  }
  CHECK(loaders > 1000);  // not all are refused at the door
}

Loads LoadsNow(Mounts* mounts, const Fd& place) {
  FileSeen seen;
  CHECK(LookAt(place.get(), "", &seen));
  return LoadsOfPlace(mounts, place.get(), 0, seen);
}

// What was read of a file is not read again, and is not believed of one that is other now, whatever
// its times and size were set to.
void ReadsAFileAgainThatIsAnother() {
  const std::string loader = Elf{}.Of64();
  std::string other = loader;
  other[EI_DATA] = ELFDATANONE;
  char path[] = "/tmp/freshet-loads-XXXXXX";
  const Fd file(mkstemp(path));
  const auto put = [&](const std::string& text) {
    CHECK(pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  };
  put(loader);
  Mounts mounts;
  const Fd place(open(path, O_PATH | O_CLOEXEC));
  struct stat before;
  CHECK(fstat(file.get(), &before) == 0 && LoadsNow(&mounts, place) == Loads::kYes);
  put(other);  // at once: the clock may say the same
  CHECK(LoadsNow(&mounts, place) == Loads::kNo);
  put(loader);
  usleep(3'100'000);  // it is known from here on
  CHECK(LoadsNow(&mounts, place) == Loads::kYes);
  CHECK(LoadsNow(&mounts, place) == Loads::kYes);
  put(other);
  const timespec times[] = {before.st_atim, before.st_mtim};
  CHECK(futimens(file.get(), times) == 0);
  CHECK(LoadsNow(&mounts, place) == Loads::kNo);
  unlink(path);
}

ElfMarks MarksOfText(std::string_view text) {
  const Fd file(memfd_create("elf", MFD_CLOEXEC));
  CHECK(file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return MarksOf(file.get());
}
std::string BuildIdOfText(std::string_view text) { return MarksOfText(text).build_id; }

// An ELF file whose second segment is notes: another's, then the build id.
std::string Noted(std::string_view id) {
  std::string whole = Elf{}.Of64();
  const u32 other[] = {4, 5, 1}, own[] = {4, static_cast<u32>(id.size()), NT_GNU_BUILD_ID};
  std::string notes(reinterpret_cast<const char*>(other), sizeof(other));
  notes.append("GNU\0other\0\0\0", 12);
  notes.append(reinterpret_cast<const char*>(own), sizeof(own)).append("GNU\0", 4).append(id);
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = whole.size();
  segment.p_filesz = notes.size();
  std::memcpy(whole.data() + sizeof(Elf64_Ehdr) + sizeof(segment), &segment, sizeof(segment));
  return whole + notes;
}

void ReadsABuildId() {
  const std::string whole = Noted("0123456789abcdef");
  CHECK(BuildIdOfText(whole) == "0123456789abcdef");
  for (size_t length = 0; length < whole.size(); length++)
    CHECK(BuildIdOfText(std::string_view(whole).substr(0, length)).empty());
  CHECK(BuildIdOfText(Elf{}.Of64()).empty() && BuildIdOfText("#!/bin/sh").empty());
  Random random(41);
  size_t read = 0;
  for (int round = 0; round < 20'000; round++) {
    std::string changed = whole;
    for (u64 count = 1 + random.Below(3); count > 0; count--)
      changed[random.Below(changed.size())] = static_cast<char>(random.Next() & 0xff);
    if (!BuildIdOfText(changed).empty()) read++;
  }
  CHECK(read > 1000);
}

// Noted(), with so many bytes loaded.
std::string LaidOut(std::string_view id, u64 loaded_bytes) {
  std::string whole = Noted(id);
  Elf64_Phdr segment;
  std::memcpy(&segment, whole.data() + sizeof(Elf64_Ehdr), sizeof(segment));
  segment.p_type = PT_LOAD;
  segment.p_filesz = loaded_bytes;
  std::memcpy(whole.data() + sizeof(Elf64_Ehdr), &segment, sizeof(segment));
  return whole;
}

void ReadsALayout() {
  const std::string layout = MarksOfText(LaidOut("one", 100'000)).layout;
  CHECK(!layout.empty() && MarksOfText(LaidOut("two", 100'000)).layout == layout);
  CHECK(MarksOfText(LaidOut("one", 100'001)).layout != layout);
  // Launchers of a few KiB are built alike, and a size that none has counts as none.
  CHECK(MarksOfText(LaidOut("one", 4'185)).layout.empty());
  CHECK(MarksOfText(LaidOut("one", UINT64_MAX)).layout.empty());
  CHECK(MarksOfText("#!/bin/sh").layout.empty());
}

void KnowsACopyOfTheSystemsInterpreter() {
  char folder[] = "/tmp/freshet-copies-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  const auto make = [&](const char* name, std::string_view text) {
    const std::string path = std::string(folder) + "/" + name;
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
    CHECK(file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    return path;
  };
  make("python3.11", Noted("python's"));
  make("perl", LaidOut("perl's", 100'000));
  make("other", Noted("another's"));
  const std::string copy = make("copy", Noted("python's")), none = make("none", Noted("another's"));
  const std::string changed = make("changed", LaidOut("perl'S", 100'000));
  const std::string_view folders[] = {folder, "/nowhere"};
  SystemInterpreters interpreters(folders);
  Mounts mounts;
  const auto copied_by = [&](const std::string& path) {
    const Fd place(open(path.c_str(), O_PATH | O_CLOEXEC));
    FileSeen seen;
    CHECK(LookAt(place.get(), "", &seen));
    return interpreters.CopiedBy(&mounts, place.get(), static_cast<u32>(getpid()), seen);
  };
  // Root's alone count.
  const bool is_root = geteuid() == 0;
  CHECK(copied_by(copy) == (is_root ? "python3.11" : "") && copied_by(none).empty());
  CHECK(copied_by(changed) == (is_root ? "perl" : ""));
  // What was looked at is looked at again once it has changed.
  make("none", Noted("python's"));
  CHECK(copied_by(none) == (is_root ? "python3.11" : ""));
  for (const char* name : {"python3.11", "other", "copy", "none", "perl", "changed"})
    unlink((std::string(folder) + "/" + name).c_str());
  rmdir(folder);
}

// By each of its names, as a file of the system or a copy has it.
void KnowsEveryName() {
  size_t names = 0;
  for (const Interpreter& one : kInterpreters)
    AnyWord(one.names, [&](std::string_view word) {
      const std::string name(word.substr(0, word.find('*')));
      CHECK(FindInterpreter(name) != nullptr && FindInterpreter("/usr/bin/" + name) != nullptr);
      names++;
      return false;
    });
  CHECK(names > std::size(kInterpreters));
  CHECK(FindInterpreter("") == nullptr && FindInterpreter("/usr/bin/true") == nullptr);
}

void GoesByTheFileAndThenByTheName() {
  CHECK(RuledAs("/tmp/x", Loads::kYes) == "ld.so" && RuledAs("/tmp/x", Loads::kNo) == "/tmp/x");
  CHECK(RuledAs("/tmp/ld-linux.so.2", Loads::kNo).empty());
  CHECK(RuledAs("/usr/bin/python3", Loads::kNo) == "/usr/bin/python3");
  CHECK(ActsAsLoader("/tmp/x", Loads::kYes) && !ActsAsLoader("/tmp/ld-linux.so.2", Loads::kNo));
  CHECK(ActsAsLoader("/lib64/ld-linux-x86-64.so.2", Loads::kNotKnown));
  CHECK(!ActsAsLoader("/tmp/x", Loads::kNotKnown));
  CHECK(ActsAsLoader("/usr/bin/qemu-aarch64-static", Loads::kNo));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  KnowsALoaderByItsFile();
  LooksIntoAnyFile();
  ReadsAFileAgainThatIsAnother();
  GoesByTheFileAndThenByTheName();
  KnowsEveryName();
  ReadsABuildId();
  ReadsALayout();
  KnowsACopyOfTheSystemsInterpreter();
  std::puts("loader_file: ok");
}
