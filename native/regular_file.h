// Opening program files without opening anything else.
#ifndef FRESHET_REGULAR_FILE_H_
#define FRESHET_REGULAR_FILE_H_

#include <sys/stat.h>

#include <string>

#include "fd.h"

namespace freshet {

// A descriptor to read the regular file at `path`, and its status; none, with errno set, when there
// is none: EISDIR for a directory, EINVAL for whatever else is no regular file. Opening a FIFO
// would free a writer that waits for its reader, opening a device may do anything, so neither is
// opened: Linux looks through an O_PATH descriptor and opens that very file. macOS has none: it
// looks by name, so another file could be put there before the open, which does not wait on it
// then, and which is looked at again.
Fd OpenRegular(const std::string& path, struct stat* status);

}  // namespace freshet

#endif  // FRESHET_REGULAR_FILE_H_
