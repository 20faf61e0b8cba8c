/* Benchmarks of human vision: each takes a subject and the published data and gives
 * trials and scores in the formats of record.h.
 *
 * A benchmark is one folder (NAME/run.c ends with its const struct, NAME/measure.c says what its
 * scores mean) and a line in a list: benchmarks.c has jem's own, a program may hand in another
 * (jem_main).  Everything it computes from trials lies in stats/ and is a pure function; scores can
 * be computed again from the trials alone. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <signal.h>

#include "base/options.h"
#include "base/pool.h"
#include "bench/data_part.h"
#include "bench/subject.h"
#include "measure/measure.h"
#include "record/record.h"
#include "stats/summary.h"

/* Keys bench.* that all benchmarks share. */
enum { BENCH_RESAMPLE_BOTH, BENCH_RESAMPLE_IMAGES };
typedef struct bench_options {
    int64_t rounds; /* of the bootstrap; 10000 */
    int64_t seed;   /* of the bootstrap and of splits */
    double level;   /* of intervals; 0.95 */
    int resample;   /* images and people, which are crossed and make intervals conservative, or images
                       alone: of these people */
} bench_options;
extern const option bench_option_table[];
/* Do people stay as they are when images are drawn? */
bool bench_keeps_people(const bench_options *o);
/* "people and images drawn, ...": for formulas of scores that are of both. */
const char *bench_drawn_text(const bench_options *o);

typedef struct bench_request {
    const subject *subject; /* NULL: only the human reference rows are computed */
    const char *data;       /* folder of the benchmark's data; NULL: none, see without_data */
    const char *humans;     /* folder of human trials where that is another one; NULL: data */
    const bench_options *common;
    const void *options;    /* the benchmark's own keys */
    const char *command;    /* as typed: goes with every score */
    const char *out;        /* folder (a run's, or --out) that trials/ is written to; NULL: none */
    pool *threads;          /* for bootstrap and probes; NULL: the calling thread alone */
    const volatile sig_atomic_t *stop; /* nonzero: it ends at the next score; NULL: never */
    score_list *scores;     /* appended to */
} bench_request;

typedef struct benchmark {
    const char *name;      /* "cifar10h"; also what `jem data fetch` calls its data */
    const char *measures;  /* one line */
    const measures *meaning; /* of its scores: NAME/measure.c */
    const measures *also;    /* of further ones, made with them under another name; NULL: none */
    const char *source;    /* paper */
    const char *needs;     /* of the subject: "logits or probabilities" */
    const char *data;      /* what the folder holds and where it is to be had, with licence */
    const option *options; /* keys NAME.*; NULL: none */
    size_t options_size;
    bool scores_autoencoder; /* that of a latent JEM can be scored alone, beside it */
    /* Can part of it be scored of a subject where there is no folder of data?  NULL: no. */
    bool (*without_data)(const void *options);
    /* Is the folder whole?  Says what it finds; JEM_EDATA if it cannot be used. */
    jem_status (*check)(const char *data, const bench_finder *found);
    /* Describes a model without people, by subject.generative: `jem eval` runs it (eval.h), `jem
     * bench` does not, and what is of no use to that may be NULL. */
    bool generative;
    jem_status (*run)(const bench_request *r);
} benchmark;

/* A list of benchmarks ends with NULL and has at most so many. */
enum { BENCHMARKS_MAX = 64, MEASURES_MAX = 2 * BENCHMARKS_MAX };
/* What `jem bench` calls so, and its place; NULL if there is none. */
const benchmark *benchmark_find(const benchmark *const *list, const char *name, int *place);
/* out <- what the scores of all in the list mean, in its order, then what they mean also; and NULL. */
void benchmark_meanings(const measures *out[MEASURES_MAX + 1], const benchmark *const *list);

/* One score of the request's subject; what is not set is left out of the score. */
typedef struct bench_score {
    const char *benchmark, *metric, *dataset, *condition;
    double value;
    stats_interval interval; /* {NAN, NAN}: none */
    int64_t n;
    double ceiling;          /* NAN: none */
    const char *formula;     /* says which choices of the open points were made */
    uint64_t data_hash;      /* 0: none */
    const char *model;       /* NULL: the subject's name; "human", "oracle" for reference rows */
} bench_score;
/* A row about people: a plain value without interval or ceiling. */
bench_score bench_human(const char *metric, const char *condition, double value,
                        const char *formula);
/* JEM_EINTERRUPTED if r->stop says so. */
jem_status bench_add(const bench_request *r, const bench_score *s);

#endif
