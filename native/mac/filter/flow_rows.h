// The ledger's table: a fixed number of rows, found by UUID, each in one list by what it is and, as
// long as there is something to tell of it, in the list of those whose turn comes.
//
// Threads: one. Memory is reserved once and touched as rows are used; nothing is allocated after
// construction, and every call but the constructor takes constant time.
#ifndef FRESHET_MAC_FILTER_FLOW_ROWS_H_
#define FRESHET_MAC_FILTER_FLOW_ROWS_H_

#include <array>
#include <memory>
#include <string_view>

#include "mac/filter/endpoint_text.h"
#include "mac/filter/queued_report.h"
#include "record.h"

namespace freshet {

// What a row is. Rows of a list stand in the order in which they were last heard of.
enum class Place : u8 {
  kLiveTcp,
  kLiveOther,
  kClosing,  // closed; its last record is not told yet
  kGone,     // told; kept to know a late report by
  kFree,
};
inline constexpr size_t kPlaces = 4;

struct FlowRow {
  static constexpr u8 kOpened = 1;     // its opening was told
  static constexpr u8 kNamed = 2;      // its name was told
  static constexpr u8 kEnumerate = 4;  // it is to be told anew, as already open
  static constexpr u8 kInexact = 8;    // its close was not seen
  static constexpr u8 kIndexed = 16;   // it is found by its UUID
  static constexpr u8 kInTurn = 32;    // something of it is to be told
  static constexpr u8 kFound = 64;     // it was open already when it was first heard of
  static constexpr u8 kLost = 128;     // its final counters were gone: more may have passed

  std::array<u8, 16> uuid;
  u64 flow_id;
  u64 began_ns;  // this epoch's first report
  u64 heard_ns;  // its last
  u64 bytes_out;
  u64 bytes_in;
  u64 base_out;  // of the counters, what former epochs have told
  u64 base_in;
  u64 found_out;  // the counters at its opening: its base, or what it was found with
  u64 found_in;
  AddressBytes remote;
  AddressBytes local;
  ProcessId app;
  ProcessId maker;
  u32 epoch;
  u32 unsent;  // reports that no record tells yet
  u16 remote_port;
  u16 local_port;
  u8 protocol;
  u8 direction;
  u8 bits;
  Place place;
  bool has_remote;
  bool has_local;
  u8 hostname_bytes;
  u32 place_before, place_after;  // in the list of `place`
  u32 turn_before, turn_after;    // in the list of turns
};

class FlowRows {
 public:
  static constexpr u32 kNone = 0xffffffff;

  // `seed` scatters UUIDs over the index. REQUIRES: rows_max is in [1, 2^30].
  FlowRows(u32 rows_max, u64 seed);
  FlowRows(const FlowRows&) = delete;
  FlowRows& operator=(const FlowRows&) = delete;

  u32 used() const { return used_; }
  bool full() const { return used_ == rows_max_; }
  FlowRow& at(u32 row) { return rows_[row]; }
  std::string_view hostname(u32 row) const {
    return {hostnames_[row].text, rows_[row].hostname_bytes};
  }
  // REQUIRES: at most 255 bytes.
  void SetHostname(u32 row, std::string_view hostname);

  // Takes from a report what the row did not know yet; whether there was anything.
  bool FillIn(u32 row, const QueuedReport& report);

  // The indexed row of this UUID, or kNone.
  u32 Find(const std::array<u8, 16>& uuid) const;

  // A zeroed row in no list. REQUIRES: not full.
  u32 Take();
  // Gives a row back, out of every list and the index.
  void Free(u32 row);
  // Makes it the row of its UUID. REQUIRES: no other is.
  void Index(u32 row);
  void Unindex(u32 row);

  // To the end of a list (the one it is in already, too).
  void Move(u32 row, Place place);
  u32 Oldest(Place place) const { return lists_[static_cast<size_t>(place)].first; }
  u32 After(u32 row) const { return rows_[row].place_after; }

  void EnterTurn(u32 row);  // at the end; does nothing when it is there
  void LeaveTurn(u32 row);  // does nothing when it is not there
  u32 FirstTurn() const { return turns_.first; }
  u32 NextTurn(u32 row) const { return rows_[row].turn_after; }
  u32 turns() const { return turns_count_; }

 private:
  struct List {
    u32 first = kNone;
    u32 last = kNone;
  };
  struct Hostname {
    char text[255];
  };
  using Link = u32 FlowRow::*;
  void Append(List* list, u32 row, Link before, Link after);
  void Remove(List* list, u32 row, Link before, Link after);
  u32 HomeOf(const std::array<u8, 16>& uuid) const;

  const u32 rows_max_;
  const u32 mask_;  // of the index: at most half of it is used
  const u64 seed_;
  const std::unique_ptr<FlowRow[]> rows_;
  const std::unique_ptr<Hostname[]> hostnames_;
  const std::unique_ptr<u32[]> index_;  // rows by UUID, open addressing; kNone is empty
  u32 used_ = 0;
  u32 touched_ = 0;   // rows from here on were never used
  u32 free_ = kNone;  // given back, linked by place_after
  List lists_[kPlaces];
  List turns_;
  u32 turns_count_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_FLOW_ROWS_H_
