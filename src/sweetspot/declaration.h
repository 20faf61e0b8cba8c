/* The primary score of each benchmark, as people name it in STUDY/study.yaml before training:
 *
 *   cue-conflict:
 *     score: shape_bias        # as score files name it; two joined by + are the distance in their plane
 *     rule: best               # best or distance, as sweetspot.rule
 *     layer: pool              # what a reader has to know of the choice; quoted beside the claim
 *     latent: 64               # dimensions of the latent space that is scored; model.proj of the runs
 *
 * score must be given; a benchmark that has no entry is exploratory. */
#ifndef SWEETSPOT_DECLARATION_H
#define SWEETSPOT_DECLARATION_H

#include "base/options.h"
#include "measure/measure.h"
#include "record/declared.h"

typedef struct declared_score {
    char score[OPTION_STRING_MAX]; /* "": the benchmark has no entry */
    int rule;                      /* as sweetspot.rule */
    char layer[OPTION_STRING_MAX]; /* "": not said */
    int64_t latent;                /* 0: not said */
} declared_score;

typedef struct declaration {
    declared kept;            /* without a path there is no declaration */
    const measures *const *of; /* [count], borrowed */
    int64_t count;
    declared_score *score;    /* [count] */
} declaration;

/* What the file at `path` says.  JEM_EUSAGE naming line, key or entry that it must not have: unknown
 * benchmarks, keys, scores, entries without a score. */
jem_status declaration_read(declaration *out, const char *path, const measures *const *known);
/* That of a study; an empty one where it has no study.yaml. */
jem_status declaration_of_study(declaration *out, const char *study, const measures *const *known);
/* Before anything is trained: does that at `path` mean something, or, where path is NULL, that of the study? */
jem_status declaration_check(const char *path, const char *study, const measures *const *known);
void declaration_clear(declaration *d); /* a zeroed one is fine */

/* NULL: the benchmark has no entry, or there is no declaration. */
const declared_score *declaration_find(const declaration *d, const measures *of);

/* "2afc", of which < 0 "2afc+jnd_map". */
void spot_metric(char *out, size_t size, const measure_spot *line, int which);

#endif
