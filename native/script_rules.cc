#include "script_rules.h"

#include <algorithm>
#include <array>

#include "interpreter_rules.h"

namespace freshet {
namespace {

constexpr ScriptNamed kNone{};
constexpr ScriptNamed kNotTold{k_script_claimed, {}};
constexpr ScriptNamed kInline{k_script_inline, {}};
constexpr ScriptNamed kModule{k_script_module, {}};
constexpr ScriptNamed kInput{k_script_standard_input, {}};

// Goes through the arguments of one interpreter, whose rules it has.
class Scan {
  static constexpr size_t kNotBehind = SIZE_MAX;

 public:
  Scan(const Interpreter& rules, std::span<const std::string_view> arguments, bool cut)
      : rules_(rules), arguments_(arguments), cut_(cut) {}

  ScriptNamed Run() {
    const ScriptNamed last = Walk();
    ScriptNamed named = has_file_ ? file_ : last;
    // What was taken for the file may be the value of an option that is not known.
    const bool is_file = named.from == k_script_argument || named.from == k_script_none;
    if (is_uncertain_ && is_file) return kNotTold;
    named.other_code = !named.path.empty() && (has_other_code_ || has_text_);
    return named;
  }

 private:
  ScriptNamed Walk() {
    bool is_command_over = false;
    while (next_ < arguments_.size()) {
      const std::string_view one = arguments_[next_++];
      if (IsCutOff() || (has_file_ && (one == "-" || one == "--"))) return AtEnd();
      if (one == "-" && !options_over_) {
        if (rules_.dash == kDashInput) return kInput;
        options_over_ = true;
      } else if (!options_over_ && Has(rules_.ends, Whole(one))) {
        return has_file_ ? file_ : AtEnd();
      } else if (one == "--" && !options_over_) {
        options_over_ = true;
      } else if (!options_over_ && IsOption(one)) {
        if (Option(one)) return answer_;
      } else if (!is_command_over && Has(rules_.before_operand, one)) {
        is_command_over = true;
      } else if (!rules_.mixed || rules_.operand != kOperandNone) {
        if (has_file_ && !rules_.several) return file_;
        const ScriptNamed named = Operand(one, is_command_over);
        if (!rules_.several || options_over_) return named;
        Keep(named);
      }
    }
    return AtEnd();
  }

  // The last of cut arguments may be the beginning of another.
  bool IsCutOff() const { return cut_ && next_ >= arguments_.size(); }

  bool IsOption(std::string_view one) const {
    return one.size() > 1 &&
           (one[0] == '-' || (one[0] == '+' && rules_.style == kStyleSeparate) || IsPlusText(one));
  }

  // vim's +command, but not +12 and +/pattern.
  bool IsPlusText(std::string_view one) const {
    return one[0] == '+' && one[1] != '/' && !(one[1] >= '0' && one[1] <= '9') &&
           Has(rules_.inline_, "+");
  }

  ScriptNamed AtEnd() {
    // What is cut off may bring anything.
    if (cut_) has_other_code_ = true;
    if (cut_) return kNotTold;
    if (has_text_) return kInline;
    if (reads_input_) return kInput;
    return rules_.bare == kBareInput ? kInput : kNone;
  }

  ScriptNamed File(std::string_view path) const {
    if (path.empty()) return kNone;
    if (path == "-" || IsStandardInput(path)) return kInput;
    if (IsOwnDescriptor(path)) return {k_script_none, path};
    // "https://host/x.ts": fetched by its name, no file.
    if (path.find("://") != std::string_view::npos) return kModule;
    // Looked for where none of the arguments alone leads to.
    if (is_elsewhere_ && !path.starts_with('/')) return kModule;
    if (is_searched_ && path.find('/') == std::string_view::npos) return kModule;
    return {k_script_argument, path};
  }

  // What a loader was given: an interpreter, which was given the rest, is read on from there. Which
  // one that was is not told then, so it is other code.
  ScriptNamed Loaded(ScriptNamed file) {
    if (file.from != k_script_argument || !IsInterpreter(file.path)) return file;
    has_other_code_ = true;
    if (IsLoader(file.path)) return file;
    const ScriptNamed given = NameScript(file.path, arguments_.subspan(next_ - 1), cut_);
    return given.from == k_script_argument || given.from == kNotTold.from ? given : file;
  }

