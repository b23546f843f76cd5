// Endpoints as text: what is read, and what is refused.
#include <arpa/inet.h>

#include <string>

#include "check.h"
#include "mac/filter/endpoint_text.h"

namespace freshet {
namespace {

using Kind = Endpoint::Kind;

AddressBytes Expect(const char* text, int family) {
  AddressBytes address{};
  if (family == AF_INET6) {
    CHECK(inet_pton(AF_INET6, text, address.data()) == 1);
  } else {
    address[10] = address[11] = 0xff;
    CHECK(inet_pton(AF_INET, text, &address[12]) == 1);
  }
  return address;
}

void ReadsAddresses() {
  for (const char* text : {"192.0.2.7", "255.255.255.255", "0.0.0.1", "10.0.0.0"}) {
    const Endpoint endpoint = ParseEndpoint({text, "443"});
    CHECK(endpoint.kind == Kind::kAddress && endpoint.port == 443);
    CHECK(endpoint.address == Expect(text, AF_INET));
  }
  for (const char* text : {"2001:db8::7", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.7",
                           "64:ff9b::192.0.2.33", "1:2:3:4:5:6:192.0.2.33", "FE80::A"}) {
    const Endpoint endpoint = ParseEndpoint({text, "65535"});
    CHECK(endpoint.kind == Kind::kAddress && endpoint.port == 65535);
    CHECK(endpoint.address == Expect(text, AF_INET6));
  }
  // A scope, and brackets, are no part of the address.
  CHECK(ParseEndpoint({"fe80::1%en0", ""}).address == Expect("fe80::1", AF_INET6));
  CHECK(ParseEndpoint({"[2001:db8::7]", "1"}).address == Expect("2001:db8::7", AF_INET6));
}

void KnowsWhatIsNotThereYet() {
  CHECK(ParseEndpoint({}).kind == Kind::kNone);
  CHECK(ParseEndpoint({"0.0.0.0", "0"}).kind == Kind::kNone);
  CHECK(ParseEndpoint({"::", "5353"}).kind == Kind::kNone);
  CHECK(ParseEndpoint({"::", "5353"}).port == 5353);
}

void ReadsNames() {
  const Endpoint endpoint = ParseEndpoint({"cdn-1.example.com", "443"});
  CHECK(endpoint.kind == Kind::kName && endpoint.port == 443);
  CHECK(ParseEndpoint({"b\u00fccher.example", ""}).kind == Kind::kName);
  CHECK(IsHostname(std::string(255, 'a')) && !IsHostname(std::string(256, 'a')) && !IsHostname(""));
}

void RefusesTheRest() {
  // Not quite IPv4: names by their letters, so that no other host is meant.
  for (const char* text : {"1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4"})
    CHECK(ParseEndpoint({text, "1"}).kind == Kind::kName);
  for (const char* text : {":", ":::", "1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:",
                           ":1:2:3:4:5:6:7", "12345::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::g",
                           "1:2:3:4:5:6:7:8::", "%en0:", "a b", "x\n", "<script>", "1.2.3.4 "})
    CHECK(ParseEndpoint({text, "1"}).kind == Kind::kMalformed);
  for (const char* port : {"65536", "-1", "1x", " 1", "00", "443 ", "https", "123456"})
    CHECK(ParseEndpoint({"192.0.2.7", port}).kind == Kind::kMalformed);
  CHECK(ParseEndpoint({std::string(256, 'a'), "1"}).kind == Kind::kMalformed);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsAddresses();
  KnowsWhatIsNotThereYet();
  ReadsNames();
  RefusesTheRest();
  std::puts("endpoint: ok");
}
