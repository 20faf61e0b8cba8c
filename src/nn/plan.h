/* A graph compiled for (backend, images per execution, precision, passes).
 *
 * Compiling fuses what the backend can fuse, orders the steps of the forward
 * and backward passes, and lays out all memory once by liveness.  A plan is
 * shared by threads; each thread executes it in a workspace of its own.  After
 * compilation nothing allocates.
 *
 * Numbers that cross this interface (x, logits, gradients, parameters) are
 * double for JEM_F64 plans and float otherwise, images in plain NCHW order.
 * Where the backend has a device, arrays may lie in its memory: a call without
 * any of the host's only enqueues work (backend/device.h). */
#ifndef NN_PLAN_H
#define NN_PLAN_H

#include "base/pool.h"
#include "nn/graph.h"

typedef struct plan plan;
typedef struct workspace workspace;

typedef struct plan_options {
    int64_t batch;        /* images per execution, >= 1 */
    jem_dtype precision;  /* JEM_F32, JEM_F64 (ref), JEM_BF16 */
    bool backward_input;  /* gradients to the input wanted */
    bool backward_params; /* gradients to the parameters wanted */
    bool tangent;         /* forward mode wanted: plan_tangent; not with gradients */
    bool split;           /* cut large steps into parts for threads: workspace_set_helpers */
    bool lean;            /* keep no packed copy of the weights: each step packs its own when it
                             runs, which takes a little time and saves as much memory as the
                             parameters take; plans of several passes then share them */
    bool direct;          /* convolutions by the sums of products that define them only: without
                             algorithms that need fewer products and round differently */
    bool wide;            /* JEM_BF16: values, sums and gradients stay float32 and convolutions alone
                             multiply bf16 numbers, where that is faster; in plans of derivatives
                             only those behind a norm or SiLU.  Rounds less, takes more memory;
                             without effect where the backend has no such convolutions */
    bool train;           /* dropout and norms in training mode */
    int64_t slice;        /* images of the batch that go through the steps by themselves and wait for the
                             others where the network couples images, so that threads share a batch
                             that it couples; 0, or more than there are: all.  Without effect where
                             nothing couples them or the backend cannot */
    const char *const *features; /* names to keep readable; NULL-terminated or NULL */
    bool features_only;   /* forward passes end with the last of these, and give no output: logits NULL */
} plan_options;

/* *out, owned; g and b are borrowed as long as it lives, o is not.  JEM_EUSAGE if the backend does
 * not compute in that precision or a feature is not in the graph. */
jem_status plan_compile(plan **out, const graph *g, const backend *b, const plan_options *o);
void plan_free(plan *p); /* NULL is fine; after its workspaces */
int64_t plan_batch(const plan *p); /* images per execution */
int plan_slices(const plan *p);    /* that these are cut into; 1: they are not */

/* ---- looking at a plan: nothing is allocated for it before workspace_new and plan_load */

size_t plan_workspace_bytes(const plan *p); /* of one workspace of one thread */
size_t plan_thread_bytes(const plan *p);    /* of each further thread that shares it */
size_t plan_packed_bytes(const plan *p);    /* of the weights all workspaces share */
int plan_step_count(const plan *p);          /* forward ones, then those of the backward pass */
const step *plan_step(const plan *p, int i); /* borrowed; step.op.id is the graph's node */
/* How the backend computes step i, such as "jit:avx512_core"; "" if it does not say. */
void plan_step_algorithm(const plan *p, int i, char *text, size_t size);
/* FLOPs of step i in one execution, as the operation is defined; 0 for what is no sum of
 * products. */
double plan_step_flops(const plan *p, int i);
/* Of the products that its algorithm forms: Winograd's forms fewer. */
double plan_step_products(const plan *p, int i);
/* Of its transforms of maps into the form of such products and back. */
double plan_step_transforms(const plan *p, int i);

/* ---- running it */

/* Takes over new parameter values: `params` is borrowed until the next load and
 * must not change in between.  Not while another thread executes the plan. */
