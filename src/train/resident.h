/* A training step that stays in a device's memory: data, replay buffer, parameters, moments
 * and averages live there, the whole step is one captured graph, and the host only writes
 * a few numbers before it and reads a report after it.
 *
 * It computes what trainer.c computes, with the same random numbers; sums may round
 * otherwise.  What it does not know (resident_refuses) is done by trainer.c on the host's
 * arrays, where the device is still what runs the network. */
#ifndef TRAIN_RESIDENT_H
#define TRAIN_RESIDENT_H

#include "train/trainer.h"

/* Why this training cannot be resident; NULL: it can. */
const char *resident_refuses(const trainer *t);

/* For a trainer whose host arrays are up to date.  Nothing is recorded before the first step. */
jem_status resident_new(resident **out, trainer *t);
void resident_free(resident *r); /* NULL is fine */

/* Moments, averages and buffer were written in the host's memory. */
void resident_state_changed(resident *r);

/* The step's report, and whether the state took it: a step that met anything that is not
 * finite changes nothing, and *fine is false.  JEM_EDIVERGED if a chain's gradient was not. */
jem_status resident_step(step_report *s, bool *fine, resident *r, trainer *t);

/* Brings parts of the state into the host's arrays. */
jem_status resident_fetch(resident *r, trainer *t, int parts);
/* Brings what the last step computed into t->objective: to say what was not finite. */
jem_status resident_fetch_step(resident *r, trainer *t);

#endif
