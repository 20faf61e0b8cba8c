/* What is tortured: a small piece of work in a folder of its own. */
#ifndef TORTURE_SCENARIO_H
#define TORTURE_SCENARIO_H

#include "support/check.h"

typedef struct scenario {
    const char *name;
    void (*prepare)(const char *dir);        /* without faults */
    jem_status (*work)(const char *dir);     /* one call fails */
    /* Without faults: what was there before is intact, or all of the new is there; only
     * the new if `done`. */
    void (*check)(const char *dir, bool done);
    bool slow; /* to be failed at a few places only */
} scenario;

/* End with name NULL. */
extern const scenario file_scenarios[], reading_scenarios[], packing_scenarios[], training_scenarios[];

/* Removes what the training scenarios compare with. */
void training_scenarios_end(void);

/* DIR/NAME, in one of a few buffers that take turns. */
const char *in(const char *dir, const char *name);

#endif
