/* A host's subject as benchmarks see it. */
#ifndef LIB_LIB_SUBJECT_H
#define LIB_LIB_SUBJECT_H

#include "bench/subject.h"
#include "jem/bench.h"

/* *out asks `s`, which is borrowed; lib_subject_clear.  mapping: a file, or NULL.  JEM_EUSAGE if it can answer
 * nothing; JEM_ENOMEM; JEM_EDATA of the mapping. */
jem_status lib_subject(subject *out, const jem_subject *s, const char *mapping);
void lib_subject_clear(subject *s); /* a zeroed one is fine */

#endif
