// How many messages the kernel dropped, from the numbers it gives those that come.
//
// es_message_t.seq_num counts the messages of one event type for one client (version 2),
// global_seq_num those of all types (version 4): a message that is dropped leaves a gap in both.
// Both are followed and the larger sum holds, so that a drop counts once. The first number seen is
// where counting begins: Apple does not say what it is, and what came before is enumerated anyway.
//
// Threads: one, the client's handler. One a client, since a new client is numbered anew.
#ifndef FRESHET_MAC_ES_SEQUENCE_H_
#define FRESHET_MAC_ES_SEQUENCE_H_

#include <algorithm>
#include <array>

#include "mac/es_message.h"
#include "mac/es_versions.h"

namespace freshet {

class EsSequence {
 public:
  // How many were dropped that earlier calls did not tell. REQUIRES: any message of the client, in
  // the order they come.
  u64 MissingBefore(const es_message_t& message) {
    if (message.version >= kSeqNumSince)
      for (size_t index = 0; index < kEsEvents.size(); index++)
        if (kEsEvents[index] == message.event_type)
          by_type_missing_ += by_type_[index].GapBefore(message.seq_num);
    if (message.version >= kGlobalSeqNumSince)
      of_all_missing_ += of_all_.GapBefore(message.global_seq_num);
    const u64 missing = std::max(by_type_missing_, of_all_missing_);
    const u64 untold = missing - told_;
    told_ = missing;
    return untold;
  }

 private:
  // Beyond this it is another numbering and not so many drops. A number that falls is too.
  static constexpr u64 kGapMax = 1'000'000'000;

  class Numbers {
   public:
    u64 GapBefore(u64 number) {
      const u64 gap = begun_ && number > next_ ? number - next_ : 0;
      begun_ = true;
      next_ = number + 1;
      return gap > kGapMax ? 0 : gap;
    }

   private:
    bool begun_ = false;
    u64 next_ = 0;
  };

  std::array<Numbers, kEsEvents.size()> by_type_;
  Numbers of_all_;
  u64 by_type_missing_ = 0;
  u64 of_all_missing_ = 0;
  u64 told_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_ES_SEQUENCE_H_
