/* What jem bench says first: one line for each score by which a benchmark compares with people. */
#ifndef CLI_BENCH_HEADLINE_H
#define CLI_BENCH_HEADLINE_H

#include "base/strbuf.h"
#include "measure/measure.h"
#include "record/record.h"

typedef struct headline_request {
    const score_list *scores;
    const measures *const *meanings;
    const char *answers; /* whose model scores without alpha and seed are, beside the autoencoder's; "": none */
    double level;        /* of intervals */
} headline_request;

/* Appends a table: score, interval, what people reach, place among published models; of several seeds
 * means with standard errors, a line for each alpha.  What all lines have in common stands above them.
 * *lines <- how many there are; with 0 nothing is appended. */
jem_status bench_headlines(strbuf *out, int64_t *lines, const headline_request *q);

#endif
