#include "linux/loader_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fd.h"
#include "linux/clock.h"
#include "script_rules.h"

namespace freshet {
namespace {

// The name by which the rules know every loader of the system's kind.
constexpr std::string_view kLoaderName = "ld.so";

// glibc's loader has 11 segments, 21 entries of its dynamic section and 705 bytes of names, musl's,
// which is its libc as well, 8, 20 and 16 KiB. What has more is not looked at further.
constexpr size_t kSegmentsMax = 64;
constexpr size_t kEntriesMax = 256;
constexpr size_t kNamesBytesMax = 64 << 10;

// Of 2,039 layouts of programs and libraries (Debian 12 with two JDKs and a Python of its own) no
// interpreter's was another program's as well; what shared one was one source built twice (ls and
// dir). Launchers of a few KiB, which a maker builds alike (those of a JDK: 4,185 bytes), are left
// to their build ids.
constexpr u64 kLaidOutBytesMin = 64 << 10;

constexpr u8 kOwnByteOrder =
    std::endian::native == std::endian::little ? u8{ELFDATA2LSB} : u8{ELFDATA2MSB};

struct Elf64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
  using Entry = Elf64_Dyn;
};
struct Elf32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
  using Entry = Elf32_Dyn;
};

// Whether all of it was read.
bool ReadAll(int fd, u64 at, void* into, size_t bytes) {
  if (at > INT64_MAX - bytes) return false;
  char* const to = static_cast<char*>(into);
  for (size_t done = 0; done < bytes;) {
    const ssize_t got = pread(fd, to + done, bytes - done, static_cast<off_t>(at + done));
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

// ld-linux-x86-64.so.2, ld64.so.1, ld.so.1, ld-musl-x86_64.so.1, ld-uClibc.so.0: as the ABI
// supplements and the makers of C libraries name them.
bool IsLoadersOwnName(std::string_view name) {
  return (name.starts_with("ld-") || name.starts_with("ld.so") || name.starts_with("ld64.so")) &&
         name.find(".so") != std::string_view::npos;
}

// What of a dynamic section tells a loader from other shared objects.
struct Dynamic {
  bool needs_others = false;
  bool is_program = false;  // position-independent, and linked without a loader (-static-pie)
  std::optional<u64> own_name;
  u64 names_address = 0;
  u64 names_bytes = 0;
};

template <typename Elf>
Dynamic ParseDynamic(const std::vector<typename Elf::Entry>& entries) {
  Dynamic dynamic;
  for (const auto& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_NEEDED) dynamic.needs_others = true;
    if (entry.d_tag == DT_FLAGS_1) dynamic.is_program = (entry.d_un.d_val & DF_1_PIE) != 0;
    if (entry.d_tag == DT_SONAME) dynamic.own_name = entry.d_un.d_val;
    if (entry.d_tag == DT_STRTAB) dynamic.names_address = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) dynamic.names_bytes = entry.d_un.d_val;
  }
  return dynamic;
}

// The names of the dynamic section, with a NUL behind them; empty when they are not there.
template <typename Elf>
std::string ReadNames(int fd, const std::vector<typename Elf::Segment>& segments,
                      const Dynamic& dynamic) {
  for (const auto& segment : segments) {
    if (segment.p_type != PT_LOAD || dynamic.names_address < segment.p_vaddr) continue;
    const u64 inside = dynamic.names_address - segment.p_vaddr;
    if (inside >= segment.p_filesz || segment.p_offset > INT64_MAX - inside) continue;
    const u64 bytes = std::min<u64>(dynamic.names_bytes, segment.p_filesz - inside);
    if (bytes == 0 || bytes > kNamesBytesMax) return {};
    std::string names(bytes + 1, '\0');
    return ReadAll(fd, segment.p_offset + inside, names.data(), bytes) ? names : std::string();
  }
  return {};
}

template <typename Elf>
bool IsLoaderFile(int fd) {
  typename Elf::Header header;
  if (!ReadAll(fd, 0, &header, sizeof(header)) || header.e_type != ET_DYN || header.e_entry == 0 ||
      header.e_phentsize != sizeof(typename Elf::Segment) || header.e_phnum == 0 ||
      header.e_phnum > kSegmentsMax)
    return false;
  std::vector<typename Elf::Segment> segments(header.e_phnum);
  if (!ReadAll(fd, header.e_phoff, segments.data(), segments.size() * sizeof(segments[0])))
    return false;
  const typename Elf::Segment* section = nullptr;
  for (const auto& segment : segments) {
    // What asks for a loader is none: glibc's libc.so.6, which tells its version when it is run.
    if (segment.p_type == PT_INTERP) return false;
    if (segment.p_type == PT_DYNAMIC) section = &segment;
  }
  if (section == nullptr) return false;
  std::vector<typename Elf::Entry> entries(
      std::min<u64>(section->p_filesz / sizeof(typename Elf::Entry), kEntriesMax));
  if (!ReadAll(fd, section->p_offset, entries.data(), entries.size() * sizeof(entries[0])))
    return false;
  const Dynamic dynamic = ParseDynamic<Elf>(entries);
  if (dynamic.needs_others || dynamic.is_program) return false;
  const std::string names = ReadNames<Elf>(fd, segments, dynamic);
  if (dynamic.own_name && *dynamic.own_name < names.size() &&
      IsLoadersOwnName(names.c_str() + *dynamic.own_name))
    return true;
  // musl's has no name of its own, or libc's: it is what gives programs dlopen(3).
  return names.find(std::string_view("\0dlopen\0", 8)) != std::string::npos;
}

