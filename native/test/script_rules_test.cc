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
  const char* wants;  // a path, with other code where some is brought; in brackets: CODE script
};

std::string Answer(const ScriptNamed& named) {
  switch (named.from) {
    case k_script_argument:
      return std::string(named.path) + (named.other_code ? " with other code" : "");
    case k_script_inline:
      return "[inline]";
    case k_script_module:
      return "[module]";
    case k_script_standard_input:
      return "[input]";
    case k_script_claimed:
      return named.path.empty() ? "[not told]" : "[another code]";
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
    {"perl5.36-x86_64-linux-gnu", "perl -Mstrict -I lib -Ilib2 -i.bak x.pl",
     "x.pl with other code"},
    {"perl", "perl -ne print x.txt", "[inline]"},
    {"perl", "perl -E say", "[inline]"},
    {"perl", "perl -CSDe.pl x.pl", "x.pl"},  // -C takes the rest
    {"dash", "sh send.sh", "send.sh"},
    {"bash", "bash -x send.sh", "send.sh"},
    {"bash", "bash -eo pipefail send.sh", "send.sh"},
    {"bash", "bash --rcfile rc -O extglob +o posix send.sh", "send.sh with other code"},
    {"bash", "bash -euxc true send.sh", "[inline]"},
    {"bash", "bash -s a b", "[input]"},
    {"bash", "bash - send.sh", "send.sh"},
    {"bash", "bash -", "[input]"},
    {"bash", "-bash", "[input]"},
    {"bash", "bash /dev/fd/63", "[none]"},
    {"zsh-5.9", "zsh -f x.zsh", "x.zsh"},
    {"node", "node --no-warnings a.js", "a.js"},
    {"node", "node -r ./hook.js --import=x a.js b.js", "a.js with other code"},
    {"node-26", "node -pe 1", "[inline]"},
    {"node", "node --run build", "[module]"},
    {"node", "node inspect a.js", "a.js"},
    {"perl", "perl -wS x.pl", "[module]"},  // along PATH
    {"perl", "perl -S ./x.pl", "./x.pl"},
    {"ruby3.1", "ruby -W0 -rjson -I lib x.rb", "x.rb with other code"},
    {"ruby", "ruby -C dir x.rb", "[module]"},  // dir/x.rb, which no argument names
    {"ruby", "ruby -Cdir x.rb", "[module]"},
    {"ruby", "ruby -X dir x.rb", "[module]"},
    {"ruby", "ruby -xdir x.rb", "[module]"},
    {"ruby", "ruby -x x.rb", "x.rb"},
    {"ruby", "ruby -C dir /a/x.rb", "/a/x.rb"},
    {"ruby", "ruby -S x.rb", "[module]"},
    {"ruby", "ruby -ne puts x", "[inline]"},
    {"php8.2", "php -d a=b -f x.php y.php", "x.php"},
    {"php", "php --file=x.php", "x.php"},
    {"php", "php -r echo", "[inline]"},
    {"php", "php -d a=b x.php", "x.php"},
    {"java", "java -Xmx1g -cp a.jar:b.jar -jar x.jar y", "x.jar with other code"},
    {"java", "java -cp a.jar com.example.Main x.jar", "[module]"},
    {"java", "java Main.java", "Main.java"},
    {"java", "java -version", "[none]"},
    {"deno", "deno run --allow-net -c deno.json x.ts", "x.ts with other code"},
    {"deno", "deno x.ts", "x.ts"},
    {"deno", "deno eval 1", "[inline]"},
    {"deno", "deno run https://host/x.ts", "[module]"},
    {"deno", "deno fmt x.ts", "[none]"},
    {"bun", "bun run run", "run"},
    {"bun", "bun --cwd /x y.ts", "[module]"},
    {"bun", "bun --cwd=/x run /x/y.ts", "/x/y.ts"},
    {"bun", "bun --cwd=/x y.ts", "[module]"},
    {"bun", "bun install", "[none]"},
    {"osascript", "osascript -l JavaScript x.js", "x.js"},
    {"osascript", "osascript -e beep", "[inline]"},
    {"osascript", "osascript", "[input]"},
    {"Rscript", "Rscript --vanilla x.R", "x.R"},
    {"R", "/usr/lib/R/bin/exec/R --no-echo --no-restore --file=x.R --args y", "x.R"},
    {"R", "R --no-echo --args --file=x.R", "[input]"},
    {"r2", "r2 x", "[none]"},
    {"emacs", "emacs x.txt -l x.el", "x.el"},
    {"emacs", "emacs --chdir d --script x.el", "[module]"},
    {"gdb", "gdb -q -batch -x x.py", "x.py"},
    {"gdb-multiarch", "gdb ./prog --command=x.py", "x.py"},
    {"gdb", "gdb -p 12 -ex detach", "[inline]"},
    {"gdb", "gdb -ex run -x x.py", "x.py with other code"},
    {"gdb", "gdb --cd /x -x x.py", "[module]"},
    {"gdb", "gdb --args ./prog -x x.py", "[none]"},
    {"gdb", "gdb ./prog", "[none]"},
    {"gdb", "gdb -batch --comm=x.py", "x.py"},
    {"gdb", "gdb -batch -comm x.py", "x.py"},
    {"gdb", "gdb --arg ./prog -x x.py", "[none]"},
    {"gdb", "gdb -nx -q ./prog", "[none]"},
    {"gawk", "gawk --fil x.awk y.txt", "x.awk"},
    {"fish", "fish --comm=echo x.fish", "[inline]"},
    {"emacs", "emacs --scr x.el", "x.el"},
    {"julia", "julia --mod X", "[module]"},
    {"octave", "octave --ev 1", "[inline]"},
    {"python3", "python3 --check never", "[not told]"},
    {"lldb", "lldb -b -s x.lldb ./prog", "x.lldb"},
    {"lldb", "lldb ./prog -o quit", "[inline]"},
    {"lldb", "lldb -- ./prog -s x", "[none]"},
    {"vim.basic", "vim -es -u NONE -S x.vim", "x.vim with other code"},
    {"vim", "vim x.txt -S x.vim", "x.vim"},
    {"vim", "vim +quit x.txt", "[inline]"},
    {"vim", "vim +12 x.txt", "[none]"},
    {"vim", "vim +/word x.txt", "[none]"},
    {"nvim", "nvim --headless --cmd quit x.txt", "[inline]"},
    {"nvim", "nvim -l x.lua -S y.vim", "x.lua"},
    {"jsc", "jsc -e 1 x.js", "x.js with other code"},
    {"jjs", "jjs -cp a.jar x.js", "x.js with other code"},
    {"jrunscript", "jrunscript -l js -f x.js", "x.js"},
    {"jrunscript", "jrunscript -e 1", "[inline]"},
    {"jython", "jython -m x", "[module]"},
    {"jython2.7", "jython x.py", "x.py"},
    {"elvish", "elvish -rc rc x.elv", "x.elv with other code"},
    {"elvish", "elvish -c echo", "[inline]"},
    {"sbcl", "sbcl --no-userinit --load x.lisp", "x.lisp"},
    {"lua5.4", "lua -e x=1 -l socket x.lua", "x.lua with other code"},
    {"lua", "lua -ex=1", "[inline]"},
    {"tclsh8.6", "tclsh -encoding utf-8 x.tcl", "x.tcl"},
    {"pwsh", "pwsh -NoProfile -ExecutionPolicy Bypass -File x.ps1 y", "x.ps1"},
    {"pwsh", "pwsh -Command 1", "[inline]"},
    {"pwsh", "pwsh x.ps1", "x.ps1"},
    {"pwsh", "pwsh -WorkingDirectory /x -File y.ps1", "[module]"},
    {"gawk", "gawk -F : -f x.awk /etc/passwd", "x.awk"},
    {"mawk", "awk {print} /etc/passwd", "[inline]"},
    {"ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2 ./prog", "./prog"},
    {"ld-linux-x86-64.so.2",
     "ld.so --library-path X --inhibit-cache --preload Y --argv0 ls ./prog --argv0",
     "./prog with other code"},
    {"ld-2.31.so", "ld.so ./prog", "./prog"},
    {"ld-musl-x86_64.so.1", "ld-musl-x86_64.so.1 --library-path=X -- ./prog",
     "./prog with other code"},
    {"ld-linux-aarch64.so.1", "ld.so", "[none]"},
    {"ld-linux-x86-64.so.2", "ld.so /proc/self/exe", "[none]"},
    {"ld", "ld -o x y.o", "[none]"},
    {"qemu-aarch64-static", "qemu-aarch64-static -L /arm ./prog", "./prog with other code"},
    {"busybox", "sh send.sh", "send.sh"},
    {"busybox.static", "busybox ash -x send.sh", "send.sh"},
    {"busybox", "busybox nc host", "[none]"},
    {"busybox", "busybox", "[none]"},
    {"curl", "curl -T x", "[none]"},
    {"perl", "perl -MEvil x.pl", "x.pl with other code"},
    {"perl", "perl -mEvil x.pl", "x.pl with other code"},
    {"perl", "perl -wd:Evil x.pl", "x.pl with other code"},
    {"perl", "perl -d x.pl", "x.pl with other code"},
    {"perl", "perl -F/,/;evil x.pl", "x.pl with other code"},
    {"perl", "perl -w -Mx -", "[input]"},
    {"perl", "perl -w x.pl -MEvil", "x.pl"},
    {"perl", "perl -w -- x.pl", "x.pl"},
    {"python3", "python3 -uX pycache_prefix=/tmp x.py", "x.py with other code"},
    {"python3", "python3 -Xpycache_prefix=/tmp x.py", "x.py with other code"},
    {"python3", "python3 -X importtime -X dev x.py", "x.py"},
    {"python3", "python3 -i x.py", "x.py with other code"},
    {"node", "node --require ./evil.js x.js", "x.js with other code"},
    {"node", "node --experimental_loader=./evil.js x.js", "x.js with other code"},
    {"node", "node --experimental-loader ./evil.mjs x.js", "x.js with other code"},
    {"node", "node --env-file=e x.js", "x.js with other code"},
    {"node", "node --stack_trace_limit 9 --title r x.js --require y", "x.js"},
    {"node", "node -- x.js -r y", "x.js"},
    {"php", "php -d auto_prepend_file=evil.php x.php", "x.php with other code"},
    {"php", "php -dauto_append_file=evil.php x.php", "x.php with other code"},
    {"php", "php -d [x]auto_prepend_file=evil x.php", "x.php with other code"},
    {"php", "php --define extension=evil.so x.php", "x.php with other code"},
    {"php", "php --define=extension=evil.so x.php", "x.php with other code"},
    {"php", "php -d memory_limit=-1 x.php", "x.php"},
    {"php", "php -f x.php -d auto_prepend_file=evil.php", "x.php with other code"},
    {"php", "php -F x.php -E evil", "x.php with other code"},
    {"php", "php -f x.php -- -d auto_prepend_file=evil.php", "x.php"},
    {"java", "java -javaagent:evil.jar=x -jar x.jar", "x.jar with other code"},
    {"java", "java -XX:+UseZGC -XX:OnError=evil -jar x.jar", "x.jar with other code"},
    {"java", "java -XX:+UseZGC -Dx=y -jar x.jar -cp y", "x.jar"},
    {"deno", "deno run -cdeno.json x.ts", "x.ts with other code"},
    {"deno", "deno run -Aqc deno.json x.ts", "x.ts with other code"},
    {"deno", "deno run -R=a.c --preload=evil.ts x.ts", "x.ts with other code"},
    {"deno", "deno run -N=a.cc -R=b.c x.ts", "x.ts"},
    {"bun", "bun -r./evil.js x.ts", "x.ts with other code"},
    {"bun", "bun run --preload ./evil.js x.ts", "x.ts with other code"},
    {"fish", "fish --init-comm=evil x.fish", "x.fish with other code"},
    {"lua", "lua -W x.lua", "x.lua"},
    {"gawk", "gawk -f x.awk -f y.awk", "x.awk with other code"},
    {"gawk", "gawk -f x.awk -e BEGIN{}", "x.awk with other code"},
    {"gawk", "gawk -f x.awk y.txt -f z", "x.awk"},
    {"gawk", "gawk -E x.awk -f y.awk", "x.awk"},
    {"emacs", "emacs -batch -l x.el -l y.el", "x.el with other code"},
    {"R", "R --file=x.R --args --file=y.R", "x.R"},
    {"R", "R --file=x.R --file=y.R", "x.R with other code"},
    {"gdb", "gdb -batch -x x.py -x y.py", "x.py with other code"},
    {"vim", "vim -S x.vim +evil", "x.vim with other code"},
    {"jsc", "jsc x.js y.js", "x.js with other code"},
    {"jjs", "jjs x.js -- y.js", "x.js"},
    {"racket", "racket -r x.rkt -f y.rkt", "x.rkt"},
    {"racket", "racket -f x.rkt -f y.rkt", "x.rkt with other code"},
    // Digits alone: what follows them are letters.
    {"perl", "perl -lne print x.txt", "[inline]"},
    {"perl", "perl -l012lane print x.txt", "[inline]"},
    {"perl", "perl -0777ne print x.txt", "[inline]"},
    {"perl", "perl -0xAne x.pl y", "x.pl"},  // -x takes the rest where that is no number
    {"perl", "perl -0xAF -l x.pl", "x.pl"},
    {"perl", "perl -0xe print x.txt", "print"},  // a number
    {"perl", "perl -de 0 x.pl", "[inline]"},
    {"perl", "perl -Ve print x.pl", "[inline]"},
    {"ruby", "ruby -0777ne puts x.txt", "[inline]"},
    {"ruby", "ruby -W0e puts x.txt", "[inline]"},
    {"ruby", "ruby -W:no-deprecated x.rb", "x.rb"},
    {"ruby", "ruby -T1e puts x.txt", "[inline]"},
    {"ruby", "ruby -Kue puts x.txt", "[inline]"},
    {"expect", "expect -dc puts x.exp", "x.exp with other code"},
    {"deno", "deno run -RWc known.ts evil.ts", "evil.ts with other code"},
    {"deno", "deno run -R=Wc x.ts", "x.ts"},
    {"vim", "vim -esS x.vim", "x.vim"},
    {"vim", "vim -o2S x.vim", "x.vim"},
    {"bash", "bash -rcfile known.sh evil.sh", "evil.sh with other code"},
    {"bash", "bash -noprofile evil.sh x known.sh", "evil.sh"},
    // What is not listed may take what follows, or bring code.
    {"node", "node --tls-cipher-list known.js evil.js", "evil.js"},
    {"node", "node --trace-event-file-pattern known.js evil.js", "evil.js"},
    {"node", "node --network-family-autoselection-attempt-timeout known.js evil.js", "evil.js"},
    {"node", "node --an-option-of-later known.js evil.js", "[not told]"},
    {"node", "node --an-option-of-later known.js", "[not told]"},
    {"node", "node --an-option-of-later --title known.js evil.js", "[not told]"},
    {"node", "node --an-option-of-later=x a.js", "a.js with other code"},
    {"node", "node --no-warnings --max-old-space-size=4096 --inspect=0 --enable-source-maps a.js",
     "a.js"},
    {"node", "node --an-option-of-later -e 1", "[inline]"},
    {"node", "node --an-option-of-later", "[input]"},
    {"ruby", "ruby --disable known.rb evil.rb", "evil.rb"},
    {"ruby", "ruby --disable-gems --yjit x.rb", "x.rb"},
    {"bun", "bun --title known.ts evil.ts", "evil.ts"},
    {"deno", "deno run --conditions known.ts evil.ts", "evil.ts"},
    {"julia", "julia --trace-compile known.jl evil.jl", "evil.jl"},
    {"qemu-x86_64", "qemu-x86_64 -L /usr/bin/ls ./evil", "./evil with other code"},
    {"qemu-x86_64", "qemu-x86_64 -later /usr/bin/ls ./evil", "[not told]"},
    {"ld.so", "ld.so --later /usr/bin/ls ./evil", "[not told]"},
    {"perl", "perl -zw known.pl evil.pl", "[not told]"},
    {"racket", "racket -U evil.rkt known.rkt", "evil.rkt"},
    {"gawk", "gawk --later -f known.awk evil.awk", "[not told]"},
    {"gdb", "gdb --later x.py ./prog", "[not told]"},
    {"pwsh", "pwsh -Comm 1", "[inline]"},
    {"pwsh", "pwsh -nop -noni -File x.ps1", "x.ps1"},
    {"groovy", "groovy -ne text x.groovy", "[not told]"},
    // A loader that is given an interpreter.
    {"ld-linux-x86-64.so.2", "ld.so /usr/bin/python3 -u evil.py x", "evil.py with other code"},
    {"ld-linux-x86-64.so.2", "ld.so --inhibit-cache /bin/busybox sh evil.sh",
     "evil.sh with other code"},
    {"ld-linux-x86-64.so.2", "ld.so /usr/bin/python3 -c 1", "/usr/bin/python3 with other code"},
    {"ld-linux-x86-64.so.2", "ld.so /usr/bin/python3", "/usr/bin/python3 with other code"},
    {"ld-linux-x86-64.so.2", "ld.so /usr/bin/python3 --later x evil.py", "[not told]"},
    {"ld-linux-x86-64.so.2", "ld.so /lib/ld.so /usr/bin/ls", "/lib/ld.so with other code"},
    {"qemu-arm", "qemu-arm ./perl -w evil.pl", "evil.pl with other code"},
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
  CHECK(cut("python3 evil.p") == "[not told]");
  CHECK(cut("python3 evil.py a") == "evil.py");
  CHECK(cut("python3 -u") == "[not told]");
  CHECK(cut("python3 -c print(") == "[inline]");
  CHECK(cut("python3 -W") == "[not told]");
  CHECK(cut("python3") == "[not told]");
  const auto cut_gawk = [](std::string_view line) {
    return Answer(NameScript("gawk", Words(line), true));
  };
  CHECK(cut_gawk("gawk -f x.awk -v a=b") == "x.awk with other code");
  CHECK(cut_gawk("gawk -f x.awk y.txt z") == "x.awk");
  // Where nothing is cut by the bytes but by their number.
  std::string many("python3\0", 8);
  for (size_t count = 1; count < kArgumentsLookedAtMax; count++) many += std::string("-u\0", 3);
  CHECK(Answer(NameScript("python3", many, false)) == "[input]");
  CHECK(Answer(NameScript("python3", many + "evil.py", false)) == "[not told]");
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
    if (named.from == k_script_claimed) CHECK(named.path.empty());
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
