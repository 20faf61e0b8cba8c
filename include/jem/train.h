/* Training: from a config to a run folder.
 *
 *   RUN/config.yaml  run.json  metrics.csv  best.safetensors  checkpoints/ */
#ifndef JEM_TRAIN_H
#define JEM_TRAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/data.h"
#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a training stands; NaN where nothing is known yet. */
typedef struct jem_train_status {
    int64_t iteration, iterations;
    double epoch, images_per_s, eta_s;
    double val_accuracy; /* of the last validation */
    const char *verdict; /* "healthy", ... of the last row of metrics.csv */
    const char *reason;  /* of that; "" where there is none; both borrowed for the call */
    int rescues;         /* changes of settings after a divergence, so far */
} jem_train_status;
/* Called about once a second and after the last iteration, on the thread that trains. */
typedef void (*jem_train_watch)(void *ctx, const jem_train_status *s);

/* Zero everywhere behind the size means: nothing is changed, nothing stops it. */
typedef struct jem_train_options {
    size_t size;                       /* of this struct; JEM_TRAIN_INIT sets it */
    const char *const *set;            /* "key=value", e.g. "train.epochs=4" (settings.h) */
    int set_count;
    const volatile sig_atomic_t *stop; /* polled; nonzero: save, return JEM_EINTERRUPTED */
    bool resume;                       /* jem_train goes on with an unfinished run of these settings */
    jem_train_watch watch;             /* may be NULL */
    void *watch_ctx;
    const jem_data *data; /* of jem_train: images (U8 of 0 to 255, or F32 in [-1, 1]) and labels to train on; the
                             training keeps them in OUT-data/, where jem_resume and jem_eval find them.  NULL: data.* */
} jem_train_options;

#define JEM_TRAIN_INIT {sizeof(jem_train_options), NULL, 0, NULL, false, NULL, NULL, NULL}

/* Trains as the YAML file `config` says (NULL: the study's defaults), changed by
 * o->set, into the folder `out`, which must be new, empty, or hold the finished
 * run of these very settings, or with o->resume the unfinished one.  `o` may be NULL.
 *   JEM_EUSAGE        unknown key (the nearest is named), value out of range,
 *                     a folder that belongs to another run, or an OUT-data/ with other arrays
 *   JEM_EDIVERGED     the last good checkpoint is intact, run.json says why
 *   JEM_EINTERRUPTED  *stop was set: saved, can be resumed */
JEM_API jem_status jem_train(const char *config, const char *out, const jem_train_options *o);

/* Goes on with an unfinished run: it ends with the same bits as an uninterrupted one.
 * o->set may hold engine.* and data.path only.  Failures as above. */
JEM_API jem_status jem_resume(const char *run, const jem_train_options *o);

#ifdef __cplusplus
}
#endif
#endif
