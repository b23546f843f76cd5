// Which file an interpreter was given to run: command lines as people write them, then seeded
// random ones. Sanitizers tell of reads outside.
#include "script_rules.h"

#include <cstring>
#include <string>
#include <vector>

#include "check.h"

namespace freshet {
namespace {

// Arguments as a line, with one blank between each two.
std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t end = line.find(' ');
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end + 1);
  }
}

struct Case {
  const char* program;
  const char* line;
  const char* wants;  // a path, or in brackets what CODE script says
};

std::string Answer(const ScriptNamed& named) {
  switch (named.from) {
    case k_script_argument:
      return std::string(named.path);
    case k_script_inline:
      return "[inline]";
    case k_script_module:
      return "[module]";
    case k_script_standard_input:
      return "[input]";
    default:
      return named.from == k_script_none ? "[none]" : "[another code]";
  }
}

constexpr Case kCases[] = {
    {"python3.11", "python3 evil.py", "evil.py"},
    {"python3.11", "python3 -u -W ignore -Xdev /opt/a.py -c", "/opt/a.py"},
    {"python3.11", "python3 -Bc print(1) evil.py", "[inline]"},
    {"python3.11", "python3 -m http.server", "[module]"},
    {"python3.11", "python3 -Bmhttp.server", "[module]"},
    {"python3.11", "python3 -", "[input]"},
    {"python3.11", "python3", "[input]"},
    {"python3.11", "python3 /dev/stdin", "[input]"},
    {"python3.11", "python3 /dev/fd/3", "[none]"},
    {"python3.11", "python3 --check-hash-based-pycs never x.py", "x.py"},
    {"python3.11", "python3 -- -m.py", "-m.py"},
    {"/usr/bin/python3.13t", "python x.py", "x.py"},
    {"Python", "Python x.py", "x.py"},
    {"perl", "perl -w x.pl", "x.pl"},
    {"perl5.36-x86_64-linux-gnu", "perl -Mstrict -I lib -Ilib2 -i.bak x.pl", "x.pl"},
    {"perl", "perl -ne print x.txt", "[inline]"},
    {"perl", "perl -E say", "[inline]"},
    {"perl", "perl -CSDe.pl x.pl", "x.pl"},  // -C takes the rest
    {"dash", "sh send.sh", "send.sh"},
    {"bash", "bash -x send.sh", "send.sh"},
    {"bash", "bash -eo pipefail send.sh", "send.sh"},
    {"bash", "bash --rcfile rc -O extglob +o posix send.sh", "send.sh"},
    {"bash", "bash -euxc true send.sh", "[inline]"},
    {"bash", "bash -s a b", "[input]"},
    {"bash", "bash - send.sh", "send.sh"},
    {"bash", "bash -", "[input]"},
    {"bash", "-bash", "[input]"},
    {"bash", "bash /dev/fd/63", "[none]"},
    {"zsh-5.9", "zsh -f x.zsh", "x.zsh"},
    {"node", "node --flag a.js", "a.js"},
    {"node", "node -r ./hook.js --import=x a.js b.js", "a.js"},
    {"node-26", "node -pe 1", "[inline]"},
    {"node", "node --run build", "[module]"},
    {"node", "node inspect a.js", "a.js"},
    {"ruby3.1", "ruby -W0 -rjson -I lib -C dir x.rb", "x.rb"},
    {"ruby", "ruby -ne puts x", "[inline]"},
    {"php8.2", "php -d a=b -f x.php y.php", "x.php"},
    {"php", "php --file=x.php", "x.php"},
    {"php", "php -r echo", "[inline]"},
    {"php", "php -d a=b x.php", "x.php"},
    {"java", "java -Xmx1g -cp a.jar:b.jar -jar x.jar y", "x.jar"},
    {"java", "java -cp a.jar com.example.Main x.jar", "[module]"},
    {"java", "java Main.java", "Main.java"},
    {"java", "java -version", "[none]"},
    {"deno", "deno run --allow-net -c deno.json x.ts", "x.ts"},
    {"deno", "deno x.ts", "x.ts"},
    {"deno", "deno eval 1", "[inline]"},
    {"deno", "deno run https://host/x.ts", "[module]"},
    {"deno", "deno fmt x.ts", "[none]"},
    {"bun", "bun run run", "run"},
    {"bun", "bun --cwd /x y.ts", "y.ts"},
    {"bun", "bun install", "[none]"},
    {"osascript", "osascript -l JavaScript x.js", "x.js"},
    {"osascript", "osascript -e beep", "[inline]"},
    {"osascript", "osascript", "[input]"},
    {"Rscript", "Rscript --vanilla x.R", "x.R"},
    {"R", "/usr/lib/R/bin/exec/R --no-echo --no-restore --file=x.R --args y", "x.R"},
    {"r2", "r2 x", "[none]"},
    {"lua5.4", "lua -e x=1 -l socket x.lua", "x.lua"},
    {"lua", "lua -ex=1", "[inline]"},
    {"tclsh8.6", "tclsh -encoding utf-8 x.tcl", "x.tcl"},
    {"pwsh", "pwsh -NoProfile -ExecutionPolicy Bypass -File x.ps1 y", "x.ps1"},
    {"pwsh", "pwsh -Command 1", "[inline]"},
    {"pwsh", "pwsh x.ps1", "x.ps1"},
    {"gawk", "gawk -F : -f x.awk /etc/passwd", "x.awk"},
    {"mawk", "awk {print} /etc/passwd", "[inline]"},
    {"ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2 ./prog", "./prog"},
    {"ld-linux-x86-64.so.2",
     "ld.so --library-path X --inhibit-cache --preload Y --argv0 ls ./prog --argv0", "./prog"},
    {"ld-2.31.so", "ld.so ./prog", "./prog"},
    {"ld-musl-x86_64.so.1", "ld-musl-x86_64.so.1 --library-path=X -- ./prog", "./prog"},
    {"ld-linux-aarch64.so.1", "ld.so", "[none]"},
    {"ld-linux-x86-64.so.2", "ld.so /proc/self/exe", "[none]"},
    {"ld", "ld -o x y.o", "[none]"},
    {"qemu-aarch64-static", "qemu-aarch64-static -L /arm ./prog", "./prog"},
    {"busybox", "sh send.sh", "send.sh"},
    {"busybox.static", "busybox ash -x send.sh", "send.sh"},
    {"busybox", "busybox nc host", "[none]"},
    {"busybox", "busybox", "[none]"},
    {"curl", "curl -T x", "[none]"},
    {"", "", "[none]"},
};

