// The parts of the Endpoint Security source that decide without a client: numbers of messages,
// clocks, answers and their advice.
#include <set>
#include <string>

#include "boot_id.h"
#include "check.h"
#include "double.h"
#include "layout_asserts.h"
#include "mac/bell.h"
#include "mac/es_answer.h"
#include "mac/es_sequence.h"
#include "mac/es_silence.h"
#include "mac/mach_clock.h"
#include "messages.h"

namespace freshet {
namespace {

class Numbered {
 public:
  explicit Numbered(u32 version) : make_(version), process_(make_.Process({.pid = 1})) {}
  u64 Missing(es_event_type_t type, u64 number, u64 global) {
    return sequence_.MissingBefore(*make_.Message(type, process_, 0, number, global));
  }

 private:
  MessageMaker make_;
  es_process_t* process_;
  EsSequence sequence_;
};

void CountsADropOnce() {
  Numbered four(4);
  CHECK(four.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 5, 100) == 0);  // where counting begins
  CHECK(four.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 6, 101) == 0);
  CHECK(four.Missing(ES_EVENT_TYPE_NOTIFY_FORK, 0, 102) == 0);
  // Three execs and two forks dropped; a fork tells first, and by the number over all.
  CHECK(four.Missing(ES_EVENT_TYPE_NOTIFY_FORK, 3, 108) == 5);
  // The gap in the execs' own numbers is part of those five.
  CHECK(four.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 10, 109) == 0);
  CHECK(four.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 11, 110) == 0);
  // Only the type's own number has a gap: counted all the same.
  CHECK(four.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 20, 111) == 8);
}

void CountsByTypeBeforeVersionFour() {
  Numbered two(2);
  CHECK(two.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 1, 0) == 0);
  CHECK(two.Missing(ES_EVENT_TYPE_NOTIFY_EXIT, 9, 0) == 0);
  CHECK(two.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 4, 0) == 2);
  CHECK(two.Missing(ES_EVENT_TYPE_NOTIFY_EXIT, 11, 0) == 1);
  Numbered one(1);
  CHECK(one.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 1, 1) == 0);
  CHECK(one.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 9, 9) == 0);
}

void TakesAnotherNumberingForNoLoss() {
  Numbered numbered(4);
  CHECK(numbered.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 500, 900) == 0);
  CHECK(numbered.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 0, 0) == 0);  // it fell
  CHECK(numbered.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, 2, 2) == 1);  // and counts from there
  CHECK(numbered.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, u64{1} << 40, u64{1} << 40) == 0);
  CHECK(numbered.Missing(ES_EVENT_TYPE_NOTIFY_EXEC, (u64{1} << 40) + 2, (u64{1} << 40) + 2) == 1);
}

