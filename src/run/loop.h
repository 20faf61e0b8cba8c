/* A whole training: epochs, validation, log, checkpoints, rescue. */
#ifndef RUN_LOOP_H
#define RUN_LOOP_H

#include <signal.h>

#include "run/run.h"
#include "train/health.h"

/* How a training stands; NaN where nothing is known yet. */
typedef struct train_status {
    int64_t iteration, iterations;
    double epoch, images_per_s, eta_s;
    double val_accuracy;  /* of the last validation */
    verdict verdict;      /* of the last row of metrics.csv */
    const char *reason;   /* borrowed for the call */
    int rescues;
} train_status;
/* Called about once a second and after the last iteration. */
typedef struct train_watch {
    void (*fn)(void *ctx, const train_status *s);
    void *ctx;
} train_watch;

typedef struct train_request {
    config *cfg;         /* resolved; sizes of the data are filled in */
    const char *out;     /* the run's folder */
    const splits *data;  /* borrowed; NULL: loaded as cfg->data says */
    bool resume;         /* go on with an unfinished run */
    const volatile sig_atomic_t *stop; /* becomes nonzero to stop; may be NULL */
    train_watch watch;   /* fn may be NULL */
    char **place;        /* <- where the run lies at the end, owned; may be NULL */
} train_request;

/* Trains until the last iteration, or logs that the run is finished already.
 *   JEM_EUSAGE        the folder belongs to another run, or is unfinished and !resume
 *   JEM_EDIVERGED     no attempt is left: the last good checkpoint is intact, run.json says why
 *   JEM_EINTERRUPTED  *stop was set: saved, can be resumed
 * A resumed training ends with the same bits as an uninterrupted one.
 *
 * A folder that is moved meanwhile stays the training's, which goes on there and says so: nothing
 * is written into what has the old name.  JEM_EIO, at the next checkpoint, if it is removed. */
jem_status train_run(const train_request *r);

#endif