  ScriptNamed Operand(std::string_view one, bool after_command) {
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
        return rules_.loader ? Loaded(File(one)) : File(one);
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

  // The file that is run, while others may follow. Whether that is the answer: never.
  bool Keep(ScriptNamed file) {
    if (has_file_) has_other_code_ = true;
    if (!has_file_) file_ = file;
    has_file_ = true;
    return false;
  }

  void Brings(const OptionText& text) {
    has_other_code_ |= AnyWord(rules_.brings, [&](std::string_view word) {
      return word.ends_with('*') ? IsLike(text, word) : word == text.option;
    });
  }

  // Lists of options, in the order in which an abbreviated one is looked for.
  auto Lists() const {
    return std::to_array({rules_.inline_, rules_.file, rules_.module, rules_.value, rules_.folder,
                          rules_.ends, rules_.input, rules_.searched, rules_.brings,
                          rules_.switches});
  }

  bool IsListed(std::string_view option) const {
    const auto lists = Lists();
    return std::any_of(lists.begin(), lists.end(),
                       [&](std::string_view list) { return Has(list, option); }) ||
           AnyWord(rules_.switches, [&](std::string_view word) {
             return word.ends_with('*') && option.starts_with(word.substr(0, word.size() - 1));
           });
  }

  // One that is not known: what stands in its own word may bring code, what follows may be its
  // value.
  void CheckListed(std::string_view option, bool has_own_value) {
    if (IsListed(option)) return;
    (has_own_value ? has_other_code_ : is_uncertain_) = true;
  }

  // What an option means, with the value that stands in its own word, if any. Whether that is the
  // answer.
  bool Means(std::string_view option, std::string_view own_value, bool has_own_value) {
    const bool is_last = next_ >= arguments_.size();
    const std::string_view value = has_own_value || is_last ? own_value : arguments_[next_];
    // A long option's value stands behind a sign, and a letter's does not.
    const bool is_letter = option.size() == 2 && rules_.style != kStyleWords;
    Brings({option, is_letter ? "" : "=", value});
    CheckListed(option, has_own_value && !is_letter);
    if (Has(rules_.inline_, option)) {
      if (!rules_.goes_on && !has_file_) return Answer(kInline);
      has_text_ = true;
      if (!has_own_value) next_++;
      return false;
    }
    if (Has(rules_.module, option)) {
      if (!has_file_) return Answer(kModule);
      has_other_code_ = true;
    }
    if (Has(rules_.file, option)) {
      if (!has_own_value) next_++;
      if ((!has_own_value && is_last) || IsCutOff())
        return has_file_ ? false : Answer(cut_ ? kNotTold : kNone);
      if (has_file_ || Has(rules_.more, option)) return Keep(File(value));
      return Answer(File(value));
    }
    if (Has(rules_.input, option)) reads_input_ = true;
    if (Has(rules_.searched, option)) is_searched_ = true;
    const bool goes_elsewhere = Has(rules_.folder, option);
    if (goes_elsewhere) is_elsewhere_ = true;
    if ((goes_elsewhere || Has(rules_.value, option)) && !has_own_value) next_++;
    return false;
  }

  bool Option(std::string_view one) {
    const Lettered lowered(one, Lower);
    const Lettered dashed(one.substr(0, one.find('=')), Dashed);
    const std::string_view word = rules_.any_case ? lowered.text() : one;
    if (IsPlusText(one)) return Means("+", one.substr(1), true);
    if (rules_.style != kStyleWords && !one.starts_with("--")) {
      // bash's -rcfile is one option, though it has one dash.
      constexpr size_t kLetter = 2;
      return one.size() > kLetter && IsListed(one) ? Means(one, {}, false) : Cluster(one);
    }
    const size_t equals = word.find('=');
    const std::string_view name =
        rules_.underscores && one.starts_with("--") ? dashed.text() : word.substr(0, equals);
    if (equals == std::string_view::npos) return Means(Whole(name), {}, false);
    return Means(Whole(name), one.substr(equals + 1), true);
  }

  // The option that an abbreviated one is the beginning of.
  std::string_view Whole(std::string_view word) const {
    constexpr size_t kShort = 2;  // "-x"
    if (!rules_.abbreviated || word.size() <= kShort) return word;
    const auto lists = Lists();
    for (std::string_view list : lists)
      if (Has(list, word)) return word;
    std::string_view whole = word;
    for (std::string_view list : lists)
      if (AnyWord(list, [&](std::string_view listed) {
            whole = listed;
            return listed.starts_with(word);
          }))
        return whole;
    return word;
  }

  // How much of `rest` belongs to a letter by `behind`; kNotBehind where that says nothing of it.
  size_t TakenBehind(std::string_view letter, std::string_view rest) const {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    size_t taken = kNotBehind;
    AnyWord(rules_.behind, [&](std::string_view word) {
      if (!word.starts_with(letter)) return false;
      taken = 0;
      const char kind = word.back();
      if (rest.empty()) return true;
      if (kind == '#')
        taken = static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), is_digit) -
                                    rest.begin());
      else if (kind == 'x')
        taken = IsHexadecimal(rest) ? rest.size() : 0;
      else if (kind == ':' && (rest[0] == ':' || rest[0] == '='))
        taken = rest.size();
      else if (kind == '?' || kind == rest[0])
        taken = 1;
      return taken > 0;
    });
    return taken;
  }

  // "-xvc": letters, of which one may take the rest as its value.
  bool Cluster(std::string_view one) {
    for (size_t at = 1; at < one.size(); at++) {
      const char option[2] = {one[0], one[at]};
      const std::string_view letter(option, 2);
      const std::string_view rest = one.substr(at + 1);
      if (Has(rules_.attached, letter)) {
        Brings({letter, "", rest});
        if (!rest.empty() && Has(rules_.folder, letter)) is_elsewhere_ = true;
        return false;
      }
      if (const size_t taken = TakenBehind(letter, rest); taken != kNotBehind) {
        Brings({letter, "", rest.substr(0, taken)});
        at += taken;
        continue;
      }
      const bool has_own_value = rules_.style == kStyleCluster && !rest.empty();
      if (Means(letter, rest, has_own_value)) return true;
      if (has_own_value &&
          (Has(rules_.value, letter) || Has(rules_.folder, letter) || Has(rules_.inline_, letter) ||
           Has(rules_.file, letter) || Has(rules_.module, letter)))
        return false;
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
  bool is_elsewhere_ = false;
  bool is_searched_ = false;
  bool is_uncertain_ = false;  // an option stood there that is not listed
  bool has_other_code_ = false;
  bool has_file_ = false;
  ScriptNamed file_;
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
    if (cut && arguments.size() <= 1) return kNotTold;
    if (arguments.empty()) return kNone;
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

}  // namespace freshet
