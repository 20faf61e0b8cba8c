/* Text files that people write: the byte order mark at the beginning, which some editors leave, is no
 * part of the text. */
#ifndef BASE_TEXT_FILE_H
#define BASE_TEXT_FILE_H

#include <stddef.h>

#include "jem/status.h"

/* As file_read, without the mark of UTF-8.  JEM_EDATA, too, for a file that begins with the mark of
 * UTF-16 (that of UTF-32 in little-endian order begins with it). */
jem_status text_read(char **text, size_t *size, const char *path, size_t max_size);
/* The same of what file_read_stream reads. */
jem_status text_read_stream(char **text, size_t *size, const char *path, size_t max_size);

#endif
