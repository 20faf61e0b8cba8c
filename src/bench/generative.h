/* What benchmarks that describe a model without people ask of a subject: its own kind of inputs, its
 * energy, its chains, and what its training left.  `jem eval` runs them (eval.h).
 *
 * Inputs are those of the network: pictures in its units, or latents. */
#ifndef BENCH_GENERATIVE_H
#define BENCH_GENERATIVE_H

#include "bench/bench.h"
#include "data/dataset.h"
#include "fid/fid_network.h"

/* Which noise a chain has. */
typedef enum chain_part {
    CHAINS_SHARED = 0,
    CHAINS_CLASSES = 256,
    CHAINS_JUDGED = 1 << 16,  /* of a refined image that is classified */
    CHAINS_ATTACKED = 1 << 20 /* of one that an attack looks at */
} chain_part;

/* Whose noise a chain has: of which image, and which of that image's draws. */
typedef struct chain_key {
    uint32_t image, draw;
} chain_key;

typedef struct chain_request {
    bool first_epoch; /* under the weights of the first epoch; else under the subject's */
    const int32_t *y; /* [n] classes whose logits are climbed; NULL: the log-sum-exp */
    int64_t steps;    /* of constant size */
    uint64_t seed;
    chain_part part;
    int stage;
    const chain_key *keys; /* [n], draw in place of stage; NULL: the place among the n is the image */
} chain_request;

typedef struct generative {
    shape image;         /* of an input */
    int64_t classes;
    const char *network; /* its whole name */
    int64_t together;    /* images that its norms couple in evaluation; 0: none */
    bool learned_labels; /* else its logits name no classes */
    const splits *data;  /* what it was trained and is tested on */
    const data_options *data_options;
    const float *replay; /* [replay_count][c][h][w]; NULL: there is no buffer */
    int64_t replay_count;
    bool first_epoch;              /* are these weights kept, and others than the subject's? */
    const latent_space *latents;   /* where it lives; NULL: on pictures, or its autoencoder is not at
                                      hand and what needs it is left out */
    const char *feature;           /* the layer that probes look at */
    const char *classifier;        /* whose features FD-own compares, in words; NULL: there is none */
    const char *classifier_feature;
    const fid_network *fid;          /* of FID; NULL: it is not measured */
    fid_statistics *fid_reference;   /* what it compares with; of the training images, and empty until they
                                        have been described, unless there is a name: */
    const char *fid_reference_name;

    /* logits [n][classes]; grad [n][c][h][w] <- d LSE / dx unless NULL. */
    jem_status (*evaluate)(void *ctx, const float *x, int64_t n, float *logits, float *grad);
    /* grad [n][c][h][w] <- d loss / dx; logits [n][classes] unless NULL. */
    jem_status (*loss_gradient)(void *ctx, const float *x, int64_t n, const model_loss *loss,
                                float *logits, float *grad);
    /* out [n][dim] <- a layer of the model, or of the classifier; x NULL: *dim alone. */
    jem_status (*features)(void *ctx, bool of_classifier, const char *layer, const float *x,
                           int64_t n, float *out, int64_t *dim);
    /* Chains on x [n][c][h][w] in place.  Those with the same seed, part and stage have the same
     * noise in every run.  Fails as sgld_chain. */
    jem_status (*chain)(void *ctx, const chain_request *how, float *x, int64_t n);
    jem_status (*stopped)(void *ctx); /* JEM_EINTERRUPTED: it was */
    void *ctx;
} generative;

/* Adds a score of the subject on the test images of its own data: dataset, hash and ceiling are
 * filled in. */
jem_status generative_add(const bench_request *r, const bench_score *s);
/* A row of trials: its test image `row`, asked as `condition` says, was taken for class `answer`. */
jem_status generative_add_trial(const bench_request *r, trial_list *list, const char *condition,
                                int64_t row, int64_t answer);
/* JEM_EDATA of something that need not be there becomes a warning. */
jem_status generative_tolerate(const bench_request *r, const char *what, jem_status st);

/* As trials of a run's own test images name them: who answers, and what image i (from 0) is called. */
enum { GENERATIVE_NAME_MAX = OPTION_STRING_MAX + 80, GENERATIVE_PICTURE_MAX = 32 };
void generative_name(char name[GENERATIVE_NAME_MAX], const bench_request *r);
void generative_picture(char name[GENERATIVE_PICTURE_MAX], int64_t i);

/* Of robustness: attacks on the classifier, and refinement as a defence against them. */
typedef struct attack_options {
    int64_t images;       /* of the test images; 0: robustness is not measured */
    option_list linf, l2; /* radii, ascending: in 255ths of a pixel's range, and in whole ranges */
    int64_t steps, restarts;
    double step_size;     /* in radii, of all steps together */
    option_list refine;   /* Langevin steps before classifying; 0: none */
    int64_t copies;       /* whose logits a refining classifier averages */
    double noise_std;     /* added to each copy first, network units */
    int64_t draws;        /* copies that a step of the attack averages over */
} attack_options;

/* Keys eval.*: the options of all these benchmarks. */
typedef struct eval_options {
    int64_t limit; /* images per set for energies and OOD scores */
    char ood[OPTION_STRING_MAX]; /* further OOD sets: KIND:PATH, separated by commas */
    option_list steps; /* after which the chains of a shared start are shown; ascending */
    int64_t samples;   /* pictures on a sheet */
    int64_t seed;      /* of noise and starts: the same for every run of a study */
    char fid_weights[OPTION_STRING_MAX];   /* Inception's; "": FID is not measured */
    char fid_reference[OPTION_STRING_MAX]; /* npz of statistics; "": the training images */
    attack_options attack;
} eval_options;
extern const option eval_option_table[];

/* Of a request to one of them. */
const generative *generative_of(const bench_request *r);
const eval_options *eval_options_of(const bench_request *r);

#endif