// What was read of files lately, by all that changes when they do. A change within the clock's tick
// of the one before leaves no mark (timestamps of ext4 and XFS are a tick's, 10 ms at most), so
// only what had been let be for a while when it was read is known.
class KnownFiles {
 public:
  std::optional<Loads> Find(const FileSeen& seen) const {
    const Known& known = known_[seen.ino % kKnownMax];
    if (!known.is_there || !IsSame(known.seen, seen)) return std::nullopt;
    return known.loads;
  }

  void Learn(const FileSeen& seen, Loads loads) {
    constexpr u64 kLetBeNs = 2 * kNsPerSecond;
    if (RealtimeNs() < seen.changed_ns + kLetBeNs) return;
    known_[seen.ino % kKnownMax] = {seen, loads, true};
  }

 private:
  struct Known {
    FileSeen seen;
    Loads loads = Loads::kNotKnown;
    bool is_there = false;
  };

  static bool IsSame(const FileSeen& one, const FileSeen& other) {
    return one.Is(other.dev, other.ino) && one.bytes == other.bytes &&
           one.changed_ns == other.changed_ns && one.written_ns == other.written_ns;
  }

  static constexpr size_t kKnownMax = 64;
  std::array<Known, kKnownMax> known_;
};

// One of the notes of a segment: sizes of its name and of what it says, its kind, then both, each
// up to a whole word (elf(5)).
std::string BuildIdIn(std::string_view notes) {
  constexpr size_t kHead = 12;
  constexpr u32 kBuildId = 3;  // NT_GNU_BUILD_ID
  while (notes.size() >= kHead) {
    u32 head[3];
    std::memcpy(head, notes.data(), kHead);
    const auto [name_bytes, bytes, kind] = head;
    const u64 at = kHead + ((u64{name_bytes} + 3) & ~u64{3});
    const u64 next = at + ((u64{bytes} + 3) & ~u64{3});
    if (at + bytes > notes.size()) return {};
    if (kind == kBuildId && notes.substr(kHead, 4) == std::string_view("GNU\0", 4))
      return std::string(notes.substr(at, bytes));
    notes.remove_prefix(std::min<u64>(next, notes.size()));
  }
  return {};
}

template <typename Elf>
std::string ReadBuildId(int fd, const std::vector<typename Elf::Segment>& segments) {
  constexpr u64 kNotesBytesMax = 4 << 10;
  for (const auto& segment : segments) {
    if (segment.p_type != PT_NOTE || segment.p_filesz > kNotesBytesMax) continue;
    std::string notes(segment.p_filesz, '\0');
    if (!ReadAll(fd, segment.p_offset, notes.data(), notes.size())) continue;
    std::string id = BuildIdIn(notes);
    if (!id.empty()) return id;
  }
  return {};
}

// Where it begins, and its segments with their places and sizes, to the byte.
template <typename Elf>
std::string LayoutIn(const typename Elf::Header& header,
                     const std::vector<typename Elf::Segment>& segments) {
  u64 loaded_bytes = 0;
  for (const auto& segment : segments)
    if (segment.p_type == PT_LOAD && segment.p_filesz < INT64_MAX / kSegmentsMax)
      loaded_bytes += segment.p_filesz;
  if (loaded_bytes < kLaidOutBytesMin) return {};
  std::string layout(reinterpret_cast<const char*>(&header.e_entry), sizeof(header.e_entry));
  return layout.append(reinterpret_cast<const char*>(segments.data()),
                       segments.size() * sizeof(segments[0]));
}

template <typename Elf>
ElfMarks ReadMarks(int fd) {
  typename Elf::Header header;
  if (!ReadAll(fd, 0, &header, sizeof(header)) ||
      header.e_phentsize != sizeof(typename Elf::Segment) || header.e_phnum > kSegmentsMax)
    return {};
  std::vector<typename Elf::Segment> segments(header.e_phnum);
  if (!ReadAll(fd, header.e_phoff, segments.data(), segments.size() * sizeof(segments[0])))
    return {};
  return {ReadBuildId<Elf>(fd, segments), LayoutIn<Elf>(header, segments)};
}

