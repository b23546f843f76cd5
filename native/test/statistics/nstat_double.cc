#include "nstat_double.h"

#include <Block.h>
#include <dlfcn.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "filter/dispatch_double.h"

namespace freshet::nstat_double {
namespace {

using xpc_double::Counted;
using xpc_double::objects;

struct Source;
using AddedBlock = void (^)(void* source, void* unused);
using DictionaryBlock = void (^)(CFDictionaryRef dictionary);
using DoneBlock = void (^)();

// A copy on the heap, counted like any other object.
template <typename Block>
Block Keep(Block block) {
  CHECK(block != nullptr);
  objects++;
  return Block_copy(block);
}
template <typename Block>
void LetGo(Block block) {
  if (block == nullptr) return;
  objects--;
  Block_release(block);
}

struct Manager final : Counted {
  dispatch_queue_t queue = nullptr;
  AddedBlock added = nullptr;
  std::set<std::string> asked;  // for which providers
  bool has_flags = false;
};

struct Source final : Counted {
  ~Source() override {
    LetGo(described);
    LetGo(counted);
    LetGo(removed);
  }
  u64 socket = 0;
  bool is_told = false;
  DictionaryBlock described = nullptr, counted = nullptr;
  DoneBlock removed = nullptr;
};

struct Socket {
  Values description;
  Values counts;
  Source* source = nullptr;
};

struct World {
  std::mutex mutex;
  Habits habits;  // guarded by mutex, as all that follows
  std::map<u64, Socket> sockets;
  Manager* manager = nullptr;
  std::vector<std::string> calls;
  std::map<std::string, CFStringRef> constants;
  bool holds_answers = false;
  std::vector<std::function<void()>> held;
};
// Never destroyed: the queue may still run as the program ends.
World& It() {
  static World* const world = new World;
  return *world;
}

// Each has a text that is not its name.
std::string TextOf(const std::string& constant) { return "its " + constant.substr(6); }

bool IsConstant(const std::string& text) { return text.starts_with("kNStat"); }

CFDictionaryRef DictionaryOf(const Values& values) {
  Values said;
  for (auto [key, value] : values) {
    auto* const text = std::get_if<std::string>(&value);
    if (text != nullptr && IsConstant(*text)) *text = TextOf(*text);
    said[TextOf(key)] = value;
  }
  return cf_double::MakeDictionary(said);
}

void Tell(DictionaryBlock block, const Values& values) {
  const CFDictionaryRef dictionary = DictionaryOf(values);
  block(dictionary);
  CHECK(cf_double::ReferencesTo(dictionary) == 1);
  CFRelease(dictionary);
}

// Notes a call, which is to be made on the manager's queue.
void Called(const char* name, const Manager* manager) {
  World& world = It();
  const std::lock_guard lock(world.mutex);
  world.calls.push_back(name);
  CHECK(manager == world.manager && manager != nullptr);
  CHECK(xpc_double::CurrentQueue() == manager->queue);
}
void CalledOf(const char* name) { Called(name, It().manager); }

// What it knows of a source that is still there, and the source kept until it is let go of.
std::optional<Socket> Find(u64 number) {
  World& world = It();
  const std::lock_guard lock(world.mutex);
  const auto found = world.sockets.find(number);
  if (found == world.sockets.end() || found->second.source == nullptr) return std::nullopt;
  return found->second;
}

// On the queue.
void Announce(u64 number) {
  Source* source;
  AddedBlock added;
  {
    World& world = It();
    const std::lock_guard lock(world.mutex);
    const auto found = world.sockets.find(number);
    if (found == world.sockets.end() || found->second.source != nullptr) return;
    source = found->second.source = new Source;
    source->socket = number;
    added = world.manager->added;
  }
  added(source, nullptr);
  CHECK(source->described != nullptr && source->counted != nullptr && source->removed != nullptr);
}

std::string ProviderOf(const Values& description) {
  const auto found = description.find("kNStatSrcKeyProvider");
  const std::string* const text =
      found == description.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text != nullptr && (*text == "kNStatProviderUDP" || *text == "kNStatProviderQUIC")
             ? *text
             : "kNStatProviderTCP";
}

void AddAll(const char* call, void* given, const std::string& provider) {
  auto* const manager = static_cast<Manager*>(given);
  Called(call, manager);
  World& world = It();
  const std::lock_guard lock(world.mutex);
  CHECK(manager->asked.insert(provider).second);
  for (const auto& [number, socket] : world.sockets)
    if (ProviderOf(socket.description) == provider)
      manager->queue->Push([number] { Announce(number); });
}

// On the queue.
void AnswerNow(DoneBlock done, bool describes, bool counts) {
  std::vector<u64> numbers;
  {
    const std::lock_guard lock(It().mutex);
    for (const auto& [number, socket] : It().sockets) numbers.push_back(number);
  }
  for (const u64 number : numbers) {
    const std::optional<Socket> socket = Find(number);
    if (!socket) continue;
    Values values = describes ? socket->description : socket->counts;
    if (describes && counts) values.insert(socket->counts.begin(), socket->counts.end());
    Tell(counts ? socket->source->counted : socket->source->described, values);
  }
  done();
  LetGo(done);
}

// The answer comes later, as from a kernel.
void Answer(const char* call, void* given, DoneBlock block, bool describes, bool counts) {
  auto* const manager = static_cast<Manager*>(given);
  Called(call, manager);
  const DoneBlock done = Keep(block);
  const auto answer = [=] { AnswerNow(done, describes, counts); };
  World& world = It();
  const std::lock_guard lock(world.mutex);
  if (world.holds_answers)
    world.held.push_back(answer);
  else
    manager->queue->Push(answer);
}

void* Create(CFAllocatorRef allocator, dispatch_queue_t queue, AddedBlock added) {
  CHECK(allocator == kCFAllocatorDefault && queue == xpc_double::CurrentQueue());
  World& world = It();
  const std::lock_guard lock(world.mutex);
  world.calls.push_back("NStatManagerCreate");
  CHECK(world.manager == nullptr);  // one for the process's life
  if (!world.habits.gives_manager) return nullptr;
  queue->Retain();
  world.manager = new Manager;
  world.manager->queue = queue;
  world.manager->added = Keep(added);
  return world.manager;
}

int SetFlags(void* manager, int flags) {
  Called("NStatManagerSetFlags", static_cast<Manager*>(manager));
  CHECK(flags == 0 && !std::exchange(static_cast<Manager*>(manager)->has_flags, true));
  return 0;
}

void AddAllTcp(void* manager) { AddAll("NStatManagerAddAllTCP", manager, "kNStatProviderTCP"); }
void AddAllUdp(void* manager) { AddAll("NStatManagerAddAllUDP", manager, "kNStatProviderUDP"); }
void AddAllQuic(void* manager) { AddAll("NStatManagerAddAllQUIC", manager, "kNStatProviderQUIC"); }
int AddAllTcpWithFilter(void* manager, int filter, int flags) {
  CHECK(filter == 0 && flags == 0);
  AddAll("NStatManagerAddAllTCPWithFilter", manager, "kNStatProviderTCP");
  return 0;
}
int AddAllUdpWithFilter(void* manager, int filter, int flags) {
  CHECK(filter == 0 && flags == 0);
  AddAll("NStatManagerAddAllUDPWithFilter", manager, "kNStatProviderUDP");
  return 0;
}

void QueryUpdates(void* manager, DoneBlock done) {
  Answer("NStatManagerQueryAllSourcesUpdate", manager, done, true, true);
}
void QueryCounts(void* manager, DoneBlock done) {
  Answer("NStatManagerQueryAllSources", manager, done, false, true);
}
void QueryDescriptions(void* manager, DoneBlock done) {
  Answer("NStatManagerQueryAllSourcesDescriptions", manager, done, true, false);
}

void* QueryDescription(void* given) {
  auto* const source = static_cast<Source*>(given);
  CalledOf("NStatSourceQueryDescription");
  It().manager->queue->Push([number = source->socket] {
    if (const std::optional<Socket> socket = Find(number))
      Tell(socket->source->described, socket->description);
  });
  return nullptr;
}

void OnDescription(void* source, DictionaryBlock block) {
  CalledOf("NStatSourceSetDescriptionBlock");
  CHECK(std::exchange(static_cast<Source*>(source)->described, Keep(block)) == nullptr);
}
void OnCounts(void* source, DictionaryBlock block) {
  CalledOf("NStatSourceSetCountsBlock");
  CHECK(std::exchange(static_cast<Source*>(source)->counted, Keep(block)) == nullptr);
}
void OnRemoved(void* source, DoneBlock block) {
  CalledOf("NStatSourceSetRemovedBlock");
  CHECK(std::exchange(static_cast<Source*>(source)->removed, Keep(block)) == nullptr);
}

const std::map<std::string, void*>& Functions() {
  static const auto* const functions = new std::map<std::string, void*>{
      {"NStatManagerCreate", reinterpret_cast<void*>(Create)},
      {"NStatManagerSetFlags", reinterpret_cast<void*>(SetFlags)},
      {"NStatManagerAddAllTCP", reinterpret_cast<void*>(AddAllTcp)},
      {"NStatManagerAddAllUDP", reinterpret_cast<void*>(AddAllUdp)},
      {"NStatManagerAddAllQUIC", reinterpret_cast<void*>(AddAllQuic)},
      {"NStatManagerAddAllTCPWithFilter", reinterpret_cast<void*>(AddAllTcpWithFilter)},
      {"NStatManagerAddAllUDPWithFilter", reinterpret_cast<void*>(AddAllUdpWithFilter)},
      {"NStatManagerQueryAllSourcesUpdate", reinterpret_cast<void*>(QueryUpdates)},
      {"NStatManagerQueryAllSources", reinterpret_cast<void*>(QueryCounts)},
      {"NStatManagerQueryAllSourcesDescriptions", reinterpret_cast<void*>(QueryDescriptions)},
      {"NStatSourceQueryDescription", reinterpret_cast<void*>(QueryDescription)},
      {"NStatSourceSetDescriptionBlock", reinterpret_cast<void*>(OnDescription)},
      {"NStatSourceSetCountsBlock", reinterpret_cast<void*>(OnCounts)},
      {"NStatSourceSetRemovedBlock", reinterpret_cast<void*>(OnRemoved)},
  };
  return *functions;
}

const std::set<std::string>& Constants() {
  static const auto* const constants = [] {
    auto* const names = new std::set<std::string>{
        "kNStatProviderTCP",       "kNStatProviderUDP",        "kNStatProviderQUIC",
        "kNStatSrcTCPStateListen", "kNStatSrcTCPStateSynSent", "kNStatSrcTCPStateSynReceived"};
    for (const char* key :
         {"PID", "UPID", "EPID", "EUPID", "UUID", "EUUID", "ProcessName", "Provider", "Local",
          "Remote", "TxBytes", "RxBytes", "TxReTx", "TCPState", "Interface", "StartAbsoluteTime"})
      names->insert(std::string("kNStatSrcKey") + key);
    return names;
  }();
  return *constants;
}

}  // namespace

void Set(Habits habits) {
  const std::lock_guard lock(It().mutex);
  It().habits = std::move(habits);
}

std::vector<std::string> Symbols() {
  std::vector<std::string> names(Constants().begin(), Constants().end());
  for (const auto& [name, function] : Functions()) names.push_back(name);
  return names;
}

void Add(u64 number, Values description) {
  World& world = It();
  const std::lock_guard lock(world.mutex);
  const std::string provider = ProviderOf(description);
  world.sockets[number] = {std::move(description), {}, nullptr};
  if (world.manager != nullptr && world.manager->asked.contains(provider))
    world.manager->queue->Push([number] { Announce(number); });
}

void Count(u64 number, Values counts) {
  const std::lock_guard lock(It().mutex);
  It().sockets.at(number).counts = std::move(counts);
}

void Remove(u64 number, bool has_finals) {
  World& world = It();
  const std::lock_guard lock(world.mutex);
  if (world.manager == nullptr) return void(world.sockets.erase(number));
  world.manager->queue->Push([number, has_finals] {
    const std::optional<Socket> socket = Find(number);
    {
      const std::lock_guard erasing(It().mutex);
      It().sockets.erase(number);
    }
    if (!socket) return;
    if (has_finals) Tell(socket->source->counted, socket->counts);
    socket->source->removed();
    socket->source->Release();
  });
}

void TellNothingOf(u64 number) {
  const std::lock_guard lock(It().mutex);
  It().manager->queue->Push([number] {
    const std::optional<Socket> socket = Find(number);
    socket->source->described(nullptr);
    socket->source->counted(nullptr);
  });
}

void HoldAnswers(bool are_held) {
  World& world = It();
  const std::lock_guard lock(world.mutex);
  world.holds_answers = are_held;
  if (are_held) return;
  for (auto& answer : std::exchange(world.held, {})) world.manager->queue->Push(std::move(answer));
}

void Pause(const std::function<void()>& meanwhile) {
  std::atomic<bool> goes_on{false};
  It().manager->queue->Push([&] { goes_on.wait(false); });
  meanwhile();
  goes_on.store(true);
  goes_on.notify_one();
  Settle();
}

void Settle() {
  It().mutex.lock();
  const dispatch_queue_t queue = It().manager == nullptr ? nullptr : It().manager->queue;
  It().mutex.unlock();
  for (int round = 0; queue != nullptr && round < 5; round++) xpc_double::RunOn(queue, [] {});
}

std::vector<std::string> TakeCalls() {
  const std::lock_guard lock(It().mutex);
  return std::exchange(It().calls, {});
}

}  // namespace freshet::nstat_double

using freshet::nstat_double::It;

void* dlopen(const char* path, int mode) {
  CHECK(std::string_view(path) ==
        "/System/Library/PrivateFrameworks/NetworkStatistics.framework/NetworkStatistics");
  CHECK(mode == (RTLD_LAZY | RTLD_LOCAL));
  const std::lock_guard lock(It().mutex);
  return It().habits.can_be_loaded ? &It() : nullptr;
}

void* dlsym(void* library, const char* given) {
  using namespace freshet;
  using namespace freshet::nstat_double;
  const std::string name = given;
  World& world = It();
  CHECK(library == &world);
  const std::lock_guard lock(world.mutex);
  if (world.habits.lacks.contains(name)) return nullptr;
  const auto function = Functions().find(name);
  if (function != Functions().end()) return function->second;
  CHECK(Constants().contains(name));
  // Where a CFStringRef is.
  CFStringRef& constant = world.constants[name];
  if (constant == nullptr) constant = cf_double::MakeString(TextOf(name));
  return &constant;
}
