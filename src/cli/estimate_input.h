/* What jem plan and jem speed share: a training that somebody asks about, as typed (study/training_input.h). */
#ifndef CLI_ESTIMATE_INPUT_H
#define CLI_ESTIMATE_INPUT_H

#include "base/stopwatch.h"
#include "cli/cli.h"
#include "study/training_input.h"

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

/* Borrows from q. */
training_input_request estimate_input_of(const estimate_request *q);

/* What the times that were printed are worth; nothing if the processors were quiet. */
void estimate_print_processors(processors_state s);

#endif
