// Sockets of every kind that live, pass bytes and vanish by chance, told of in every order and with
// every omission that the framework might have: what the book tells of each has to be what a plain
// model has counted.
//
// The model knows what is true (which peer, whether counters began again, whose the socket is) and
// adds up what was heard; the book has to find all that out.
#include <array>
#include <set>

#include "dictionary.h"
#include "random_socket.h"

namespace freshet {
namespace {

class World {
 public:
  explicit World(u64 seed) : random_(seed) {
    bench_.book().Begin(kLooked);
    for (u32 pid = 1; pid <= kPids; pid++) bench_.processes[pid] = {pid + 7'000u, 1};
    for (int count = 0; count < 20; count++) Make(true);
    bench_.book().Looked();
  }

  void Run(int steps) {
    for (int step = 0; step < steps; step++) {
      Step();
      if (step % 256 == 0) bench_.told();  // the ring is emptied in time
    }
    while (!open_.empty()) End(*open_.begin());
    Compare();
  }

 private:
  bool Chance(u64 of) { return random_.Below(of) == 0; }

  void Step() {
    if (Chance(4)) {
      bench_.Passes(random_.Below(2 * kSecond));
      looked_.clear();
    }
    if (Chance(8)) Execute();
    if (open_.size() < 10 || Chance(12)) return Make(false);
    if (Chance(60)) return bench_.book().TellAll(bench_.now_ns);
    auto it = open_.begin();
    std::advance(it, random_.Below(open_.size()));
    Socket& socket = sockets_[*it];
    switch (random_.Below(14)) {
      case 0:
        return End(*it);
      case 1:  // it connects; a UDP socket may connect again
        if (!socket.listens && socket.twin == 0 && !socket.is_stranger &&
            (socket.peer == 0 || !socket.is_tcp()))
          socket.peer = static_cast<u16>(1 + random_.Below(60'000));
        return Tell(*it, true, Chance(2), true);
      case 2:  // another process uses it
        socket.pid = static_cast<u32>(1 + random_.Below(kPids));
        Tell(*it, true, Chance(2), true);
        if (socket.twin != 0) TellTwin(*it);
        return;
      case 3:
        return socket.twin == 0 || Chance(4) ? BeginAgain(*it) : MakeTwin(*it);
      case 4:  // counts that were overtaken
        if (socket.heard_out > 100 && !socket.began_again) Overtaken(*it);
        return;
      case 5:
        Tell(*it, true, false, true);
        return Chance(3) ? MakeStranger(*it) : MakeTwin(*it);
      default:
        Pass(&socket);
        // One after the other: compilers order arguments differently.
        const bool describes = Chance(3), counts = !Chance(5);
        return Tell(*it, describes, counts, !Chance(20));
    }
  }

  // A process executes another program, of which somebody may tell.
  void Execute() {
    const u32 pid = static_cast<u32>(1 + random_.Below(kPids));
    ProcessNumbers& numbers = bench_.processes[pid];
    numbers.pidversion++;
    numbers.standing = static_cast<CodeStanding>(random_.Below(3));
    if (Chance(2)) return;
    const bool is_all = Chance(4);
    if (is_all) {
      looked_.clear();
      bench_.book().ManyExecuted(bench_.now_ns);
    } else {
      looked_.erase(pid);
      bench_.book().Executed(pid, bench_.now_ns);
    }
    for (const u64 number : open_) {
      Socket& socket = sockets_[number];
      const u32 has = socket.has().whose.first;
      if (socket.twin_pid != 0 && (is_all || socket.twin_pid == pid)) LookAt(socket.twin_pid);
      if (has == 0 || (!is_all && has != pid)) continue;
      if (Inherits(&socket, has)) socket.heirs_after = queries_;
    }
  }

  // Between two ticks the kernel is asked once.
  const Who& LookAt(u32 pid) {
    const ProcessNumbers& numbers = bench_.processes[pid];
    return looked_.try_emplace(pid, Who{{pid, numbers.pidversion}, numbers.standing}).first->second;
  }

  bool Inherits(Socket* socket, u32 pid) {
    const Who& next = LookAt(pid);
    if (next.whose == socket->has().whose) return false;
    if (socket->owner.whose.first == 0)
      socket->owner = next;
    else
      socket->heirs.push_back(next);
    return true;
  }

  void Make(bool is_old) {
    const u64 number = ++last_;
    Socket socket;
    if (Chance(3))
      socket.provider = Chance(2)   ? StatisticsProvider::kUdp
                        : Chance(4) ? StatisticsProvider::kAnother
                                    : StatisticsProvider::kQuic;
    socket.keeps_again = socket.provider != StatisticsProvider::kUdp && Chance(2);
    socket.listens = socket.is_tcp() && Chance(8);
    socket.peer = socket.listens || Chance(4) ? 0 : static_cast<u16>(1 + random_.Below(60'000));
    socket.pid = static_cast<u32>(1 + random_.Below(kPids));
    socket.port = static_cast<u16>(number);
    socket.start = is_old ? kLooked - 1 - random_.Below(kSecond) : ++bench_.now_ns;
    if (is_old && (socket.peer != 0 || !socket.is_tcp())) socket.out = random_.Below(kHistory);
    sockets_[number] = socket;
    open_.insert(number);
    bench_.book().Added(number, bench_.now_ns);
    if (!Chance(3)) Tell(number, true, Chance(4), true);
  }

  void Pass(Socket* socket) {
    if (socket->listens || (socket->is_tcp() && socket->peer == 0)) return;
    const u64 out = Chance(3) ? 0 : random_.Below(100'000);
    socket->out += out;
    socket->in += Chance(3) ? 0 : random_.Below(100'000);
    if (socket->keeps_again && Chance(3)) socket->again += random_.Below(out + 1);
  }

  // The other provider tells of a flow that was told already: it tells nothing, whatever it counts.
  void MakeTwin(u64 number) {
    Socket& socket = sockets_[number];
    if (socket.is_tcp() || !socket.is_open || socket.met == 0 || socket.twin != 0) return;
    socket.twin = kTwins + number;
    bench_.book().Added(socket.twin, bench_.now_ns);
    if (Chance(2)) TellTwin(number, false);
  }

  // A socket with the ends of another, but for the address here: all of it is its own.
  void MakeStranger(u64 of) {
    Socket& other = sockets_[of];
    if (other.is_tcp() || other.is_stranger || other.has_stranger || !other.is_open ||
        !other.has_host || other.met == 0 || other.met != other.peer)
      return;
    other.has_stranger = true;
    Socket socket;
    socket.provider = TwinOf(other.provider);
    socket.keeps_again = socket.provider != StatisticsProvider::kUdp && Chance(2);
    socket.port = other.port;
    socket.peer = other.peer;
    socket.host = "192.0.2.8";
    socket.is_stranger = true;
    socket.pid = static_cast<u32>(1 + random_.Below(kPids));
    socket.start = ++bench_.now_ns;
    sockets_[++last_] = socket;
    open_.insert(last_);
    bench_.book().Added(last_, bench_.now_ns);
    Tell(last_, true, Chance(2), true);
    strangers++;
  }

  void TellTwin(u64 number, bool counts = true) {
    Socket& socket = sockets_[number];
    Dictionary dictionary = socket.Twin();
    bool is_looked_at = socket.pid != std::exchange(socket.twin_pid, socket.pid);
    if (counts) {
      const u64 out = socket.heard_out + random_.Below(100), in = socket.heard_in;
      dictionary.Bytes(static_cast<int64_t>(out), static_cast<int64_t>(in));
      is_looked_at |= socket.TwinMoves(out, in);
    }
    if (is_looked_at) LookAt(socket.pid);
    queries_++;
    bench_.Answers(socket.twin, dictionary);
    twins++;
  }

  void BeginAgain(u64 number) {
    Socket& socket = sockets_[number];
    if (socket.heard_out < 1'000) return;
    socket.out = 1 + random_.Below(socket.heard_out / 3);
    socket.in = random_.Below(socket.heard_in / 3 + 1);
    socket.again = 0;
    socket.began_again = true;
    Tell(number, false, true, true);
  }

  void Overtaken(u64 number) {
    Socket& socket = sockets_[number];
    queries_++;
    bench_.Answers(number, Dictionary::Counts(static_cast<int64_t>(socket.heard_out * 9 / 10),
                                              static_cast<int64_t>(socket.heard_in)));
    socket.is_exact = false;
    if (socket.owner.whose.first != 0) Inherits(&socket, socket.has().whose.first);
    if (!socket.heirs.empty()) socket.owner = socket.heirs.back();
    socket.heirs.clear();
  }

  void End(u64 number) {
    Socket& socket = sockets_[number];
    Pass(&socket);
    if (!Chance(3)) Tell(number, Chance(2), true, false);
    if (socket.twin != 0) bench_.Removes(socket.twin);
    bench_.Removes(number);
    socket.is_counted |= socket.is_described;
    Open(&socket);
    if (socket.is_open) Close(&socket, socket.is_exact);
    open_.erase(number);
  }

  // A dictionary of what the moment and the release put into it, and the same for the model.
  void Tell(u64 number, bool describes, bool counts, bool is_asked) {
    Socket& socket = sockets_[number];
    Dictionary dictionary;
    const bool has_host = describes && (socket.is_stranger || Chance(2));
    socket.has_host |= has_host;
    if (describes) {
      dictionary.Provider(socket.provider)
          .Local(has_host ? socket.host : "", socket.port)
          .Pid(socket.pid, socket.pid + 7'000)
          .Start(static_cast<int64_t>(socket.start));
      if (socket.listens) dictionary.State(StatisticsTcpState::kListen);
      if (socket.peer != 0) dictionary.Remote("198.51.100.9", socket.peer);
    }
    if (counts) {
      dictionary.Bytes(static_cast<int64_t>(socket.out), static_cast<int64_t>(socket.in));
      if (socket.keeps_again) dictionary.Again(static_cast<int64_t>(socket.again));
    }
    if (describes && Chance(2)) {
      bench_.Describes(number, dictionary, is_asked);  // of the query that is under way
    } else if (is_asked) {
      queries_++;
      bench_.Answers(number, dictionary);
    } else {
      bench_.Counts(number, dictionary);
    }
    if (describes) Described(&socket);
    if (counts) Counted(&socket, is_asked);
    Open(&socket);
    if (socket.twin != 0 && Chance(2)) TellTwin(number);
  }

  void Described(Socket* socket) {
    if (!socket->is_described) socket->is_found = socket->start <= kLooked;
    socket->is_described = true;
    if (socket->pid != socket->has().whose.first) Inherits(socket, socket->pid);
    if (socket->peer == socket->met) return;
    // What it passed so far was for the former peer, if it was told.
    if (socket->is_open) {
      Close(socket, false);
      socket->base_out += socket->now.out;
      socket->base_in += socket->now.in;
      socket->now = {};
    }
    socket->met = socket->peer;
  }

  void Counted(Socket* socket, bool is_asked) {
    if (!socket->is_counted && socket->out + socket->in == 0 && socket->met == 0)
      socket->is_found = false;
    socket->is_counted = true;
    socket->is_exact = !is_asked;
    const bool moved = socket->out != socket->heard_out || socket->in != socket->heard_in;
    if (moved && socket->owner.whose.first != 0) Inherits(socket, socket->has().whose.first);
    const bool changes_hands =
        !socket->heirs.empty() && !(is_asked && socket->heirs_after == queries_);
    if (changes_hands) socket->PassOn();
    if (socket->began_again) {
      if (socket->is_open) Close(socket, false);
      socket->now = {};
      socket->base_out = socket->base_in = socket->untold_out = 0;
      socket->is_found = socket->began_again = false;
    }
    socket->heard_out = socket->out;
    socket->heard_in = socket->in;
    const u64 once = socket->out - (socket->keeps_again ? socket->again : 0);
    const u64 before = socket->now.out, before_in = socket->now.in;
    socket->now.out = std::max(before, once - std::min(once, socket->base_out));
    socket->now.in = std::max(socket->now.in, socket->in - socket->base_in);
    socket->untold_out += socket->now.out - before;
    if (!changes_hands) return;
    socket->is_shared |= socket->now.out != before || socket->now.in != before_in;
    Open(socket);
    socket->owner = socket->heirs.back();
    socket->heirs.clear();
    handed++;
  }

  // Whether something of it is told by now.
  void Open(Socket* socket) {
    const bool has_end =
        socket->met != 0 || (!socket->is_tcp() && socket->now.out + socket->now.in > 0);
    if (!socket->is_described || socket->listens || !has_end) return;
    if (socket->is_found && !socket->is_counted) return;
    if (!socket->is_open && socket->closed.empty()) socket->was_found = socket->is_found;
    socket->is_open = true;
    socket->out_of[socket->owner.whose] += std::exchange(socket->untold_out, 0);
  }

  void Close(Socket* socket, bool is_exact) {
    socket->now.is_exact = is_exact;
    socket->closed.push_back(socket->now);
    socket->is_open = socket->is_found = false;
  }

  void Compare() {
    // By its local end: a port, and the last byte of the address where it is a stranger's.
    using Place = std::pair<u16, bool>;
    std::map<Place, u64> ids;
    std::map<Place, std::map<Whose, u64>> out_of;
    std::map<std::pair<u64, u32>, flow_record> before;
    for (const flow_record& flow : bench_.flows()) {
      const Place place{flow.local_port, bench_.Of(flow).name.local_addr[15] == 8};
      ids.emplace(place, flow.flow_id);
      CHECK(ids[place] == flow.flow_id);
      const auto [last, is_first] = before.try_emplace({flow.flow_id, flow.epoch}, flow);
      const u64 rose = is_first ? flow.bytes_out : flow.bytes_out - last->second.bytes_out;
      // The first record under another name still counts what was the former's.
      const Whose whose{flow.pid, flow.pidversion};
      CHECK((Whose{last->second.pid, last->second.pidversion} == whose) || rose == 0);
      if (rose > 0) out_of[place][whose] += rose;
      last->second = flow;
    }
    for (auto& [number, socket] : sockets_) {
      const Place place{socket.port, socket.is_stranger};
      CHECK(ids.contains(place) == !socket.closed.empty());
      if (socket.closed.empty()) continue;
      std::vector<Epoch> told;
      for (u32 epoch = 0;; epoch++) {
        const auto flow = bench_.told().flows.find({ids[place], epoch});
        if (flow == bench_.told().flows.end()) break;
        CHECK(flow->second.closed);
        CHECK(flow->second.found == (epoch == 0 && socket.was_found));
        told.push_back(
            {flow->second.last.bytes_out, flow->second.last.bytes_in, !flow->second.inexact});
      }
      CHECK(told == socket.closed);
      std::erase_if(socket.out_of, [](const auto& entry) { return entry.second == 0; });
      CHECK(out_of[place] == socket.out_of);
      // In the end it says so where somebody had to be guessed.
      const flow_record& last = before[{ids[place], static_cast<u32>(told.size() - 1)}];
      CHECK(((last.flags & k_flow_owner_guessed) != 0) == socket.is_shared);
      told_epochs += told.size();
    }
    CHECK(bench_.book().rows() == 0 && bench_.Lost(k_loss_ring_full) == 0);
  }

  Random random_;
  Bench bench_{65'536, 4 << 20};
  std::map<u64, Socket> sockets_;
  std::set<u64> open_;
  u64 last_ = 0;
  u32 queries_ = 1;
  std::map<u32, Who> looked_;  // since the last tick

 public:
  u64 told_epochs = 0, strangers = 0;
  u64 twins = 0;   // dictionaries of twins
  u64 handed = 0;  // counts between which a socket changed hands
};

}  // namespace
}  // namespace freshet

// `random [SEEDS [FIRST]]`
int main(int count, char** arguments) {
  using namespace freshet;
  const int seeds = count > 1 ? std::atoi(arguments[1]) : 60;
  const int first = count > 2 ? std::atoi(arguments[2]) : 1;
  u64 epochs = 0, twins = 0, strangers = 0, handed = 0;
  static int seed;
  std::atexit([] { seed == 0 || std::fprintf(stderr, "in seed %d\n", seed); });
  for (seed = first; seed < first + seeds; seed++) {
    World world(static_cast<u64>(seed));
    world.Run(2'000);
    epochs += world.told_epochs;
    twins += world.twins;
    handed += world.handed;
    strangers += world.strangers;
  }
  seed = 0;
  const u64 all = static_cast<u64>(seeds);
  CHECK(epochs > 50 * all && twins > 10 * all && strangers > 5 * all && handed > 30 * all);
  std::puts("random: ok");
}
