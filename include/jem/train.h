/* Training: from a config to a run folder.
 *
 *   RUN/config.yaml  run.json  metrics.csv  best.safetensors  checkpoints/ */
#ifndef JEM_TRAIN_H
#define JEM_TRAIN_H

#include <signal.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero everywhere means: nothing is changed, nothing stops it. */
typedef struct jem_train_options {
    const char *const *set;            /* "key=value", e.g. "train.epochs=4" */
    int set_count;
    const volatile sig_atomic_t *stop; /* polled; nonzero: save, return JEM_EINTERRUPTED */
} jem_train_options;

#define JEM_TRAIN_INIT {NULL, 0, NULL}

/* Trains as the YAML file `config` says (NULL: the study's defaults), changed by
 * o->set, into the folder `out`, which must be new, empty, or hold the finished
 * run of these very settings.  `o` may be NULL.
 *   JEM_EUSAGE        unknown key (the nearest is named), value out of range,
 *                     or a folder that belongs to another run
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
