#include "found_file.h"

namespace freshet {

bool ChangeableByOthers(const struct stat& status) {
  if (status.st_uid != 0) return true;
  if ((status.st_mode & S_IWOTH) != 0) return true;
  return (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
}

}  // namespace freshet