void ConvertsMachTime() {
  mac_double::SetTimebase(125, 3);
  mac_double::SetClocks(2'400'000, 4'800'000);  // 100 ms awake, 200 ms since boot
  const MachClock clock;
  CHECK(clock.NowNs() == 200'000'000);
  CHECK(clock.AsleepNs() == 100'000'000);
  CHECK(clock.AtNs(2'400'000) == 200'000'000);
  CHECK(clock.AtNs(2'376'000) == 199'000'000);  // a millisecond ago
  CHECK(clock.AtNs(2'400'001) == 200'000'000);  // never later than now
  CHECK(clock.AtNs(0) == 100'000'000);
  // No overflow after 30 years.
  mac_double::SetClocks(u64{30} * 365 * 86'400 * 24'000'000, u64{30} * 365 * 86'400 * 24'000'000);
  CHECK(clock.NowNs() == u64{30} * 365 * 86'400 * 1'000'000'000);
  mac_double::SetTimebase(1, 1);
  CHECK(MachClock().NowNs() == u64{30} * 365 * 86'400 * 24'000'000);
}

void HasAdviceForEveryAnswer() {
  std::set<std::string> reasons;
  for (int result = 0; result <= 6; result++) {
    const EsAnswer answer = AnswerOf(static_cast<es_new_client_result_t>(result));
    CHECK(answer != EsAnswer::kUnknown);
    const EsAdvice advice = AdviceFor(answer);
    CHECK((answer == EsAnswer::kOpen) == (std::string(advice.reason) == ""));
    CHECK(reasons.insert(advice.reason).second);
  }
  CHECK(AnswerOf(static_cast<es_new_client_result_t>(7)) == EsAnswer::kUnknown);
  CHECK(reasons.insert(AdviceFor(EsAnswer::kUnknown).reason).second);
  CHECK(reasons.insert(AdviceFor(EsAnswer::kNoSubscription).reason).second);
  CHECK(reasons.insert(AdviceFor(EsAnswer::kSilent).reason).second);
  CHECK(AdviceFor(EsAnswer::kSilent).retry == EsRetry::kSlower);
  CHECK(AdviceFor(EsAnswer::kNotEntitled).gap == k_gap_entitlement);
  CHECK(AdviceFor(EsAnswer::kNotPermitted).gap == k_gap_full_disk_access);
  CHECK(AdviceFor(EsAnswer::kNotPrivileged).gap == k_gap_not_root);
  CHECK(AdviceFor(EsAnswer::kTooManyClients).gap == k_gap_client_limit);
  for (const EsAnswer answer : {EsAnswer::kInvalidArgument, EsAnswer::kInternal,
                                EsAnswer::kNoSubscription, EsAnswer::kSilent, EsAnswer::kUnknown})
    CHECK(AdviceFor(answer).gap == k_gap_endpoint_security);
  CHECK(AdviceFor(EsAnswer::kNotPermitted).retry == EsRetry::kSteady);
  CHECK(AdviceFor(EsAnswer::kTooManyClients).retry == EsRetry::kSlower);
  CHECK(AdviceFor(EsAnswer::kInternal).retry == EsRetry::kSlower);
  CHECK(AdviceFor(EsAnswer::kNotEntitled).retry == EsRetry::kNever);
  CHECK(AdviceFor(EsAnswer::kNotPrivileged).retry == EsRetry::kNever);
}

void TakesSilenceForDeathWhenProgramsBegin() {
  const auto image = [](u32 pid) { return EsSilence::ImageOf(pid, 1); };
  EsSilence silence(60, 5);
  silence.Heard(100);
  CHECK(!silence.IsDue(99) && !silence.IsDue(159) && silence.IsDue(160));
  CHECK(silence.Look(160, {image(3), image(1)}) == 0);  // nothing to compare with
  CHECK(!silence.IsDue(219) && silence.IsDue(220));
  CHECK(silence.Look(220, {image(1)}) == 0);  // one has ended
  CHECK(silence.Look(280, {image(2), image(1), EsSilence::ImageOf(1, 2)}) == 0);
  CHECK(!silence.IsDue(284) && silence.IsDue(285));  // their messages may be under way
  CHECK(silence.Look(285, {}) == 2);
  // One that was under way.
  silence.Heard(300);
  CHECK(silence.Look(360, {image(1)}) == 0);
  CHECK(silence.Look(420, {image(1), image(2)}) == 0);
  silence.Heard(424);
  CHECK(!silence.IsDue(430));
  CHECK(silence.Look(484, {image(1), image(2), image(3)}) == 0);
}

void ReadsBootIds() {
  u8 id[16] = {};
  CHECK(ParseBootId("0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0", id));
  CHECK(id[0] == 0x0f && id[1] == 0x1e && id[15] == 0xf0);
  const u8 first = id[0];
  for (const char* no : {"", "0f1e", "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1G0",
                         "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F01"})
    CHECK(!ParseBootId(no, id));
  CHECK(id[0] == first);
}

void KeepsRings() {
  Bell bell;
  CHECK(!bell.Wait(1'000'000));
  bell.Ring();
  bell.Ring();
  CHECK(bell.Wait(1'000'000));
  CHECK(bell.Wait(1'000'000'000'000));  // at once
  CHECK(!bell.Wait(1'000'000));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  CountsADropOnce();
  CountsByTypeBeforeVersionFour();
  TakesAnotherNumberingForNoLoss();
  ConvertsMachTime();
  HasAdviceForEveryAnswer();
  TakesSilenceForDeathWhenProgramsBegin();
  ReadsBootIds();
  KeepsRings();
  std::puts("es units: ok");
}
