// What a running process was called with: the script that its arguments name, and the code that its
// environment asked dyld for.
#include <string>
#include <vector>

#include "check.h"
#include "running_double.h"

namespace freshet {
namespace {

// As the kernel lays it out.
std::string Call(const std::string& program, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& variables = {}) {
  const u32 count = static_cast<u32>(arguments.size());
  std::string call(reinterpret_cast<const char*>(&count), sizeof(count));
  call += program;
  call.append(5, '\0');
  for (const std::string& one : arguments) call.append(one).append(1, '\0');
  for (const std::string& one : variables) call.append(one).append(1, '\0');
  return call;
}

Image Python() {
  Image image = Browser();
  image.path = "/opt/homebrew/bin/python3.13";
  image.codesign_flags = 0x20000003;
  image.call = Call(image.path, {"python3", "-u", "tools/send.py", "--token", "geheim"});
  return image;
}

// A script that a running process shows is told as what it says of itself.
void TestScripts() {
  Double world;
  world.listed = {300};
  const auto told_of = [&](const Image& image) {
    world.images = {{300, image}};
    return Run(&world).told.at(0);
  };
  Image image = Python();
  ToldRunning told = told_of(image);
  CHECK(told.record.script_from == k_script_claimed);
  CHECK(told.script == "/Users/ada/tools/send.py" && told.record.script_ino == 0);
  image.call = Call(image.path, {"python3", "-c", "print(1)"});
  told = told_of(image);
  CHECK(told.record.script_from == k_script_inline && told.script.empty());
  image.call.clear();  // it may not be read
  CHECK(told_of(image).record.script_from == k_script_none);
  world.folder.clear();
  // Where it was run is not known: it runs one, and which is not told.
  told = told_of(Python());
  CHECK(told.record.script_from == k_script_claimed && told.script.empty());
  image.call = Call(image.path, {"python3", "/a.py"});
  CHECK(told_of(image).script == "/a.py");
  // Of programs that run no scripts and heed no variables the arguments are not even read.
  world.calls = 0;
  Image app = Browser();
  app.codesign_flags = 0x22012001;  // library validation
  app.call = Call(app.path, {"B", "/a.py"});
  CHECK(told_of(app).record.script_from == k_script_none && world.calls == 0);
}

// Code that was asked for is told with each enumeration, where dyld heeds the program's
// environment.
void TestCode() {
  Double world;
  world.listed = {300};
  const auto told_of = [&](const Image& image) {
    world.images = {{300, image}};
    return Run(&world).told.at(0).code;
  };
  Image image = Python();
  image.call = Call(image.path, {"python3", "DYLD_INSERT_LIBRARIES=/no.dylib"},
                    {"TOKEN=geheim", "DYLD_INSERT_LIBRARIES=/tmp/x.dylib:y.dylib"});
  const std::vector<ToldCode> code = told_of(image);
  CHECK(code.size() == 2 && code[0].path == "/tmp/x.dylib" && code[1].path == "/Users/ada/y.dylib");
  for (const ToldCode& one : code)
    CHECK(one.record.flags == (k_code_enumerated | k_code_asked_for) &&
          one.record.owner_uid == UINT32_MAX && one.record.ino == 0);
  Image other = image;
  other.codesign_flags |= 0x800;  // CS_RESTRICT
  CHECK(told_of(other).empty());
  other = image;
  other.file_flags = 0x80000;  // SF_RESTRICTED
  CHECK(told_of(other).empty());
  other = image;
  other.changed_user = true;
  CHECK(told_of(other).empty());
}

void TestCalls() {
  const std::string whole = Call("/bin/x", {"x", "", "b"}, {"A=1", "B=2"});
  const ProcessCall call = ReadCall(whole);
  CHECK(call.arguments == std::string_view("x\0\0b\0", 5));
  CHECK(call.variables == std::string_view("A=1\0B=2\0", 8));
  for (size_t bytes = 0; bytes < whole.size(); bytes++) {
    const ProcessCall cut = ReadCall(std::string_view(whole).substr(0, bytes));
    CHECK(call.arguments.starts_with(cut.arguments) && call.variables.starts_with(cut.variables));
  }
  std::string lies = whole;
  lies[2] = '\x7f';  // a count that no process has
  CHECK(ReadCall(lies).arguments.size() == call.arguments.size() + call.variables.size());
  CHECK(ReadCall(lies).variables.empty());
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TestScripts();
  TestCode();
  TestCalls();
}
