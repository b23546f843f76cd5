// Sockets of every kind that live, pass bytes and vanish by chance, told of in every order and with
// every omission that the framework might have: what the book tells of each has to be what a plain
// model has counted.
//
// The model knows what is true (which peer, whether counters began again, whose the socket is) and
// adds up what was heard; the book has to find all that out.
#include <array>
#include <set>

#include "dictionary.h"

namespace freshet {
namespace {

constexpr u32 kPids = 30;
constexpr u64 kHistory = 1'000'000;
constexpr u64 kTwins = u64{1} << 32;  // numbers of sources that are twins

struct Epoch {
  u64 out = 0, in = 0;
  bool is_exact = false;
  bool operator==(const Epoch&) const = default;
};

struct Socket {
  // What is true.
  StatisticsProvider provider = StatisticsProvider::kTcp;
  bool keeps_again = false;  // its dictionaries say what was sent again
  bool listens = false;
  u64 twin = 0;  // a source of the other provider's for the same datagrams; 0: none
  u64 start = 0;
  u16 peer = 0;
  u32 pid = 0;
  u64 out = 0, in = 0, again = 0;
  bool began_again = false;  // since it was counted last
  // What was heard of it.
  bool is_described = false, is_counted = false, is_found = false, is_exact = false;
  u16 met = 0;
  u32 owner = 0;
  u64 heard_out = 0, heard_in = 0;
  u64 base_out = 0, base_in = 0;
  // What is to be told of it.
  bool is_open = false;
  bool was_found = false;  // by its first record
  Epoch now;
  std::vector<Epoch> closed;
  u64 untold_out = 0;         // counted and not told yet
  std::map<u32, u64> out_of;  // told bytes out, by pid

