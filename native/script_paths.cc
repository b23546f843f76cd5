#include "script_paths.h"

#include <algorithm>

namespace freshet {

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