void ReadsWhatPeopleWrite() {
  for (const Case& one : kCases) {
    const std::string answer = Answer(NameScript(one.program, Words(one.line), false));
    if (answer != one.wants) std::fprintf(stderr, "%s: %s\n", one.line, answer.c_str());
    CHECK(answer == one.wants);
    std::string joined(one.line);
    for (char& c : joined)
      if (c == ' ') c = '\0';
    CHECK(Answer(NameScript(one.program, joined, false)) == one.wants);
    CHECK(Answer(NameScript(one.program, joined + '\0', false)) == one.wants);
  }
  CHECK(IsInterpreter("/usr/bin/python3.11") && IsInterpreter("busybox") && !IsInterpreter("curl"));
  CHECK(!IsInterpreter("") && !IsInterpreter("shred") && !IsInterpreter("pythonista"));
  CHECK(IsLoader("/lib/ld-musl-x86_64.so.1") && IsLoader("ld-2.31.so") && !IsLoader("python3"));
  CHECK(IsLoader("/usr/lib/x86_64-linux-musl/libc.so") && !IsLoader("/lib/libc.so.6"));
  CHECK(HasRulesOf("ld-linux.so.2", "ld.so") && !HasRulesOf("qemu-arm", "ld.so"));
  CHECK(!HasRulesOf("curl", "wget") && !HasRulesOf("", ""));
  CHECK(NameScript("python3", Words("python3 /dev/fd/3/x.py"), false).path == "/dev/fd/3/x.py");
  CHECK(Answer(NameScript("python", std::span<const std::string_view>(), false)) == "[none]");
}

