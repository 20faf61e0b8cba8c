/* What a trained model can do, measured without people, as `jem eval`: accuracy and calibration, energies,
 * out-of-distribution scores, scene properties in its features, samples and their Frechet distances; accuracy under
 * attack where "eval.attack_images" is set.
 *
 *   jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
 *   if (jem_eval(&scores, "runs/a", NULL) == JEM_OK)
 *       for (int64_t i = 0; i < scores.count; i++)
 *           printf("%s %.4f\n", scores.rows[i].metric, scores.rows[i].value);
 *   jem_bench_scores_clear(&scores); */
#ifndef JEM_EVAL_H
#define JEM_EVAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "jem/bench.h"
#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero everywhere behind the size means the defaults. */
typedef struct jem_eval_options {
    size_t size;                       /* of this struct; JEM_EVAL_INIT sets it */
    const char *const *set;            /* [set_count] "key=value": eval.*, engine.*, data.path */
    int set_count;
    const char *features_of;           /* a run with alpha = 0, in whose features FD-own is taken; NULL: none */
    const char *vae;                   /* weights of the autoencoder of runs on latents; NULL: their samples are
                                          left out */
    bool force;                        /* also runs that have these scores already */
    const volatile sig_atomic_t *stop; /* polled; nonzero: JEM_EINTERRUPTED, scores are as they were */
} jem_eval_options;

#define JEM_EVAL_INIT {sizeof(jem_eval_options), NULL, 0, NULL, NULL, false, NULL}

/* *out <- the scores of a run, or of every run of a study in turn: jem_bench_scores_clear.  Their folders get
 * scores, trials and pictures; a run that has been evaluated so before is not again.  o may be NULL.
 *   JEM_EUSAGE  unknown key, value out of range, a run in features_of that is no classifier
 *   JEM_EDATA   no run, damaged weights or data
 * If runs of a study fail the others are evaluated; *out stays as it was. */
JEM_API jem_status jem_eval(jem_bench_scores *out, const char *folder, const jem_eval_options *o);

#ifdef __cplusplus
}
#endif
#endif
