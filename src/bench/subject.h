/* What a benchmark sees of whatever it scores: a trained JEM on pixels or in the latent space
 * of an autoencoder, that autoencoder alone, recorded answers of any program.
 *
 * Questions are about stimuli.  A network looks at the picture; recorded answers are
 * looked up by the stimulus' name or place.  Every operation may be NULL: then the
 * subject cannot answer such questions, and a benchmark says so (subject_can). */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include "data/pictures/image.h"
#include "latent/latent_space.h"
#include "model/model.h"
#include "sample/sgld.h"

typedef struct stimulus {
    const char *name;     /* file name or id, as the data set has it; NULL: only the place counts */
    const char *set;      /* image set or subset it belongs to ("colour", "cnn"); NULL: one set */
    const char *condition; /* NULL: none */
    int64_t place;        /* from 0, in the data set's order */
    const image *picture; /* NULL if the subject needs none (subject.needs_pictures) */
} stimulus;

struct label_map;

/* How a saliency map is made; what a subject does not distinguish it leaves aside. */
typedef struct saliency_request {
    int64_t y;          /* gradient of this class's logit; < 0: of the log-sum-exp */
    bool channel_mean;  /* mean of |values| over channels; else the largest */
    bool difference;    /* Jacobian products by central differences: a check */
} saliency_request;

typedef struct subject_ops {
    /* out [n][classes] <- logits, or log-probabilities where only probabilities are known. */
    jem_status (*logits)(void *ctx, const stimulus *s, int64_t n, double *out);
    /* category [n] <- one of the 16 categories (record/image_name.h), -1 for "na". */
    jem_status (*decide)(void *ctx, const stimulus *s, int64_t n, int32_t *category);
    /* d [n] <- perceptual distance of a[i] and b[i]; name of the triplet or pair in a[i].name. */
    jem_status (*distance)(void *ctx, const stimulus *a, const stimulus *b, int64_t n, float *d);
    /* out [instances][n] <- a scalar judgement, such as glossiness, of each trained instance. */
    jem_status (*rate)(void *ctx, const stimulus *s, int64_t n, double *out);
    /* map [height][width] <- importance of each pixel of one stimulus. */
    jem_status (*saliency)(void *ctx, const stimulus *s, const saliency_request *how, float *map,
                           int64_t height, int64_t width);
    /* out [n][dim] <- values of the named layer, or where layer is NULL of the one that linear
     * probes look at; *dim also when out is NULL. */
    jem_status (*features)(void *ctx, const char *layer, const stimulus *s, int64_t n, float *out,
                           int64_t *dim);
    /* The subject sees pictures after this many Langevin steps from now on (0: as they are). */
    jem_status (*refine)(void *ctx, int64_t steps);
    /* *out <- what the subject sees of one stimulus, refined and decoded. */
    jem_status (*show)(void *ctx, const stimulus *s, image *out);
    /* Pictures are brought to this side from now on; 0: to the subject's own.  NULL: the
     * subject looks at one size alone. */
    jem_status (*look_at)(void *ctx, int64_t side);
    /* Are there answers to this image set at all?  NULL: to every one. */
    bool (*has_set)(void *ctx, const char *set);
    /* Takes over how classes become categories; then decide works. */
    jem_status (*use_mapping)(void *ctx, struct label_map *map);
    /* Distances are calibrated by the linear weights of this file from now on (bench/perceptual.h).
     * JEM_EDATA, JEM_EUSAGE if they are for another network. */
    jem_status (*use_lpips)(void *ctx, const char *path);
    /* text <- what scores of the answers so far must say beside the note; "" if nothing. */
    void (*describe)(void *ctx, char *text, size_t size);
    void (*free)(void *ctx);
} subject_ops;

typedef struct subject {
    char name[64];        /* "wrn-16-1", or the file's */
    double alpha;         /* NaN: none */
    int64_t seed;         /* -1: none */
    int64_t classes;      /* of its own label space; 0: gives no logits */
    bool logits_known;    /* false: probabilities were recorded, logits are their logarithms */
    int64_t instances;    /* that `rate` answers for (recorded scalars [instances][n]); 0 is 1 */
    bool needs_pictures;
    int64_t places;       /* rows of answers that are found by place; 0: not so recorded */
    char note[160];       /* what every score must say ("32x32 network on 224x224 images"); "" */
    const subject_ops *ops;
    const struct generative *generative; /* generative.h; NULL: it is asked about pictures alone */
    void *ctx;            /* owned: ops->free */
} subject;

