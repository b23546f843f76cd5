// What processes sent by sockets whose flows are not told, as sums by process and kind of socket:
// the kernel's rise for ever, records carry what came since the last.
//
// Threads: one.
#ifndef FRESHET_LINUX_SENDER_TABLE_H_
#define FRESHET_LINUX_SENDER_TABLE_H_

#include <algorithm>
#include <unordered_map>

#include "linux/kernel_event.h"
#include "linux/process_table.h"

namespace freshet {

inline unseen_record UnseenOf(const SenderKey& key, ProcessName process, const SenderSum& since) {
  unseen_record record{};
  record.bytes = since.bytes;
  record.sends = static_cast<u32>(std::min<u64>(since.sends, 0xffffffff));
  record.pid = process.pid;
  record.pidversion = process.version;
  record.family = key.family;
  record.protocol = static_cast<u8>(key.protocol);
  return record;
}

class SenderTable {
 public:
  struct Told {
    ProcessName process;
    SenderSum since;
    bool is_idle = false;  // it rose no more for so long that it is forgotten
  };

  // A sum begins; the process is named as it is now, since it may be gone when the sum is read.
  // Events wait for those before them, sums do not: one that was told before its beginning is goes
  // on from there.
  void Begin(const SenderKey& key, ProcessName process) {
    senders_.try_emplace(key, Sender{process, {}, 0});
  }

  // What came since the last time. `name` is asked when the beginning was not told.
  template <typename Name>
  Told Tell(const SenderKey& key, const SenderSum& sum, Name name) {
    auto found = senders_.find(key);
    if (found == senders_.end()) found = senders_.emplace(key, Sender{name(), {}, 0}).first;
    Sender& sender = found->second;
    Told told{
        sender.process, {sum.bytes - sender.told.bytes, sum.sends - sender.told.sends}, false};
    sender.told = sum;
    sender.idle = told.since.sends > 0 ? 0 : sender.idle + 1;
    if (sender.idle >= kIdleTicks) {
      told.is_idle = true;
      senders_.erase(found);
    }
    return told;
  }
  size_t size() const { return senders_.size(); }

 private:
  static constexpr u32 kIdleTicks = 60;

  struct Sender {
    ProcessName process;
    SenderSum told;
    u32 idle;
  };

  // As many as the kernel's map has.
  std::unordered_map<SenderKey, Sender, SenderKeyHash> senders_;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_SENDER_TABLE_H_
