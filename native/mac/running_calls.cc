// RunningApi over Apple's calls: no decisions here.
#include <Security/Security.h>
#include <bsm/libbsm.h>
#include <errno.h>
#include <libproc.h>
#include <mach/mach.h>
#include <sys/proc_info.h>
#include <sys/sysctl.h>

#include <algorithm>
#include <cstring>

#include "mac/cf_ref.h"
#include "mac/running.h"

// Exported by libSystem, declared in no SDK. The first: xnu bsd/sys/codesign.h.
extern "C" int csops_audittoken(pid_t pid, unsigned int ops, void* into, size_t bytes,
                                audit_token_t* token);
extern "C" pid_t responsibility_get_pid_responsible_for_pid(pid_t pid) __attribute__((weak_import));

namespace freshet {
namespace {

audit_token_t AuditToken(const ProcessToken& token) {
  audit_token_t audit;
  static_assert(sizeof(audit.val) == sizeof(token.words));
  std::memcpy(audit.val, token.words.data(), sizeof(audit.val));
  return audit;
}

// ARG_MAX (sys/syslimits.h): with less room the call gives the end and not the beginning.
constexpr size_t kCallBytesMax = 1 << 20;

class AppleRunningApi : public RunningApi {
 public:
  int ListPids(size_t pids_max, std::vector<u32>* pids) override {
    for (size_t room = 4096;; room *= 2) {
      pids->resize(std::min(room, pids_max));
      const int count =
          proc_listallpids(pids->data(), static_cast<int>(pids->size() * sizeof(u32)));
      if (count <= 0) {
        pids->clear();
        return errno != 0 ? errno : EIO;
      }
      // A full buffer may have been too small.
      const bool is_whole = static_cast<size_t>(count) < pids->size();
      if (!is_whole && pids->size() < pids_max) continue;
      pids->resize(std::min(static_cast<size_t>(count), pids->size()));
      return 0;
    }
  }

  bool TokenOf(u32 pid, ProcessToken* token) override {
    mach_port_t task = MACH_PORT_NULL;
    if (task_name_for_pid(mach_task_self(), static_cast<int>(pid), &task) != KERN_SUCCESS)
      return false;
    audit_token_t audit;
    mach_msg_type_number_t count = TASK_AUDIT_TOKEN_COUNT;
    const kern_return_t result =
        task_info(task, TASK_AUDIT_TOKEN, reinterpret_cast<task_info_t>(&audit), &count);
    mach_port_deallocate(mach_task_self(), task);
    if (result != KERN_SUCCESS || count != TASK_AUDIT_TOKEN_COUNT) return false;
    std::memcpy(token->words.data(), audit.val, sizeof(audit.val));
    token->pid = static_cast<u32>(audit_token_to_pid(audit));
    token->pidversion = static_cast<u32>(audit_token_to_pidversion(audit));
    token->euid = audit_token_to_euid(audit);
    token->changed_user = audit_token_to_euid(audit) != audit_token_to_ruid(audit) ||
                          audit_token_to_egid(audit) != audit_token_to_rgid(audit);
    return token->pid == pid;
  }

  std::string PathOf(const ProcessToken& token) override {
    std::string path(PROC_PIDPATHINFO_MAXSIZE, '\0');
    audit_token_t audit = AuditToken(token);
    const int bytes =
        proc_pidpath_audittoken(&audit, path.data(), static_cast<uint32_t>(path.size()));
    path.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
    return path;
  }

  bool FileOf(const ProcessToken& token, const std::string& path, ProgramFile* file) override {
    proc_regionwithpathinfo region{};
    // The first region from address 0 on: the program's, if its path is the program's.
    const int bytes = proc_pidinfo(static_cast<int>(token.pid), PROC_PIDREGIONPATHINFO, 0, &region,
                                   sizeof(region));
    const vnode_info_path& mapped = region.prp_vip;
    if (bytes != static_cast<int>(sizeof(region)) ||
        path.compare(0, std::string::npos, mapped.vip_path,
                     strnlen(mapped.vip_path, sizeof(mapped.vip_path))) != 0)
      return false;
    const vinfo_stat& stat = mapped.vip_vi.vi_stat;
    *file = {stat.vst_dev, stat.vst_ino, stat.vst_flags};
    return true;
  }

