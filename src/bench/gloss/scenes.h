/* What a subject's features say about rendered scenes, and how glossy they make the rated
 * images: the part of the gloss benchmark that needs pictures or recorded features. */
#ifndef BENCH_GLOSS_SCENES_H
#define BENCH_GLOSS_SCENES_H

#include "bench/gloss/people.h"

/* Keys gloss.*. */
typedef struct gloss_options {
    char scenes[OPTION_STRING_MAX], images[OPTION_STRING_MAX], layer[OPTION_STRING_MAX];
    char label[OPTION_STRING_MAX], light[OPTION_STRING_MAX], bump[OPTION_STRING_MAX];
    int64_t size;
    option_list split; /* train, val, test */
    double test_fraction; /* without them: the share of scenes that is tested, the last ones */
    int ceiling;       /* gloss_ceiling */
} gloss_options;

typedef enum gloss_ceiling {
    GLOSS_CEILING_PAPER,
    GLOSS_CEILING_OTHERS,
    GLOSS_CEILING_ALL
} gloss_ceiling;

/* Scores gloss and light-field accuracy and the R2 of the relief.  With the features of the
 * rated images (folder o->images for networks; rows behind the scenes' for recorded ones)
 * glossiness [50] <- decision values of the glossy-matte SVM and *rated <- true.
 * scene [50]: numbers of the rated images; NULL: nobody's ratings are at hand, scenes are all
 * that is scored.  JEM_EDATA for other than 6 light fields, a class that is absent in either
 * part, features that are not finite. */
jem_status gloss_scenes_score(double glossiness[GLOSS_RATED], bool *rated, const bench_request *r,
                              const int32_t scene[GLOSS_RATED]);

#endif
