/* Paths as people write them where no shell expands them: behind `--out=`, in YAML, in quotes. */
#ifndef BASE_PATH_EXPAND_H
#define BASE_PATH_EXPAND_H

#include "jem/status.h"

/* "~/data", "$HOME/data", "${SCRATCH}/data": *out <- owned, with the value of the variable in
 * front; NULL if nothing of this kind stands there.  JEM_EUSAGE if the variable is not set. */
jem_status path_expand(char **out, const char *path);

/* *out <- owned: `path` below the working directory, or as it is if it begins with '/'.  JEM_EIO if
 * nobody can say where the working directory is. */
jem_status path_absolute(char **out, const char *path);

#endif
