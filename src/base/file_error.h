/* What could not be done with a file or a folder, why, and what helps: the one place that knows. */
#ifndef BASE_FILE_ERROR_H
#define BASE_FILE_ERROR_H

#include <stdbool.h>

#include "jem/status.h"

/* What helps against an errno, as a clause: "free space". */
const char *file_remedy(int err);

/* JEM_EIO: "PATH: cannot WHAT: why; what helps". */
jem_status file_write_failed(const char *what, const char *path, int err);
/* The same of what must be there already: JEM_EDATA if it is not. */
jem_status file_read_failed(const char *what, const char *path, int err);

/* Is it that there is no such thing, which is the path's fault and not the system's? */
bool file_is_absent(int err);

#endif
