// An endpoint's text as the filter gives it, read strictly: "192.0.2.7", "2001:db8::7",
// "fe80::1%en0", or a name; the port beside it in decimal.
//
// Written out instead of calling inet_pton(3): the libraries of the two systems differ in what they
// take (leading zeros, scopes), and this text comes from outside. The fuzzer holds it against
// inet_pton.
//
// Threads: any. Nothing is allocated, and the work is bounded by kEndpointTextMax.
#ifndef FRESHET_MAC_FILTER_ENDPOINT_TEXT_H_
#define FRESHET_MAC_FILTER_ENDPOINT_TEXT_H_

#include <array>
#include <optional>
#include <string_view>

#include "mac/filter/flow_report.h"
#include "record.h"

namespace freshet {

// IPv6, or IPv4 as ::ffff:a.b.c.d, as records have it.
using AddressBytes = std::array<u8, 16>;

// Longer text is no endpoint: a name has at most 255 bytes (RFC 1035, 2.3.4), an address fewer.
inline constexpr size_t kEndpointTextMax = 255;

struct Endpoint {
  enum class Kind : u8 {
    kNone,       // no text, or no address yet (0.0.0.0 and ::, as a UDP flow's local end begins)
    kAddress,    // `address` is set
    kName,       // the text is a name
    kMalformed,  // the text, or the port, is neither
  };
  Kind kind = Kind::kNone;
  u16 port = 0;  // 0 when there is none
  AddressBytes address{};
};

// Dotted decimal, four numbers without leading zeros (RFC 6943, 3.1.1, strict).
std::optional<AddressBytes> ParseIpv4(std::string_view text);

// RFC 4291, 2.2, without a scope.
std::optional<AddressBytes> ParseIpv6(std::string_view text);

// 1 to 255 bytes: letters, digits, '-', '_', '.', and bytes of UTF-8 beyond ASCII.
bool IsHostname(std::string_view text);

Endpoint ParseEndpoint(const EndpointText& text);

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_ENDPOINT_TEXT_H_