/* A trained JEM; the model, its sampler settings, step size and latent space are borrowed.
 * Pictures of another size are resized to its own (view_picture; and every score says so); class names map its label space to the 16 categories where a mapping exists, a
 * network of 1000 classes is taken for one of ImageNet.
 * Distances are LPIPS's over the stages of the network (model/network.h): of a wide residual
 * network layer1, layer2 and layer3 as they leave their last addition; of AlexNet, VGG-16 and
 * SqueezeNet the rectified maps that LPIPS's authors take, of pictures of any side.  Refinement is a chain of constant step size whose noise depends on the stimulus'
 * place alone.  Saliency is the gradient at a pixel's channels, of a network of photographs in the
 * units that it was trained on; in a latent space, the gradient of the latent pushed through the
 * decoder. */
typedef struct model_subject {
    model *m;
    const sampler_options *sampler;
    double step_size;
    double alpha;
    int64_t seed;
    const char *const *class_names; /* [classes]; NULL: unknown; not needed afterwards */
    const latent_space *latents;    /* where it lives; NULL: on pixels */
} model_subject;
/* *out: subject_clear.  JEM_EDATA if the network does not take what its latent space gives. */
jem_status subject_of_model(subject *out, const model_subject *p);

/* Is it a linear layer on latents?  That is the autoencoder alone, answering questions about classes by a probe: it is
 * called so, every score says that this is jem's choice, and it has neither distances nor refinement. */
bool subject_is_probe(const model_subject *p);
extern const char subject_probe_name[]; /* of such a subject */

extern const char subject_autoencoder_name[];
/* The autoencoder without a JEM: distances over the outputs of its encoder's down blocks.  The
 * codec is borrowed. */
jem_status subject_of_autoencoder(subject *out, latent_codec *codec);

/* Answers that were recorded in a file or folder; what it is follows from its content:
 *   trials    a CSV (or folder of CSVs) with the columns of model-vs-human: decide
 *   logits    npy [n][k] (unless rows sum to 1: probabilities) or CSV: logits; decide too
 *             with k = 1000 (ImageNet) or after subject_use_mapping
 *   distances CSV with the columns set, name, patch, distance: distance.  2AFC asks with
 *             a[i].set "2afc/cnn", a[i].name "000017" and b[i].condition "p0" or "p1" (the
 *             patch that is compared with ref); JND with set "jnd/cnn" and "p1" (with p0)
 *   maps      npy [n][h][w]: saliency, resized where another size is asked for
 *   scalars   npy [n], or [m][n] of m trained instances (rate gives all of them, subject.instances
 *             is m), or CSV name,value: rate
 *   features  npy [n][d]: features, whatever the layer's name
 * A folder holds one file per image set, called as the set ("colour.npy"; a "/" in a set's name
 * is "-").  A stimulus is found by its name, or by its place in files without names.
 * kind: "auto" or one of these names; "trials:resnet50" takes the trials of one of several
 * observers.  JEM_EDATA names file and place. */
jem_status subject_of_answers(subject *out, const char *path, const char *kind);

/* Classes of the subject's logits to the 16 categories: a file with the columns category
 * and index (TAB).  JEM_EDATA with the line for an unknown category or a wrong index;
 * JEM_EUSAGE if the subject gives no logits. */
jem_status subject_use_mapping(subject *s, const char *path);

/* What scores of a network say whose norms couple images in evaluation: appended to its note. */
void subject_note_together(subject *s, const model *m);

void subject_clear(subject *s); /* what it borrowed stays; a zeroed one is fine */

/* JEM_EUSAGE that names subject and benchmark and what it would need unless `op` is there:
 * subject_can(s, s->ops->logits != NULL, "cifar10h", "logits or probabilities"). */
jem_status subject_can(const subject *s, bool has, const char *benchmark, const char *needs);

#endif
