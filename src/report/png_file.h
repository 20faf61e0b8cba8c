/* PNG files of a run, before Cairo reads them: it neither bounds what a picture takes nor leaves
 * out texts and profiles, which may unpack to gigabytes. */
#ifndef REPORT_PNG_FILE_H
#define REPORT_PNG_FILE_H

#include <stddef.h>

#include "jem/status.h"

/* *data (owned, mem_free) <- the file without all chunks that are not needed to draw it.  JEM_EDATA
 * if it is no PNG file, has more than 15 * 2^20 pixels or 32767 a side (Cairo's limit), or more
 * pixels than deflate could have packed into it. */
jem_status png_file_read(char **data, size_t *size, const char *path);
/* The same in place of the *size bytes of a file; `name` opens messages. */
jem_status png_file_clean(char *data, size_t *size, const char *name);
/* How many pixels what was read has. */
size_t png_pixels(const char *data);

#endif
