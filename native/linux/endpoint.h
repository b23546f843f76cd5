// The two ends of a TCP connection, as records and tracepoints have them: IPv6, or IPv4 as
// ::ffff:a.b.c.d, so that one connection compares equal whichever family its socket has.
#ifndef FRESHET_LINUX_ENDPOINT_H_
#define FRESHET_LINUX_ENDPOINT_H_

#include <array>
#include <cstring>

#include "record.h"

namespace freshet {

using Address = std::array<u8, 16>;

struct Endpoints {
  Address local{};
  Address remote{};
  u16 local_port = 0;   // host byte order
  u16 remote_port = 0;  // host byte order
  bool operator==(const Endpoints&) const = default;
};

struct EndpointsHash {
  size_t operator()(const Endpoints& ends) const {
    u64 words[4];
    std::memcpy(words, ends.local.data(), 16);
    std::memcpy(words + 2, ends.remote.data(), 16);
    u64 hash = (u64{ends.local_port} << 16 | ends.remote_port) * 0x9e3779b97f4a7c15;
    for (u64 word : words) {
      hash ^= word;
      hash *= 0xff51afd7ed558ccd;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

// The four bytes of an IPv4 address, mapped.
inline Address MappedV4(const void* bytes) {
  Address address{};
  address[10] = address[11] = 0xff;
  std::memcpy(&address[12], bytes, 4);
  return address;
}

// :: or 0.0.0.0: a listener on every address.
inline bool IsAnyAddress(const Address& address) {
  static constexpr Address kAnyV6{};
  static constexpr Address kAnyV4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  return address == kAnyV6 || address == kAnyV4;
}

// IPPROTO_MPTCP (include/uapi/linux/in.h); its subflows are TCP sockets.
inline constexpr int kProtocolMptcp = 262;

// TCP states, as in include/net/tcp_states.h of the kernel (an ABI: sock_diag and tracepoints show
// them).
inline constexpr u8 kTcpEstablished = 1;
inline constexpr u8 kTcpSynSent = 2;
inline constexpr u8 kTcpSynRecv = 3;
inline constexpr u8 kTcpFinWait1 = 4;
inline constexpr u8 kTcpFinWait2 = 5;
inline constexpr u8 kTcpTimeWait = 6;
inline constexpr u8 kTcpClose = 7;
inline constexpr u8 kTcpCloseWait = 8;
inline constexpr u8 kTcpLastAck = 9;
inline constexpr u8 kTcpListen = 10;
inline constexpr u8 kTcpClosing = 11;

}  // namespace freshet

#endif  // FRESHET_LINUX_ENDPOINT_H_
