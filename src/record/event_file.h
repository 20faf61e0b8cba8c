/* TensorBoard's event files, written directly.
 *
 * A file is a sequence of TFRecords (all numbers little-endian)
 *
 *   uint64 length | uint32 masked CRC-32C of it | data [length] | uint32 masked CRC-32C
 *
 * whose data are protobuf messages, of which these fields are used:
 *
 *   Event          1 wall_time double   2 step int64   3 file_version string
 *                  5 summary Summary    7 session_log SessionLog
 *   Summary        1 value Summary.Value, repeated
 *   Summary.Value  1 tag string   2 simple_value float   4 image Summary.Image
 *   Summary.Image  1 height   2 width   3 colorspace   4 encoded_image_string
 *   SessionLog     1 status: 1 is START
 *
 * The first event names the version, "brain.Event:2"; the second is a START.  On a
 * START readers forget the events of its step and later ones, whichever file of the
 * folder they came from.  A record cut short ends a file for them without an error.
 * Source: tensorflow/core/util/event.proto, framework/summary.proto. */
#ifndef RECORD_EVENT_FILE_H
#define RECORD_EVENT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

/* Of each kind of event a training writes about so many at most, spread evenly: what comes sooner
 * than iterations / most after the last one of its kind is left out, unless it ends the training. */
enum { EVENT_ROWS = 5000, EVENT_VALIDATIONS = 5000, EVENT_PICTURES = 100 };

typedef struct event_file event_file;

/* Makes `folder` if need be and in it a file of this session, named
 * events.out.tfevents.SECONDS.HOST.PID so that names sort in the order of sessions.
 * `first_step`: of the first event that is to come.  JEM_EIO. */
jem_status event_file_open(event_file **out, const char *folder, int64_t first_step);
void event_file_close(event_file *f); /* NULL is fine */
const char *event_file_path(const event_file *f); /* borrowed */

/* Warns of each file of the folder that is damaged: readers stop at the first record whose checksum does
 * not match and say nothing.  JEM_EIO, JEM_ENOMEM. */
jem_status event_files_check(const char *folder);

typedef struct event_scalar {
    const char *tag;
    double value; /* stored as float; left out if not finite */
} event_scalar;
/* One event of n numbers; none if no number is finite.  On JEM_EIO the file is as before. */
jem_status event_file_scalars(event_file *f, int64_t step, const event_scalar *s, int64_t n);

typedef struct event_image {
    const char *tag;
    int64_t height, width, channels; /* 1, 3 or 4 */
    const void *encoded;             /* a PNG file [size] */
    size_t size;
} event_image;
/* One event with one picture; JEM_EIO as above. */
jem_status event_file_image(event_file *f, int64_t step, const event_image *m);

/* START: what follows replaces the events of `first_step` and later. */
jem_status event_file_restart(event_file *f, int64_t first_step);

#endif
