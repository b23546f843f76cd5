// TCP by io_uring: no system call of sending or receiving.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "traffic.h"

struct Uring {
  int fd;
  unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
  struct io_uring_sqe* sqes;
  struct io_uring_cqe* cqes;
};

static void* map_ring(int fd, size_t bytes, off_t at) {
  void* mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
  if (mapped == MAP_FAILED) die("mmap of io_uring");
  return mapped;
}

static struct Uring open_uring(void) {
  struct io_uring_params params = {0};
  struct Uring ring = {.fd = (int)syscall(SYS_io_uring_setup, 4, &params)};
  if (ring.fd < 0) die("io_uring_setup");
  char* sq = map_ring(ring.fd, params.sq_off.array + params.sq_entries * sizeof(unsigned),
                      IORING_OFF_SQ_RING);
  char* cq = map_ring(ring.fd, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
                      IORING_OFF_CQ_RING);
  ring.sqes = map_ring(ring.fd, params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
  ring.sq_tail = (unsigned*)(sq + params.sq_off.tail);
  ring.sq_mask = (unsigned*)(sq + params.sq_off.ring_mask);
  ring.sq_array = (unsigned*)(sq + params.sq_off.array);
  ring.cq_head = (unsigned*)(cq + params.cq_off.head);
  ring.cq_tail = (unsigned*)(cq + params.cq_off.tail);
  ring.cq_mask = (unsigned*)(cq + params.cq_off.ring_mask);
  ring.cqes = (struct io_uring_cqe*)(cq + params.cq_off.cqes);
  return ring;
}

static int transfer(struct Uring* ring, int opcode, int fd, size_t bytes) {
  const unsigned at = *ring->sq_tail & *ring->sq_mask;
  ring->sqes[at] = (struct io_uring_sqe){.opcode = (uint8_t)opcode,
                                         .fd = fd,
                                         .addr = (uint64_t)(uintptr_t)chunk,
                                         .len = (uint32_t)bytes,
                                         .msg_flags = opcode == IORING_OP_SEND ? MSG_NOSIGNAL : 0};
  ring->sq_array[at] = at;
  __atomic_store_n(ring->sq_tail, *ring->sq_tail + 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
    die("io_uring_enter");
  const int result = ring->cqes[*ring->cq_head & *ring->cq_mask].res;
  __atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
  if (result < 0) {
    errno = -result;
    die("io_uring");
  }
  return result;
}

uint64_t send_by_uring(int fd, uint64_t bytes) {
  struct Uring ring = open_uring();
  for (uint64_t done = 0; done < bytes;)
    done += (uint64_t)transfer(&ring, IORING_OP_SEND, fd, (size_t)least(bytes - done, kChunkBytes));
  close(ring.fd);
  return bytes;
}

uint64_t receive_by_uring(int fd) {
  struct Uring ring = open_uring();
  uint64_t done = 0;
  for (int got; (got = transfer(&ring, IORING_OP_RECV, fd, kChunkBytes)) > 0;)
    done += (uint64_t)got;
  close(ring.fd);
  return done;
}
