#include "linux/socket_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace freshet {
namespace {

constexpr size_t kDatagramBytesMax = 64 * 1024;
// Of destroy messages, one a datagram and some 400 bytes long; a longer one is cut, and counted as
// malformed.
constexpr size_t kMessageBytesMax = 2048;
constexpr size_t kBatchMax = 32;
constexpr size_t kDumpSocketsMax = 1 << 20;

template <typename T>
bool Load(std::span<const std::byte> bytes, size_t offset, T* value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(value, bytes.data() + offset, sizeof(T));
  return true;
}

// Older kernels send a shorter tcp_info; what they lack reads 0. `queued`: written and not
// acknowledged, as inet_diag_msg has it.
void ReadTcpInfo(std::span<const std::byte> bytes, u32 queued, DiagSocket* socket) {
  u64 sent = 0, received = 0, resent = 0, acked = 0;
  u32 data_segs_in = 0, segs_in = 0, segs_out = 0, unacked = 0, segment_bytes = 0, unsent = 0;
  // tcpi_bytes_sent came with Linux 4.19.
  if (!Load(bytes, offsetof(tcp_info, tcpi_bytes_sent), &sent) ||
      !Load(bytes, offsetof(tcp_info, tcpi_bytes_retrans), &resent) ||
      !Load(bytes, offsetof(tcp_info, tcpi_bytes_received), &received) ||
      !Load(bytes, offsetof(tcp_info, tcpi_data_segs_in), &data_segs_in))
    return;
  socket->bytes_out = sent >= resent ? sent - resent : 0;
  // Sent more than once without a count of it: kernel_event.cc. What was under way as a socket
  // closed is not counted as such any more.
  if (socket->state != kTcpClose && Load(bytes, offsetof(tcp_info, tcpi_bytes_acked), &acked) &&
      Load(bytes, offsetof(tcp_info, tcpi_unacked), &unacked) &&
      Load(bytes, offsetof(tcp_info, tcpi_snd_mss), &segment_bytes) &&
      Load(bytes, offsetof(tcp_info, tcpi_notsent_bytes), &unsent)) {
    // The last segment under way is seldom whole. Read before the counts it waits with, so it may
    // be too large where an answer came in between.
    const u64 under_way = queued >= unsent ? queued - unsent : 0;
    socket->bytes_out =
        std::min({socket->bytes_out, acked + u64{unacked} * segment_bytes, acked + under_way});
  }
  socket->bytes_in = received;
  socket->data_segs_in = data_segs_in;
  Load(bytes, offsetof(tcp_info, tcpi_segs_in), &segs_in);
  Load(bytes, offsetof(tcp_info, tcpi_segs_out), &segs_out);
  socket->is_zeroed = segs_in == 0 && segs_out == 0;
  socket->has_counters = true;
}

// INET_DIAG_ULP_INFO: what a TCP socket serves, as nested attributes, its name among them.
bool IsMptcp(std::span<const std::byte> attributes) {
  size_t at = 0;
  rtattr attribute;
  while (Load(attributes, at, &attribute)) {
    if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > attributes.size() - at)
      return false;
    const char* const text = reinterpret_cast<const char*>(attributes.data()) + at + RTA_LENGTH(0);
    const std::string_view name(text, strnlen(text, attribute.rta_len - RTA_LENGTH(0)));
    if ((attribute.rta_type & NLA_TYPE_MASK) == INET_ULP_INFO_NAME) return name == "mptcp";
    at += RTA_ALIGN(attribute.rta_len);
  }
  return false;
}

Address ReadAddress(u8 family, const void* words) {
  if (family == AF_INET) return MappedV4(words);
  Address address;
  std::memcpy(address.data(), words, address.size());
  return address;
}

// The kernel finds sockets by their state and then describes them one value after the other: one
// that was disconnected meanwhile, and connects again, has its next peer and no port of its own.
bool IsWhole(const DiagSocket& socket, u32 states) {
  return (states >> socket.state & 1) != 0 && socket.ends.local_port != 0;
}

Fd OpenNetlink() {
  return Fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
}

void SetReceiveBuffer(int fd, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

}  // namespace

