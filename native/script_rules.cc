#include "script_rules.h"

#include <algorithm>
#include <array>

namespace freshet {
namespace {

enum Style { kStyleCluster, kStyleSeparate, kStyleWords };
enum Operand { kOperandFile, kOperandInline, kOperandModule, kOperandNone };
enum Bare { kBareInput, kBareNone };
enum Dash { kDashInput, kDashEnd };

// One entry of interpreters.json; a list is its words, each with a blank before and behind.
struct Interpreter {
  std::string_view names, inline_, module, input, file, value, attached, files;
  std::string_view before_operand, before_inline, before_module, before_none;
  Style style;
  Operand operand;
  Bare bare;
  Dash dash;
  bool goes_on, any_case, loader;
};

#include "interpreters.gen.h"

constexpr ScriptNamed kNone{};
constexpr ScriptNamed kInline{k_script_inline, {}};
constexpr ScriptNamed kModule{k_script_module, {}};
constexpr ScriptNamed kInput{k_script_standard_input, {}};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// `text` in small letters, without memory of its own; as it is where it is longer than any name or
// option.
class Lowered {
 public:
  explicit Lowered(std::string_view text) : text_(text) {
    if (text.size() > letters_.size()) return;
    std::transform(text.begin(), text.end(), letters_.begin(), Lower);
    text_ = {letters_.data(), text.size()};
  }
  Lowered(const Lowered&) = delete;
  Lowered& operator=(const Lowered&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::array<char, 64> letters_;
  std::string_view text_;
};

bool Has(std::string_view list, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return false;
  for (size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1))
    if (list[at - 1] == ' ' && list[at + word.size()] == ' ') return true;
  return false;
}

// Calls `see` with each word of a list until it answers true; whether it did.
template <typename See>
bool AnyWord(std::string_view list, See see) {
  while (list.size() > 1) {
    list.remove_prefix(1);
    const size_t end = list.find(' ');
    if (see(list.substr(0, end))) return true;
    list.remove_prefix(end);
  }
  return false;
}

// What may follow an interpreter's name in that of its file: "3.11", "-5.4",
// "5.36-x86_64-linux-gnu".
bool IsVersion(std::string_view rest) {
  if (rest.empty()) return true;
  if (rest[0] == '-' || rest[0] == '.') rest.remove_prefix(1);
  if (rest.empty() || rest[0] < '0' || rest[0] > '9') return false;
  return std::all_of(rest.begin(), rest.end(), [](char c) {
    return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z') || c == '.' || c == '-' ||
           c == '_' || c == '+';
  });
}

const Interpreter* FindInterpreter(std::string_view program) {
  const Lowered lowered(FileName(program));
  const std::string_view name = lowered.text();
  for (const Interpreter& one : kInterpreters) {
    const bool is_it = AnyWord(one.names, [&](std::string_view word) {
      if (word.ends_with('*')) return name.starts_with(word.substr(0, word.size() - 1));
      // R, but not r2; musl's libc.so, but not glibc's libc.so.6, which loads nothing.
      if (word.size() == 1 || word.ends_with(".so")) return name == word;
      return name.starts_with(word) && IsVersion(name.substr(word.size()));
    });
    if (is_it) return &one;
  }
  return nullptr;
}

// Programs that are many: which of them is said by the name they are called by, or by the first
// argument.
bool IsManyInOne(std::string_view program) {
  const std::string_view name = FileName(program);
  return name.starts_with("busybox") || name.starts_with("toybox");
}

// Goes through the arguments of one interpreter, whose rules it has.
class Scan {
 public:
  Scan(const Interpreter& rules, std::span<const std::string_view> arguments, bool cut)
      : rules_(rules), arguments_(arguments), cut_(cut) {}

  ScriptNamed Run() {
    bool is_command_over = false;
    while (next_ < arguments_.size()) {
      const std::string_view one = arguments_[next_++];
      if (IsCutOff()) return kNone;
      if (one == "-" && !options_over_) {
        if (rules_.dash == kDashInput) return kInput;
        options_over_ = true;
      } else if (one == "--" && !options_over_) {
        options_over_ = true;
      } else if (!options_over_ && IsOption(one)) {
        if (Option(one)) return answer_;
      } else if (!is_command_over && Has(rules_.before_operand, one)) {
        is_command_over = true;
      } else {
        return Operand(one, is_command_over);
      }
    }
    return AtEnd();
  }