// Of cut arguments the last may be the beginning of one, and what is missing may be the script.
void GuessesNothingFromWhatIsCut() {
  const auto cut = [](std::string_view line) {
    return Answer(NameScript("python3", Words(line), true));
  };
  CHECK(cut("python3 evil.p") == "[none]");
  CHECK(cut("python3 evil.py a") == "evil.py");
  CHECK(cut("python3 -u") == "[none]");
  CHECK(cut("python3 -c print(") == "[inline]");
  CHECK(cut("python3 -W") == "[none]");
  CHECK(cut("python3") == "[none]");
  // Where nothing is cut by the bytes but by their number.
  std::string many("python3\0", 8);
  for (size_t count = 1; count < kArgumentsLookedAtMax; count++) many += std::string("-u\0", 3);
  CHECK(Answer(NameScript("python3", many, false)) == "[input]");
  CHECK(Answer(NameScript("python3", many + "evil.py", false)) == "[none]");
}

void KnowsNamesThatAreNoFiles() {
  for (const char* path : {"/dev/fd/3", "/dev/stdin", "/proc/self/exe", "/proc/12/fd/3",
                           "/proc/thread-self/fd/0", "/proc/self/task/12/exe", "/proc/1/exe"})
    CHECK(IsOwnDescriptor(path));
  for (const char* path : {"/dev/fdx", "/proc/version", "/proc/self/root/x", "/proc/self/cwd/exe",
                           "/proc/", "/proc/self", "/proc/self/task/", "/opt/proc/self/exe", ""})
    CHECK(!IsOwnDescriptor(path));
  CHECK(IsStandardInput("/dev/stdin") && IsStandardInput("/proc/self/fd/0"));
  CHECK(!IsStandardInput("/dev/fd/3") && !IsStandardInput("stdin"));
}

void MakesPathsAbsolute() {
  CHECK(AbsolutePath("/home/u", "x.py") == "/home/u/x.py");
  CHECK(AbsolutePath("/home/u/", "./a/../x.py") == "/home/u/x.py");
  CHECK(AbsolutePath("/home/u", "../../../x") == "/x");
  CHECK(AbsolutePath("/home/u", "/opt//a/./x") == "/opt/a/x");
  CHECK(AbsolutePath("", "x").empty() && AbsolutePath("home", "x").empty());
  CHECK(AbsolutePath("/", "..") == "/" && AbsolutePath("/", "x") == "/x");
}

// Any bytes: an answer, and a path only from among the arguments.
void UnderstandsAnything() {
  static constexpr const char* kPieces[] = {
      "-",  "--", "-c",    "-m",    "-e",   "-jar", "-f",   "--",     "run", "x", "+o",
      "-o", "=",  "--a=b", "/proc", "/fd/", "-sc",  "\xff", "--file", " ",   ""};
  Random random(11);
  for (int round = 0; round < 50'000; round++) {
    const Case& one = kCases[random.Below(std::size(kCases))];
    std::string joined;
    for (u64 count = random.Below(8); count > 0; count--) {
      joined += kPieces[random.Below(std::size(kPieces))];
      if (random.Below(5) == 0) joined += static_cast<char>(random.Next() & 0xff);
      if (random.Below(4) != 0) joined += '\0';
    }
    // Exact copies on the heap, so that a read one byte outside is seen.
    const std::vector<char> bytes(joined.begin(), joined.end());
    const std::string_view text(bytes.data(), bytes.size());
    const ScriptNamed named = NameScript(one.program, text, random.Below(2) == 0);
    if (named.from == k_script_none && !named.path.empty()) CHECK(IsOwnDescriptor(named.path));
    if (named.from != k_script_argument) {
      CHECK(named.from == k_script_none || named.path.empty());
      continue;
    }
    CHECK(!named.path.empty() && named.path.data() >= text.data());
    CHECK(named.path.data() + named.path.size() <= text.data() + text.size());
    CHECK(AbsolutePath("/a", named.path).starts_with('/'));
  }
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsWhatPeopleWrite();
  GuessesNothingFromWhatIsCut();
  KnowsNamesThatAreNoFiles();
  MakesPathsAbsolute();
  UnderstandsAnything();
  std::puts("script_rules: ok");
}
