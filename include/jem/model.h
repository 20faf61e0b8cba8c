/* A trained JEM: logits, energies, their gradients, and features of images.
 *
 * Images are plain float arrays [n, channels, height, width] in [-1, 1], as
 * data.h loads them.  A model serves one call at a time: a call while another thread computes with it
 * is JEM_EUSAGE and changes nothing.  inspect.h says what it is made of. */
#ifndef JEM_MODEL_H
#define JEM_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jem_model jem_model;

typedef enum jem_precision {
    JEM_PRECISION_DEFAULT, /* the run's setting, f32 for a weights file */
    JEM_PRECISION_F32,
    JEM_PRECISION_BF16     /* of the products; sums and results stay f32 */
} jem_precision;

/* What computes.  Zero everywhere behind the size means the defaults. */
typedef struct jem_engine_options {
    size_t size;         /* of this struct; JEM_ENGINE_INIT sets it */
    const char *device; /* "cpu" (oneDNN), "cuda" or "cuda:N" (a GPU), "ref" (plain loops), "auto"
                           (a GPU if there is one); NULL: the run's, or auto */
    jem_precision precision;
    int64_t threads;     /* 0: the run's setting, or all processors; changes no bit */
} jem_engine_options;

#define JEM_ENGINE_INIT {sizeof(jem_engine_options), NULL, JEM_PRECISION_DEFAULT, 0}

/* Opens a run folder (the weights of its selected epoch) or a safetensors file
 * that jem wrote.  `engine` may be NULL.  *out is owned: jem_model_free.
 * JEM_EDATA if `path` holds neither, or weights that do not fit exactly. */
JEM_API jem_status jem_model_open(jem_model **out, const char *path,
                                  const jem_engine_options *engine);
/* NULL is fine; one that another thread computes with goes when that call has ended. */
JEM_API void jem_model_free(jem_model *m);

/* The shape of one image, and of its logits; 0 for NULL. */
JEM_API int64_t jem_model_channels(const jem_model *m);
JEM_API int64_t jem_model_height(const jem_model *m); /* pixels, or cells of latents */
JEM_API int64_t jem_model_width(const jem_model *m);  /* the same */
JEM_API int64_t jem_model_classes(const jem_model *m); /* K: logits per image */

/* x [channels, height, width] <- the picture in a PNG or JPEG file as the model takes it: its shorter side scaled
 * to the model's, its centre cut out, grey for a model of one channel; with the margin of photographs for networks
 * of photographs.  Any thread may ask at any time.  JEM_EUSAGE for a model on latents (autoencoder.h makes
 * them); JEM_EDATA for what is no picture. */
JEM_API jem_status jem_model_picture(float *x, const jem_model *m, const char *path);

/* What is wanted of each image; outputs that are NULL are not computed. */
typedef struct jem_evaluation {
    size_t size;      /* of this struct; JEM_EVALUATION_INIT sets it */
    float *logits;    /* [n, classes]  f(x) */
    float *lse;       /* [n]  log sum_k exp f_k(x) = -E(x) = log p(x) + const */
    float *grad;      /* [n, channels, height, width]  gradient to x of lse, or ... */
    const int32_t *y; /* [n]  ... of the logit of this class; NULL: of lse */
} jem_evaluation;

#define JEM_EVALUATION_INIT {sizeof(jem_evaluation), NULL, NULL, NULL, NULL}

/* Evaluates n images x in evaluation mode (no dropout); none for n = 0.  JEM_EUSAGE if a class in y
 * does not exist. */
JEM_API jem_status jem_model_evaluate(jem_model *m, const float *x, int64_t n,
                                      const jem_evaluation *want);

/* A named value inside the network ("layer1", "layer2", "layer3", "features",
 * "proj" where there is one): dst [n, shape[0], shape[1], shape[2]].
 * dst NULL: only shape is asked for; shape may be NULL otherwise.  JEM_EUSAGE for
 * an unknown name; the message lists the known ones. */
JEM_API jem_status jem_model_feature(jem_model *m, const char *name, const float *x, int64_t n,
                                     float *dst, int64_t shape[3]);
/* Several of one pass: dst[i] [n, shape of names[i]], names and dst [count], 63 at most.  jem_value of
 * inspect.h lists names with their shapes. */
JEM_API jem_status jem_model_features(jem_model *m, const char *const *names, int count, const float *x,
                                      int64_t n, float *const *dst);

/* ---- in double precision, whatever the model's: to see what float32 and bf16 have rounded */

/* As jem_evaluation, and values inside. */
typedef struct jem_evaluation_f64 {
    size_t size;              /* of this struct; JEM_EVALUATION_F64_INIT sets it */
    double *logits;           /* [n, classes] */
    double *lse;              /* [n] */
    double *grad;             /* [n, channels, height, width] of lse, or of the logit of y */
    const int32_t *y;         /* [n], or NULL */
    const char *const *names; /* [count] as jem_model_features */
    double *const *values;    /* [count]: values[i] [n, shape of names[i]] */
    int count;                /* 0: none */
} jem_evaluation_f64;

#define JEM_EVALUATION_F64_INIT {sizeof(jem_evaluation_f64), NULL, NULL, NULL, NULL, NULL, NULL, 0}

/* The reference's plain loops on the processor, with the float32 parameters as they are: exact to about
 * 1e-12, and a hundred times slower.  Fails as the others. */
JEM_API jem_status jem_model_evaluate_f64(jem_model *m, const double *x, int64_t n,
                                          const jem_evaluation_f64 *want);

#ifdef __cplusplus
}
#endif
#endif