std::optional<DiagSocket> ParseDiagMessage(std::span<const std::byte> message) {
  inet_diag_msg header;
  if (!Load(message, 0, &header)) return std::nullopt;
  if (header.idiag_family != AF_INET && header.idiag_family != AF_INET6) return std::nullopt;
  DiagSocket socket;
  socket.cookie = u64{header.id.idiag_cookie[1]} << 32 | header.id.idiag_cookie[0];
  socket.ends.local = ReadAddress(header.idiag_family, header.id.idiag_src);
  socket.ends.remote = ReadAddress(header.idiag_family, header.id.idiag_dst);
  socket.ends.local_port = ntohs(header.id.idiag_sport);
  socket.ends.remote_port = ntohs(header.id.idiag_dport);
  socket.state = header.idiag_state;
  socket.inode = header.idiag_inode;
  socket.uid = header.idiag_uid;
  size_t at = NLMSG_ALIGN(sizeof(header));
  rtattr attribute;
  while (Load(message, at, &attribute)) {
    if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > message.size() - at)
      return std::nullopt;
    const auto content = message.subspan(at + RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0));
    if (attribute.rta_type == INET_DIAG_INFO) ReadTcpInfo(content, header.idiag_wqueue, &socket);
    if ((attribute.rta_type & NLA_TYPE_MASK) == INET_DIAG_ULP_INFO)
      socket.is_mptcp = IsMptcp(content);
    at += RTA_ALIGN(attribute.rta_len);
  }
  return socket;
}

DiagEnd ParseDiagDatagram(std::span<const std::byte> datagram, std::vector<DiagSocket>* sockets,
                          u64* malformed) {
  nlmsghdr header;
  size_t at = 0;
  while (at < datagram.size()) {
    if (!Load(datagram, at, &header) || header.nlmsg_len < sizeof(header) ||
        header.nlmsg_len > datagram.size() - at) {
      ++*malformed;
      return DiagEnd::kMalformed;
    }
    if (header.nlmsg_type == NLMSG_DONE) return DiagEnd::kDone;
    if (header.nlmsg_type == NLMSG_ERROR) return DiagEnd::kMalformed;
    // A dump that the kernel could not do in one piece is not complete (netlink(7)).
    const bool interrupted = (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY) {
      const auto socket =
          ParseDiagMessage(datagram.subspan(at + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN));
      if (socket)
        sockets->push_back(*socket);
      else
        ++*malformed;
    }
    if (interrupted) return DiagEnd::kMalformed;
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  return DiagEnd::kMore;
}

DestroyListener::DestroyListener(int buffer_bytes) : buffer_(kBatchMax * kMessageBytesMax) {
  Fd fd = OpenNetlink();
  if (!fd) return;
  SetReceiveBuffer(fd.get(), buffer_bytes);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return;
  for (const int group : {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY})
    if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
      return;
  socket_ = std::move(fd);
}

void DestroyListener::Receive(size_t sockets_max, std::vector<DiagSocket>* sockets, u64* overruns,
                              u64* malformed) {
  iovec places[kBatchMax];
  mmsghdr messages[kBatchMax];
  while (sockets->size() < sockets_max) {
    for (size_t index = 0; index < kBatchMax; index++) {
      places[index] = {&buffer_[index * kMessageBytesMax], kMessageBytesMax};
      messages[index] = {};
      messages[index].msg_hdr.msg_iov = &places[index];
      messages[index].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(socket_.get(), messages, kBatchMax, MSG_DONTWAIT, nullptr);
    if (count < 0 && errno == ENOBUFS) {
      ++*overruns;
    } else if (count < 0 && errno != EINTR) {
      return;
    }
    for (int index = 0; index < count; index++) {
      const std::byte* const at = &buffer_[static_cast<size_t>(index) * kMessageBytesMax];
      ParseDiagDatagram({at, messages[index].msg_len}, sockets, malformed);
    }
  }
}

SocketDumper::SocketDumper() : socket_(OpenNetlink()), buffer_(kDatagramBytesMax) {}

bool SocketDumper::Dump(u32 states, std::vector<DiagSocket>* sockets, u64* malformed) {
  const bool v4 = DumpFamily(AF_INET, states, sockets, malformed);
  const bool v6 = DumpFamily(AF_INET6, states, sockets, malformed);
  std::erase_if(*sockets, [&](const DiagSocket& one) { return !IsWhole(one, states); });
  return v4 && v6;
}

bool SocketDumper::DumpFamily(u8 family, u32 states, std::vector<DiagSocket>* sockets,
                              u64* malformed) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 body;
  } request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = ++sequence_;
  request.body.sdiag_family = family;
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_ext = 1 << (INET_DIAG_INFO - 1);
  request.body.idiag_states = states;
  if (send(socket_.get(), &request, sizeof(request), 0) < 0) return false;
  // The kernel fills one datagram at each recv, so there is always one until the last.
  for (;;) {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (poll(&ready, 1, 1000) <= 0) return false;
    const ssize_t got = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    const auto datagram = std::span(buffer_).first(static_cast<size_t>(got));
    nlmsghdr header;
    if (!Load(datagram, 0, &header)) return false;
    if (header.nlmsg_seq != sequence_) continue;  // the rest of a dump that was given up
    const DiagEnd end = ParseDiagDatagram(datagram, sockets, malformed);
    if (end == DiagEnd::kDone) return true;
    if (end == DiagEnd::kMalformed || sockets->size() > kDumpSocketsMax) return false;
  }
}

}  // namespace freshet