  std::string FolderOf(const ProcessToken& token) override {
    proc_vnodepathinfo folders{};
    const int bytes = proc_pidinfo(static_cast<int>(token.pid), PROC_PIDVNODEPATHINFO, 0, &folders,
                                   sizeof(folders));
    const char* path = folders.pvi_cdir.vip_path;
    if (bytes != static_cast<int>(sizeof(folders))) return "";
    return std::string(path, strnlen(path, sizeof(folders.pvi_cdir.vip_path)));
  }

  std::string CallOf(const ProcessToken& token) override {
    int name[] = {CTL_KERN, KERN_PROCARGS2, static_cast<int>(token.pid)};
    std::string call(kCallBytesMax, '\0');
    size_t bytes = call.size();
    if (sysctl(name, 3, call.data(), &bytes, nullptr, 0) != 0) return "";
    call.resize(std::min(bytes, call.size()));
    return call;
  }

  u32 ParentOf(const ProcessToken& token) override {
    proc_bsdshortinfo info{};
    const int bytes = proc_pidinfo(static_cast<int>(token.pid), PROC_PIDT_SHORTBSDINFO, 0, &info,
                                   PROC_PIDT_SHORTBSDINFO_SIZE);
    return bytes == PROC_PIDT_SHORTBSDINFO_SIZE ? info.pbsi_ppid : 0;
  }

  u32 ResponsibleFor(u32 pid) override {
    if (responsibility_get_pid_responsible_for_pid == nullptr) return 0;
    const pid_t responsible = responsibility_get_pid_responsible_for_pid(static_cast<pid_t>(pid));
    return responsible > 0 ? static_cast<u32>(responsible) : 0;
  }

  u64 StartedUnixNs(const ProcessToken& token) override {
    proc_bsdinfo info{};
    const int bytes = proc_pidinfo(static_cast<int>(token.pid), PROC_PIDTBSDINFO, 0, &info,
                                   PROC_PIDTBSDINFO_SIZE);
    if (bytes != PROC_PIDTBSDINFO_SIZE) return 0;
    return info.pbi_start_tvsec * 1'000'000'000 + info.pbi_start_tvusec * 1'000;
  }

  int CodeSign(const ProcessToken& token, CodeSignOp op, std::span<u8> into) override {
    audit_token_t audit = AuditToken(token);
    const int result = csops_audittoken(static_cast<pid_t>(token.pid), static_cast<u32>(op),
                                        into.data(), into.size(), &audit);
    return result == 0 ? 0 : errno;
  }

  bool SignatureOf(const ProcessToken& token, RunningSignature* signature) override {
    const audit_token_t audit = AuditToken(token);
    const CfRef data(CFDataCreate(nullptr, reinterpret_cast<const UInt8*>(&audit), sizeof(audit)));
    if (!data) return false;
    const void* keys[] = {kSecGuestAttributeAudit};
    const void* values[] = {data.get()};
    const CfRef attributes(CFDictionaryCreate(nullptr, keys, values, 1,
                                              &kCFTypeDictionaryKeyCallBacks,
                                              &kCFTypeDictionaryValueCallBacks));
    CfRef<SecCodeRef> code;
    if (!attributes || SecCodeCopyGuestWithAttributes(nullptr, attributes.get(), kSecCSDefaultFlags,
                                                      code.out()) != errSecSuccess)
      return false;
    CfRef<CFDictionaryRef> info;
    if (SecCodeCopySigningInformation(code.get(),
                                      kSecCSSigningInformation | kSecCSDynamicInformation,
                                      info.out()) != errSecSuccess)
      return false;
    signature->codesign_flags = NumberAt(info.get(), kSecCodeInfoStatus);
    signature->signing_id = TextAt(info.get(), kSecCodeInfoIdentifier);
    signature->team_id = TextAt(info.get(), kSecCodeInfoTeamIdentifier);
    const std::span<const u8> cdhash = BytesAt(info.get(), kSecCodeInfoUnique);
    if (cdhash.size() == signature->cdhash.size())
      std::copy(cdhash.begin(), cdhash.end(), signature->cdhash.begin());
    return true;
  }
};

}  // namespace

std::unique_ptr<RunningApi> MakeRunningApi() { return std::make_unique<AppleRunningApi>(); }

}  // namespace freshet
