/* What the files behind file.h share. */
#ifndef BASE_FILE_INTERNAL_H
#define BASE_FILE_INTERNAL_H

#include <stdbool.h>

#include "jem/status.h"

/* JEM_EIO: what could not be done with `path`, why, and what to do. */
jem_status file_write_failed(const char *what, const char *path, int err);
/* What errno says: JEM_EDATA if there is no such thing, else JEM_EIO. */
jem_status file_cannot_open(const char *path);
/* Is it that there is no such thing, which is the path's fault and not the system's? */
bool file_is_absent(int err);

#endif
