// Whose a flow is: whom it acts for, whose socket it is, and what is known of a process that runs,
// executed another program, or has gone.
#include <algorithm>

#include "dictionary.h"

namespace freshet {
namespace {

constexpr char kUuid[] = "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0";

Dictionary Connected(u16 local_port = 50'000) {
  return Dictionary::Tcp()
      .Local("192.0.2.7", local_port)
      .Remote("2001:db8::9", 443)
      .Start(kLooked + kSecond / 2);
}

void NamesWhomItActsForAndWhoseSocketItIs() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.processes[200] = {8'000, 3};
  bench.Opens(1, Connected().Pid(100, 7'000).For(200, 8'000));
  CHECK(bench.last().pid == 200 && bench.last().pidversion == 3);
  CHECK(bench.Of(bench.last()).name.maker_pid == 100);
  CHECK(bench.Of(bench.last()).name.maker_pidversion == 12);
  CHECK((bench.new_pids == std::vector<u32>{200, 100}));
  // Counts that do not say it again take nothing back.
  bench.Answers(1, Dictionary::Counts(10, 0).Pid(100, 7'000));
  CHECK(bench.last().pid == 200);
  // It acts for itself.
  bench.Opens(2, Connected(50'001).Pid(100, 7'000).For(100, 7'000));
  CHECK(bench.last().pid == 100 && bench.Of(bench.last()).name.maker_pid == 0);
  CHECK(bench.last().flags == 0 && bench.new_pids.size() == 3);
}

void TellsOfAProcessThatHasGone() {
  Bench bench;
  bench.Opens(1, Connected().Pid(100, 7'000).Name("curl", kUuid));
  CHECK(bench.last().pid == 100 && bench.last().pidversion == 0);
  const ToldFlow& flow = bench.Of(bench.last());
  CHECK(flow.gone.pid == 100 && flow.gone_name == "curl");
  CHECK(flow.gone.program_uuid[0] == 0x0f && flow.gone.program_uuid[15] == 0xf0);
  CHECK(bench.Lost(k_loss_flow_owners) == 1);
  // Another has its pid by now.
  bench.processes[100] = {7'001, 13};
  bench.Passes();
  bench.Answers(1, Dictionary::Counts(10, 0));
  CHECK(bench.last().pidversion == 0 && bench.last().bytes_out == 10);
  bench.Opens(2, Connected(50'001).Pid(100, 7'000).Name("curl"));
  CHECK(bench.last().pidversion == 0);
  CHECK(bench.Lost(k_loss_flow_owners) == 2);
  // Told anew, it is said again and not counted again.
  bench.book().TellAll(bench.now_ns);
  CHECK(bench.Lost(k_loss_flow_owners) == 2);
  // The name is that of the socket's owner, and no other's.
  bench.Opens(3, Connected(50'002).Pid(100, 7'001).For(300, 9'000).Name("nsurlsessiond", kUuid));
  CHECK(bench.last().pid == 300 && bench.Of(bench.last()).gone_name.empty());
  CHECK(bench.Of(bench.last()).gone.program_uuid[0] == 0);
  CHECK(bench.Of(bench.last()).name.maker_pidversion == 13);
}

// Between the look at its number and the one at what it runs it may end: then this names it.
void SaysWhatAFlowSaysOfOneThatIsStillThere() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.Opens(1, Connected().Pid(100, 7'000).Name("curl", kUuid));
  CHECK(bench.last().pidversion == 12 && bench.Lost(k_loss_flow_owners) == 0);
  const ToldFlow& flow = bench.Of(bench.last());
  CHECK(flow.gone.pid == 100 && flow.gone_name == "curl" && flow.gone.program_uuid[0] == 0x0f);
  // Whom it acts for has no name here, and this one no UUID: nothing is said.
  bench.processes[300] = {9'000, 2};
  bench.Opens(2, Connected(50'001).Pid(100, 7'000).For(300, 9'000).Name("nsurlsessiond", kUuid));
  CHECK(bench.last().pid == 300 && bench.Of(bench.last()).gone.pid == 0);
}

void KeepsTheNameOfOneThatWasKnown() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.Opens(1, Connected().Pid(100, 7'000));
  bench.processes.clear();
  bench.Passes();
  bench.Counts(1, Dictionary::Counts(10, 0));
  CHECK(bench.last().pidversion == 12 && (bench.last().flags & k_flow_owner_guessed) == 0);
  // A flow of it that is told late is of the image that was seen last.
  bench.Opens(2, Connected(50'001).Pid(100, 7'000));
  CHECK(bench.last().pidversion == 12 && (bench.last().flags & k_flow_owner_guessed) != 0);
  CHECK(bench.Lost(k_loss_flow_owners) == 0);
}

// The last records: whose, with how many bytes, and whether that is a guess.
struct Whose {
  u32 pid;
  u32 pidversion;
  u64 bytes_out;
  bool is_guessed;
  bool operator==(const Whose&) const = default;
};
std::vector<Whose> Last(Bench& bench, size_t count) {
  std::vector<Whose> last;
  for (const flow_record& flow : bench.flows())
    last.push_back(
        {flow.pid, flow.pidversion, flow.bytes_out, (flow.flags & k_flow_owner_guessed) != 0});
  last.erase(last.begin(), last.end() - static_cast<ptrdiff_t>(std::min(count, last.size())));
  return last;
}

void GivesAnotherImageWhatIsCountedFromThenOn() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.Opens(1, Connected().Pid(100, 7'000));
  bench.Answers(1, Dictionary::Counts(1'000, 10));
  bench.processes[100] = {7'000, 13};  // an exec: the same process, another image
  bench.Passes();
  bench.Answers(1, Dictionary::Counts(1'000, 10));  // nothing passed: nobody looks
  CHECK(bench.last().pidversion == 12);
  // What passed between two counts either may have sent.
  bench.Answers(1, Dictionary::Counts(5'000, 10));
  CHECK((Last(bench, 2) == std::vector<Whose>{{100, 12, 5'000, true}, {100, 13, 5'000, true}}));
  bench.Answers(1, Dictionary::Counts(6'000, 10));
  CHECK((Last(bench, 1) == std::vector<Whose>{{100, 13, 6'000, true}}));
  CHECK(bench.last().epoch == 0 && bench.Lost(k_loss_flow_owners) == 0);
}

void LooksAtOnceWhenItIsToldOfAnExec() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.Opens(1, Connected().Pid(100, 7'000));
  bench.Answers(1, Dictionary::Counts(1'000, 10));
  bench.processes[100] = {7'000, 13};
  CHECK(bench.book().Executed(100, bench.now_ns));
  // It is the former's until it has been counted.
  CHECK(bench.last().pidversion == 12);
  bench.Answers(1, Dictionary::Counts(1'000, 10));
  CHECK((Last(bench, 2) == std::vector<Whose>{{100, 12, 1'000, false}, {100, 13, 1'000, false}}));
  bench.processes[100] = {7'000, 14};
  CHECK(bench.book().ManyExecuted(bench.now_ns));
  bench.Answers(1, Dictionary::Counts(1'000, 10));
  CHECK((Last(bench, 1) == std::vector<Whose>{{100, 14, 1'000, false}}));
  // Who has no flow is asked for by nobody.
  const u32 looks = bench.looks;
  CHECK(!bench.book().Executed(101, bench.now_ns));
  CHECK(bench.looks == looks);
  // It has gone since: what was seen last still names it.
  bench.processes.clear();
  CHECK(!bench.book().Executed(100, bench.now_ns));
  CHECK(bench.looks == looks + 1 && bench.last().pidversion == 14);
  bench.Opens(2, Connected(50'001).Pid(100, 7'000));
  CHECK(bench.last().pidversion == 14 && (bench.last().flags & k_flow_owner_guessed) != 0);
}

void WaitsForCountsThatWereAskedForAfterAnExec() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.Opens(1, Connected().Pid(100, 7'000));
  bench.Answers(1, Dictionary::Counts(1'000, 10));
  bench.book().Asked();
  bench.processes[100] = {7'000, 13};
  bench.book().Executed(100, bench.now_ns);
  bench.Describes(1, Dictionary::Counts(3'000, 10), true);  // of the query before
  CHECK((Last(bench, 1) == std::vector<Whose>{{100, 12, 3'000, false}}));
  bench.Answers(1, Dictionary::Counts(4'000, 10));
  CHECK((Last(bench, 2) == std::vector<Whose>{{100, 12, 4'000, true}, {100, 13, 4'000, true}}));
}

// After the last of them, however many are remembered.
void WaitsForCountsThatWereAskedForAfterTheLastOfManyExecs() {
  for (u32 execs = 1; execs <= 3 * StatisticsRow::kHeirsMax; execs++) {
    Bench bench;
    bench.processes[100] = {7'000, 12};
    bench.Opens(1, Connected().Pid(100, 7'000));
    bench.Answers(1, Dictionary::Counts(1'000, 10));
    for (u32 exec = 1; exec <= execs; exec++) {
      bench.book().Asked();
      bench.processes[100] = {7'000, 12 + exec};
      bench.book().Executed(100, bench.now_ns);
    }
    bench.Describes(1, Dictionary::Counts(3'000, 10), true);  // of the query before the last
    CHECK((Last(bench, 1) == std::vector<Whose>{{100, 12, 3'000, false}}));
    bench.Answers(1, Dictionary::Counts(3'000, 10));
    CHECK((Last(bench, 1) == std::vector<Whose>{{100, 12 + execs, 3'000, false}}));
  }
}

// Whoever sends and lets a program of the system have the socket before it is counted.
void GivesASocketsHeirNothingOfBefore() {
  for (const bool is_exec : {true, false}) {
    Bench bench;
    bench.processes[100] = {7'000, 12};
    bench.processes[200] = {7'100, 5, CodeStanding::kSystem};
    bench.Opens(1, Connected().Pid(100, 7'000));
    bench.Answers(1, Dictionary::Counts(0, 0));
    bench.Passes();
    if (is_exec) {
      bench.processes[100] = {7'000, 13, CodeStanding::kSystem};
      bench.book().Executed(100, bench.now_ns);
      bench.Answers(1, Dictionary::Counts(100'000'000, 900));
    } else {
      // Its description comes apart from its counts.
      bench.Describes(1, Connected().Pid(200, 7'100), true);
      bench.Answers(1, Dictionary::Counts(100'000'000, 900));
    }
    bench.Counts(1, Dictionary::Counts(100'000'060, 900));
    bench.Removes(1);
    const u32 pid = is_exec ? 100 : 200, pidversion = is_exec ? 13 : 5;
    CHECK((Last(bench, 4) == std::vector<Whose>{{100, 12, 100'000'000, true},
                                                {pid, pidversion, 100'000'000, true},
                                                {pid, pidversion, 100'000'060, true},
                                                {pid, pidversion, 100'000'060, true}}));
    CHECK(is_exec || bench.new_pids.back() == 200);
  }
}

// Nor does a program of the system's that lets another have its socket hide it.
void GivesWhomTheLeastVouchesForWhatEitherMayHaveSent() {
  using enum CodeStanding;
  const auto owner = [](CodeStanding former, std::vector<CodeStanding> heirs) {
    Bench bench;
    bench.processes[100] = {7'000, 1, former};
    bench.Opens(1, Connected().Pid(100, 7'000));
    bench.Answers(1, Dictionary::Counts(0, 0));
    u32 pid = 100;
    for (const CodeStanding heir : heirs) {
      pid++;
      bench.processes[pid] = {pid, 1, heir};
      bench.Describes(1, Connected().Pid(pid, pid));
    }
    bench.Answers(1, Dictionary::Counts(500, 0));
    CHECK(bench.last().pid == pid);
    for (const flow_record& flow : bench.flows())
      if (flow.bytes_out == 500) return flow.pid;
    return u32{0};
  };
  CHECK(owner(kSystem, {kNobody}) == 101 && owner(kSystem, {kDeveloper}) == 101);
  CHECK(owner(kDeveloper, {kNobody}) == 101 && owner(kDeveloper, {kSystem}) == 100);
  CHECK(owner(kNobody, {kSystem}) == 100 && owner(kSystem, {kSystem}) == 100);
  CHECK(owner(kSystem, {kDeveloper, kNobody, kDeveloper}) == 102);
  CHECK(owner(kSystem, {kNobody, kSystem, kNobody}) == 101);
  // Of many that come one after another those that nobody vouches for are not forgotten.
  CHECK(owner(kSystem, {kSystem, kNobody, kSystem, kSystem, kSystem, kSystem, kNobody}) == 102);
  CHECK(owner(kSystem, std::vector<CodeStanding>(20, kNobody)) == 101);
  CHECK(StandingOf(0x4000001) == kSystem && StandingOf(0x4000000) == kNobody);
  CHECK(StandingOf(0x1) == kDeveloper && StandingOf(0x20003) == kNobody);
}

void GivesAnotherProcessWhatIsCountedFromThenOn() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.processes[101] = {7'001, 14};
  bench.Opens(1, Connected().Pid(100, 7'000));
  bench.Answers(1, Dictionary::Counts(1'000, 10));
  bench.Describes(1, Connected().Pid(101, 7'001).Bytes(1'500, 10), true);
  bench.Answers(1, Dictionary::Counts(1'700, 10));
  CHECK(
      (Last(bench, 3) ==
       std::vector<Whose>{{100, 12, 1'500, true}, {101, 14, 1'500, true}, {101, 14, 1'700, true}}));
}

void GuessesWhereNothingNamesTheProcess() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.Opens(1, Connected().Pid(100));
  CHECK(bench.last().pidversion == 12 && bench.last().flags == k_flow_owner_guessed);
  bench.Describes(1, Connected().Pid(100, 7'000));
  bench.Answers(1, Dictionary::Counts(10, 0).Again(0));
  CHECK(bench.last().pidversion == 12 && bench.last().flags == 0);
}

void AsksForAProcessOnceBetweenTwoTicks() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  for (u16 flow = 1; flow <= 50; flow++) bench.Opens(flow, Connected(flow).Pid(100, 7'000));
  CHECK(bench.looks == 1);
  bench.Passes();
  for (u16 flow = 1; flow <= 50; flow++) bench.Answers(flow, Dictionary::Counts(10, 0));
  CHECK(bench.looks == 2);
}

void RemembersAsManyAsItMay() {
  FlowOwners owners([](u32 pid) { return ProcessNumbers{pid + 1'000'000u, 5}; });
  for (u32 pid = 1; pid <= 3 * FlowOwners::kKnownMax; pid++) {
    CHECK((owners.NameOf({pid, pid + 1'000'000u}) == FlowOwners::Name{5, false}));
    CHECK(owners.known() <= FlowOwners::kKnownMax);
    if (pid % 1'000 == 0) owners.Tick();
  }
}

void TakesNoNonsenseForAPid() {
  Bench bench;
  bench.Opens(1, Connected().Pid(-5, 7'000));
  bench.Opens(2, Connected(50'001).Pid(int64_t{1} << 40));
  for (const flow_record& flow : bench.flows()) CHECK(flow.pid == 0);
  CHECK(bench.looks == 0 && bench.new_pids.empty() && bench.Lost(k_loss_flow_owners) == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  NamesWhomItActsForAndWhoseSocketItIs();
  TellsOfAProcessThatHasGone();
  SaysWhatAFlowSaysOfOneThatIsStillThere();
  KeepsTheNameOfOneThatWasKnown();
  GivesAnotherImageWhatIsCountedFromThenOn();
  LooksAtOnceWhenItIsToldOfAnExec();
  WaitsForCountsThatWereAskedForAfterAnExec();
  WaitsForCountsThatWereAskedForAfterTheLastOfManyExecs();
  GivesASocketsHeirNothingOfBefore();
  GivesWhomTheLeastVouchesForWhatEitherMayHaveSent();
  GivesAnotherProcessWhatIsCountedFromThenOn();
  GuessesWhereNothingNamesTheProcess();
  AsksForAProcessOnceBetweenTwoTicks();
  RemembersAsManyAsItMay();
  TakesNoNonsenseForAPid();
  std::puts("owners: ok");
}
