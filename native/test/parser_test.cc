// The parsers of what the kernel says and the reader of its ring: literal bytes, then seeded
// truncation and mutation. Sanitizers tell of reads outside; the checks of what must hold for any
// bytes.
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "linux/bpf_calls.h"
#include "linux/perf_record.h"
#include "linux/procfs.h"
#include "linux/socket_diag.h"
#include "linux/tracefs.h"

namespace freshet {
namespace {

using Buffer = std::vector<std::byte>;

template <typename T>
void Put(Buffer* buffer, const T& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  buffer->insert(buffer->end(), bytes.begin(), bytes.end());
}

void PutText(Buffer* buffer, std::string_view text, size_t bytes) {
  for (size_t index = 0; index < bytes; index++)
    buffer->push_back(std::byte(index < text.size() ? text[index] : 0));
}

void SetSize(Buffer* buffer) {
  const u16 size = static_cast<u16>(buffer->size());
  std::memcpy(buffer->data() + 6, &size, sizeof(size));
}

// Exact copies on the heap, so that a read one byte outside is seen.
template <typename Parse>
void Mutate(const Buffer& whole, u64 seed, int rounds, Parse parse) {
  for (size_t length = 0; length <= whole.size(); length++)
    parse(Buffer(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)));
  Random random(seed);
  for (int round = 0; round < rounds; round++) {
    Buffer changed(whole.begin(),
                   whole.begin() + static_cast<ptrdiff_t>(random.Below(whole.size() + 1)));
    for (u64 count = random.Below(6); count > 0 && !changed.empty(); count--)
      changed[random.Below(changed.size())] = std::byte(random.Next() & 0xff);
    parse(changed);
  }
}

constexpr std::string_view kStateFormat =
    "name: inet_sock_set_state\nID: 2287\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\n\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:__u8 saddr_v6[16];\toffset:40;\tsize:16;\tsigned:0;\n"
    "\tfield:__data_loc char[] filename;\toffset:60;\tsize:4;\tsigned:0;\n";

void ReadsTraceFormats() {
  const auto format = ParseTraceFormat(kStateFormat);
  CHECK(format.has_value() && format->id == 2287 && format->fields.size() == 4);
  CHECK(format->OffsetOf("skaddr", 8) == 8);
  CHECK(format->OffsetOf("saddr_v6", 16) == 40);
  CHECK(format->OffsetOf("filename", 4) == 60);
  CHECK(!format->OffsetOf("skaddr", 4));  // another size is another field
  CHECK(!format->OffsetOf("nothing", 8));
  CHECK(!ParseTraceFormat(""));
  CHECK(!ParseTraceFormat("ID: x\n"));
  CHECK(!ParseTraceFormat("ID: 70000\n\tfield:int a;\toffset:0;\tsize:4;\n"));
  Buffer bytes;
  PutText(&bytes, kStateFormat, kStateFormat.size());
  Mutate(bytes, 1, 2000, [](const Buffer& any) {
    ParseTraceFormat({reinterpret_cast<const char*>(any.data()), any.size()});
  });
}

TraceLayouts Layouts() {
  TraceLayouts layouts;
  layouts.exec = {365, 8};
  layouts.state = {2287, 8, 16, 20, 24, 26, 30, 2, 40, 56, 72};
  layouts.destroy = {2278, 8, 64, 72};
  return layouts;
}

Buffer SampleOf(const Buffer& raw) {
  Buffer record;
  Put(&record, perf_event_header{PERF_RECORD_SAMPLE, 0, 0});
  Put(&record, u32{77});
  Put(&record, u32{78});
  Put(&record, u64{123456});
  Put(&record, static_cast<u32>(raw.size()));
  record.insert(record.end(), raw.begin(), raw.end());
  SetSize(&record);
  return record;
}

Buffer StateSample(u16 protocol = IPPROTO_TCP) {
  Buffer raw(72);
  const u16 id = 2287, local_port = 40000, remote_port = 443;
  const u64 skaddr = 0xffff888012345678;
  const u32 old_state = kTcpClose, new_state = kTcpSynSent;
  std::memcpy(&raw[0], &id, 2);
  std::memcpy(&raw[8], &skaddr, 8);
  std::memcpy(&raw[16], &old_state, 4);
  std::memcpy(&raw[20], &new_state, 4);
  std::memcpy(&raw[24], &local_port, 2);
  std::memcpy(&raw[26], &remote_port, 2);
  std::memcpy(&raw[30], &protocol, 2);
  raw[50] = raw[51] = std::byte{0xff};
  raw[52] = std::byte{127};
  return SampleOf(raw);
}

void ReadsSocketStates() {
  const TraceLayouts layouts = Layouts();
  const PerfEvent event = ParsePerfRecord(StateSample(), layouts);
  CHECK(event.kind == PerfEvent::Kind::kSocketState);
  CHECK(event.pid == 77 && event.tid == 78 && event.at_ns == 123456);
  CHECK(event.skaddr == 0xffff888012345678);
  CHECK(event.old_state == kTcpClose && event.new_state == kTcpSynSent);
  CHECK(event.ends.local_port == 40000 && event.ends.remote_port == 443);
  CHECK(event.ends.local[10] == 0xff && event.ends.local[12] == 127);
  const PerfEvent whole = ParsePerfRecord(StateSample(kProtocolMptcp), layouts);
  CHECK(whole.kind == PerfEvent::Kind::kMptcpState && whole.ends == event.ends);
  CHECK(ParsePerfRecord(StateSample(IPPROTO_DCCP), layouts).kind == PerfEvent::Kind::kOther);
  Mutate(StateSample(), 2, 20000, [&](const Buffer& any) { ParsePerfRecord(any, layouts); });
}

void ReadsExecs() {
  const TraceLayouts layouts = Layouts();
  Buffer raw;
  Put(&raw, u16{365});
  PutText(&raw, "", 6);
  Put(&raw, u32{9u << 16 | 20});  // __data_loc: 9 bytes at 20
  PutText(&raw, "", 8);
  PutText(&raw, "/bin/sh", 12);
  const Buffer sample = SampleOf(raw);
  const PerfEvent event = ParsePerfRecord(sample, layouts);
  CHECK(event.kind == PerfEvent::Kind::kExec && event.path == "/bin/sh");
  Mutate(sample, 3, 20000, [&](const Buffer& any) {
    const PerfEvent parsed = ParsePerfRecord(any, layouts);
    if (!parsed.path.empty()) CHECK(parsed.path.size() < any.size());
  });
}

void ReadsMappingsAndTasks() {
  const TraceLayouts layouts = Layouts();
  Buffer map;
  Put(&map, perf_event_header{PERF_RECORD_MMAP2, 0, 0});
  Put(&map, u32{5});
  Put(&map, u32{6});
  for (int word = 0; word < 3; word++) Put(&map, u64{0});
  Put(&map, u32{254});
  Put(&map, u32{1});
  Put(&map, u64{4711});
  Put(&map, u64{0});
  Put(&map, u64{0});
  PutText(&map, "/usr/bin/true", 16);
  Put(&map, u64{6} << 32 | 5);
  Put(&map, u64{99});
  SetSize(&map);
  const PerfEvent mapped = ParsePerfRecord(map, layouts);
  CHECK(mapped.kind == PerfEvent::Kind::kMap && mapped.path == "/usr/bin/true");
  CHECK(mapped.dev == makedev(254, 1) && mapped.ino == 4711 && mapped.at_ns == 99);
  Mutate(map, 4, 20000, [&](const Buffer& any) { ParsePerfRecord(any, layouts); });

  Buffer fork;
  Put(&fork, perf_event_header{PERF_RECORD_FORK, 0, 0});
  for (const u32 id : {11u, 10u, 11u, 10u}) Put(&fork, id);
  Put(&fork, u64{100});
  Put(&fork, u64{0});
  Put(&fork, u64{100});
  SetSize(&fork);
  const PerfEvent forked = ParsePerfRecord(fork, layouts);
  CHECK(forked.kind == PerfEvent::Kind::kFork && forked.pid == 11 && forked.parent_pid == 10);
  Mutate(fork, 5, 20000, [&](const Buffer& any) { ParsePerfRecord(any, layouts); });
}

// `serves`: the name of its upper layer protocol; empty: it has none.
Buffer DiagMessage(u8 family, bool with_info, std::string_view serves = "", u64 acked = 600,
                   u8 state = kTcpEstablished, u32 queued = 420) {
  Buffer message;
  Put(&message, nlmsghdr{0, SOCK_DIAG_BY_FAMILY, 0, 0, 0});
  inet_diag_msg body{};
  body.idiag_family = family;
  body.idiag_state = state;
  body.id.idiag_sport = htons(1234);
  body.id.idiag_dport = htons(443);
  body.id.idiag_src[0] = htonl(0x7f000001);
  body.id.idiag_cookie[0] = 7;
  body.id.idiag_cookie[1] = 1;
  body.idiag_inode = 5555;
  body.idiag_wqueue = queued;
  Put(&message, body);
  if (with_info) {
    tcp_info info{};
    info.tcpi_bytes_sent = 1000;
    info.tcpi_bytes_retrans = 100;
    info.tcpi_bytes_received = 50;
    info.tcpi_data_segs_in = 2;
    info.tcpi_bytes_acked = acked;
    info.tcpi_unacked = 3;
    info.tcpi_snd_mss = 100;
    info.tcpi_notsent_bytes = 120;
    Put(&message, rtattr{static_cast<u16>(RTA_LENGTH(sizeof(info))), INET_DIAG_INFO});
    Put(&message, info);
  }
  if (!serves.empty()) {
    const size_t bytes = RTA_LENGTH(serves.size() + 1);
    Put(&message, rtattr{static_cast<u16>(RTA_LENGTH(RTA_ALIGN(bytes))), INET_DIAG_ULP_INFO});
    Put(&message, rtattr{static_cast<u16>(bytes), INET_ULP_INFO_NAME});
    PutText(&message, serves, serves.size() + 1);
  }
  while (message.size() % 4 != 0) message.push_back(std::byte{0});
  const u32 length = static_cast<u32>(message.size());
  std::memcpy(message.data(), &length, sizeof(length));
  return message;
}

void ReadsDiagMessages() {
  std::vector<DiagSocket> sockets;
  u64 malformed = 0;
  Buffer datagram = DiagMessage(AF_INET, true);
  const Buffer second = DiagMessage(AF_INET6, false);
  datagram.insert(datagram.end(), second.begin(), second.end());
  CHECK(ParseDiagDatagram(datagram, &sockets, &malformed) == DiagEnd::kMore);
  CHECK(sockets.size() == 2 && malformed == 0);
  CHECK(sockets[0].cookie == (u64{1} << 32 | 7) && sockets[0].inode == 5555);
  CHECK(sockets[0].has_counters && sockets[0].bytes_out == 900 && sockets[0].bytes_in == 50);
  CHECK(sockets[0].ends.local_port == 1234 && sockets[0].ends.remote_port == 443);
  CHECK(sockets[0].ends.local == MappedV4("\x7f\0\0\1"));
  CHECK(!sockets[1].has_counters);

  sockets.clear();
  for (const std::string_view serves : {"mptcp", "tls"}) {
    const Buffer one = DiagMessage(AF_INET, true, serves);
    CHECK(ParseDiagDatagram(one, &sockets, &malformed) == DiagEnd::kMore);
    Mutate(one, 8, 10000, [](const Buffer& any) {
      std::vector<DiagSocket> found;
      u64 bad = 0;
      ParseDiagDatagram(any, &found, &bad);
    });
  }
  CHECK(sockets.size() == 2 && sockets[0].is_mptcp && !sockets[1].is_mptcp && malformed == 0);
  CHECK(sockets[0].bytes_out == 900);

  // Refused by a queue of this machine and sent later: counted each time, acknowledged once. Of
  // what is closed nothing is under way.
  sockets.clear();
  const Buffer refused = DiagMessage(AF_INET, true, "", 200);
  const Buffer closed = DiagMessage(AF_INET, true, "", 200, kTcpClose);
  // Two segments under way and the beginning of a third.
  const Buffer partly = DiagMessage(AF_INET, true, "", 200, kTcpEstablished, 370);
  for (const Buffer& one : {refused, closed, partly}) ParseDiagDatagram(one, &sockets, &malformed);
  CHECK(sockets.size() == 3 && sockets[0].bytes_out == 500 && sockets[1].bytes_out == 900);
  CHECK(sockets[2].bytes_out == 450);

  Buffer done;
  Put(&done, nlmsghdr{sizeof(nlmsghdr), NLMSG_DONE, 0, 0, 0});
  CHECK(ParseDiagDatagram(done, &sockets, &malformed) == DiagEnd::kDone);
  Buffer interrupted = DiagMessage(AF_INET, false);
  interrupted[6] = std::byte{NLM_F_DUMP_INTR};
  CHECK(ParseDiagDatagram(interrupted, &sockets, &malformed) == DiagEnd::kMalformed);
  Buffer short_length = DiagMessage(AF_INET, false);
  short_length[0] = std::byte{4};
  CHECK(ParseDiagDatagram(short_length, &sockets, &malformed) == DiagEnd::kMalformed);
  CHECK(malformed == 1);
  Mutate(datagram, 6, 30000, [](const Buffer& any) {
    std::vector<DiagSocket> found;
    u64 bad = 0;
    ParseDiagDatagram(any, &found, &bad);
    CHECK(found.size() <= any.size() / sizeof(nlmsghdr));
  });
}

void ReadsProcStat() {
  const std::string text =
      "42 (a) b) S 7 42 42 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 3 0 12345 1000 10\n";
  ProcStat stat;
  CHECK(ParseProcStat(text, &stat));
  CHECK(stat.parent_pid == 7 && stat.state == 'S' && stat.threads == 3 && !stat.kernel_thread);
  CHECK(stat.start_ns == 12345 * (u64{1'000'000'000} / static_cast<u64>(sysconf(_SC_CLK_TCK))));
  CHECK(!ParseProcStat("42 (x) S 7", &stat));
  CHECK(!ParseProcStat("", &stat));
  CHECK(WithoutDeleted("/bin/x (deleted)") == "/bin/x");
  Buffer bytes;
  PutText(&bytes, text, text.size());
  Mutate(bytes, 7, 5000, [](const Buffer& any) {
    ProcStat any_stat;
    ParseProcStat({reinterpret_cast<const char*>(any.data()), any.size()}, &any_stat);
  });
}

// A ring as the kernel writes it, over memory of the test's.
class DoubleOfRing {
 public:
  static constexpr u32 kBytes = 64;
  // What is written of a record when it is reserved, before what is in it.
  void Reserve(u64 value) { Write(BPF_RINGBUF_BUSY_BIT | sizeof(value), value); }
  void Submit(u64 at, u32 more = 0) { SetLength(at, sizeof(u64) | more); }
  void SetLength(u64 at, u32 length) {
    // The kernel's memory is there twice without being written twice.
    for (const u64 copy : {u64{0}, u64{kBytes}})
      std::memcpy(&data_[at % kBytes + copy], &length, sizeof(length));
  }
  std::vector<u64> Take() {
    std::vector<u64> taken;
    records_.Take([&](std::span<const std::byte> record) {
      CHECK(record.size() == sizeof(u64));
      std::memcpy(&taken.emplace_back(), record.data(), sizeof(u64));
    });
    return taken;
  }
  u64 consumer() const { return consumer_; }
  u64 producer() const { return producer_; }

 private:
  void Write(u32 length, u64 value) {
    SetLength(producer_, length);
    for (const u64 copy : {u64{0}, u64{kBytes}})
      std::memcpy(&data_[producer_ % kBytes + copy + BPF_RINGBUF_HDR_SZ], &value, sizeof(value));
    producer_ += BPF_RINGBUF_HDR_SZ + sizeof(value);
  }

  u64 consumer_ = 0;
  u64 producer_ = 0;
  alignas(8) std::byte data_[2 * kBytes + BPF_RINGBUF_HDR_SZ]{};
  RingRecords records_{&consumer_, &producer_, data_, kBytes};
};

// A program of ours is interrupted between the two, and others write behind it meanwhile.
void WaitsForARecordThatIsBeingWritten() {
  using Values = std::vector<u64>;
  DoubleOfRing ring;
  CHECK(ring.Take().empty());
  for (const u64 value : {1u, 2u, 3u}) ring.Reserve(value);
  ring.Submit(0);
  ring.Submit(32);
  CHECK(ring.Take() == Values({1}) && ring.consumer() == 16);
  CHECK(ring.Take().empty() && ring.consumer() == 16);  // neither passed over nor given up
  ring.Submit(16);
  CHECK(ring.Take() == Values({2, 3}) && ring.consumer() == ring.producer());
  // One that was discarded is passed over, also at the ring's end and around it.
  for (const u64 value : {4u, 5u}) ring.Reserve(value);
  ring.Submit(48, BPF_RINGBUF_DISCARD_BIT);
  CHECK(ring.Take().empty() && ring.consumer() == 64);
  ring.Submit(64);
  CHECK(ring.Take() == Values({5}) && ring.consumer() == ring.producer());
  // What the kernel never writes is not read, and nothing outside.
  ring.Reserve(6);
  ring.SetLength(80, DoubleOfRing::kBytes);
  CHECK(ring.Take().empty() && ring.consumer() == 80);
  RingRecords().Take([](std::span<const std::byte>) { CHECK(false); });
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsTraceFormats();
  ReadsSocketStates();
  ReadsExecs();
  ReadsMappingsAndTasks();
  ReadsDiagMessages();
  ReadsProcStat();
  WaitsForARecordThatIsBeingWritten();
  std::puts("parsers: ok");
}