  bool is_tcp() const { return provider == StatisticsProvider::kTcp; }
};

StatisticsProvider TwinOf(StatisticsProvider provider) {
  return provider == StatisticsProvider::kUdp ? StatisticsProvider::kQuic
                                              : StatisticsProvider::kUdp;
}

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
    if (Chance(4)) bench_.Passes(random_.Below(2 * kSecond));
    if (open_.size() < 10 || Chance(12)) return Make(false);
    if (Chance(60)) return bench_.book().TellAll(bench_.now_ns);
    auto it = open_.begin();
    std::advance(it, random_.Below(open_.size()));
    Socket& socket = sockets_[*it];
    switch (random_.Below(14)) {
      case 0:
        return End(*it);
      case 1:  // it connects; a UDP socket may connect again
        if (!socket.listens && socket.twin == 0 && (socket.peer == 0 || !socket.is_tcp()))
          socket.peer = static_cast<u16>(1 + random_.Below(60'000));
        return Tell(*it, true, Chance(2), true);
      case 2:  // another process uses it
        socket.pid = static_cast<u32>(1 + random_.Below(kPids));
        return Tell(*it, true, Chance(2), true);
      case 3:
        return socket.twin == 0 ? BeginAgain(*it) : MakeTwin(*it);
      case 4:  // counts that were overtaken
        if (socket.heard_out > 100 && !socket.began_again) Overtaken(*it);
        return;
      case 5:
        Tell(*it, true, false, true);
        return MakeTwin(*it);
      default:
        Pass(&socket);
        return Tell(*it, Chance(3), !Chance(5), !Chance(20));
    }
  }

  void Make(bool is_old) {
    const u64 number = ++last_;
    Socket socket;
    if (Chance(3))
      socket.provider = Chance(2) ? StatisticsProvider::kUdp : StatisticsProvider::kQuic;
    socket.keeps_again = socket.provider != StatisticsProvider::kUdp && Chance(2);
    socket.listens = socket.is_tcp() && Chance(8);
    socket.peer = socket.listens || Chance(4) ? 0 : static_cast<u16>(1 + random_.Below(60'000));
    socket.pid = static_cast<u32>(1 + random_.Below(kPids));
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
  }

  void TellTwin(u64 number) {
    const Socket& socket = sockets_[number];
    bench_.Answers(socket.twin, Dictionary()
                                    .Provider(TwinOf(socket.provider))
                                    .Local("", static_cast<u16>(number))
                                    .Remote("198.51.100.9", socket.peer)
                                    .Pid(socket.pid, socket.pid + 7'000)
                                    .Start(static_cast<int64_t>(socket.start))
                                    .Bytes(static_cast<int64_t>(socket.out + random_.Below(100)),
                                           static_cast<int64_t>(socket.in)));
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
    bench_.Answers(number, Dictionary::Counts(static_cast<int64_t>(socket.heard_out * 9 / 10),
                                              static_cast<int64_t>(socket.heard_in)));
    socket.is_exact = false;
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
    if (describes) {
      dictionary.Provider(socket.provider)
          .Local(Chance(2) ? "192.0.2.7" : "", static_cast<u16>(number))
          .Pid(socket.pid, socket.pid + 7'000)
          .Start(static_cast<int64_t>(socket.start));
      if (socket.listens) dictionary.State(StatisticsTcpState::kListen);
      if (socket.peer != 0) dictionary.Remote("198.51.100.9", socket.peer);
    }
    if (counts) {
      dictionary.Bytes(static_cast<int64_t>(socket.out), static_cast<int64_t>(socket.in));
      if (socket.keeps_again) dictionary.Again(static_cast<int64_t>(socket.again));
    }
    if (describes && Chance(2))
      bench_.Describes(number, dictionary, is_asked);
    else if (is_asked)
      bench_.Answers(number, dictionary);
    else
      bench_.Counts(number, dictionary);
    if (describes) Described(&socket);
    if (counts) Counted(&socket, is_asked);
    Open(&socket);
    if (socket.twin != 0 && Chance(2)) TellTwin(number);
  }

  void Described(Socket* socket) {
    if (!socket->is_described) socket->is_found = socket->start <= kLooked;
    socket->is_described = true;
    socket->owner = socket->pid;
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
    if (socket->began_again) {
      if (socket->is_open) Close(socket, false);
      socket->now = {};
      socket->base_out = socket->base_in = socket->untold_out = 0;
      socket->is_found = socket->began_again = false;
    }
    socket->heard_out = socket->out;
    socket->heard_in = socket->in;
    const u64 once = socket->out - (socket->keeps_again ? socket->again : 0);
    const u64 before = socket->now.out;
    socket->now.out = std::max(before, once - std::min(once, socket->base_out));
    socket->now.in = std::max(socket->now.in, socket->in - socket->base_in);
    socket->untold_out += socket->now.out - before;
  }

  // Whether something of it is told by now.
  void Open(Socket* socket) {
    const bool has_end =
        socket->met != 0 || (!socket->is_tcp() && socket->now.out + socket->now.in > 0);
    if (!socket->is_described || socket->listens || !has_end) return;
    if (socket->is_found && !socket->is_counted) return;
    if (!socket->is_open && socket->closed.empty()) socket->was_found = socket->is_found;
    socket->is_open = true;
    socket->out_of[socket->owner] += std::exchange(socket->untold_out, 0);
  }

  void Close(Socket* socket, bool is_exact) {
    socket->now.is_exact = is_exact;
    socket->closed.push_back(socket->now);
    socket->is_open = socket->is_found = false;
  }

  void Compare() {
    std::map<u16, u64> ids;
    std::map<u16, std::map<u32, u64>> out_of;
    std::map<std::pair<u64, u32>, flow_record> before;
    for (const flow_record& flow : bench_.flows()) {
      ids.emplace(flow.local_port, flow.flow_id);
      CHECK(ids[flow.local_port] == flow.flow_id);
      const auto [last, is_first] = before.try_emplace({flow.flow_id, flow.epoch}, flow);
      const u64 rose = is_first ? flow.bytes_out : flow.bytes_out - last->second.bytes_out;
      // The first record under another name still counts what was the former's.
      CHECK(last->second.pid == flow.pid || rose == 0);
      out_of[flow.local_port][flow.pid] += rose;
      last->second = flow;
    }
    for (auto& [number, socket] : sockets_) {
      const u16 port = static_cast<u16>(number);
      CHECK(ids.contains(port) == !socket.closed.empty());
      if (socket.closed.empty()) continue;
      std::vector<Epoch> told;
      for (u32 epoch = 0;; epoch++) {
        const auto flow = bench_.told().flows.find({ids[port], epoch});
        if (flow == bench_.told().flows.end()) break;
        CHECK(flow->second.closed);
        CHECK(flow->second.found == (epoch == 0 && socket.was_found));
        told.push_back(
            {flow->second.last.bytes_out, flow->second.last.bytes_in, !flow->second.inexact});
      }
      CHECK(told == socket.closed);
      for (u32 pid = 1; pid <= kPids; pid++) CHECK(out_of[port][pid] == socket.out_of[pid]);
      told_epochs += told.size();
    }
    CHECK(bench_.book().rows() == 0 && bench_.Lost(k_loss_ring_full) == 0);
  }

  Random random_;
  Bench bench_{65'536, 4 << 20};
  std::map<u64, Socket> sockets_;
  std::set<u64> open_;
  u64 last_ = 0;

 public:
  u64 told_epochs = 0;
  u64 twins = 0;  // dictionaries of twins
};

}  // namespace
}  // namespace freshet

// `random [SEEDS]`
int main(int count, char** arguments) {
  using namespace freshet;
  const int seeds = count > 1 ? std::atoi(arguments[1]) : 60;
  u64 epochs = 0, twins = 0;
  for (int seed = 1; seed <= seeds; seed++) {
    World world(static_cast<u64>(seed));
    world.Run(2'000);
    epochs += world.told_epochs;
    twins += world.twins;
  }
  CHECK(epochs > 50 * static_cast<u64>(seeds) && twins > 10 * static_cast<u64>(seeds));
  std::puts("random: ok");
}
