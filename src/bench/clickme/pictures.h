/* What the report shows of ClickMe: photograph, people's map, the model's. */
#ifndef BENCH_CLICKME_PICTURES_H
#define BENCH_CLICKME_PICTURES_H

#include "bench/clickme/data.h"

/* Writes RUN/samples/clickme/NAME/picture.png, people.png and model.png; map [224][224]. */
jem_status clickme_show(const char *run, const clickme_image *m, const float *map);

#endif
