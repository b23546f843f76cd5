// A storm's memory, given back.
#ifndef FRESHET_GIVE_BACK_H_
#define FRESHET_GIVE_BACK_H_

#include <vector>

namespace freshet {

// Empties it and frees its room. `all = {}` would keep that: it assigns an empty list.
template <typename T>
void GiveBack(std::vector<T>* all) {
  std::vector<T>().swap(*all);
}

}  // namespace freshet

#endif  // FRESHET_GIVE_BACK_H_
