/* What resident_eq8.c (state, one step, the table eq8_on_device) and resident_eq8_graph.c share. */
#ifndef TRAIN_RESIDENT_EQ8_H
#define TRAIN_RESIDENT_EQ8_H

#include "train/objective_eq8.h"
#include "train/resident.h"

/* Do chains run in training mode, where batch norms take their images' own statistics? */
static inline bool resident_chains_train(const trainer *t)
{
    const eq8_state *s = eq8_state_of(t);
    return s->chains.sampler.batch_norm == BATCH_NORM_BATCH && s->batch.chain.sum;
}

extern const resident_graph resident_eq8_graph;

#endif
