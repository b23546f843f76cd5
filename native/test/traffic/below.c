// Without a transport: raw sockets and packet sockets.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

static uint16_t checksum(const void* data, size_t bytes) {
  uint32_t sum = 0;
  for (size_t at = 0; at + 1 < bytes; at += 2) {
    uint16_t word;
    memcpy(&word, (const char*)data + at, 2);
    sum += word;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

void raw_client(const char* address, int protocol, uint64_t bytes, struct Totals* totals) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) exit(2);
  const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) die("raw socket");
  for (uint64_t done = 0; done < bytes;) {
    const size_t piece = (size_t)least(bytes - done, 1000);
    unsigned char message[1000] = {0};
    if (protocol == IPPROTO_ICMP) {
      struct icmphdr head = {.type = ICMP_ECHO};
      memcpy(message, &head, sizeof(head));
      head.checksum = checksum(message, sizeof(message));
      memcpy(message, &head, sizeof(head));
    }
    if (sendto(fd, message, piece, 0, (struct sockaddr*)&to, sizeof(to)) < 0) die("sendto");
    done += piece;
  }
  totals->sent += bytes;
  close(fd);
}

void packet_client(const char* interface, const char* mac, const char* from, const char* to,
                   uint64_t bytes, struct Totals* totals) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
  if (fd < 0) die("packet socket");
  struct sockaddr_ll link = {.sll_family = AF_PACKET,
                             .sll_ifindex = (int)if_nametoindex(interface),
                             .sll_halen = ETH_ALEN};
  unsigned octets[6];
  if (sscanf(mac, "%x:%x:%x:%x:%x:%x", &octets[0], &octets[1], &octets[2], &octets[3], &octets[4],
             &octets[5]) != 6)
    exit(2);
  struct __attribute__((packed)) {
    struct ether_header ether;
    struct iphdr ip;
    struct udphdr udp;
    unsigned char payload[972];
  } frame = {.ether.ether_type = htons(ETHERTYPE_IP),
             .ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP},
             .udp = {.source = htons(40000), .dest = htons(9)}};
  for (int index = 0; index < 6; index++) {
    link.sll_addr[index] = (unsigned char)octets[index];
    frame.ether.ether_dhost[index] = (unsigned char)octets[index];
  }
  frame.ip.tot_len = htons(sizeof(frame) - sizeof(frame.ether));
  frame.udp.len = htons(sizeof(frame.udp) + sizeof(frame.payload));
  inet_pton(AF_INET, from, &frame.ip.saddr);
  inet_pton(AF_INET, to, &frame.ip.daddr);
  for (uint64_t done = 0; done < bytes; done += sizeof(frame)) {
    if (sendto(fd, &frame, sizeof(frame), 0, (struct sockaddr*)&link, sizeof(link)) < 0)
      die("send of a frame");
    totals->sent += sizeof(frame);
  }
  close(fd);
}