jem_status plan_load(plan *p, const void *params);
/* The same on the threads of a pool, borrowed; NULL: on the caller. */
jem_status plan_load_on(plan *p, const void *params, pool *threads);
/* Before p's first load: p computes with packed weights of `owner`, a plan of the same graph and
 * backend, where the backend can.  From then on owner is to take over new parameters before p
 * does, and to be freed after p's last execution. */
void plan_share_weights(plan *p, const plan *owner);
/* plan_load for a vector in the memory of the backend's device: only enqueues work. */
jem_status plan_load_resident(plan *p, const void *params);

/* *out, owned: memory for one execution at a time, on the backend's device if it has one; p is
 * borrowed.  JEM_ENOMEM. */
jem_status workspace_new(workspace **out, const plan *p);
/* The same for a plan in slices and up to `threads` helpers. */
jem_status workspace_new_shared(workspace **out, const plan *p, int threads);
void workspace_free(workspace *w); /* NULL is fine */
/* Executions of a plan compiled with `split`, or cut into slices, run on these threads together with
 * the caller, which then must be the pool's only one; `split` is for when there are fewer images than
 * threads.  The pool, of no more threads than the workspace was made for, is borrowed.  Threads
 * change no bit, but splitting may. */
void workspace_set_helpers(workspace *w, pool *helpers);

/* How long the executions in one workspace took, step by step: processor time of the thread, or by
 * the clock on a device and with helpers.  A run that takes more than three times as long as the
 * fastest before it, because another program had the machine meanwhile, does not count. */
typedef struct plan_time {
    double seconds, fastest; /* of all that count; of the fastest */
    int64_t counted, runs;
} plan_time;
/* From now on they are timed, beginning at 0; on a device each step is then waited for. */
jem_status workspace_time_steps(workspace *w);
/* [plan_step_count], borrowed; NULL: not timed. */
const plan_time *workspace_times(const workspace *w);

/* What one execution works on; arrays not wanted are NULL. */
typedef struct plan_call {
    int64_t count;      /* images, 1 .. plan_batch */
    rng_stream dropout; /* train mode */
    uint32_t image0;
    void *batch_stats;  /* see step_io */
    const rng_stream *dropout_at; /* the same */
} plan_call;

/* x [count,c,h,w] -> logits: the graph's output, [count,k] or [count,c,h,w]. */
jem_status plan_forward(workspace *w, const plan_call *call, const void *x, void *logits);

/* Forward mode: tlogits = J tx for J the Jacobian of the output at x, beside the output
 * itself; either result may be NULL.  Values and tangents of what is alive is all that is
 * in memory. */
jem_status plan_tangent(workspace *w, const plan_call *call, const void *x, const void *tx,
                        void *logits, void *tlogits);

/* After plan_forward with the same call; may be repeated with other cotangents.
 *   dlogits of the output's shape
 *   dx      [count,c,h,w]: gradient of sum(dlogits * logits), or NULL
 *   dparams flat vector, overwritten wherever the graph has a trained
 *           parameter, or NULL */
jem_status plan_backward(workspace *w, const plan_call *call, const void *dlogits, void *dx,
                         void *dparams);

/* Who takes the gradient to the parameters layer by layer, so that it is nowhere whole.
 * A layer is an operation with parameters; they are numbered in the order of the pass. */
typedef struct plan_sink {
    void *part; /* [plan_largest_layer]: the present layer's gradient; not of a plan in slices */
    /* part holds the gradient to elements first .. first + count - 1 of the flat vector; of a plan in
     * slices that of one slice, the slices' following one another in their order, on any thread.
     * false: the rest is not wanted, the pass ends there with JEM_OK. */
    bool (*take)(void *ctx, int layer, int64_t first, int64_t count, const void *part);
    void *ctx;
} plan_sink;
int plan_layer_count(const plan *p);       /* 0 without gradients to the parameters */
int64_t plan_largest_layer(const plan *p); /* elements */
/* plan_backward with NULL for dx and the gradient to the parameters given to `sink`. */
jem_status plan_backward_layers(workspace *w, const plan_call *call, const void *dlogits,
                                const plan_sink *sink);

/* Copies a kept feature of the last forward pass, [count,c,h,w]. */
jem_status plan_feature(workspace *w, const plan_call *call, const char *name, void *dst);

#endif
