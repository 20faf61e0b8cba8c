/* Where files lie that can be made again at the price of time: JEM_CACHE, else XDG_CACHE_HOME/jem, else
 * ~/.cache/jem.  Whoever deletes them loses nothing else. */
#ifndef BASE_CACHE_PLACE_H
#define BASE_CACHE_PLACE_H

#include "jem/status.h"

/* *path (owned) <- that of the file `name` there, whose folder is made; NULL: none of the three is set. */
jem_status cache_path(char **path, const char *name);

#endif
