/* Named answers of a recording: adding them while files are read, then sorting. */
#ifndef BENCH_RECORDING_INDEX_H
#define BENCH_RECORDING_INDEX_H

#include "bench/recording.h"

/* Makes room for `rows` more answers, read from `path`.  JEM_EDATA if they and `beside`, the
 * bytes of whatever else was made of the file, take more than 3 times the file and 60 MiB:
 * rows of two characters are no answers. */
jem_status recording_reserve(recording *r, int64_t rows, int64_t beside, const char *path);

/* Appends *a; its key, a whole image name, is cut to what identifies the image. */
jem_status recording_add(recording *r, const answer *a);

/* Keeps the answers of one observer: `name`, or without one the only observer that is no
 * person ("subject-NN"), or the only one.  JEM_EUSAGE that lists them otherwise. */
jem_status recording_choose_observer(recording *r, const char *name);

/* JEM_EDATA if two answers have the same set, key and tag. */
jem_status recording_sort(recording *r);

#endif
