// A socket that lives by chance, what is true of it, what was heard and what is to be told: of the
// plain model that the book of flows is held against (random_test.cc).
#ifndef FRESHET_TEST_STATISTICS_RANDOM_SOCKET_H_
#define FRESHET_TEST_STATISTICS_RANDOM_SOCKET_H_

#include <map>
#include <vector>

#include "dictionary.h"

namespace freshet {

inline constexpr u32 kPids = 30;

inline StatisticsProvider TwinOf(StatisticsProvider provider) {
  return provider == StatisticsProvider::kUdp ? StatisticsProvider::kQuic
                                              : StatisticsProvider::kUdp;
}

// A process and what it runs: what a flow is told under.
using Whose = std::pair<u32, u32>;
constexpr u64 kHistory = 1'000'000;
constexpr u64 kTwins = u64{1} << 32;  // numbers of sources that are twins

struct Epoch {
  u64 out = 0, in = 0;
  bool is_exact = false;
  bool operator==(const Epoch&) const = default;
};

// Who has a socket, as far as whoever asks the kernel can know.
struct Who {
  Whose whose;
  CodeStanding standing = CodeStanding::kNobody;
};

struct Socket {
  // What is true.
  StatisticsProvider provider = StatisticsProvider::kTcp;
  bool keeps_again = false;  // its dictionaries say what was sent again
  bool listens = false;
  u64 twin = 0;      // a source of the other provider's for the same datagrams; 0: none
  u32 twin_pid = 0;  // as was heard
  u64 twin_out = 0, twin_in = 0;
  u64 start = 0;
  u16 port = 0;
  const char* host = "192.0.2.7";
  bool has_host = false;  // that was heard
  bool has_stranger = false;
  bool is_stranger = false;  // its ends are another's, and its address is not
  u16 peer = 0;
  u32 pid = 0;
  u64 out = 0, in = 0, again = 0;
  bool began_again = false;  // since it was counted last
  // What was heard of it.
  bool is_described = false, is_counted = false, is_found = false, is_exact = false;
  u16 met = 0;
  Who owner;
  std::vector<Who> heirs;  // since it was counted
  u32 heirs_after = 0;     // the query that may have been under way
  bool is_shared = false;  // bytes passed while it changed hands
  u64 heard_out = 0, heard_in = 0;
  u64 base_out = 0, base_in = 0;
  // What is to be told of it.
  bool is_open = false;
  bool was_found = false;  // by its first record
  Epoch now;
  std::vector<Epoch> closed;
  u64 untold_out = 0;           // counted and not told yet
  std::map<Whose, u64> out_of;  // told bytes out, by owner

  // What describes its twin.
  Dictionary Twin() const {
    return Dictionary()
        .Provider(TwinOf(provider))
        .Local("", port)
        .Remote("198.51.100.9", peer)
        .Pid(pid, pid + 7'000)
        .Start(static_cast<int64_t>(start));
  }
  // Whether its twin's counts, as they are heard, have changed. They begin again with its own.
  bool TwinMoves(u64 out_now, u64 in_now) {
    const u64 before_out = twin_out, before_in = twin_in;
    if (out_now + in_now == 0 && before_out + before_in > 0) return false;
    const bool begins_again = out_now <= before_out && in_now <= before_in &&
                              (out_now < before_out / 2 || in_now < before_in / 2);
    twin_out = begins_again ? out_now : std::max(before_out, out_now);
    twin_in = begins_again ? in_now : std::max(before_in, in_now);
    return out_now != before_out || in_now != before_in;
  }
  const Who& has() const { return heirs.empty() ? owner : heirs.back(); }
  // Who has what was counted since: of all who had it between, the one whom the least vouches for.
  void PassOn() {
    for (const Who& heir : heirs)
      if (heir.standing < owner.standing) owner = heir;
  }
  bool is_tcp() const { return provider == StatisticsProvider::kTcp; }
};

}  // namespace freshet

#endif  // FRESHET_TEST_STATISTICS_RANDOM_SOCKET_H_
