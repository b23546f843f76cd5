// The Endpoint Security source over the double: how it begins, what it does without a client, what
// it says of time.
#include <algorithm>
#include <mutex>
#include <set>

#include "seen.h"

namespace freshet {
namespace {

constexpr u32 kAllCapabilities = k_capability_process_events | k_capability_all_processes;

exec_record Alive(u32 pid, u32 version) {
  exec_record record{};
  record.flags = k_exec_enumerated;
  record.pid = pid;
  record.pidversion = version;
  return record;
}

// Tells of these pids, each of version 1, as long as it is let.
TellRunningCall Running(std::vector<u32> pids) {
  return [pids = std::move(pids)](const IsTold& is_told, const TellExec& tell, const TellCode&) {
    for (const u32 pid : pids)
      if (!is_told(pid, 1)) tell(Alive(pid, 1), {"/bin/alive"});
    return 0;
  };
}

void SubscribesAndEnumerates() {
  mac_double::Reset();
  Scene scene({.tell_running = Running({10, 11})});
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  CHECK(scene.marks.front().record.kind == k_mark_start && scene.marks.front().note.empty());
  CHECK(scene.marks.front().record.capabilities == kAllCapabilities);
  CHECK(scene.marks.front().record.layout == kRecordLayout);
  CHECK(scene.marks.front().record.boot_id[0] == 0x0f);
  CHECK((scene.types == std::vector<u16>{mark_record::kType, exec_record::kType, exec_record::kType,
                                         mark_record::kType}));
  const mac_double::State state = mac_double::Now();
  CHECK(state.made == 1 && state.muted_pid == mac_double::kOwnPid);
  CHECK(std::equal(state.subscribed.begin(), state.subscribed.end(), kEsEvents.begin(),
                   kEsEvents.end()));

  // Asked for again: everything anew.
  scene.source().RequestEnumerate();
  CHECK(scene.UntilEnumerated(2));
  CHECK(scene.execs.size() == 4 && scene.Marks(k_mark_start) == 2);

  Client client;
  scene.executed.Answer([] {});
  CHECK(client.Deliver(client.Fork(50, 1)));
  CHECK(client.Deliver(client.Exec(50, 2)));
  CHECK(client.Deliver(client.Exit(50, 2)));
  CHECK(!client.Deliver(client.Exit(mac_double::kOwnPid, 1)));  // its own
  CHECK(scene.Until([&] { return scene.exits.size() == 1; }));
  CHECK(scene.forks.size() == 1 && scene.forks[0].pid == 50);
  CHECK(scene.execs.size() == 5 && scene.execs[4].pidversion == 2 && scene.execs[4].flags == 0);
  // Of those who executed a source of flows that names their owners is told.
  CHECK((scene.executed.Take().pids == std::vector<u32>{50}));
  CHECK(scene.losses.empty());

  scene.source().Stop();
  scene.source().Stop();  // again does nothing
  scene.Drain();
  CHECK(scene.marks.back().record.kind == k_mark_stop);
  CHECK(mac_double::Now().deleted == 1 && mac_double::Now().wrong_threads == 0);
}

// Code that a running process asked for follows its process, in each enumeration.
void EnumeratesCodeBehindItsProcess() {
  mac_double::Reset();
  Scene scene({.tell_running = [](const IsTold&, const TellExec& tell, const TellCode& tell_code) {
    code_record code{};
    code.pid = 10;
    code.flags = k_code_enumerated | k_code_asked_for;
    tell(Alive(10, 1), {"/opt/bin/python3", "/Users/ada/send.py"});
    tell_code(code, "/tmp/x.dylib");
    tell(Alive(11, 1), {"/bin/alive"});
    return 0;
  }});
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  scene.source().RequestEnumerate();
  CHECK(scene.UntilEnumerated(2));
  CHECK(scene.execs.size() == 4 && scene.codes.size() == 2);
  CHECK(scene.execs[0].script_bytes == 18 && scene.codes[1].path_bytes == 12);
  CHECK(scene.codes[1].pid == 10 && (scene.codes[1].flags & k_code_asked_for) != 0);
  CHECK(scene.types[1] == exec_record::kType && scene.types[2] == code_record::kType);
}

// A pid whose exec or exit came while the others were enumerated is newer than what was read of it.
// One that was forked is named by the enumeration: its parent may have come later.
void LeavesOutWhatWasHeard() {
  mac_double::Reset();
  Client client;
  es_message_t* exec = client.Exec(50, 7);
  es_message_t* fork = client.Fork(51, 3);
  es_message_t* exit = client.Exit(52, 9);
  Scene scene(
      {.tell_running = [&](const IsTold& is_told, const TellExec& tell, const TellCode& tell_code) {
        CHECK(client.Deliver(exec) && client.Deliver(fork) && client.Deliver(exit));
        return Running({50, 51, 52, 53})(is_told, tell, tell_code);
      }});
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  CHECK(scene.execs.size() == 3 && scene.execs[0].pid == 50 && scene.execs[0].pidversion == 7);
  CHECK(scene.execs[1].pid == 51 && scene.execs[1].flags == k_exec_enumerated);
  CHECK(scene.execs[2].pid == 53 && scene.execs[2].flags == k_exec_enumerated);
  CHECK(scene.forks.size() == 1 && scene.exits.size() == 1);
}

void SaysWhyThereIsNoClient() {
  std::set<std::string> notes;
  for (int result = 1; result <= 7; result++) {
    mac_double::Reset();
    const auto refusal = static_cast<es_new_client_result_t>(result);
    mac_double::AnswerNewClients({refusal});
    Scene scene({.retry_ms = 10, .retry_max_ms = 15, .tell_running = Running({10})});
    scene.Start();
    CHECK(scene.UntilEnumerated(1));
    const SaidMark& mark = scene.marks.front();
    CHECK((mark.record.capabilities & k_capability_process_events) == 0);
    CHECK(mark.record.gaps == AdviceFor(AnswerOf(refusal)).gap && mark.record.gaps != 0);
    CHECK(mark.note.starts_with("Programs are not told by Endpoint Security: "));
    CHECK(notes.insert(mark.note).second);
    CHECK(scene.execs.size() == 1);  // what is alive is known all the same
    // It is asked again only where that can help.
    const bool heals = AdviceFor(AnswerOf(refusal)).retry != EsRetry::kNever;
    CHECK(scene.Until([&] { return scene.ticks.size() >= 4; }));
    if (heals) CHECK(scene.Until([] { return mac_double::Now().asked >= 3; }));
    if (!heals) CHECK(mac_double::Now().asked == 1);
    CHECK(scene.Marks(k_mark_start) == 1);  // nothing new to say
  }
}

void HealsWhenItIsLet() {
  mac_double::Reset();
  mac_double::AnswerNewClients({ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED,
                                ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED,
                                ES_NEW_CLIENT_RESULT_SUCCESS});
  Scene scene({.retry_ms = 10, .tell_running = Running({10})});
  scene.Start();
  CHECK(scene.UntilEnumerated(2));
  CHECK(scene.Marks(k_mark_start) == 2);
  CHECK(!scene.marks.front().note.empty());
  const SaidMark* second = scene.LastMark(k_mark_start);
  CHECK(second->record.gaps == 0);
  CHECK(second->note.empty() && second->record.capabilities == kAllCapabilities);
  Client client;
  CHECK(client.Deliver(client.Exec(50, 2)));
  CHECK(scene.Until([&] { return scene.execs.back().pid == 50; }));
}

// How long one answer has stayed does not hold up the healing of another.
void AsksSteadilyForWhatAPersonMayGrant() {
  mac_double::Reset();
  std::vector<es_new_client_result_t> answers(10, ES_NEW_CLIENT_RESULT_ERR_TOO_MANY_CLIENTS);
  answers.push_back(ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED);
  mac_double::AnswerNewClients(answers);
  Scene scene({.retry_ms = 2});
  scene.Start();
  // The last pause was of 1 s; twelve more of that length would not end in time.
  CHECK(scene.Until([&] { return mac_double::Now().asked >= answers.size() + 12; }));
}

void ReplacesAClientThatTellsNothing() {
  mac_double::Reset();
  Client client;
  es_message_t* begins = client.Exec(12, 1);
  std::atomic<u32> alive{2};
  std::atomic<u32> lists{0};
  const auto tell_running = [&](const IsTold& is_told, const TellExec& tell, const TellCode&) {
    for (u32 pid = 10; pid < 10 + alive.load(); pid++)
      if (!is_told(pid, 1)) tell(Alive(pid, 1), {"/bin/alive"});
    // One begins, and says so, when it is too late for this look and too early for the next.
    if (++lists == 3) {
      alive = 3;
      CHECK(client.Deliver(begins));
    }
    return 0;
  };
  Scene scene({.retry_ms = 10, .silent_ms = 30, .under_way_ms = 30, .tell_running = tell_running},
              4 << 20, 10);
  scene.Start();
  // A Mac where nothing begins is silent.
  CHECK(scene.Until([&] { return scene.ticks.size() >= 20; }));
  CHECK(mac_double::Now().deleted == 0 && scene.Marks(k_mark_start) == 1);

  // What it tells of is no sign of death.
  CHECK(alive == 3 && scene.execs.back().pid == 12);
  CHECK(scene.losses.empty());
  client.Drop(ES_EVENT_TYPE_NOTIFY_EXEC, 3);
  CHECK(client.Deliver(begins));
  CHECK(scene.Until([&] { return scene.ticks.size() >= 40; }));
  CHECK(mac_double::Now().deleted == 0 && scene.Lost(k_loss_kernel_events) == 3);

  alive = 5;  // of two it tells nothing
  CHECK(scene.UntilEnumerated(3));
  CHECK(mac_double::Now().deleted == 1 && mac_double::Now().made == 2);
  CHECK(mac_double::Now().wrong_threads == 0);
  CHECK(scene.marks.size() >= 6);
  const SaidMark& given_up = scene.marks[2];
  CHECK(given_up.record.kind == k_mark_start);
  CHECK(given_up.record.gaps == k_gap_endpoint_security && !given_up.note.empty());
  CHECK((given_up.record.capabilities & k_capability_process_events) == 0);
  const SaidMark* healed = scene.LastMark(k_mark_start);
  CHECK(healed->record.gaps == 0 && healed->note.empty());

  // The new client's losses are its own.
  const size_t execs = scene.execs.size();
  CHECK(client.Deliver(begins));
  CHECK(scene.Until([&] { return scene.execs.size() > execs && scene.ticks.size() >= 60; }));
  CHECK(scene.Lost(k_loss_kernel_events) == 3 + 2);
}

// A client that was heard begins the pauses anew: the ninth would be of more than ten seconds.
void AsksSoonAgainAfterOneThatTold() {
  mac_double::Reset();
  std::atomic<u32> alive{1};
  const auto tell_running = [&](const IsTold& is_told, const TellExec&, const TellCode&) {
    for (u32 pid = 10; pid < 10 + alive.load(); pid++) is_told(pid, 1);
    return 0;
  };
  Scene scene({.retry_ms = 40, .silent_ms = 10, .under_way_ms = 10, .tell_running = tell_running},
              4 << 20, 5);
  scene.Start();
  Client client;
  es_message_t* exec = client.Exec(9, 1);
  for (u32 made = 1; made <= 10; made++) {
    CHECK(scene.Until([&] { return mac_double::Now().made == made; }));
    const size_t execs = scene.execs.size();
    CHECK(scene.Until([&] { return client.Deliver(exec) && scene.execs.size() > execs; }));
    // A look finds it new only if one before did not have it.
    CHECK(scene.Until([&] {
      alive++;
      return mac_double::Now().deleted == made;
    }));
  }
}

void GivesUpAClientThatMayNotSubscribe() {
  mac_double::Reset();
  mac_double::RefuseSubscriptions(true);
  Scene scene({.retry_ms = 10});
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  CHECK(scene.marks.front().note.find("refused it the events") != std::string::npos);
  CHECK(mac_double::Now().made == mac_double::Now().deleted);
  mac_double::RefuseSubscriptions(false);
  CHECK(scene.UntilEnumerated(2));
  CHECK(scene.LastMark(k_mark_start)->note.empty());
}

// The list of processes takes its place.
void LooksNoMoreWithoutAClient() {
  mac_double::Reset();
  mac_double::AnswerNewClients({ES_NEW_CLIENT_RESULT_ERR_NOT_ENTITLED});
  std::atomic<u32> looks{0};
  Scene scene({.after_loss_ms = 1,
               .silent_ms = 1,
               .under_way_ms = 1,
               .tell_running = [&](const IsTold& told, const TellExec& tell, const TellCode& code) {
                 looks++;
                 return Running({10})(told, tell, code);
               }});
  scene.Start();
  CHECK(scene.Until([&] { return scene.ticks.size() >= 10; }));
  CHECK(looks == 1 && scene.Marks(k_mark_start) == 1);
  scene.source().RequestEnumerate();
  CHECK(scene.UntilEnumerated(2));
  CHECK(looks == 2 && mac_double::Now().asked == 1);
}

// Nothing is known to have ended by a list that could not be had.
void ListsAgainWhatCouldNotBeListed() {
  mac_double::Reset();
  int lists = 0;
  Scene scene({.after_loss_ms = 20,
               .tell_running = [&](const IsTold& told, const TellExec& tell, const TellCode& code) {
                 return ++lists < 3 ? 1 : Running({10})(told, tell, code);
               }});
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  CHECK(scene.Marks(k_mark_start) == 3 && scene.execs.size() == 1);
}

void TellsOfSleepAndOfClocksThatAreSet() {
  mac_double::Reset();
  mac_double::SetClocks(1'000'000'000, 5'000'000'000);
  std::atomic<u64> unix_ns{1'700'000'000'000'000'000};
  Scene scene({.unix_ns = [&] { return unix_ns.load(); }});
  scene.Start();
  CHECK(scene.Until([&] { return scene.ticks.size() >= 2; }));
  CHECK(scene.ticks[0].header.at_ns == 5'000'000'000 && scene.ticks[0].unix_ns == unix_ns.load());
  CHECK(scene.Marks(k_mark_wake) == 0 && scene.Marks(k_mark_clock) == 0);

  // Ten seconds pass asleep, on both clocks.
  unix_ns += 10'000'000'000;
  mac_double::SetClocks(1'000'000'000, 15'000'000'000);
  CHECK(scene.Until([&] { return scene.Marks(k_mark_wake) == 1; }));
  CHECK(scene.LastMark(k_mark_wake)->record.header.at_ns == 15'000'000'000);
  const size_t clocks = scene.Marks(k_mark_clock);

  unix_ns += 499'000'000;  // less than is told
  const size_t ticks = scene.ticks.size();
  CHECK(scene.Until([&] { return scene.ticks.size() >= ticks + 3; }));
  CHECK(scene.Marks(k_mark_clock) == clocks);
  unix_ns -= 7'000'000'000;
  CHECK(scene.Until([&] { return scene.Marks(k_mark_clock) == clocks + 1; }));
  CHECK(scene.LastMark(k_mark_clock)->record.unix_ns == unix_ns.load());
  CHECK(scene.Marks(k_mark_wake) == 1);
}

// Also of a second client: the wish is the source's.
void TellsArgumentsOnlyWhenAsked() {
  for (const bool asks : {false, true}) {
    mac_double::Reset();
    Scene scene({}, 4 << 20, 20, asks);
    MessageMaker make(MessageMaker::kNewest);
    es_message_t* exec = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 50}), 0);
    make.SetExec(exec, make.Process({.pid = 50, .version = 2, .path = "/bin/x"}), nullptr);
    const es_double_arguments* given = make.SetArguments(exec, {"x", "-p", "secret"});
    for (size_t run = 1; run <= 2; run++) {
      scene.Start();
      CHECK(scene.UntilEnumerated(run));
      CHECK(mac_double::Deliver(*exec));
      CHECK(scene.Until([&] { return scene.execs.size() == run; }));
      scene.source().Stop();
      scene.Drain();
    }
    const auto told = std::count(scene.types.begin(), scene.types.end(), arguments_record::kType);
    CHECK(told == (asks ? 2 : 0) && given->asked == (asks ? 2u * 4 : 0));
    CHECK(scene.losses.empty());
  }
}

void SaysThatItsClaimsAreNotBelieved() {
  mac_double::Reset();
  Scene scene({.tell_running = Running({10})});
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  Client client;
  for (u32 pid = 50; pid < 53; pid++) {
    es_message_t* message = client.Exec(pid, 2);
    message->event.exec.target->is_platform_binary = true;
    CHECK(client.Deliver(message));
  }
  CHECK(scene.UntilEnumerated(2));
  const auto fooled = std::find_if(scene.marks.rbegin(), scene.marks.rend(), [](const auto& mark) {
    return mark.record.kind == k_mark_start;
  });
  CHECK(fooled->record.gaps == k_gap_platform_claims && !fooled->note.empty());
  CHECK((fooled->record.capabilities & k_capability_process_events) != 0);
  // One that is told as what it is: the others are copies of the system's.
  CHECK(client.Deliver(client.Exec(60, 2)));
  CHECK(scene.UntilEnumerated(3));
  CHECK(scene.marks.back().record.gaps == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  SubscribesAndEnumerates();
  EnumeratesCodeBehindItsProcess();
  LeavesOutWhatWasHeard();
  SaysWhyThereIsNoClient();
  HealsWhenItIsLet();
  AsksSteadilyForWhatAPersonMayGrant();
  ReplacesAClientThatTellsNothing();
  AsksSoonAgainAfterOneThatTold();
  GivesUpAClientThatMayNotSubscribe();
  LooksNoMoreWithoutAClient();
  ListsAgainWhatCouldNotBeListed();
  TellsOfSleepAndOfClocksThatAreSet();
  TellsArgumentsOnlyWhenAsked();
  SaysThatItsClaimsAreNotBelieved();
  std::puts("es source: ok");
}
