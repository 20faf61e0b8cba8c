/* JSON documents as whole files, which are replaced atomically. */
#ifndef RECORD_JSON_FILE_H
#define RECORD_JSON_FILE_H

#include <jansson.h>

#include "jem/status.h"

/* Replaces the file atomically.  `root` stays the caller's; NULL (what jansson
 * makes when it runs out of memory) is JEM_ENOMEM. */
jem_status json_file_write(const char *path, const json_t *root);

#endif
