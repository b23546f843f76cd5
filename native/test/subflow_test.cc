// Each byte of a connection of MPTCP once: of events made here, and live, on this kernel. Wants
// root; the mocha test that runs it skips otherwise.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <span>
#include <vector>

#include "check.h"
#include "linux/kernel_layout.h"
#include "linux/kernel_programs.h"

namespace freshet {
namespace {

constexpr const char* kTypesPath = "/sys/kernel/btf/vmlinux";

// Each byte of an MPTCP connection once, or marked.
void CountsSubflows() {
  const auto parse = [](u64 sent, u64 connection_sent, u64 connection_resent, u64 received = 0,
                        u64 connection_received = 0, u64 recovered = 0, u64 unacked = 0) {
    FinalEvent final{};
    final.head.kind = kKindFinal;
    final.family = AF_INET;
    final.sent = sent + 50;
    final.resent = 50;  // by TCP
    final.acked = sent - unacked;
    final.mptcp_recovered = recovered;
    final.received = received;
    final.data_segs_in = received > 0 ? 1 : 0;
    final.is_mptcp = 1;
    final.mptcp_sent = connection_sent;
    final.mptcp_resent = connection_resent;
    final.mptcp_received = connection_received;
    KernelExec exec;
    return ParseKernelEvent(std::as_bytes(std::span(&final, 1)), &exec);
  };
  const auto is = [](const KernelEvent& event, u64 out, bool exact, u64 in = 0) {
    return event.kind == KernelEvent::Kind::kFinal && event.bytes_out == out &&
           event.bytes_in == in && event.is_inexact == !exact;
  };
  // Nothing was sent again: alone, or beside others.
  CHECK(is(parse(1000, 1000, 0), 1000, true) && is(parse(400, 1000, 0), 400, true));
  CHECK(is(parse(0, 0, 0), 0, true));
  // 200 were, by the one that carried everything, or by who knows whom.
  CHECK(is(parse(1200, 1000, 200), 1000, true));
  CHECK(is(parse(700, 1000, 200), 500, false) && is(parse(100, 1000, 200), 0, false));
  // More than there was without a count of it: a connection that began anew after a failure.
  CHECK(is(parse(1300, 1000, 0), 1000, false));
  // What another that failed had under way was given to this one, or what this one has will be.
  CHECK(is(parse(600, 1000, 0, 0, 0, 77), 600, false));
  CHECK(is(parse(1000, 1000, 0, 0, 0, 77), 1000, false));
  CHECK(is(parse(600, 1000, 0, 0, 0, 0, 1), 600, false));
  // What came in: all of it by one, part of it by each, or more than the program was given.
  CHECK(is(parse(0, 0, 0, 800, 800), 0, true, 800) && is(parse(0, 0, 0, 300, 800), 0, false, 300));
  CHECK(is(parse(0, 0, 0, 900, 800), 0, false, 800));
}

// Each byte of a connection of TCP once, though a queue of this machine's own refused some that
// were counted.
void CountsOnce() {
  const auto out = [](u64 sent, u64 resent, u64 acked, u32 next, u32 unacked) {
    FinalEvent final{};
    final.head.kind = kKindFinal;
    final.family = AF_INET;
    final.sent = sent;
    final.resent = resent;
    final.acked = acked;
    final.send_next = next;
    final.send_unacked = unacked;
    KernelExec exec;
    return ParseKernelEvent(std::as_bytes(std::span(&final, 1)), &exec).bytes_out;
  };
  // All acknowledged, a SYN and a FIN with it; a reset before anything was.
  CHECK(out(1050, 50, 1002, 7, 7) == 1000 && out(1000, 0, 1, 1000, 0) == 1000);
  // Counted five times.
  CHECK(out(5000, 0, 1002, 7, 7) == 1002);
  // Sequence numbers begin anew after 2^32.
  CHECK(out(5000, 0, 900, 50, 0xffffffce) == 1000);
}

constexpr int kMptcp = 262;  // IPPROTO_MPTCP

// What the kernel said of the connections that ended with this port at either end.
std::vector<KernelEvent> Ended(KernelPrograms* programs, u16 port, size_t wanted) {
  std::vector<KernelEvent> ended;
  // The kernel ends subflows on a thread of its own.
  for (int look = 0; look < 1000 && ended.size() < wanted; look++) {
    usleep(10'000);
    programs->Take([&](std::span<const std::byte> record) {
      KernelExec exec;
      const KernelEvent event = ParseKernelEvent(record, &exec);
      if (event.kind == KernelEvent::Kind::kFinal &&
          (event.ends.local_port == port || event.ends.remote_port == port))
        ended.push_back(event);
    });
  }
  return ended;
}

// Both ends of a connection of MPTCP that has one subflow, or falls back to TCP as the server knows
// nothing else: exact, and known as such.
void TellsSubflows(int served_by) {
  KernelPrograms programs(kTypesPath);
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, served_by));
  if (!programs.has_finals() || !listener) {
    std::printf("mptcp: not here: %s\n", programs.why().c_str());
    return;
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(to);
  sockaddr* const address = reinterpret_cast<sockaddr*>(&to);
  CHECK(bind(listener.get(), address, sizeof(to)) == 0 && listen(listener.get(), 1) == 0);
  CHECK(getsockname(listener.get(), address, &bytes) == 0);
  constexpr size_t kUp = 50'000, kDown = 700;
  {
    const Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, kMptcp));
    CHECK(client && connect(client.get(), address, sizeof(to)) == 0);
    const Fd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::vector<std::byte> text(kUp);
    std::vector<std::byte> got(kUp);
    const auto read_all = [&](int fd, size_t want) {
      for (size_t done = 0; done < want;) {
        const ssize_t one = read(fd, &got[done], want - done);
        CHECK(one > 0);
        done += static_cast<size_t>(one);
      }
    };
    CHECK(server && write(client.get(), text.data(), kUp) == static_cast<ssize_t>(kUp));
    read_all(server.get(), kUp);
    CHECK(write(server.get(), text.data(), kDown) == static_cast<ssize_t>(kDown));
    read_all(client.get(), kDown);
    CHECK(shutdown(client.get(), SHUT_WR) == 0 && read(server.get(), got.data(), 1) == 0);
  }
  const u16 port = ntohs(to.sin_port);
  const auto ended = Ended(&programs, port, 2);
  CHECK(ended.size() == 2);
  for (const KernelEvent& event : ended) {
    const bool is_client = event.ends.remote_port == port;
    CHECK(event.bytes_out == (is_client ? kUp : kDown));
    CHECK(event.bytes_in == (is_client ? kDown : kUp) && !event.is_inexact);
    CHECK(event.is_mptcp == (is_client || served_by == kMptcp));
  }
  std::puts("mptcp: both ends of a connection, each byte once");
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  CountsOnce();
  CountsSubflows();
  for (const int served_by : {kMptcp, int{IPPROTO_TCP}}) TellsSubflows(served_by);
}
