/* All settings of a run in one struct: what config files, --set and RUN/config.yaml
 * mean.  Every default is the study's value where it states one. */
#ifndef TRAIN_CONFIG_H
#define TRAIN_CONFIG_H

#include "base/options.h"
#include "data/dataset.h"
#include "model/model.h"
#include "sample/sgld.h"
#include "train/health.h"
#include "train/eq8_batch.h"
#include "train/rescue.h"
#include "train/sharpness.h"

typedef enum train_schedule {
    SCHEDULE_COSINE, SCHEDULE_CONSTANT, SCHEDULE_MULTISTEP, SCHEDULE_EXPONENTIAL
} train_schedule;

/* Which epoch's weights are kept.  auto: by accuracy where labels are learned, by the validation's loss where an
 * objective measures its own, else by FID where fid_weights are given, else by FD-pix. */
typedef enum train_select {
    SELECT_AUTO, SELECT_ACCURACY, SELECT_FD_PIX, SELECT_FID, SELECT_NLL
} train_select;

/* Keys train.*. */
typedef struct train_options {
    int64_t batch;          /* images per labelled batch */
    int64_t generative_batch; /* per x+ and per x-; 0: batch */
    int64_t epochs;
    int64_t iterations;     /* > 0: instead of epochs */
    double max_minutes;     /* > 0: stop after this much wall time */
    double lr;
    int64_t warmup;         /* iterations of linear warm-up */
    int schedule;           /* train_schedule, after warm-up */
    option_list milestones; /* of the multistep schedule: fractions of the training */
    double milestone_factor;
    double lr_decay;        /* of the exponential schedule: factor before every step */
    int weight_decay_of;    /* optimizer_decay */
    optimizer_options optimizer;
    int sharpness;          /* sharpness_kind */
    double rho;             /* of sharpness */
    char objective[OPTION_STRING_MAX]; /* what is minimised: "auto", or a name in config.lists */
    char init[OPTION_STRING_MAX]; /* a run or a file of weights to begin with; "": random parameters */
    char init_sha256[OPTION_STRING_MAX]; /* of that file; "": not known yet (init_weights.h) */
    int loss;               /* eq8_loss */
    double label_smoothing;
    double energy_l2;       /* strength of the penalty on squared energies */
    double ema;             /* decay of averaged weights; 0: none */
    bool share_batch;       /* the labelled images also serve as x+ */
    int64_t log_every;      /* iterations */
    int64_t eval_every;     /* epochs */
    int64_t checkpoint_every; /* iterations; 0: every epoch */
    bool event_files;       /* for TensorBoard */
    int select;             /* train_select */
    int64_t patience;       /* epochs without better weights that end it, after the last milestone; 0: none do */
    char fid_weights[OPTION_STRING_MAX];   /* Inception's; "": none */
    char fid_reference[OPTION_STRING_MAX]; /* npz of statistics; "": the training images */
} train_options;

enum { CONFIG_GROUPS = 10 };

/* What settings choose from by a name: lists that are const, end with NULL and are handed in from the
 * top, so that a program may append to them.  A list that is NULL is jem's own. */
typedef struct config_lists {
    const network *const *networks;            /* model.name; model/network.h */
    const struct objective *const *objectives; /* train.objective; train/objective.h */
    const data_source *const *sources;         /* data.kind; data/dataset.h */
} config_lists;
extern const config_lists config_builtin; /* what jem has */
config_lists config_lists_whole(const config_lists *l); /* with jem's own where one is NULL */

typedef struct config {
    double alpha;   /* 0: classifier, 1: energy model */
    int64_t seed;
    model_spec model;
    data_options data;
    sampler_options sampler;
    train_options train;
    health_options health;
    rescue_options rescue;
    engine_spec engine;
    config_lists lists; /* what settings may name; none is NULL, borrowed */
    option_group groups[CONFIG_GROUPS];
} config;

/* Training, validation and test images are the same for every run of a study,
 * whatever its seed, so that scores can be compared. */
enum { CONFIG_SPLIT_SEED = 1234 };

/* The option groups over the fields of c: "" (alpha, seed), model (the name, then the keys of the
 * network that c->model has now), data, sampler, train, health, rescue, engine.  Borrowed from c,
 * which must stay where it is while they are used. */
const option_group *config_groups(config *c);

/* `lists` is copied; what it points to must outlive c. */
jem_status config_defaults(config *c, const config_lists *lists);
/* "key=value" in any order: the network that model.name names first, then its keys and the
 * others. */
jem_status config_assign(config *c, const char *const *assignments, int count);
/* Defaults, then the file (path NULL: none), then assignments, then checks across keys. */
jem_status config_load(config *c, const config_lists *lists, const char *path,
                       const char *const *assignments, int count);
/* The objective that the settings mean; JEM_EUSAGE, saying what there is, if they mean none. */
jem_status config_objective(const struct objective **out, const config *c);
/* Does it learn labels, does it keep a replay buffer of chains (objective_use)?  False if there is none. */
bool config_learns_labels(const config *c);
bool config_runs_chains(const config *c);
/* Does it read the network's output itself, which is no logits? */
bool config_reads_output(const config *c);

/* Images per x+ and x-. */
int64_t config_generative_batch(const train_options *o);

/* JEM_EUSAGE if settings that are fine one by one contradict each other. */
jem_status config_check(const config *c);

/* What a key has to do with the results of a training. */
typedef enum config_role {
    CONFIG_DECIDES,  /* makes the run what it is: the same in all its sessions */
    CONFIG_COMPUTES, /* changes bits, in ways that a resume may choose: how they are computed */
    CONFIG_KEEPS,    /* changes none, but which rows are kept or how long it goes on */
    CONFIG_FREE      /* changes nothing that a run is judged by: where things lie, threads */
} config_role;
config_role config_key_role(const char *key); /* of "train.lr"; keys that it does not know decide */

/* The first deciding key whose value differs, as text of both sides in `difference`; "" if
 * there is none. */
jem_status config_difference(config *a, config *b, char *difference, size_t size);

/* Makes paths that are relative to the working directory absolute, so that they are found from
 * elsewhere.  One that would be too long or no UTF-8 stays as it is.  JEM_EIO. */
jem_status config_absolute_paths(config *c);

#endif
