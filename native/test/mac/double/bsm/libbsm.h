// A stand-in for macOS's <bsm/libbsm.h>: audit tokens. The words are auid, euid, egid, ruid, rgid,
// pid, asid, pidversion.
#ifndef FRESHET_DOUBLE_LIBBSM_H_
#define FRESHET_DOUBLE_LIBBSM_H_

#include <sys/types.h>

extern "C" {

struct audit_token_t {
  unsigned int val[8];
};

uid_t audit_token_to_euid(audit_token_t token);
uid_t audit_token_to_ruid(audit_token_t token);
gid_t audit_token_to_egid(audit_token_t token);
gid_t audit_token_to_rgid(audit_token_t token);
pid_t audit_token_to_pid(audit_token_t token);
int audit_token_to_pidversion(audit_token_t token);
}

#endif  // FRESHET_DOUBLE_LIBBSM_H_
