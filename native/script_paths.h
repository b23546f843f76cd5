// Paths as arguments give them: as text, without a look at what they lead to.
//
// Threads: any.
#ifndef FRESHET_SCRIPT_PATHS_H_
#define FRESHET_SCRIPT_PATHS_H_

#include <span>
#include <string>
#include <string_view>

namespace freshet {

// What stands behind the last slash of a path: all of a name without one.
inline std::string_view FileName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0: the whole
}

// Whether the path leads through a descriptor or through the process itself: /dev/fd/3,
// /dev/stdin, /proc/self/exe. Such a path names no file that others could look at.
bool IsOwnDescriptor(std::string_view path);
// And whether that descriptor is standard input.
bool IsStandardInput(std::string_view path);

// `path` made absolute by `folder`, without ".", ".." and "//"; symbolic links are not followed.
// Empty when it is relative and `folder` is not absolute.
std::string AbsolutePath(std::string_view folder, std::string_view path);
// The same without memory of its own: in `room`, of which it fills no more than there is; then
// `cut`.
std::string_view AbsolutePath(std::string_view folder, std::string_view path, std::span<char> room,
                              bool* cut);

}  // namespace freshet

#endif  // FRESHET_SCRIPT_PATHS_H_