 private:
  // The last of cut arguments may be the beginning of another.
  bool IsCutOff() const { return cut_ && next_ >= arguments_.size(); }

  bool IsOption(std::string_view one) const {
    return one.size() > 1 && (one[0] == '-' || (one[0] == '+' && rules_.style == kStyleSeparate));
  }

  ScriptNamed AtEnd() const {
    if (cut_) return kNone;
    if (has_text_) return kInline;
    if (reads_input_) return kInput;
    return rules_.bare == kBareInput ? kInput : kNone;
  }

  static ScriptNamed File(std::string_view path) {
    if (path.empty()) return kNone;
    if (path == "-" || IsStandardInput(path)) return kInput;
    if (IsOwnDescriptor(path)) return {k_script_none, path};
    // "https://host/x.ts": fetched by its name, no file.
    if (path.find("://") != std::string_view::npos) return kModule;
    return {k_script_argument, path};
  }

  ScriptNamed Operand(std::string_view one, bool after_command) const {
    if (reads_input_) return kInput;
    if (!after_command) {
      if (Has(rules_.before_inline, one)) return kInline;
      if (Has(rules_.before_module, one)) return kModule;
      if (Has(rules_.before_none, one)) return kNone;
    }
    if (AnyWord(rules_.files, [&](std::string_view end) { return one.ends_with(end); }))
      return File(one);
    switch (rules_.operand) {
      case kOperandFile:
        return File(one);
      case kOperandInline:
        return kInline;
      case kOperandModule:
        return kModule;
      case kOperandNone:
        break;
    }
    return has_text_ ? kInline : kNone;
  }

  bool Answer(ScriptNamed answer) {
    answer_ = answer;
    return true;
  }

  // What an option means, with the value that stands in its own word, if any. Whether that is the
  // answer.
  bool Means(std::string_view option, std::string_view own_value, bool has_own_value) {
    if (Has(rules_.inline_, option)) {
      if (!rules_.goes_on) return Answer(kInline);
      has_text_ = true;
      if (!has_own_value) next_++;
      return false;
    }
    if (Has(rules_.module, option)) return Answer(kModule);
    if (Has(rules_.file, option)) {
      if (has_own_value) return Answer(IsCutOff() ? kNone : File(own_value));
      if (next_ >= arguments_.size()) return Answer(kNone);
      const std::string_view value = arguments_[next_++];
      return Answer(IsCutOff() ? kNone : File(value));
    }
    if (Has(rules_.input, option)) reads_input_ = true;
    if (Has(rules_.value, option) && !has_own_value) next_++;
    return false;
  }

  bool Option(std::string_view one) {
    const Lowered lowered(one);
    const std::string_view word = rules_.any_case ? lowered.text() : one;
    if (rules_.style != kStyleWords && !one.starts_with("--")) return Cluster(one);
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) return Means(word, {}, false);
    return Means(word.substr(0, equals), one.substr(equals + 1), true);
  }

  // "-xvc": letters, of which one may take the rest as its value.
  bool Cluster(std::string_view one) {
    for (size_t at = 1; at < one.size(); at++) {
      const char option[2] = {one[0], one[at]};
      const std::string_view letter(option, 2);
      if (Has(rules_.attached, letter)) return false;
      const std::string_view rest = one.substr(at + 1);
      const bool has_own_value = rules_.style == kStyleCluster && !rest.empty();
      if (Means(letter, rest, has_own_value)) return true;
      if (has_own_value && (Has(rules_.value, letter) || Has(rules_.inline_, letter))) return false;
    }
    return false;
  }

  const Interpreter& rules_;
  const std::span<const std::string_view> arguments_;
  const bool cut_;
  size_t next_ = 1;  // behind the name it was called by
  bool options_over_ = false;
  bool has_text_ = false;
  bool reads_input_ = false;
  ScriptNamed answer_;
};

}  // namespace

