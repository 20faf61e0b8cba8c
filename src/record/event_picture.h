/* Pictures in TensorBoard's event files (event_file.h): what a training that is under way last drew. */
#ifndef RECORD_EVENT_PICTURE_H
#define RECORD_EVENT_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

/* *png [*size] (owned) <- the last picture called `tag` in the files of RUN/events, *step <- the iteration it is of;
 * NULL where there is none.  What is cut short or damaged ends a file, as it does for other readers; sums are not
 * checked.  JEM_EIO, JEM_ENOMEM */
jem_status event_picture_last(char **png, size_t *size, int64_t *step, const char *run, const char *tag);

#endif
