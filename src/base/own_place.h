/* Where the files lie that were built and installed together with this code: what is opened at
 * run time (a backend, linear algebra) is looked for there and nowhere else. */
#ifndef BASE_OWN_PLACE_H
#define BASE_OWN_PLACE_H

#include "jem/status.h"

/* *folder <- that of the program or library that holds this code, absolute, owned.  It is the
 * kernel's word: neither argv[0] nor a path that was relative once decides it.  JEM_EIO where
 * /proc does not tell. */
jem_status own_folder(char **folder);

/* *path <- where `file` is, absolute, owned: in that folder, or where libraries are installed
 * beside a program there (../lib).  NULL if it is in neither. */
jem_status own_file(char **path, const char *file);

#endif
