/* Benchmarks of human vision on anything that sees: a trained run, a network of any framework behind
 * callbacks, answers that were recorded.
 *
 *   jem_subject s = JEM_SUBJECT_INIT;
 *   s.name = "my-network", s.classes = 1000, s.logits = ask_it, s.ctx = &network;
 *   jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
 *   jem_bench_subject(&scores, "cue-conflict", &s, NULL);
 *
 * Scores are those of `jem bench`, with the same intervals, human references and, where options name a folder,
 * the same files (scores, trials), which jem_report draws. */
#ifndef JEM_BENCH_H
#define JEM_BENCH_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A picture that a subject is shown.  Borrowed during the call. */
typedef struct jem_stimulus {
    const char *name;      /* file name or id, as the data have it; NULL: none */
    const char *set;       /* image set ("colour"), or subset ("2afc/cnn"); NULL: one set */
    const char *condition; /* NULL: none */
    int64_t place;         /* from 0, in the order of the data */
    const uint8_t *pixels; /* [height][width][3] */
    int64_t height, width;
} jem_stimulus;

/* Who is asked.  A function that is NULL cannot be answered, and a benchmark that needs it says so.  Each
 * returns JEM_OK, or another status after jem_error(), which ends the benchmark; they are called on the thread
 * that called jem_bench_subject. */
typedef struct jem_subject {
    size_t size;      /* of this struct; JEM_SUBJECT_INIT sets it */
    const char *name; /* as scores call it */
    int64_t classes;  /* of its logits; 0: it gives none.  1000: ImageNet's, which map to the 16 categories */
    void *ctx;        /* of the functions */
    /* out [n][classes] <- logits */
    jem_status (*logits)(void *ctx, const jem_stimulus *s, int64_t n, double *out);
    /* d [n] <- perceptual distance of a[i] and b[i] */
    jem_status (*distance)(void *ctx, const jem_stimulus *a, const jem_stimulus *b, int64_t n, float *d);
    /* out [n] <- a judgement, such as glossiness: larger for more */
    jem_status (*rate)(void *ctx, const jem_stimulus *s, int64_t n, double *out);
    /* map [height][width] <- importance of each pixel for class y (< 0: for whatever it sees) */
    jem_status (*saliency)(void *ctx, const jem_stimulus *s, int64_t y, float *map, int64_t height,
                           int64_t width);
} jem_subject;

#define JEM_SUBJECT_INIT {sizeof(jem_subject), "subject", 0, NULL, NULL, NULL, NULL, NULL}

/* NULL and 0 mean the defaults. */
typedef struct jem_bench_options {
    size_t size;                       /* of this struct; JEM_BENCH_INIT sets it */
    const char *data;                  /* the benchmark's folder; NULL: $JEM_DATA/NAME */
    const char *humans;                /* people's answers other than those with the data */
    const char *mapping;               /* which classes mean which category, as --mapping */
    const char *out;                   /* folder for scores and trials; NULL: none are written */
    const char *const *set;            /* "key=value": bench.*, NAME.*; for runs engine.* as well */
    int set_count;
    int64_t threads;                   /* 0: all processors */
    const volatile sig_atomic_t *stop; /* polled; nonzero: JEM_EINTERRUPTED */
} jem_bench_options;

#define JEM_BENCH_INIT {sizeof(jem_bench_options), NULL, NULL, NULL, NULL, NULL, 0, 0, NULL}

/* One score.  Texts are owned by the list. */
typedef struct jem_bench_score {
    const char *benchmark, *metric;
    const char *dataset, *condition; /* NULL: none */
    const char *model;               /* "human" for what people reach, "oracle" for the best possible */
    const char *folder;              /* of the run, from jem_eval; NULL elsewhere */
    double alpha;                    /* of a run; NaN: none */
    int64_t seed;                    /* of a run; -1: none */
    double value, low, high;         /* NaN: no interval */
    double ceiling;                  /* what people reach; NaN: none */
    int64_t n;                       /* images behind it */
    const char *formula;             /* how it was computed */
} jem_bench_score;

typedef struct jem_bench_scores {
    int64_t count;
    jem_bench_score *rows; /* [count] */
    void *owner;
} jem_bench_scores;

#define JEM_BENCH_SCORES_INIT {0, NULL, NULL}

/* *out: jem_bench_scores_clear.  name: of a benchmark in `jem bench list`.  o may be NULL.
 * JEM_EUSAGE for an unknown benchmark, key, or a question that the subject cannot answer; JEM_EDATA where
 * data are missing or damaged. */
JEM_API jem_status jem_bench_subject(jem_bench_scores *out, const char *name, const jem_subject *subject,
                                     const jem_bench_options *o);
/* Of a run, or of every run of a study; their folders get scores and trials (o->out must be NULL). */
JEM_API jem_status jem_bench_run(jem_bench_scores *out, const char *name, const char *folder,
                                 const jem_bench_options *o);
/* Of recorded answers in a file or folder; kind as --kind, NULL: found out.  Of those in memory jem_npy_write makes a
 * file, and a subject can hand them out by `place`. */
JEM_API jem_status jem_bench_answers(jem_bench_scores *out, const char *name, const char *path,
                                     const char *kind, const jem_bench_options *o);
JEM_API void jem_bench_scores_clear(jem_bench_scores *s); /* NULL and JEM_BENCH_SCORES_INIT are fine */

#ifdef __cplusplus
}
#endif
#endif
