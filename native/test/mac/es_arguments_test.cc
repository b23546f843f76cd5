// The arguments of an exec message: told where that is asked for, as far as a record has room, and
// not so much as looked at where it is not.
#include <string>
#include <vector>

#include "check.h"
#include "double.h"
#include "mac/es_handler.h"
#include "messages.h"

namespace freshet {
namespace {

using Texts = std::vector<std::string_view>;

struct Told {
  bool is_told = false;
  arguments_record record{};
  std::string text;
  u32 asked = 0;  // calls of Apple's
};

// What a handler makes of one exec with these arguments. Its exec record always comes first.
Told Tell(const Texts& arguments, bool asks, u32 version = MessageMaker::kNewest) {
  MessageMaker make(version);
  EsHandler handler(1 << 16, std::make_shared<Bell>(), asks);
  es_message_t* message = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 1}), 5);
  make.SetExec(message, make.Process({.pid = 70, .version = 9, .path = "/bin/x"}), nullptr);
  const es_double_arguments* given = make.SetArguments(message, arguments);
  handler.Handle(*message);
  std::vector<std::byte> into(1 << 16);
  const size_t copied = handler.Drain(into);
  Header head;
  std::memcpy(&head, into.data(), sizeof(head));
  CHECK(head.type == exec_record::kType && head.size <= copied);
  Told told;
  told.asked = given->asked;
  if (copied == head.size) return told;
  told.is_told = true;
  std::memcpy(&told.record, &into[head.size], sizeof(told.record));
  const arguments_record& record = told.record;
  CHECK(record.header.type == arguments_record::kType);
  CHECK(record.header.source == k_source_endpoint_security);
  CHECK(record.header.at_ns == head.at_ns);
  CHECK(record.header.size == copied - head.size);
  CHECK(record.header.size == RecordSize<arguments_record>(record.text_bytes));
  CHECK(record.pid == 70 && record.pidversion == 9 && record.reserved == 0);
  told.text.assign(reinterpret_cast<const char*>(&into[head.size + sizeof(record)]),
                   record.text_bytes);
  return told;
}

std::string Joined(const Texts& arguments) {
  std::string text;
  for (size_t index = 0; index < arguments.size(); index++)
    text.append(index == 0 ? "" : std::string(1, '\0')).append(arguments[index]);
  return text;
}

void LooksAtNoneUnasked() {
  const Told told = Tell({"curl", "-u", "ana:secret"}, false);
  CHECK(!told.is_told && told.asked == 0);
}

void TellsThemOfEveryVersion() {
  const Texts arguments{"curl", "", "https://example.org/?q=größe", "-T", "file"};
  for (const u32 version : {1u, 2u, 4u, 8u, MessageMaker::kNewest, 99u}) {
    const Told told = Tell(arguments, true, version);
    CHECK(told.is_told && told.text == Joined(arguments));
    CHECK(told.record.count == 5 && told.record.left_out_bytes == 0 && told.record.flags == 0);
  }
}

void TellsThatThereAreNone() {
  const Told none = Tell({}, true);
  CHECK(none.is_told && none.record.count == 0 && none.text.empty() && none.record.flags == 0);
  const Told one_without_text = Tell({""}, true);
  CHECK(one_without_text.record.count == 1 && one_without_text.text.empty());
}

void CutsWhatIsTooLong() {
  constexpr size_t kMax = arguments_record::k_text_max;
  const std::string fits(kMax - 2, 'a');
  CHECK(Tell({"x", fits}, true).text.size() == kMax);
  CHECK(Tell({"x", fits}, true).record.left_out_bytes == 0);
  const std::string one_more = fits + "a";
  CHECK(Tell({"x", one_more}, true).text.size() == kMax);
  CHECK(Tell({"x", one_more}, true).record.left_out_bytes == 1);
  // What has no room at all is counted with the NULs before it.
  const Told told = Tell({"x", one_more, "abc", ""}, true);
  CHECK(told.record.count == 4 && told.record.left_out_bytes == 1 + 4 + 1);
  CHECK(told.record.flags == 0);
  const std::string huge(1 << 20, 'h');
  CHECK(Tell({huge}, true).record.left_out_bytes == huge.size() - kMax);
}

void CutsBetweenCharacters() {
  constexpr size_t kMax = arguments_record::k_text_max;
  for (const std::string_view character : {"é", "€", "💧"})
    for (size_t inside = 1; inside < character.size(); inside++) {
      const std::string before(kMax - inside, 'a');
      const std::string whole = before + std::string(character) + "b";
      const Told told = Tell({whole}, true);
      CHECK(told.text == before);
      CHECK(told.record.left_out_bytes == character.size() + 1);
    }
  // What is no UTF-8 is passed on, and cut where the room ends.
  const std::string noise(kMax + 9, '\x80');
  const Told told = Tell({noise}, true);
  CHECK(told.text == noise.substr(0, kMax) && told.record.left_out_bytes == 9);
  CHECK(Tell({"\xff\xc3", "\xed\xa0\x80"}, true).text == Joined({"\xff\xc3", "\xed\xa0\x80"}));
}

void LooksAtSixtyFour() {
  const auto told_of = [](size_t count) { return Tell(Texts(count, "a"), true); };
  CHECK(told_of(64).record.flags == 0 && told_of(64).text.size() == 127);
  const Told told = told_of(5'000);
  CHECK(told.record.count == 5'000 && told.text.size() == 127);
  CHECK(told.record.flags == k_arguments_at_least);
  CHECK(told.asked == 1 + 64);
}

// Each exec and each arguments record is in the ring or counted as dropped.
void CountsThoseOfABurst() {
  MessageMaker make(MessageMaker::kNewest);
  EsHandler handler(1 << 16, std::make_shared<Bell>(), true);
  es_message_t* message = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 1}), 5);
  make.SetExec(message, make.Process({.pid = 70, .version = 9, .path = "/bin/x"}), nullptr);
  const std::string text(900, 't');
  make.SetArguments(message, {text});
  std::vector<std::byte> into(1 << 16);
  u64 execs = 0;
  u64 arguments = 0;
  constexpr u64 kMessages = 10'000;
  for (u64 number = 0; number < kMessages; number++) {
    message->seq_num = message->global_seq_num = number;
    handler.Handle(*message);
    if (number % 100 != 99) continue;  // the ring has room for some 60
    const size_t copied = handler.Drain(into);
    for (size_t at = 0; at < copied;) {
      Header header;
      std::memcpy(&header, &into[at], sizeof(header));
      (header.type == exec_record::kType ? execs : arguments)++;
      at += header.size;
    }
  }
  CHECK(arguments > 0 && handler.losses().handover_full > 0);
  // Of an exec that found no room the arguments are not tried: one drop, two records less.
  CHECK(execs <= kMessages && arguments <= execs);
  CHECK(kMessages - execs + (execs - arguments) == handler.losses().handover_full);
  CHECK(handler.losses().malformed + handler.losses().kernel_events == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  LooksAtNoneUnasked();
  TellsThemOfEveryVersion();
  TellsThatThereAreNone();
  CutsWhatIsTooLong();
  CutsBetweenCharacters();
  LooksAtSixtyFour();
  CountsThoseOfABurst();
  std::puts("es arguments: ok");
}
