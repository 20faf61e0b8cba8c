/* A training that somebody asks about before it begins: its settings, and its data or their
 * size where they are not there. */
#ifndef CLI_ESTIMATE_INPUT_H
#define CLI_ESTIMATE_INPUT_H

#include "base/stopwatch.h"
#include "cli/cli.h"
#include "estimate/profile.h"

/* As the command line says it; what was not given is NULL or CLI_NONE. */
typedef struct estimate_request {
    const cli_lists *lists;
    const char *config; /* a file, a run, or NULL: the defaults */
    const char *shape;
    int64_t images, classes;
    cli_list set;
} estimate_request;

/* Their rows in a command's table: data that are not there. */
#define ESTIMATE_OPTIONS(type, field)                                                              \
    {"--images", CLI_INT, offsetof(type, field.images), "N", .help = "how many images, without the data", \
     .min = 1, .max = (double)((int64_t)1 << 40)},                                                 \
    {"--shape", CLI_TEXT, offsetof(type, field.shape), "CxHxW", .help = "their shape, as 3x32x32"},        \
    {"--classes", CLI_INT, offsetof(type, field.classes), "K", .help = "how many classes they have",       \
     .min = 1, .max = 1 << 24}

/* *c <- the settings a training would have: of the file or the run, then --set in order.  Fails
 * as config_load. */
jem_status estimate_settings(config *c, const estimate_request *q);

typedef struct estimate_input {
    data_facts facts;
    bool assumed; /* the data are not there: sizes as declared, or as this kind usually has */
    splits data;  /* empty then; the caller's: splits_free */
} estimate_input;

/* Loads the data if data.path is set, else takes what is declared; c->model learns their
 * sizes.  JEM_EUSAGE if nothing says how large they are, JEM_EDATA if they do not fill a batch. */
jem_status estimate_data(estimate_input *out, config *c, const estimate_request *q);

/* What the times that were printed are worth; nothing if the processors were quiet. */
void estimate_print_processors(processors_state s);

#endif
