/* Files of recorded answers, read and made findable: behind subject_of_answers. */
#ifndef BENCH_RECORDING_H
#define BENCH_RECORDING_H

#include <stdbool.h>

#include "base/csv.h"
#include "bench/subject.h"
#include "jem/tensor.h"
#include "record/record.h"

typedef enum recording_kind {
    RECORDING_AUTO,
    RECORDING_TRIALS,
    RECORDING_LOGITS,
    RECORDING_DISTANCES,
    RECORDING_MAPS,
    RECORDING_SCALARS,
    RECORDING_FEATURES
} recording_kind;

/* One file; what it does not hold is empty. */
typedef struct answer_file {
    char *path, *set;  /* set "": of any image set */
    trial_list trials;
    csv table;         /* its cells name the answers */
    jem_tensor values; /* [n] or [n][k] or [n][h][w]; ndim 0: none */
    char *names_text;  /* of FILE.names */
    bool named;        /* rows of values are found by name, not by place */
} answer_file;

/* One answer with a name.  Strings are borrowed from its file. */
typedef struct answer {
    const char *set, *key; /* key: image id, up to key_size: without extension */
    size_t key_size;
    const char *tag;       /* condition, or patch; "" */
    const char *by;        /* observer; NULL */
    double value;          /* category or distance */
    int64_t file, row;     /* where in its file's values */
} answer;

typedef struct recording {
    char *path;
    recording_kind kind; /* AUTO: values [n][k] that are logits or instances of scalars */
    answer_file *files;
    int64_t file_count, file_room;
    answer *answers;     /* sorted by set, key, tag */
    int64_t count, room;
    char observer[64];   /* of trials */
} recording;

/* Reads a file, or a folder with a file per image set.  kind and observer (NULL: the only
 * one that is no "subject-NN") as in subject_of_answers. */
jem_status recording_read(recording *r, const char *path, recording_kind kind,
                          const char *observer);
void recording_clear(recording *r); /* answers found in it end here; a zeroed one is fine */

/* Are there answers for this image set?  Files of no set answer for all. */
bool recording_has_set(const recording *r, const char *set);
/* The file of dense answers to s->set, and the row of s in it. */
jem_status recording_row(const recording *r, const stimulus *s, const answer_file **file,
                         int64_t *row);
/* The named answer to s, with this tag; NULL: of any.  JEM_EDATA if there is none, or if
 * several tags fit. */
jem_status recording_find(const recording *r, const stimulus *s, const char *tag,
                          const answer **out);

/* Element i of t as a number. */
double tensor_number(const jem_tensor *t, int64_t i);

#endif
