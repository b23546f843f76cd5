// What a test's tables emit, kept and read back.
#ifndef FRESHET_TEST_EMITTED_H_
#define FRESHET_TEST_EMITTED_H_

#include <cstring>
#include <string>
#include <vector>

#include "emitter.h"

namespace freshet {

// What was emitted, read back from the ring.
class Told {
 public:
  Ring* ring() { return &ring_; }
  Emitter* emitter() { return &emitter_; }

  template <typename R>
  std::vector<R> Of() {
    Drain();
    std::vector<R> found;
    for (size_t at = 0; at < bytes_.size();) {
      Header header;
      std::memcpy(&header, &bytes_[at], sizeof(header));
      if (header.type == R::kType) {
        R record;
        std::memcpy(&record, &bytes_[at], sizeof(record));
        found.push_back(record);
      }
      at += header.size;
    }
    return found;
  }
  // The same with the first string of each record.
  template <typename R>
  std::vector<std::string> TextOf(u16 R::* bytes) {
    Drain();
    std::vector<std::string> found;
    for (size_t at = 0; at < bytes_.size();) {
      Header header;
      std::memcpy(&header, &bytes_[at], sizeof(header));
      if (header.type == R::kType) {
        R record;
        std::memcpy(&record, &bytes_[at], sizeof(record));
        found.emplace_back(reinterpret_cast<const char*>(&bytes_[at] + sizeof(record)),
                           record.*bytes);
      }
      at += header.size;
    }
    return found;
  }
  u64 Lost(u32 what) {
    emitter_.EmitLosses(1);
    u64 count = 0;
    for (const loss_record& loss : Of<loss_record>())
      if (loss.what == what) count += loss.count;
    return count;
  }

 private:
  void Drain() {
    std::vector<std::byte> into(1 << 16);
    for (size_t copied = ring_.Drain(into); copied > 0; copied = ring_.Drain(into))
      bytes_.insert(bytes_.end(), into.begin(), into.begin() + static_cast<ptrdiff_t>(copied));
  }

  Ring ring_{1 << 16};
  Emitter emitter_{&ring_, k_source_linux};
  std::vector<std::byte> bytes_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_EMITTED_H_
