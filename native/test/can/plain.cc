// Links and runs wherever a compiler has its library, its sanitizers and threads.
#include <thread>

int main() {
  std::thread([] {}).join();
}
