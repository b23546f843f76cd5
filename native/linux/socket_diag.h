// TCP sockets as sock_diag(7) shows them: dumps of what is open, messages about what is destroyed.
//
// A destroy message carries the socket's cookie, its ends and its final tcp_info, but neither inode
// nor user. sock_diag sees only the network namespace that its socket was opened in.
//
// Threads: one a reader.
#ifndef FRESHET_LINUX_SOCKET_DIAG_H_
#define FRESHET_LINUX_SOCKET_DIAG_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "fd.h"
#include "linux/endpoint.h"

namespace freshet {

struct DiagSocket {
  u64 cookie = 0;
  Endpoints ends;
  u8 state = 0;  // of TCP; kTcpClose in destroy messages
  bool has_counters = false;
  u32 inode = 0;         // 0 in destroy messages
  u32 uid = 0;           // 0 in destroy messages
  u64 bytes_out = 0;     // sent, retransmissions left out
  u64 bytes_in = 0;      // tcpi_bytes_received: a FIN that arrived counts as one
  u32 data_segs_in = 0;  // segments that carried data
  // No segment came or went: a socket that was connected has been reset or disconnected by its
  // owner since, which sets all counters to 0 (tcp_disconnect of the kernel).
  bool is_zeroed = false;
  bool is_mptcp = false;  // a subflow of MPTCP; dumps alone say so, to who has CAP_NET_ADMIN
};

// Parses one sock_diag message: struct inet_diag_msg and its attributes, without the nlmsghdr.
// Nothing when it is not understood.
std::optional<DiagSocket> ParseDiagMessage(std::span<const std::byte> message);

enum class DiagEnd { kMore, kDone, kMalformed };
// Parses one datagram of netlink messages and appends the sockets it tells of. `malformed` rises by
// those not understood.
DiagEnd ParseDiagDatagram(std::span<const std::byte> datagram, std::vector<DiagSocket>* sockets,
                          u64* malformed);

// Listens to the destroy groups of IPv4 and IPv6.
class DestroyListener {
 public:
  // `buffer_bytes`: of messages that wait in the kernel; it uses only what waits.
  explicit DestroyListener(int buffer_bytes);
  bool ok() const { return static_cast<bool>(socket_); }
  int descriptor() const { return socket_.get(); }

  // Appends what has arrived, at most about `sockets_max`. `overruns` rises by one each time the
  // kernel had to drop messages, `malformed` by messages not understood.
  void Receive(size_t sockets_max, std::vector<DiagSocket>* sockets, u64* overruns, u64* malformed);

 private:
  Fd socket_;
  std::vector<std::byte> buffer_;
};

// Asks for dumps.
class SocketDumper {
 public:
  SocketDumper();
  bool ok() const { return static_cast<bool>(socket_); }

  // Appends every TCP socket of IPv4 and IPv6 in one of `states` (bits 1 << kTcp*). False when the
  // dump is not complete: then what is missing in it may exist all the same.
  bool Dump(u32 states, std::vector<DiagSocket>* sockets, u64* malformed);

 private:
  bool DumpFamily(u8 family, u32 states, std::vector<DiagSocket>* sockets, u64* malformed);

  Fd socket_;
  u32 sequence_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_SOCKET_DIAG_H_
