/* What is kept of ClickMe's images: names, scores, perhaps maps; and the files that these become. */
#ifndef BENCH_CLICKME_OUTCOMES_H
#define BENCH_CLICKME_OUTCOMES_H

#include "bench/clickme/data.h"

typedef enum clickme_metric { CLICKME_SPEARMAN, CLICKME_IOU, CLICKME_DICE, CLICKME_METRICS } clickme_metric;
extern const char *const clickme_metric_names[CLICKME_METRICS];

typedef struct clickme_outcome {
    char *name; /* owned */
    int source; /* place in the list of sources */
    int64_t label;
    int64_t target; /* class whose logit was asked about; -1: the energy */
    int right;      /* is the label what the network answers?  -1: not asked */
    double value[CLICKME_METRICS]; /* CLICKME_SPEARMAN is NaN where a map is constant */
} clickme_outcome;

typedef struct clickme_kept_map {
    float v[CLICKME_PIXELS];
} clickme_kept_map;

enum { CLICKME_SOURCES_MAX = 64 };

typedef struct clickme_outcomes {
    clickme_outcome *images;
    int64_t n, capacity;
    char *sources[CLICKME_SOURCES_MAX];
    int source_count;
    uint64_t hash;          /* of the human maps */
    clickme_kept_map *maps; /* [map_count] of the model: of all images, or none */
    int64_t map_count, map_room;
} clickme_outcomes;

void clickme_outcomes_clear(clickme_outcomes *e); /* a zeroed one is fine */
/* One image more, with everything but its values.  JEM_EDATA for too many sources. */
jem_status clickme_remember(clickme_outcomes *e, const clickme_image *m);
/* The model's map [224][224] of the last image. */
jem_status clickme_keep_map(clickme_outcomes *e, const float *map);

/* OUT/trials/clickme.csv with each image's correlation, clickme-iou.csv and clickme-dice.csv with its overlaps, and, of
 * kept maps, clickme-maps.npy [n,224,224]; nothing where `out` is NULL. */
jem_status clickme_save_outcomes(const clickme_outcomes *e, const char *subject, const char *out);

#endif
