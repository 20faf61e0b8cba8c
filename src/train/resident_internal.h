/* What resident.c (state, data, one step) and resident_graph.c share. */
#ifndef TRAIN_RESIDENT_INTERNAL_H
#define TRAIN_RESIDENT_INTERNAL_H

#include "backend/device.h"
#include "backend/energy_steps.h"
#include "nn/executor.h"
#include "train/resident.h"

enum { ARRAYS_MAX = 64 };

struct resident {
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
    float *m, *v, *ema, *replay;
    int32_t *age;
    bool host_newer;  /* moments, averages, buffer */
    int device_newer; /* trainer_part: what the host does not know yet */

    /* one step */
    float *x, *start, *grad, *logits, *cotangent, *lse;
    float *grad_d, *grad_g, *grad_part;
    int32_t *y, *hit, *index, *fresh, *chain_class, *bad;
    double *loss_terms, *sums, *sum_parts, *moved, *moved_parts;
    float *schedule;
    double schedule_step_size; /* what it was made for */
    energy_numbers *numbers;
    energy_report *report;

    /* data: in the device's memory, or made on the host one step ahead */
    bool data_resident;
    uint8_t *pixels;
    float *values, *table;
    int32_t *labels, *order[2];
    int64_t order_epoch[2];
    int32_t *order_host;      /* owned */
    float *next_x;            /* owned: rows of the batch of ... */
    int32_t *next_y;          /* owned */
    int64_t next;             /* ... this iteration, -1: none */
};

/* Captures the step, if that is not done.  Everything that a step reads must be there: a step
 * is made once before, up to its report. */
jem_status resident_capture(resident *r, const trainer *t, float *theta);

#endif
