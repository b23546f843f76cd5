// A sockaddr of Darwin as the framework hands it over, as records have addresses.
#ifndef FRESHET_MAC_STATISTICS_SOCKET_ADDRESS_H_
#define FRESHET_MAC_STATISTICS_SOCKET_ADDRESS_H_

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "record.h"

namespace freshet {

struct SocketAddress {
  std::array<u8, 16> address{};  // IPv6, or IPv4 as ::ffff:a.b.c.d; zeros when it has none
  u16 port = 0;                  // host byte order; 0 when it has none

  // Whether it names somebody: an address and a port.
  bool is_whole() const { return port != 0 && address != std::array<u8, 16>{}; }
  bool operator==(const SocketAddress&) const = default;
  bool operator<(const SocketAddress& other) const {
    return port != other.port ? port < other.port : address < other.address;
  }
};

// Darwin's sys/socket.h and netinet/in.h: u8 length, u8 family (2 IPv4, 30 IPv6), u16 port
// big-endian; IPv4's address at byte 4, IPv6's at byte 8. 0.0.0.0 and :: are no address. Nothing
// for another family, or when it is too short.
inline std::optional<SocketAddress> ReadSocketAddress(std::span<const u8> bytes) {
  constexpr u8 kInet = 2, kInet6 = 30;
  constexpr size_t kInetBytes = 8, kInet6Bytes = 24;
  if (bytes.size() < kInetBytes) return std::nullopt;
  SocketAddress read;
  read.port = static_cast<u16>(bytes[2] << 8 | bytes[3]);
  if (bytes[1] == kInet) {
    const std::span<const u8> four = bytes.subspan(4, 4);
    if (std::all_of(four.begin(), four.end(), [](u8 byte) { return byte == 0; })) return read;
    read.address[10] = read.address[11] = 0xff;
    std::copy(four.begin(), four.end(), read.address.begin() + 12);
    return read;
  }
  if (bytes[1] != kInet6 || bytes.size() < kInet6Bytes) return std::nullopt;
  std::copy(bytes.begin() + 8, bytes.begin() + 24, read.address.begin());
  return read;
}

}  // namespace freshet

#endif  // FRESHET_MAC_STATISTICS_SOCKET_ADDRESS_H_
