/* What a study's primary scores were to be, as it stood when training began.
 *
 *   STUDY/study.yaml     written by hand before the first run, or brought by jem sweep --study
 *   STUDY/declared.json  its text and date, and how many runs had begun, when a sweep first found it
 *
 * What the text means is sweetspot/declaration.h's to know. */
#ifndef RECORD_DECLARED_H
#define RECORD_DECLARED_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

typedef struct declared {
    char *path;   /* STUDY/study.yaml; NULL: there is none */
    char *date;   /* "2026-11-30T14:03:05Z"; NULL: no sweep has found it yet */
    int64_t runs; /* that had begun by then */
    bool changed; /* the text is another now */
} declared;

/* JEM_EDATA naming a declared.json that is damaged. */
jem_status declared_read(declared *out, const char *study);
void declared_clear(declared *d); /* a zeroed one is fine */

/* May a sweep bring the file `from` (NULL: it brings none) to a study of which so many runs have begun?
 * JEM_EUSAGE if they began with another study.yaml.  Writes nothing. */
jem_status declared_check(const char *study, const char *from, int64_t runs);
/* Copies `from` to STUDY/study.yaml, and keeps date and text of the file if they are not kept, or no run has
 * begun. */
jem_status declared_keep(const char *study, const char *from, int64_t runs);

#endif
