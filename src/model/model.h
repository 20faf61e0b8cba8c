/* A JEM on an engine: a network, its parameters, and the threads that run it.
 *
 * Batches are cut into chunks of a size that depends on the network alone,
 * each chunk goes through its whole computation (for Langevin: all L steps) on
 * one thread, and sums over chunks are formed in chunk order: the number of
 * threads changes no bit. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <signal.h>

#include "base/pool.h"
#include "model/engine.h"
#include "model/network.h"

typedef struct model model;

/* On a device (backend/device.h) a model has one workspace per use, a pool of one thread and
 * chunks of as many images as a call brings, within reason; its parameters have a second
 * place in the device's memory, and either of the two may be the newer. */

/* *out, owned; copies both specs.  Parameters are zero until they are set; plans are compiled when
 * they are first needed.  JEM_EUSAGE if the backend cannot be used or spec is no network. */
jem_status model_new(model **out, const model_spec *spec, const engine_spec *engine);
void model_free(model *m); /* NULL is fine */
/* The model's own, borrowed until it is freed. */
const model_spec *model_get_spec(const model *m);
const engine_spec *model_get_engine(const model *m); /* as model_new was given it */
const graph *model_graph(const model *m);            /* the network, as its kind builds it */
const backend *model_backend(const model *m);        /* what engine.device has led to */
pool *model_pool(const model *m);                    /* one thread on a device */
int64_t model_input_count(const model *m); /* c*h*w */
int64_t model_classes(const model *m);     /* values of an image's logits, where it has such */
jem_status model_check_logits(const model *m); /* JEM_EUSAGE where its output is no logits */
int64_t model_output_count(const model *m); /* values of its output for an image: of logits, the classes */
int64_t model_params_count(const model *m); /* elements of the flat vector, trained or not */
/* The named values that its kind of network has: see network.h. */
const char *const *model_stages(const model *m);
const char *model_first_head(const model *m); /* what Frechet distances compare */
const char *model_last_head(const model *m);  /* of those in its graph; for linear probes */

/* The flat parameter vector, borrowed and writable; call model_params_changed
 * after writing and before anything is computed. */
float *model_params(model *m);
/* Plans load them, and a device gets them, when something is computed next.  Never fails. */
jem_status model_params_changed(model *m);

/* ---- on a device only */

/* The flat vector in the device's memory, brought up to date from the host's; borrowed and
 * writable; call model_resident_changed after writing, also by a graph launched again. */
jem_status model_resident(model *m, float **params);
void model_resident_changed(model *m); /* the host's are old until model_fetch_params */
/* The other way: model_params is up to date afterwards. */
jem_status model_fetch_params(model *m);
/* A plan of `use` for exactly n images, owned by the caller, who loads it. */
jem_status model_compile(plan **out, const model *m, int use, int64_t n);

/* While *stop is nonzero, all that computes on the model ends soon (within a Langevin
 * step of one chunk) with JEM_EINTERRUPTED; NULL: nothing stops it.  Set by a signal
 * handler of the thread that computes on the model, or by that thread. */
void model_set_stop(model *m, const volatile sig_atomic_t *stop);
const volatile sig_atomic_t *model_get_stop(const model *m); /* borrowed; NULL: nothing stops it */
/* JEM_EINTERRUPTED if that has happened.  worker: the chunk's; 0 outside of chunks. */
jem_status model_check_stop(model *m, int worker);

/* ---- computing on batches: n images, plain NCHW float */

typedef struct model_chunk {
    workspace *ws;         /* this worker's, for the requested use */
    int64_t first, count;  /* images [first, first + count) of the batch */
    int64_t size;          /* images of every chunk but the last, which may be shorter */
    int index;             /* chunk number */
    int worker;
    float *logits, *cotangent; /* scratch [count, outputs] each, this worker's: model_output_count */
    float *x, *grad;           /* scratch [count, c*h*w] each, this worker's */
    float *dlayer;             /* scratch: a layer's gradient; MODEL_TRAIN only */
} model_chunk;
typedef jem_status (*model_chunk_fn)(void *ctx, const model_chunk *chunk);

/* Cuts n images into chunks and runs fn for each on the pool. */
jem_status model_run(model *m, model_use use, int64_t n, model_chunk_fn fn, void *ctx);

/* A flat vector to which the chunks of one model_run add their gradients, in chunk order. */
enum { MODEL_SUMS = 2 };
typedef struct model_sum {
    float *total;
    int number; /* which of the run's sums: 0 .. MODEL_SUMS - 1 */
    int turn;   /* how many earlier chunks of the run add to it */
} model_sum;
/* Within a MODEL_TRAIN fn, after plan_forward with the same call, once per chunk and sum:
 * total += the gradient of sum(cotangent * logits) to the parameters.  Each layer's is added
 * as soon as the pass has formed it and the chunks before have added theirs, so that no thread
 * needs room for more than one layer. */
jem_status model_add_gradient(model *m, const model_chunk *chunk, const plan_call *call,
                              const model_sum *sum);

/* From now on, or from 0 again, all that computes on the model notes how long each step of
 * its plans takes. */
jem_status model_time_steps(model *m);
/* Calls visit for each step of the plans of `use` with its times, summed over the threads. */
void model_visit_times(const model *m, model_use use,
                       void (*visit)(void *ctx, const plan *p, int i, plan_time t), void *ctx);

/* Any output may be NULL.  y[i] selects the class whose logit's gradient is
 * wanted; y NULL means the gradient of log-sum-exp.  JEM_EUSAGE where the output is no logits.
 *   logits [n,k], lse [n] (= -E(x)), grad [n,c,h,w] */
jem_status model_evaluate(model *m, const float *x, int64_t n, const int32_t *y, float *logits,
                          float *lse, float *grad);

/* A loss of each image's own logits: cotangent [count][classes] <- its derivatives to the logits
 * [count][classes] of the images first .. first + count - 1.  Called by several threads. */
typedef struct model_loss {
    void (*cotangent)(void *ctx, float *cotangent, const float *logits, int64_t first, int64_t count);
    void *ctx;
} model_loss;
/* grad [n][c][h][w] <- its gradient to the images x; logits [n][classes], unless NULL. */
jem_status model_loss_gradient(model *m, const float *x, int64_t n, const model_loss *loss,
                               float *logits, float *grad);

/* Named value (model_stages, a head, "logits") of n images into dst; its shape per image
 * in *s if s is not NULL.  dst may be NULL to ask for the shape only. */
jem_status model_feature(model *m, const char *name, const float *x, int64_t n, float *dst,
                         shape *s);
/* Several of one pass: dst[i] [n, shape of names[i]].  names: NULL-terminated, 63 at most. */
jem_status model_features(model *m, const char *const *names, const float *x, int64_t n,
                          float *const *dst);

/* ---- files.  Weights are safetensors under state-dict names; architecture
 * and spec travel as metadata ("jem.model", ...).  Loading is exact: a missing,
 * extra, misshapen or non-finite tensor is JEM_EDATA; the unused heads
 * f.linear.* and energy_output.*, replay_buffer and optimiser state (adam.*, sgd.*)
 * are accepted and ignored. */
/* params: the flat vector to write (model_params, or an average of it). */
jem_status model_save(const model *m, const char *path, const float *params);
/* Into model_params, of a file for exactly this network; a failure may leave some of them new. */
jem_status model_load(model *m, const char *path);
/* Reads the spec of a weights file that jem wrote; its network is one of `list`. */
jem_status model_spec_read(model_spec *spec, const network *const *list, const char *path);

#endif
