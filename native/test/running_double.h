// The system's calls about processes as a double: images by pid, which end or run another program
// between any two of the calls. And what the enumeration made of them.
#ifndef FRESHET_TEST_RUNNING_DOUBLE_H_
#define FRESHET_TEST_RUNNING_DOUBLE_H_

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "mac/running.h"

namespace freshet {

struct Image {
  u32 pidversion;
  std::string path;
  std::string signing_id;
  std::string team_id;
  u32 codesign_flags = 0x1;
  std::array<u8, 20> cdhash{};
  u32 parent = 1;
  u32 responsible = 0;
  u64 ino = 7;
  u32 file_flags = 0;
  bool changed_user = false;
  std::string call = {};  // KERN_PROCARGS2
  u64 started_unix_ns = 0;
};

// Processes by pid, and what happens before each call.
class Double : public RunningApi {
 public:
  std::map<u32, Image> images;
  std::vector<u32> listed;
  int list_error = 0;
  int code_sign_error = 0;  // for every operation
  bool has_files = true;
  bool has_fallback = false;
  int fallbacks = 0;
  int calls = 0;
  std::string folder = "/Users/ada";
  std::function<void()> before = [] {};

  int ListPids(size_t, std::vector<u32>* pids) override {
    before();
    *pids = listed;
    return list_error;
  }
  bool TokenOf(u32 pid, ProcessToken* token) override {
    before();
    const auto found = images.find(pid);
    if (found == images.end()) return false;
    token->pid = token->words[5] = pid;
    token->pidversion = token->words[7] = found->second.pidversion;
    token->euid = token->words[1] = 501;
    token->changed_user = found->second.changed_user;
    return true;
  }
  std::string PathOf(const ProcessToken& token) override {
    const Image* image = Find(token);
    return image == nullptr ? "" : image->path;
  }
  // As the system's: these two take a pid, and so tell of whatever it runs now.
  bool FileOf(const ProcessToken& token, const std::string& path, ProgramFile* file) override {
    before();
    const auto found = images.find(token.pid);
    if (!has_files || found == images.end() || found->second.path != path) return false;
    *file = {16, found->second.ino, found->second.file_flags};
    return true;
  }
  std::string FolderOf(const ProcessToken&) override {
    before();
    return folder;
  }
  std::string CallOf(const ProcessToken& token) override {
    calls++;
    const Image* image = Find(token);
    return image == nullptr ? "" : image->call;
  }
  u32 ParentOf(const ProcessToken& token) override {
    before();
    const auto found = images.find(token.pid);
    return found == images.end() ? 0 : found->second.parent;
  }
  u32 ResponsibleFor(u32 pid) override {
    before();
    const auto found = images.find(pid);
    return found == images.end() ? 0 : found->second.responsible;
  }
  u64 StartedUnixNs(const ProcessToken& token) override {
    before();
    const auto found = images.find(token.pid);
    return found == images.end() ? 0 : found->second.started_unix_ns;
  }
  int CodeSign(const ProcessToken& token, CodeSignOp op, std::span<u8> into) override {
    const Image* image = Find(token);
    if (image == nullptr) return ESRCH;
    if (code_sign_error != 0) return code_sign_error;
    switch (op) {
      case CodeSignOp::kStatus:
        CHECK(into.size() == sizeof(u32));
        std::memcpy(into.data(), &image->codesign_flags, sizeof(u32));
        return 0;
      case CodeSignOp::kCdhash:
        CHECK(into.size() == image->cdhash.size());
        std::copy(image->cdhash.begin(), image->cdhash.end(), into.begin());
        return 0;
      case CodeSignOp::kIdentity:
        return (image->codesign_flags & 1) == 0 ? EINVAL : Blob(image->signing_id, into);
      case CodeSignOp::kTeamId:
        return Blob(image->team_id, into);
    }
    return EINVAL;
  }
  bool SignatureOf(const ProcessToken& token, RunningSignature* signature) override {
    const Image* image = Find(token);
    fallbacks++;
    if (!has_fallback || image == nullptr) return false;
    *signature = {image->codesign_flags, image->cdhash, image->signing_id, image->team_id};
    return true;
  }

 private:
  const Image* Find(const ProcessToken& token) {
    before();
    const auto found = images.find(token.pid);
    const bool is_same = found != images.end() && found->second.pidversion == token.pidversion;
    return is_same ? &found->second : nullptr;
  }
  // xnu csops_copy_token: no room for all of it is ERANGE, with the head alone.
  static int Blob(const std::string& text, std::span<u8> into) {
    if (text.empty()) return ENOENT;
    const size_t whole = 8 + text.size() + 1;
    if (into.size() < 8) return ERANGE;
    const u8 head[8] = {0,
                        0,
                        0,
                        0,
                        static_cast<u8>(whole >> 24),
                        static_cast<u8>(whole >> 16),
                        static_cast<u8>(whole >> 8),
                        static_cast<u8>(whole)};
    std::copy(std::begin(head), std::end(head), into.begin());
    if (into.size() < whole) return ERANGE;
    std::copy(text.begin(), text.end(), into.begin() + 8);
    into[whole - 1] = 0;
    return 0;
  }
};

struct ToldCode {
  code_record record;
  std::string path;
};

struct ToldRunning {
  exec_record record;
  std::string path;
  std::string script;
  std::string signing_id;
  std::string team_id;
  std::vector<ToldCode> code = {};
};

struct Enumeration {
  RunningCounts counts;
  std::vector<ToldRunning> told;
};

inline const IsTold kNone = [](u32, u32) { return false; };

inline Enumeration Run(Double* world, const IsTold& is_told = kNone) {
  Enumeration run;
  run.counts = TellRunning(
      world, is_told,
      [&](const exec_record& record, const ExecText& text) {
        run.told.push_back({record, std::string(text.path), std::string(text.script),
                            std::string(text.signing_id), std::string(text.team_id)});
      },
      [&](const code_record& record, std::string_view path) {
        CHECK(record.pid == run.told.back().record.pid);
        CHECK(record.pidversion == run.told.back().record.pidversion);
        CHECK(record.path_bytes == path.size());
        run.told.back().code.push_back({record, std::string(path)});
      });
  return run;
}

inline Image Browser() {
  return {3,
          "/Applications/B.app/Contents/MacOS/B",
          "com.example.browser",
          "EXAMPLE123",
          0x22000001,
          {9},
          1,
          0,
          42};
}
inline Image Launchd() {
  return {1, "/sbin/launchd", "com.apple.xpc.launchd", "", 0x24004001, {1}, 0, 1, 2};
}

}  // namespace freshet

#endif  // FRESHET_TEST_RUNNING_DOUBLE_H_
