/* A whole training: epochs, validation, log, checkpoints. */
#ifndef TRAIN_LOOP_H
#define TRAIN_LOOP_H

#include <signal.h>

#include "train/run.h"

typedef struct train_request {
    config *cfg;         /* resolved; sizes of the data are filled in */
    const char *out;     /* the run's folder */
    const splits *data;  /* borrowed; NULL: loaded as cfg->data says */
    bool resume;         /* go on with an unfinished run */
    const volatile sig_atomic_t *stop; /* becomes nonzero to stop; may be NULL */
} train_request;

/* Trains until the last iteration, or logs that the run is finished already.
 *   JEM_EUSAGE        the folder belongs to another run, or is unfinished and !resume
 *   JEM_EDIVERGED     the last good checkpoint is intact, run.json says why
 *   JEM_EINTERRUPTED  *stop was set: saved, can be resumed
 * A resumed training ends with the same bits as an uninterrupted one. */
jem_status train_run(const train_request *r);

#endif
