// Answers that are remembered, the last ones used.
#ifndef FRESHET_REMEMBERED_H_
#define FRESHET_REMEMBERED_H_

#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace freshet {

// Threads: any.
template <typename Key, typename Value>
class Remembered {
 public:
  // REQUIRES: at least 1.
  explicit Remembered(size_t entries_max) : entries_max_(entries_max) {}

  // Whether it is known; `value` is set then.
  bool Recall(const Key& key, Value* value) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return false;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    *value = found->second->second;
    return true;
  }

  // With more than `entries_max` the one goes that was longest not asked for.
  void Remember(const Key& key, const Value& value) {
    const std::lock_guard lock(mutex_);
    if (by_key_.contains(key)) return;
    newest_first_.emplace_front(key, value);
    by_key_[key] = newest_first_.begin();
    if (by_key_.size() <= entries_max_) return;
    by_key_.erase(newest_first_.back().first);
    newest_first_.pop_back();
  }

 private:
  using Entries = std::list<std::pair<Key, Value>>;

  const size_t entries_max_;
  std::mutex mutex_;
  Entries newest_first_;                              // guarded by mutex_
  std::map<Key, typename Entries::iterator> by_key_;  // guarded by mutex_
};

}  // namespace freshet

#endif  // FRESHET_REMEMBERED_H_
