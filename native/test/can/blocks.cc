// Links and runs wherever blocks do, copied to the heap as dispatch_async copies them.
#include <Block.h>

#include <vector>

int main() {
  const std::vector<int> kept(1);
  int (^const block)() = Block_copy(^{
    return kept[0];
  });
  const int status = block();
  Block_release(block);
  return status;
}
