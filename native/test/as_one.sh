#!/bin/sh
# Prints tests as one file, to be compiled once: as_one.sh hub source prints hub_test.cc and source_test.cc. What each has
# in its anonymous namespace it has in one of its own, and main runs the test that the program's file is called after.
set -eu

for name; do
  printf 'namespace freshet::%s_test {}\n#line 1 "%s_test.cc"\n' "$name" "$name"
  sed -e "s/^namespace {/namespace ${name}_test {/" \
    -e "s/^int main(.*) {/int ${name}_main([[maybe_unused]] int count, [[maybe_unused]] char** arguments) { using namespace freshet::${name}_test;/" \
    -e '$s/^}$/  return 0; }/' "${name}_test.cc"
done
printf '#include <string_view>\nint main(int count, char** arguments) {\n  std::string_view path = arguments[0];\n'
printf '  path.remove_prefix(path.rfind(%s) + 1);\n' "'/'"
for name; do
  printf '  if (path.starts_with("%s.")) return %s_main(count, arguments);\n' "$name" "$name"
done
printf '  return 2;\n}\n'
