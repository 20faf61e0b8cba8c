/* After a divergence: back to a good checkpoint, change one thing, go on.
 *
 * rescue.rules names what the first, second, ... attempt changes (the last one
 * repeats); changes add up and stay for the rest of the run:
 *   noise      other random numbers for the chains (the JEM authors' remedy)
 *   rate       train.lr times rescue.rate_factor
 *   steps      sampler.steps times rescue.steps_factor, rounded up
 *   energy_l2  train.energy_l2 at least rescue.energy_l2, then doubled
 * A classifier (alpha = 0) has no chains: rules that could change nothing are skipped.
 * After rescue.tries attempts the training ends as diverged. */
#ifndef TRAIN_RESCUE_H
#define TRAIN_RESCUE_H

#include <jansson.h>

#include "base/options.h"
#include "tensor/safetensors.h"

struct config; /* train/config.h, which holds the options below */

enum { RESCUE_TRIES_MAX = 16, RESCUE_TEXT = 256 };

/* Keys rescue.*. */
typedef struct rescue_options {
    int64_t tries;                  /* 0: stop at the first divergence */
    char rules[OPTION_STRING_MAX];  /* "noise,rate,steps" */
    double rate_factor, steps_factor, energy_l2;
} rescue_options;
extern const option rescue_option_table[];

typedef struct rescue_event {
    int64_t iteration, back_to;     /* where it diverged; where it went on from */
    char reason[RESCUE_TEXT], change[RESCUE_TEXT]; /* "train.lr 0.001 -> 0.0005" */
} rescue_event;

/* All that happened and what is changed by it: plain data, part of a checkpoint and of
 * run.json. */
typedef struct rescue_state {
    int64_t reseeds;                /* times that the chains got other random numbers */
    double rate_factor;             /* on the learning rate; 1 at first */
    double steps_factor;            /* on sampler.steps; 1 at first */
    double energy_l2;               /* at least this strong; 0 at first */
    int count;
    rescue_event events[RESCUE_TRIES_MAX];
} rescue_state;
rescue_state rescue_none(void); /* nothing has happened: factors are 1 */

/* JEM_EUSAGE naming the rule if rescue.rules holds an unknown one. */
jem_status rescue_check(const rescue_options *o);
/* May one more attempt be made? */
bool rescue_left(const rescue_state *s, const rescue_options *o);
/* Applies the next rule of checked options to a state that has an attempt left, and
 * records the event.  cfg: the settings that are changed. */
void rescue_next(rescue_state *s, const rescue_options *o, const struct config *cfg,
                 int64_t iteration, int64_t back_to, const char *reason);

/* Is it what so many attempts with these options make of these settings?  A file may claim anything,
 * such as chains of 100,000 steps. */
bool rescue_follows(const rescue_state *s, const rescue_options *o, const struct config *cfg);

/* What the settings become: the seed of the chains, */
uint64_t rescue_seed(const rescue_state *s, uint64_t seed);
int64_t rescue_steps(const rescue_state *s, int64_t steps); /* sampler.steps, */
double rescue_energy_l2(const rescue_state *s, double strength); /* train.energy_l2 */

/* {"reseeds", "rate_factor", "steps_factor", "energy_l2", "events": [{"iteration",
 * "back_to", "reason", "change"}]}; a new reference, NULL if out of memory. */
json_t *rescue_to_json(const rescue_state *s);
/* JEM_EDATA, opening with `origin`, if anything is missing, superfluous or impossible. */
jem_status rescue_from_json(rescue_state *s, json_t *root, const char *origin);

/* The same as metadata "jem.rescue". */
jem_status rescue_save(const rescue_state *s, safetensors_writer *w);
jem_status rescue_restore(rescue_state *s, const safetensors *f); /* fails as rescue_from_json */

#endif
