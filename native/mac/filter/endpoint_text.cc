#include "mac/filter/endpoint_text.h"

#include <algorithm>
#include <cstring>

namespace freshet {
namespace {

constexpr size_t kGroups = 8;

bool IsDigit(char one) { return one >= '0' && one <= '9'; }

int HexValue(char one) {
  if (IsDigit(one)) return one - '0';
  const char lower = static_cast<char>(one | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A decimal number of at most `max`, without leading zeros.
std::optional<u32> ParseDecimal(std::string_view text, u32 max) {
  if (text.empty() || text.size() > 5 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  u32 value = 0;
  for (const char one : text) {
    if (!IsDigit(one)) return std::nullopt;
    value = value * 10 + static_cast<u32>(one - '0');
  }
  if (value > max) return std::nullopt;
  return value;
}

// The next group of up to four hexadecimal digits, taken off `text`.
std::optional<u16> TakeGroup(std::string_view* text) {
  u32 value = 0;
  size_t digits = 0;
  while (digits < text->size()) {
    const int digit = HexValue((*text)[digits]);
    if (digit < 0) break;
    if (++digits > 4) return std::nullopt;
    value = value << 4 | static_cast<u32>(digit);
  }
  if (digits == 0) return std::nullopt;
  text->remove_prefix(digits);
  return static_cast<u16>(value);
}

bool IsUnspecified(const AddressBytes& address) {
  static constexpr AddressBytes kV6{};
  static constexpr AddressBytes kV4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  return address == kV6 || address == kV4;
}

}  // namespace

std::optional<AddressBytes> ParseIpv4(std::string_view text) {
  AddressBytes address{};
  address[10] = address[11] = 0xff;
  for (size_t part = 0; part < 4; part++) {
    const size_t dot = part < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const std::optional<u32> value = ParseDecimal(text.substr(0, dot), 255);
    if (!value) return std::nullopt;
    address[12 + part] = static_cast<u8>(*value);
    text.remove_prefix(part < 3 ? dot + 1 : dot);
  }
  return address;
}

std::optional<AddressBytes> ParseIpv6(std::string_view text) {
  u16 groups[kGroups] = {};
  size_t count = 0;
  size_t gap = kGroups + 1;  // how many groups stand before "::"; none yet
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    // A dotted quad ends an address, in the place of two groups.
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      const std::optional<AddressBytes> quad = ParseIpv4(text);
      if (!quad || count > kGroups - 2) return std::nullopt;
      groups[count++] = static_cast<u16>((*quad)[12] << 8 | (*quad)[13]);
      groups[count++] = static_cast<u16>((*quad)[14] << 8 | (*quad)[15]);
      break;
    }
    const std::optional<u16> group = TakeGroup(&text);
    if (!group || count == kGroups) return std::nullopt;
    groups[count++] = *group;
    if (text.empty()) break;
    if (text.starts_with("::")) {
      if (gap <= kGroups) return std::nullopt;
      gap = count;
      text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == ':') {
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  // "::" stands for at least one group of zeros.
  if (gap > kGroups ? count != kGroups : count >= kGroups) return std::nullopt;
  AddressBytes address{};
  for (size_t index = 0; index < count; index++) {
    const size_t place = index < gap ? index : kGroups - count + index;
    address[place * 2] = static_cast<u8>(groups[index] >> 8);
    address[place * 2 + 1] = static_cast<u8>(groups[index]);
  }
  return address;
}

bool IsHostname(std::string_view text) {
  if (text.empty() || text.size() > kEndpointTextMax) return false;
  return std::all_of(text.begin(), text.end(), [](char one) {
    const char lower = static_cast<char>(one | 0x20);
    return IsDigit(one) || (lower >= 'a' && lower <= 'z') || one == '-' || one == '_' ||
           one == '.' || static_cast<u8>(one) >= 0x80;
  });
}

Endpoint ParseEndpoint(const EndpointText& text) {
  Endpoint endpoint;
  if (text.host.size() > kEndpointTextMax) {
    endpoint.kind = Endpoint::Kind::kMalformed;
    return endpoint;
  }
  if (!text.port.empty()) {
    const std::optional<u32> port = ParseDecimal(text.port, 65535);
    if (!port) {
      endpoint.kind = Endpoint::Kind::kMalformed;
      return endpoint;
    }
    endpoint.port = static_cast<u16>(*port);
  }
  std::string_view host = text.host;
  if (host.empty()) return endpoint;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  std::optional<AddressBytes> address;
  if (host.find(':') != std::string_view::npos) {
    // The scope ("%en0") is the interface's and no part of the address.
    address = ParseIpv6(host.substr(0, host.find('%')));
  } else {
    address = ParseIpv4(host);
  }
  if (address) {
    endpoint.kind = IsUnspecified(*address) ? Endpoint::Kind::kNone : Endpoint::Kind::kAddress;
    if (endpoint.kind == Endpoint::Kind::kAddress) endpoint.address = *address;
  } else {
    endpoint.kind = IsHostname(host) ? Endpoint::Kind::kName : Endpoint::Kind::kMalformed;
  }
  return endpoint;
}

}  // namespace freshet
