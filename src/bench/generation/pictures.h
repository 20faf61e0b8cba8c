/* Pictures of a model of images: see pictures.c. */
#ifndef BENCH_GENERATION_PICTURES_H
#define BENCH_GENERATION_PICTURES_H

#include "bench/generative.h"

/* Writes them to RUN/samples.  Chains that diverge are left out with a warning. */
jem_status generation_pictures(const bench_request *q);

#endif