// By its first bytes: 0 where it is no ELF file of this machine's byte order.
unsigned char ElfClassOf(int fd) {
  unsigned char kind[EI_NIDENT];
  if (!ReadAll(fd, 0, kind, sizeof(kind)) || std::memcmp(kind, ELFMAG, SELFMAG) != 0 ||
      kind[EI_DATA] != kOwnByteOrder)
    return 0;
  return kind[EI_CLASS];
}

// The file of an O_PATH descriptor, to be read; none where its file system may hang.
Fd OpenPlace(Mounts* mounts, int place, u32 pid) {
  const auto mount = mounts->OfDescriptor(place, pid);
  if (!mount || mount->MayHang()) return {};
  struct stat status;
  if (fstat(place, &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const std::string link = "/proc/self/fd/" + std::to_string(place);
  return Fd(open(link.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

}  // namespace

ElfMarks MarksOf(int fd) {
  switch (ElfClassOf(fd)) {
    case ELFCLASS64:
      return ReadMarks<Elf64>(fd);
    case ELFCLASS32:
      return ReadMarks<Elf32>(fd);
    default:
      return {};
  }
}

SystemInterpreters::SystemInterpreters()
    : SystemInterpreters(std::to_array<std::string_view>({"/usr/bin", "/usr/local/bin"})) {}

SystemInterpreters::SystemInterpreters(std::span<const std::string_view> folders) {
  for (const std::string_view folder : folders) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
      const std::string name = at->path().filename();
      if (!IsInterpreter(name)) continue;
      const Fd file(open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
      struct stat status;
      if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
          status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        continue;
      ElfMarks marks = MarksOf(file.get());
      if (names_.size() >= kKnownMax) continue;
      if (!marks.build_id.empty()) names_.emplace(std::move(marks.build_id), name);
      if (!marks.layout.empty()) laid_out_.emplace(std::move(marks.layout), name);
    }
  }
}

std::string_view SystemInterpreters::CopiedBy(Mounts* mounts, int place, u32 pid,
                                              const FileSeen& seen) {
  if (names_.empty() && laid_out_.empty()) return {};
  const File key{seen.dev, seen.ino};
  if (const auto found = seen_.find(key);
      found != seen_.end() && found->second.changed_ns == seen.changed_ns)
    return found->second.name;
  const Fd file = OpenPlace(mounts, place, pid);
  if (!file) return {};
  const std::string_view name = NameOf(MarksOf(file.get()));
  // A file that was changed within the same tick of the file clock (10 ms at most) has the same
  // time still.
  constexpr u64 kSettledNs = 100'000'000;
  if (RealtimeNs() < seen.changed_ns + kSettledNs) return name;
  if (seen_.size() >= kSeenMax) seen_.clear();
  seen_.insert_or_assign(key, Seen{seen.changed_ns, name});
  return name;
}

std::string_view SystemInterpreters::NameOf(const ElfMarks& marks) const {
  if (const auto known = names_.find(marks.build_id); known != names_.end()) return known->second;
  if (marks.layout.empty()) return {};
  const auto known = laid_out_.find(marks.layout);
  return known == laid_out_.end() ? std::string_view() : std::string_view(known->second);
}

Loads LoadsOf(int fd) {
  const unsigned char elf_class = ElfClassOf(fd);
  const bool is_loader = elf_class == ELFCLASS64   ? IsLoaderFile<Elf64>(fd)
                         : elf_class == ELFCLASS32 ? IsLoaderFile<Elf32>(fd)
                                                   : false;
  return is_loader ? Loads::kYes : Loads::kNo;
}

Loads LoadsOfPlace(Mounts* mounts, int place, u32 pid, const FileSeen& seen) {
  if (!seen.IsRegular()) return Loads::kNotKnown;
  thread_local KnownFiles known;
  if (const auto loads = known.Find(seen)) return *loads;
  const Fd file = OpenPlace(mounts, place, pid);
  if (!file) return Loads::kNotKnown;
  const Loads loads = LoadsOf(file.get());
  known.Learn(seen, loads);
  return loads;
}

std::string_view RuledAs(std::string_view path, Loads loads) {
  if (loads == Loads::kYes) return kLoaderName;
  const bool is_misnamed = loads == Loads::kNo && HasRulesOf(path, kLoaderName);
  return is_misnamed ? std::string_view() : path;
}

bool ActsAsLoader(std::string_view path, Loads loads) { return IsLoader(RuledAs(path, loads)); }

}  // namespace freshet
