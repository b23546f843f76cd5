// The source over the Mac itself.
#include <libproc.h>
#include <mach/mach_time.h>
#include <net/if.h>
#include <net/if_mib.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <time.h>

#include <cstring>

#include "mac/boot_session.h"
#include "mac/statistics/statistics_source.h"

// xnu bsd/sys/codesign.h; exported by libSystem, declared in no SDK.
extern "C" int csops(pid_t pid, unsigned int ops, void* into, size_t bytes);

namespace freshet {
namespace {

// xnu bsd/sys/proc_info_private.h, in no SDK.
constexpr int kProcPidUniqueIdentifierInfo = 17;
constexpr unsigned kCsOpsStatus = 0;
struct ProcUniqueIdentifierInfo {
  u8 uuid[16];
  u64 unique_id;
  u64 parent_unique_id;
  int32_t idversion;
  int32_t parent_idversion;
  u64 reserved[2];
};
static_assert(sizeof(ProcUniqueIdentifierInfo) == 56 &&
              offsetof(ProcUniqueIdentifierInfo, idversion) == 32);

bool ReadNumbers(u32 pid, ProcUniqueIdentifierInfo* info) {
  constexpr int kBytes = sizeof(*info);
  return proc_pidinfo(static_cast<int>(pid), kProcPidUniqueIdentifierInfo, 0, info, kBytes) ==
         kBytes;
}

std::optional<ProcessNumbers> NumbersOf(u32 pid) {
  ProcUniqueIdentifierInfo info{}, after{};
  if (!ReadNumbers(pid, &info)) return std::nullopt;
  ProcessNumbers numbers{info.unique_id, static_cast<u32>(info.idversion)};
  u32 flags = 0;
  if (csops(static_cast<pid_t>(pid), kCsOpsStatus, &flags, sizeof(flags)) == 0)
    numbers.standing = StandingOf(flags);
  // By the pid alone: another program may have come between, and nobody vouches for what is not
  // sure.
  const bool is_same = ReadNumbers(pid, &after) && after.idversion == info.idversion;
  if (!is_same) numbers.standing = CodeStanding::kNobody;
  return numbers;
}

// net/if_mib.h, whose rows are numbered as interfaces are.
std::optional<std::string> InterfaceOf(u32 index) {
  int name[] = {CTL_NET,       PF_LINK, NETLINK_GENERIC, IFMIB_IFDATA, static_cast<int>(index),
                IFDATA_GENERAL};
  ifmibdata data{};
  size_t bytes = sizeof(data);
  if (sysctl(name, 6, &data, &bytes, nullptr, 0) != 0) return std::nullopt;
  return std::string(data.ifmd_name, strnlen(data.ifmd_name, sizeof(data.ifmd_name)));
}

}  // namespace

std::unique_ptr<Source> MakeNetworkStatistics(Ring* ring, SourceOptions options) {
  mach_timebase_info_data_t base{};
  mach_timebase_info(&base);
  StatisticsOptions statistics;
  ReadBootId(statistics.book.boot_id.data());
  statistics.book.numbers_of = NumbersOf;
  statistics.book.interface_of = InterfaceOf;
  statistics.book.ns_of = [base](u64 ticks) {
    return static_cast<u64>(static_cast<unsigned __int128>(ticks) * base.numer / base.denom);
  };
  if (options.wanted_pids != nullptr)
    statistics.book.on_new_pid = [wanted = options.wanted_pids](u32 pid) { wanted->Ask(pid); };
  statistics.unix_ns = [] { return clock_gettime_nsec_np(CLOCK_REALTIME); };
  return std::make_unique<StatisticsSource>(ring, std::move(options), std::move(statistics),
                                            MakeStatisticsApi());
}

}  // namespace freshet
