/* What a training minimises: the seam between a method and everything that is the same for all of
 * them (trainer.h, the loop, the log, verdicts, checkpoints), which know no objective by name.
 *
 * An objective is one const struct, as at the foot of objective_eq8.c, and one line in the list in
 * objectives.c; the list is handed in from the top (config_lists), so that a program may append its
 * own.  Its functions are given the trainer, whose `own` is theirs.
 * tests/cli/test_own_objective.c is a whole one. */
#ifndef TRAIN_OBJECTIVE_H
#define TRAIN_OBJECTIVE_H

#include <stddef.h>

#include "sample/replay_buffer.h"
#include "tensor/safetensors.h"
#include "train/health.h"
#include "train/optimizer.h"
#include "train/validate.h"

struct config;  /* train/config.h */
struct trainer; /* train/trainer.h */

enum { OBJECTIVE_COLUMNS = 32 }; /* at most */

/* What one step, or the mean of several, says: numbers of the objective's own, in the order of its
 * columns or as a struct of doubles that is copied in and out; NaN where something does not apply. */
typedef struct objective_report {
    double values[OBJECTIVE_COLUMNS];
} objective_report;

/* What one training step did. */
typedef struct step_report {
    objective_report own;
    double lr;        /* what the schedules gave: the learning rate, */
    double step_size; /* and that of Langevin chains; NaN: there are none */
} step_report;

/* How the steps since the last row of the log become one number: from the finite ones. */
typedef enum column_fold {
    COLUMN_MEAN, COLUMN_MIN, COLUMN_MAX,
    COLUMN_AT_ROW /* it is no step's: objective.row fills it in */
} column_fold;

/* One number of the report. */
typedef struct objective_column {
    const char *name;  /* in metrics.csv; NULL: not there, for verdicts alone */
    const char *tag;   /* in TensorBoard */
    const char *label; /* on the line that ends an epoch; NULL: not there */
    column_fold fold;
    size_t at;         /* offset of its double in the report, in bytes */
} objective_column;
double objective_number(const objective_report *r, const objective_column *c); /* that double */

/* What others may expect of it. */
typedef enum objective_use {
    OBJECTIVE_LABELS = 1, /* it learns the labels: accuracy says how well */
    OBJECTIVE_CHAINS = 2, /* it keeps a replay buffer of Langevin chains: see `samples` */
    OBJECTIVE_OUTPUT = 4  /* it reads the output of a network that gives no logits: see `validate` */
} objective_use;

/* Its steps where all they touch stays in a device's memory; `own` is what open gave. */
typedef struct objective_device {
    jem_status (*open)(void **own, struct trainer *t); /* the trainer's arrays on the host are up to date */
    void (*close)(void *own); /* NULL is fine */
    void (*changed)(void *own); /* moments, averages or the objective's state were written on the host */
    /* The whole step, update included, as objective.gradients; a step that fails changes nothing. */
    jem_status (*step)(step_report *r, void *own, struct trainer *t);
    jem_status (*fetch)(void *own, struct trainer *t, int parts); /* trainer_part: into the host's arrays */
} objective_device;

typedef struct objective {
    const char *name;  /* train.objective is it */
    const char *about; /* one line for jem list */

    /* Does train.objective = auto mean it at this alpha?  NULL: it is only taken by name. */
    bool (*meant)(double alpha);
    unsigned (*uses)(const struct config *c); /* objective_use */
    /* JEM_EUSAGE naming a setting that it cannot be trained with.  NULL: there is none. */
    jem_status (*check)(const struct config *c);

    /* ---- its state, t->own */
    /* Everything but what `own` points to is there.  `kept`: of a training that goes on, whose state
     * comes from a checkpoint or from reset, the file that `keep` has left; else NULL. */
    jem_status (*init)(struct trainer *t, const char *kept);
    void (*clear)(struct trainer *t);    /* also where init failed half-way */
    void (*reset)(struct trainer *t);    /* as init left it; NULL: nothing changes in a training */
    void (*rescued)(struct trainer *t);  /* t->rescue says how settings have changed; NULL: nothing to do */
    /* Leaves in `path` what init would compute again; NULL: nothing. */
    jem_status (*keep)(const struct trainer *t, const char *path);

    /* ---- one step, t->iteration (from 0); allocates nothing after the first */
    /* All of the report is NaN, but for what holds before a step at this share of the training. */
    void (*begin)(step_report *r, const struct trainer *t, double share);
    /* The step's images; *x [*n]: those the network sees first. */
    jem_status (*draw)(const float **x, int64_t *n, struct trainer *t);
    /* Losses at the present parameters into *r, what to descend into *d (borrowed from t->own).
     * JEM_EDIVERGED if not all is finite: the message says what. */
    jem_status (*gradients)(step_report *r, direction *d, struct trainer *t);
    /* The direction again, of the same images at other parameters; r is what gradients said. */
    jem_status (*gradients_again)(direction *d, const step_report *r, struct trainer *t);
    /* The parameters have taken the step, and nobody reads them.  NULL: nothing to do. */
    void (*stepped)(struct trainer *t);
    /* What validation says of the images d at the model's present parameters: NaN where something means nothing.
     * The lowest nll selects the weights.  NULL: accuracy and loss of the labels (validate). */
    jem_status (*validate)(validation *out, struct trainer *t, const dataset *d);
    const objective_device *device; /* NULL: the host makes its steps */

    /* ---- the log and its verdicts */
    const objective_column *columns; /* in the order of the log */
    int column_count;
    /* Fills in the columns of COLUMN_AT_ROW, from the others and the state.  NULL: there are none. */
    void (*row)(objective_report *mean, const struct trainer *t);
    /* text [size] <- what the progress line says of a step: "  l_D 0.693".  NULL: nothing. */
    void (*progress)(char *text, size_t size, const step_report *r);
    const health_rule *rules; /* gravest first; NULL: only what is not finite is ill */

    /* ---- checkpoints.  All but restore may run on another thread, while steps are made up to
     * the point where they wait for the trainer's reader; NULL: there is nothing to save. */
    const replay_buffer *(*samples)(const struct trainer *t); /* NULL or a NULL result: none */
    const char *(*not_finite)(const struct trainer *t); /* names a part that is not finite; NULL: none */
    jem_status (*save)(const struct trainer *t, safetensors_writer *w); /* what it adds stays in place */
    /* Changes nothing where the file does not fit: JEM_EDATA. */
    jem_status (*restore)(struct trainer *t, const safetensors *f);
} objective;

/* All objectives that jem has (objectives.c); ends with NULL, as every list of them. */
extern const objective *const objective_list[];
/* The one in `list` that train.objective = `name` means at this alpha; NULL: there is none. */
const objective *objective_find(const objective *const *list, const char *name, double alpha);

/* Are all n numbers finite?  For objective.not_finite. */
bool all_finite(const float *x, int64_t n);

#endif