bool IsInterpreter(std::string_view program) {
  return IsManyInOne(program) || FindInterpreter(program) != nullptr;
}

bool IsLoader(std::string_view program) {
  const Interpreter* rules = FindInterpreter(program);
  return rules != nullptr && rules->loader;
}

bool HasRulesOf(std::string_view program, std::string_view other) {
  const Interpreter* rules = FindInterpreter(program);
  return rules != nullptr && rules == FindInterpreter(other);
}

ScriptNamed NameScript(std::string_view program, std::span<const std::string_view> arguments,
                       bool cut) {
  if (arguments.empty()) return kNone;
  if (IsManyInOne(program)) {
    if (IsManyInOne(arguments[0])) arguments = arguments.subspan(1);
    if (arguments.empty() || (cut && arguments.size() == 1)) return kNone;
    program = arguments[0];
  }
  const Interpreter* rules = FindInterpreter(program);
  return rules == nullptr ? kNone : Scan(*rules, arguments, cut).Run();
}

ScriptNamed NameScript(std::string_view program, std::string_view joined, bool cut) {
  std::vector<std::string_view> arguments;
  while (!joined.empty()) {
    if (arguments.size() == kArgumentsLookedAtMax) {
      cut = true;
      break;
    }
    const size_t end = std::min(joined.find('\0'), joined.size());
    arguments.push_back(joined.substr(0, end));
    joined.remove_prefix(std::min(end + 1, joined.size()));
  }
  return NameScript(program, arguments, cut);
}

bool IsOwnDescriptor(std::string_view path) {
  if (path == "/dev/stdin" || path == "/dev/stdout" || path == "/dev/stderr") return true;
  if (path.starts_with("/dev/fd/")) return true;
  if (!path.starts_with("/proc/")) return false;
  path.remove_prefix(6);
  // /proc/<who>/<what>, and /proc/<who>/task/<tid>/<what>; links of /proc/<who>/root and cwd lead
  // to files that have a name as well.
  const std::string_view who = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(who.size() + 1, path.size()));
  const bool is_process = who == "self" || who == "thread-self" ||
                          (!who.empty() && std::all_of(who.begin(), who.end(), [](char c) {
                            return c >= '0' && c <= '9';
                          }));
  if (!is_process) return false;
  if (path.starts_with("task/")) {
    path.remove_prefix(5);
    path.remove_prefix(std::min(path.find('/'), path.size() - 1) + 1);
  }
  return path == "exe" || path.starts_with("fd/") || path.starts_with("map_files/");
}

bool IsStandardInput(std::string_view path) {
  return path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0" ||
         path == "/proc/thread-self/fd/0";
}

std::string_view AbsolutePath(std::string_view folder, std::string_view path, std::span<char> room,
                              bool* cut) {
  *cut = false;
  if (room.empty() || (!path.starts_with('/') && !folder.starts_with('/'))) return {};
  size_t size = 0;
  const auto enter = [&](std::string_view part) {
    if (part == "..") {
      while (size > 0 && room[--size] != '/') continue;
    } else if (!part.empty() && part != ".") {
      const size_t left = room.size() - size;
      *cut = left < part.size() + 1;
      if (left < 2) return;
      room[size++] = '/';
      const size_t kept = std::min(part.size(), left - 1);
      std::copy_n(part.begin(), kept, room.data() + size);
      size += kept;
    }
  };
  const auto follow = [&](std::string_view whole) {
    while (!whole.empty() && !*cut) {
      const size_t end = std::min(whole.find('/'), whole.size());
      enter(whole.substr(0, end));
      whole.remove_prefix(std::min(end + 1, whole.size()));
    }
  };
  if (!path.starts_with('/')) follow(folder);
  follow(path);
  if (size == 0 && !*cut) room[size++] = '/';
  return {room.data(), size};
}

std::string AbsolutePath(std::string_view folder, std::string_view path) {
  std::string room(folder.size() + path.size() + 2, '\0');
  bool cut;
  room.resize(AbsolutePath(folder, path, room, &cut).size());
  return room;
}

}  // namespace freshet
