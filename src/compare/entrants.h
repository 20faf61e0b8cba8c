/* One score of all models: who has it, and on which common images. */
#ifndef COMPARE_ENTRANTS_H
#define COMPARE_ENTRANTS_H

#include "compare/models.h"
#include "measure/trials.h"

typedef struct entrant {
    bool has;           /* some network has a score of it */
    char *reason;       /* why it cannot be compared; NULL: it can; owned */
    int64_t networks;
    const score **row;  /* [networks] borrowed from the model */
    trial_items *items; /* [networks] of the common images; NULL: the score is not drawn from images */
    int64_t images;     /* that it has itself */
} entrant;

typedef struct entrants {
    int64_t count; /* of the models */
    entrant *of;
    int64_t images; /* in common among those without a reason */
} entrants;

/* Everybody's score and trials.  Models that cannot be held against the first one have a reason; where
 * the first one has a reason nobody can. */
jem_status entrants_find(entrants *out, const compare_models *models, const measures *of,
                         const measure_spot *line, int which);
void entrants_clear(entrants *e); /* a zeroed one is fine */

#endif
