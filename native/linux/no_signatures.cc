// Linux has no signatures of programs that the kernel or anyone would check.
#include "signature.h"

namespace freshet {

FindSignature PlatformSignatures() { return {}; }

}  // namespace freshet
