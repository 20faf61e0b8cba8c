/* A training that somebody asks about before it begins: its settings, and its data or their
 * size where they are not there. */
#ifndef STUDY_TRAINING_INPUT_H
#define STUDY_TRAINING_INPUT_H

#include "estimate/profile.h"

/* What was not said is NULL or 0. */
typedef struct training_input_request {
    const config_lists *lists;
    const char *config;     /* a file, a run, or NULL: the defaults */
    const char *const *set; /* [set_count] "key=value" */
    int set_count;
    int64_t images, classes; /* of data that are not there */
    const char *shape;       /* "3x32x32" */
} training_input_request;

/* *c <- the settings a training would have: of the file or the run, then `set` in order.  Fails
 * as config_load. */
jem_status training_input_settings(config *c, const training_input_request *q);

typedef struct training_input {
    data_facts facts;
    bool assumed; /* the data are not there: sizes as declared, or as this kind usually has */
    splits data;  /* empty then; the caller's: splits_free */
} training_input;

/* Loads the data if data.path is set, else takes what is declared; c->model learns their
 * sizes.  JEM_EUSAGE if nothing says how large they are, JEM_EDATA if they do not fill a batch. */
jem_status training_input_read(training_input *out, config *c, const training_input_request *q);

#endif
