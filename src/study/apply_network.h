/* A network applied to an array in single or double precision: behind jem apply. */
#ifndef STUDY_APPLY_NETWORK_H
#define STUDY_APPLY_NETWORK_H

#include "data/pictures/list.h"
#include "jem/tensor.h"
#include "model/model.h"

/* *x <- the array [N,C,H,W] of an npy or npz file in network units, as f64: floats as they are, 8-bit
 * levels as (u8/255 - 0.5) / 0.5.  JEM_EDATA. */
jem_status network_read_input(jem_tensor *x, const char *path);

/* Is this input a picture, or a folder, rather than an array? */
bool network_input_is_pictures(const char *path);

/* How a command line names a network; NULL: not given. */
typedef struct network_flags {
    const char *model, *classes, *channels, *proj, *size, *norm, *pool;
} network_flags;

/* The network of a weights file: as its metadata say, or as the flags say if --model is
 * given; its kind is one of `list`; --size overrides the metadata's.  Checks that x [N,C,H,W] fits: JEM_EDATA;
 * x NULL: what comes is made to fit, and the size is the metadata's, --size, or that of published weights
 * (JEM_EUSAGE where there is none). */
jem_status network_spec(model_spec *spec, const network *const *list, const network_flags *f,
                        const char *weights, const jem_tensor *x, const char *x_name);

/* *x <- as network_read_input; *list <- the pictures of a file or, in order of name, of a folder and the folders in
 * it.  Of another size than the network's they are brought to it as benchmarks do (bench/subject_view.h).
 * JEM_EDATA for no picture, or a damaged one. */
jem_status network_read_pictures(jem_tensor *x, image_list *list, const char *path, const model_spec *spec);

typedef struct network_call {
    const model_spec *spec;
    const engine_spec *engine;
    const char *weights;   /* path */
    const jem_tensor *x;   /* f64 [N,C,H,W], network units */
    bool grad;             /* gradient of log-sum-exp wanted */
    const char *const *features; /* names, NULL-terminated */
} network_call;

/* Owned; logits [N,K], energy [N] (zeros of a network without logits, which has no gradient either), grad
 * [N,C,H,W], features [N,C,H,W] or [N,D]. */
enum { NETWORK_FEATURES_MAX = 16 };
typedef struct network_outputs {
    jem_tensor logits, energy, grad, features[NETWORK_FEATURES_MAX];
} network_outputs;
void network_outputs_clear(network_outputs *o); /* a zeroed one is fine */

/* f32 or bf16 through the model, results in f32. */
jem_status network_apply(network_outputs *o, const network_call *c);
/* f64 through a plan of the backend (only ref has it); weights stored in f64 stay so. */
jem_status network_apply_f64(network_outputs *o, const network_call *c);

#endif
