/* What the files of a plan share: building, memory, running. */
#ifndef NN_PLAN_INTERNAL_H
#define NN_PLAN_INTERNAL_H

#include <limits.h>

#include "nn/plan.h"

enum { STEP_FOREVER = INT_MAX };

/* A region of the arena, live from step `first` to step `last` inclusive. */
typedef struct buffer {
    int64_t bytes, offset;
    int first, last;
} buffer;

typedef enum step_need { NEED_ALWAYS, NEED_DX, NEED_DPARAMS, NEED_TANGENT } step_need;

typedef struct planned_step {
    step s;
    step_need need; /* run only if the call asks for it */
    slot *sources;  /* [s.source_count], which s borrows; NULL where there are none */
    int layer;      /* of a BACKWARD_PARAMS step: its number in the order of the pass */
    void *kernel;   /* the backend's */
} planned_step;

/* A convolution and the batch norm whose work it does (plan_fold.c). */
typedef struct fold {
    op conv, norm;
    int64_t bias; /* where the bias of both lies */
} fold;

struct plan {
    const graph *g; /* `own`, or what it was compiled from */
    graph *own;     /* owned but for names, sources and parameters: without the norms that were folded; NULL */
    fold *folds;
    int fold_count;
    void *made;     /* the flat vector that steps compute with where that is not the caller's: norms folded,
                       weights of directions and gains; NULL: the caller's */
    const void *given; /* what plan_load was given last, borrowed */
    const backend *b;
    int64_t batch;
    int64_t slice; /* images that go through the steps at a time */
    jem_dtype precision;
    bool backward_input, backward_params, tangent, split, lean, wide, direct, train, features_only;

    /* forward, with tangents between, [0, forward_end), backward [forward_end, backward_end), then one
     * STORE per kept feature, in the order of `features`. */
    planned_step *steps;
    int step_count;
    int64_t step_room;
    int forward_end, backward_end;
    int layer_count;       /* BACKWARD_PARAMS steps */
    int64_t largest_layer; /* elements */
    int *features; /* node numbers */
    int feature_count;

    buffer *buffers;
    int buffer_count;
    int64_t buffer_room;
    int64_t arena_bytes; /* of a slice */
    size_t scratch_bytes;
    size_t meeting_bytes; /* of all slices */
    bool loaded;          /* has every kernel had parameters? */
    void *params; /* on the backend's device: a copy for plan_load; NULL: none yet */
};

/* Folds what norms can be (folds, own, g), but for what `features` name, and makes room for `made` where
 * steps need it.  JEM_ENOMEM */
jem_status plan_fold_norms(plan *p, const char *const *features);
/* What steps load: p->made of params, or params themselves. */
const void *plan_made(plan *p, const void *params);
/* The gradient to a layer's weights in dparams (which begins at the flat vector's element `first`) becomes that to
 * directions and gains, if it has weight norm. */
void plan_turn_gradient(const plan *p, const op *o, void *dparams, int64_t first);
void plan_fold_clear(plan *p);

/* Builds steps and buffers; slot offsets are buffer numbers until
 * plan_place_buffers has run. */
jem_status plan_build(plan *p, const char *const *features);

/* Gives every buffer its offset such that buffers alive at the same time do not
 * overlap, and rewrites the slots of all steps to byte offsets. */
jem_status plan_place_buffers(plan *p);

/* Where the flat vectors of step i begin: at the layer's own parameters if it forms their
 * gradient, because its op counts from there. */
int64_t plan_first_param(const plan *p, int i);
size_t plan_elements_bytes(const plan *p, int64_t n); /* of n parameters, or of n elements of a batch */
int plan_slices_of(const plan *p, int64_t count);     /* slices of a call with so many images */

/* What one thread computes with. */
typedef struct hand {
    char *scratch;
    void **bound; /* one per step */
    void *part;   /* [plan_largest_layer]: a slice's gradient to a layer's parameters */
    plan_time *times; /* one per step; NULL: not timed */
} hand;

struct workspace {
    const plan *p;
    char *arena;   /* of all slices, one after another */
    char *meeting; /* what they tell one another; NULL: nothing */
    hand *hands;   /* [hand_count] */
    int hand_count;
    pool *helpers; /* borrowed; NULL: the caller alone */
    plan_time *times; /* of all hands; NULL: not timed */
};

#endif
