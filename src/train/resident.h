/* Training steps that stay in a device's memory: data, parameters, moments and averages live there, the
 * whole step is one captured graph, and the host only writes a few numbers before it and reads a report
 * after it.
 *
 * They compute what the objectives and trainer.c compute, with the same random numbers; sums may round
 * otherwise.  This is what resident.c (state and step of any objective), resident_data.c (its images) and
 * the objectives' own parts (resident_eq8.c, resident_pixelvae.c) share. */
#ifndef TRAIN_RESIDENT_H
#define TRAIN_RESIDENT_H

#include "backend/device.h"
#include "backend/energy_steps.h"
#include "nn/executor.h"
#include "train/trainer.h"

enum { ARRAYS_MAX = 64 };

typedef struct resident {
    const device *d;
    const energy_steps *energy;
    void *arrays[ARRAYS_MAX]; /* all of the device's memory below; owned */
    int array_count;

    /* Below, what an objective or a training does not have is NULL.  Of one thread each, its workspace
     * made: */
    executor chain, labelled, other;
    executor chain_rest; /* as chain, for the chains that are left */
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

    double *pixel_loss, *line_loss; /* of a PixelVAE: energy_mixture */

    /* where the batches lie in x, -1: there is none; images of both */
    int64_t labelled_row, generative_row, data_rows;
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

/* A step in two parts, which only enqueue: up to its reports, which leaves the state as it is; and the update. */
typedef struct resident_graph {
    jem_status (*look)(resident *r, const trainer *t, float *theta);
    jem_status (*update)(resident *r, const trainer *t, float *theta);
} resident_graph;

/* ---- memory */

/* *out, owned <- moments, averages, numbers and reports of a training; no data yet. */
jem_status resident_open(resident **out, const trainer *t);
void resident_close(void *r); /* NULL is fine */
/* *out <- `count` zeroed elements of the device's memory, r's until it closes. */
jem_status resident_array(void *out, resident *r, int64_t count, size_t size);
#define ARRAY(p, count) resident_array(&(p), r, count, sizeof *(p))
/* *x <- a plan for `use` (model.h) of batches of n. */
jem_status resident_executor(executor *x, const model *m, int use, int64_t n);
/* The training images into the device's memory, if they leave most of it to the network; after the rows
 * have been set. */
jem_status resident_make_data(resident *r, const trainer *t);

/* objective_device's */
void resident_changed(void *r);
jem_status resident_fetch(void *r, trainer *t, int parts);

/* ---- one step, in this order */

/* *theta <- the parameters there, which like the rest of the state are up to date then. */
jem_status resident_begin_step(float **theta, resident *r, trainer *t);
/* What the step does not share with the one before: `own` with all that any objective has. */
jem_status resident_send_numbers(resident *r, const trainer *t, const step_report *s, const energy_numbers *own);
/* What of the batches of t->iteration the host has to say. */
jem_status resident_send_data(resident *r, trainer *t);
/* Captures the step, if that is not done.  Everything that a step reads must be there: a step
 * is made once before, up to its report. */
jem_status resident_capture(resident *r, const trainer *t, float *theta, const resident_graph *g);
void resident_drop_graph(resident *r); /* it is captured anew */
/* d <- the reports: of the step, and of what it has found uphill if it is sharpness-aware. */
jem_status resident_launch(energy_report d[2], resident *r, trainer *t);
int resident_last(const resident *r); /* number of the report whose direction is taken */
/* The report that says why the step was not made, or that it was (fine); borrowed from d. */
const energy_report *resident_verdict(const resident *r, const energy_report d[2]);
void resident_stepped(resident *r, trainer *t); /* it was made */
/* Images that stay on the host: makes the batches of `iteration`, while the device computes. */
jem_status resident_prepare_batch(resident *r, trainer *t, int64_t iteration);

/* ---- parts of a graph; the direction is the report's a g + b h, or a g for h NULL */

jem_status resident_draw(resident *r, const trainer *t); /* the batches into x and y */
/* The first report's uphill, and back to the same bits. */
jem_status resident_ascend(resident *r, const trainer *t, float *theta, const float *g, const float *h);
jem_status resident_return(resident *r, const trainer *t, float *theta);
/* Parameters, moments, averages, if the last report is fine. */
jem_status resident_update(resident *r, const trainer *t, float *theta, const float *g, const float *h);

#endif
