// The enumeration over a double of the system's calls: processes that end or run another program
// between any two of them, code that the kernel will not tell of, and what was told by events.
#include "mac/running.h"

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "check.h"
#include "running_double.h"

namespace freshet {
namespace {

void TestIdentity() {
  Double world;
  world.images = {{1, Launchd()}, {300, Browser()}};
  world.images[301] = {5, "/usr/bin/curl", "com.apple.curl", "", 0x24000001, {2}, 300, 300, 43};
  world.listed = {301, 0, 1, 300, 300};
  const Enumeration run = Run(&world);
  CHECK(run.counts.told == 3 && run.counts.vanished == 0 && run.counts.error == 0);
  const ToldRunning& launchd = run.told[0];
  const ToldRunning& browser = run.told[1];
  const ToldRunning& curl = run.told[2];
  CHECK(launchd.record.flags == (k_exec_enumerated | k_exec_platform_binary));
  CHECK(launchd.record.parent_pid == 0 && launchd.team_id.empty());
  CHECK(browser.record.pid == 300 && browser.record.pidversion == 3);
  CHECK(browser.record.uid == 501 && browser.record.flags == k_exec_enumerated);
  CHECK(browser.record.codesign_flags == 0x22000001 && browser.record.cdhash[0] == 9);
  CHECK(browser.record.dev == 16 && browser.record.ino == 42);
  CHECK(browser.path == "/Applications/B.app/Contents/MacOS/B");
  CHECK(browser.signing_id == "com.example.browser" && browser.team_id == "EXAMPLE123");
  CHECK(browser.record.parent_pid == 1 && browser.record.parent_pidversion == 1);
  CHECK(browser.record.responsible_pid == 0);
  CHECK(curl.record.responsible_pid == 300 && curl.record.responsible_pidversion == 3);
  CHECK(world.fallbacks == 0);
}

// What is asked for by itself, as it is asked for among all; and when it was made.
void TestOne() {
  Double world;
  world.images = {{1, Launchd()}, {300, Browser()}};
  std::vector<ToldRunning> told;
  const auto tell = [&](u32 pid, const IsTold& is_told) {
    return TellOne(
        &world, pid, is_told,
        [&](const exec_record& record, const ExecText& text) {
          told.push_back({record, std::string(text.path), "", "", ""});
        },
        [](const code_record&, std::string_view) { CHECK(false); });
  };
  CHECK(tell(300, kNone) == LookedAt::kTold);
  CHECK(told[0].record.pid == 300 && told[0].record.pidversion == 3);
  CHECK(told[0].record.parent_pidversion == 1 && told[0].record.header.at_ns == 0);
  CHECK(tell(301, kNone) == LookedAt::kVanished);
  CHECK(tell(300, [](u32, u32 version) { return version == 3; }) == LookedAt::kAlreadyTold);
  world.before = [&] { world.images[300].pidversion++; };
  CHECK(tell(300, kNone) == LookedAt::kUnsettled && told.size() == 1);
  world.before = [] {};
  world.images[300].started_unix_ns = 1;  // long before this boot: the clock was set since
  CHECK(tell(300, kNone) == LookedAt::kTold && told[1].record.header.at_ns == 0);

  CHECK(SinceBootOf(1'000, 1'400, 5'000) == 4'600);
  CHECK(SinceBootOf(1'400, 1'400, 5'000) == 5'000);
  CHECK(SinceBootOf(1'401, 1'400, 5'000) == 0);  // to come
  CHECK(SinceBootOf(1'000, 6'000, 5'000) == 0);  // before there was a boot
}

void TestNamesOfOthers() {
  Double world;
  world.images = {{300, Browser()}};
  world.images[300].parent = 99;
  world.images[300].responsible = 98;
  world.has_files = false;
  world.listed = {300};
  const exec_record record = Run(&world).told[0].record;
  // A parent that has ended is known by its pid alone; one responsible that has ended is not known.
  CHECK(record.parent_pid == 99 && record.parent_pidversion == 0);
  CHECK(record.responsible_pid == 0 && record.responsible_pidversion == 0);
  CHECK(record.dev == 0 && record.ino == 0);
}

void TestSignatures() {
  Double world;
  world.listed = {300};
  world.images = {{300, Browser()}};
  // Not validly signed: the kernel's answer is EINVAL, and it is believed.
  world.images[300].codesign_flags = 0;
  world.images[300].team_id = "";
  Enumeration run = Run(&world);
  CHECK(run.told[0].signing_id.empty() && run.told[0].team_id.empty() && world.fallbacks == 0);
  // A name that a record just holds, and ones that need more room.
  for (const size_t bytes : {size_t{1024}, size_t{1025}, size_t{60000}}) {
    world.images[300] = Browser();
    world.images[300].signing_id = std::string(bytes, 'x');
    run = Run(&world);
    CHECK(run.told[0].signing_id.size() == bytes && world.fallbacks == 0);
  }
  // One that no code has: left out.
  world.images[300].signing_id = std::string(70000, 'x');
  CHECK(Run(&world).told[0].signing_id.empty());
  // The kernel will not say: SecCode does, or nobody.
  world.images[300] = Browser();
  for (const int error : {EPERM, ENOSYS}) {
    world.code_sign_error = error;
    world.has_fallback = true;
    run = Run(&world);
    CHECK(run.told[0].signing_id == "com.example.browser" && run.told[0].record.cdhash[0] == 9);
    world.has_fallback = false;
    run = Run(&world);
    CHECK(run.counts.told == 1 && run.told[0].signing_id.empty());
  }
  CHECK(world.fallbacks == 4);
}

void TestBlobs() {
  const std::vector<u8> whole = {0, 0, 0, 0, 0, 0, 0, 11, 'a', 'b', 0};
  CHECK(BlobText(whole) == "ab");
  for (size_t bytes = 0; bytes < whole.size(); bytes++)
    CHECK(BlobText(std::span(whole).first(bytes)).empty());
  std::vector<u8> longer = whole;
  longer.push_back('c');
  CHECK(BlobText(longer) == "ab");
  for (const u8 length : {0, 7}) {
    longer[7] = length;
    CHECK(BlobText(longer).empty());
  }
  longer = {0, 0, 0, 0, 0, 0, 0, 10, 'a', 'b'};
  CHECK(BlobText(longer) == "ab");
  longer[4] = 0xff;
  CHECK(BlobText(longer).empty());
}

void TestTold() {
  Double world;
  world.images = {{1, Launchd()}, {300, Browser()}};
  world.listed = {1, 300};
  // Events told of this image before it was looked at, and of this one meanwhile.
  Enumeration run = Run(&world, [](u32 pid, u32 version) { return pid == 300 && version == 3; });
  CHECK(run.counts.told == 1 && run.counts.already_told == 1 && run.told[0].record.pid == 1);
  int asked = 0;
  run = Run(&world, [&](u32 pid, u32) { return pid == 300 && ++asked == 2; });
  CHECK(run.counts.told == 1 && run.counts.already_told == 1);
  // An event of another image of the same pid hides nothing.
  run = Run(&world, [](u32 pid, u32 version) { return pid == 300 && version == 2; });
  CHECK(run.counts.told == 2);
}

void TestListFails() {
  Double world;
  world.list_error = EPERM;
  const Enumeration run = Run(&world);
  CHECK(run.counts.error == EPERM && run.told.empty());
}

// Random worlds that change between any two calls. Whatever is told was one image, whole, and told
// once; whatever was listed is counted once.
void TestChanges() {
  u64 unsettled = 0;
  u64 vanished = 0;
  for (u64 seed = 1; seed <= 3000; seed++) {
    Random random(seed);
    Double world;
    std::map<std::pair<u32, u32>, Image> all;
    u32 next_version = 1;
    const auto run_new = [&](u32 pid) {
      Image image{next_version++, "", "", "", 1, {}, 1, 0, 0};
      image.ino = image.pidversion;
      image.path = "/p/" + std::to_string(image.pidversion);
      image.signing_id = "id." + std::to_string(image.pidversion);
      image.team_id = "T" + std::to_string(image.pidversion);
      image.cdhash[0] = static_cast<u8>(image.pidversion);
      image.codesign_flags = 1 | image.pidversion << 8;
      world.images[pid] = image;
      all[{pid, image.pidversion}] = image;
    };
    const u32 processes = 1 + static_cast<u32>(random.Below(8));
    for (u32 pid = 1; pid <= processes; pid++) {
      run_new(pid);
      world.listed.push_back(pid);
    }
    const u64 calm = 2 + random.Below(40);
    world.before = [&] {
      if (random.Below(calm) != 0) return;
      const u32 pid = 1 + static_cast<u32>(random.Below(processes));
      if (random.Below(3) == 0)
        world.images.erase(pid);
      else
        run_new(pid);
    };
    const Enumeration run = Run(&world);
    std::set<u32> pids;
    for (const ToldRunning& told : run.told) {
      const auto found = all.find({told.record.pid, told.record.pidversion});
      CHECK(found != all.end() && pids.insert(told.record.pid).second);
      const Image& image = found->second;
      CHECK(told.path == image.path && told.signing_id == image.signing_id);
      CHECK(told.team_id == image.team_id && told.record.cdhash[0] == image.cdhash[0]);
      CHECK(told.record.codesign_flags == image.codesign_flags);
      CHECK(told.record.ino == 0 || told.record.ino == image.ino);
    }
    const RunningCounts& counts = run.counts;
    CHECK(counts.told == run.told.size());
    CHECK(counts.told + counts.vanished + counts.unsettled == processes);
    unsettled += counts.unsettled;
    vanished += counts.vanished;
  }
  CHECK(unsettled > 0 && vanished > 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TestIdentity();
  TestOne();
  TestNamesOfOthers();
  TestSignatures();
  TestBlobs();
  TestTold();
  TestListFails();
  TestChanges();
}
