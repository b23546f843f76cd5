// ELF files as a test makes them: what a loader is told by, and no code.
#ifndef FRESHET_TEST_ELF_FILE_H_
#define FRESHET_TEST_ELF_FILE_H_

#include <elf.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "record.h"

namespace freshet {

// An ELF file: what a loader is told by, and no code.
struct Elf {
  u16 type = ET_DYN;
  u64 entry = 0x1000;
  std::string interpreter{};                       // none: it asks for no loader
  std::vector<std::pair<int64_t, u64>> entries{};  // of its dynamic section, beside its names
  std::string own_name = "ld-linux-x86-64.so.2";   // none: it has no DT_SONAME
  std::string exported = std::string("\0__tls_get_addr", 15);

  template <typename Header, typename Segment, typename Entry>
  std::string As(u8 bits) const {
    std::string names = exported + '\0';
    const size_t name_at = names.size();
    names += own_name + '\0';
    std::vector<Entry> dynamic;
    const auto add = [&](int64_t tag, u64 value) {
      Entry one{};
      one.d_tag = static_cast<decltype(one.d_tag)>(tag);
      one.d_un.d_val = static_cast<decltype(one.d_un.d_val)>(value);
      dynamic.push_back(one);
    };
    if (!own_name.empty()) add(DT_SONAME, name_at);
    for (const auto& [tag, value] : entries) add(tag, value);
    constexpr u64 kAddress = 0x4000;  // of the file's first byte
    const size_t segments = 2 + (interpreter.empty() ? 0 : 1);
    const size_t names_at = sizeof(Header) + segments * sizeof(Segment);
    const size_t section_at = names_at + names.size();
    add(DT_STRTAB, kAddress + names_at);
    add(DT_STRSZ, names.size());
    add(DT_NULL, 0);
    Header header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = bits;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = type;
    header.e_entry = static_cast<decltype(header.e_entry)>(entry);
    header.e_phoff = sizeof(Header);
    header.e_phentsize = sizeof(Segment);
    header.e_phnum = static_cast<u16>(segments);
    std::string text(reinterpret_cast<const char*>(&header), sizeof(header));
    const size_t section_bytes = dynamic.size() * sizeof(Entry);
    const auto segment = [&](u32 kind, size_t at, size_t bytes) {
      Segment one{};
      one.p_type = kind;
      one.p_offset = static_cast<decltype(one.p_offset)>(at);
      one.p_vaddr = static_cast<decltype(one.p_vaddr)>(kAddress + at);
      one.p_filesz = static_cast<decltype(one.p_filesz)>(bytes);
      text.append(reinterpret_cast<const char*>(&one), sizeof(one));
    };
    segment(PT_LOAD, 0, section_at + section_bytes);
    segment(PT_DYNAMIC, section_at, section_bytes);
    if (!interpreter.empty()) segment(PT_INTERP, 0, 1);
    text += names;
    return text.append(reinterpret_cast<const char*>(dynamic.data()), section_bytes);
  }
  std::string Of64() const { return As<Elf64_Ehdr, Elf64_Phdr, Elf64_Dyn>(ELFCLASS64); }
  std::string Of32() const { return As<Elf32_Ehdr, Elf32_Phdr, Elf32_Dyn>(ELFCLASS32); }
};

}  // namespace freshet

#endif  // FRESHET_TEST_ELF_FILE_H_
