/* Steps of Eq. 8 that stay in a device's memory: data, replay buffer, parameters, moments
 * and averages live there, the whole step is one captured graph, and the host only writes
 * a few numbers before it and reads a report after it.
 *
 * It computes what objective_eq8.c and trainer.c compute, with the same random numbers; sums may
 * round otherwise.  What it does not know is done by them on the host's arrays, where the device is
 * still what runs the network.  This is what resident.c (state, one step, the table
 * eq8_on_device), resident_data.c and resident_graph.c share. */
#ifndef TRAIN_RESIDENT_H
#define TRAIN_RESIDENT_H

#include "backend/device.h"
#include "backend/energy_steps.h"
#include "nn/executor.h"
#include "train/objective_eq8.h"

enum { ARRAYS_MAX = 64 };

typedef struct resident {
    const device *d;
    const energy_steps *energy;
    void *arrays[ARRAYS_MAX]; /* all of the device's memory below; owned */
    int array_count;

    /* Of one thread each, its workspace made; none for what the objective does not have. */
    executor chain, labelled, other;
    const executor *generative; /* labelled, or for another size of batch `other` */
    device_graph *step;
    int64_t steps; /* L of the captured step */

    /* the state */
    float *m, *v, *ema, *replay; /* v: Adam's */
    int32_t *age;
    uint8_t *decays;          /* NULL: all parameters do */
    float *mean, *root;       /* of sampler.start class_gaussian */
    float *bank;              /* of sampler.start encoded_noise: */
    int64_t banked;           /* so many entries */
    bool host_newer;  /* moments, averages, buffer */
    int device_newer; /* trainer_part: what the host does not know yet */

    /* one step */
    float *x, *start, *grad, *logits, *cotangent, *lse;
    float *grad_d, *grad_g, *grad_part;
    int32_t *y, *hit, *index, *fresh, *chain_class, *own_class, *bad;
    double *loss_terms, *sums, *sum_parts, *moved, *moved_parts;
    float *running, *chain_sum; /* [running_count]: new running statistics; what chains by their own add to them; */
    float *batch_stats;       /* as long as the parameters: of the latest pass */
    float *average;           /* [running_count]: what becomes of their averages */
    int64_t *running_at;      /* [running_count]: where they lie among the parameters */
    int64_t running_count;
    double *running_sums;     /* [3][ENERGY_SUMS] */
    float *kept;              /* of sharpness-aware steps: the parameters, */
    double *square;           /* and a sum over all */
    float *schedule;
    double schedule_step_size; /* what it was made for */
    energy_numbers *numbers;
    energy_report *report;    /* [2]: the second uphill */

    /* data: in the device's memory, or made on the host one step ahead */
    void *images;         /* [n][views][c][h][w]; NULL: made on the host */
    jem_dtype image_type; /* of `images`: JEM_U8 levels, JEM_F16 or JEM_F32 */
    int64_t views;        /* 2: a latent, and that of the mirrored picture */
    float *table;
    int32_t *labels, *order[2];
    int64_t order_epoch[2];
    int32_t *order_host;      /* owned */
    float *next_x;            /* owned: rows of the batch of ... */
    int32_t *next_y;          /* owned */
    int64_t next;             /* ... this iteration, -1: none */
} resident;

/* *out <- `count` zeroed elements of the device's memory, r's until it closes. */
jem_status resident_array(void *out, resident *r, int64_t count, size_t size);
#define ARRAY(p, count) resident_array(&(p), r, count, sizeof *(p))

/* The training images into the device's memory, if they leave most of it to the network. */
jem_status resident_make_data(resident *r, const trainer *t);
/* What of the batches of t->iteration the host has to say. */
jem_status resident_send_data(resident *r, trainer *t);
/* Images that stay on the host: makes the batches of `iteration`, while the device computes. */
jem_status resident_prepare_batch(resident *r, trainer *t, int64_t iteration);

/* Do chains run in training mode, where batch norms take their images' own statistics? */
static inline bool resident_chains_train(const trainer *t)
{
    const eq8_state *s = eq8_state_of(t);
    return s->chains.sampler.batch_norm == BATCH_NORM_BATCH && s->batch.chain.sum;
}

/* Captures the step, if that is not done.  Everything that a step reads must be there: a step
 * is made once before, up to its report. */
jem_status resident_capture(resident *r, const trainer *t, float *theta);

#endif
