/* The settings of a run: option table of train.* and the groups of all modules. */
#include "train/config.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"

static const option top_options[] = {
    {"alpha", OPTION_REAL, offsetof(config, alpha), "0.5", 0, 1, NULL,
     "weight of the generative loss: 0 is a classifier, 1 an energy model (Eq. 8)"},
    {"seed", OPTION_INT, offsetof(config, seed), "1", 0, 9007199254740992.0, NULL,
     "fixes every random number of a run"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

#define AT(field) offsetof(train_options, field)
static const option train_option_table[] = {
    {"batch", OPTION_INT, AT(batch), "64", 1, 1048576, NULL,
     "images per labelled batch, and as many x+ and x-"},
    {"epochs", OPTION_INT, AT(epochs), "200", 1, 1000000, NULL, "passes over the training images"},
    {"iterations", OPTION_INT, AT(iterations), "0", 0, 2147483647, NULL,
     "length in iterations instead of epochs; 0: epochs count"},
    {"max_minutes", OPTION_REAL, AT(max_minutes), "0", 0, 1e7, NULL,
     "stop after this wall time (schedules still follow iterations); 0: no limit"},
    {"lr", OPTION_REAL, AT(lr), "1e-4", 0, 1e3, NULL,
     "Adam's learning rate after warm-up; 1e-4 to 5e-5 in the study"},
    {"warmup", OPTION_INT, AT(warmup), "1000", 0, 1000000000, NULL,
     "iterations of linear warm-up from 0"},
    {"schedule", OPTION_CHOICE, AT(schedule), "cosine", 0, 0, "cosine|constant",
     "learning rate after warm-up; cosine falls to 0"},
    {"beta1", OPTION_REAL, AT(beta1), "0.9", 0, 0.999999999, NULL, "Adam"},
    {"beta2", OPTION_REAL, AT(beta2), "0.999", 0, 0.999999999, NULL, "Adam"},
    {"adam_eps", OPTION_REAL, AT(adam_eps), "1e-8", 1e-20, 1, NULL,
     "Adam; above 0, so that a gradient of zero makes no NaN"},
    {"label_smoothing", OPTION_REAL, AT(label_smoothing), "0", 0, 1, NULL,
     "target (1-e) onehot + e/K; the study: 0.05 on gloss, 0 on CIFAR-10"},
    {"energy_l2", OPTION_REAL, AT(energy_l2), "0", 0, 1e6, NULL,
     "strength of a penalty on mean LSE(x+)^2 + mean LSE(x-)^2"},
    {"ema", OPTION_REAL, AT(ema), "0", 0, 0.999999999, NULL,
     "decay of averaged weights, which are then evaluated and saved; 0: none"},
    {"share_batch", OPTION_BOOL, AT(share_batch), "false", 0, 0, NULL,
     "use the labelled images as x+ too (faster); the study draws them independently"},
    {"log_every", OPTION_INT, AT(log_every), "50", 1, 1000000000, NULL,
     "iterations per row of metrics.csv"},
    {"eval_every", OPTION_INT, AT(eval_every), "1", 1, 1000000, NULL,
     "epochs between validations"},
    {"checkpoint_every", OPTION_INT, AT(checkpoint_every), "0", 0, 1000000000, NULL,
     "iterations between checkpoints; 0: every epoch"},
    {"event_files", OPTION_BOOL, AT(event_files), "true", 0, 0, NULL,
     "also log to RUN/events for TensorBoard"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

const option_group *config_groups(config *c)
{
    option_group groups[CONFIG_GROUPS] = {
        {"", top_options, c},
        {"model", model_options, &c->model},
        {"data", data_option_table, &c->data},
        {"sampler", sampler_option_table, &c->sampler},
        {"train", train_option_table, &c->train},
        {"health", health_option_table, &c->health},
        {"rescue", rescue_option_table, &c->rescue},
        {"engine", engine_options, &c->engine},
        {NULL, NULL, NULL},
    };
    memcpy(c->groups, groups, sizeof groups);
    return c->groups;
}

jem_status config_defaults(config *c)
{
    memset(c, 0, sizeof *c);
    return options_defaults(config_groups(c));
}

jem_status config_check(const config *c)
{
    if (c->sampler.clip && c->sampler.clip_min >= c->sampler.clip_max)
        return jem_error(JEM_EUSAGE, "sampler.clip_min = %g must be below sampler.clip_max = %g",
                         c->sampler.clip_min, c->sampler.clip_max);
    return rescue_check(&c->rescue);
}

jem_status config_load(config *c, const char *path, const char *const *assignments, int count)
{
    jem_status st;
    TRY(config_defaults(c));
    TRY(options_load(c->groups, path));
    for (int i = 0; i < count; i++) TRY(options_assign(c->groups, assignments[i]));
    TRY(config_check(c));
done:
    return st;
}

jem_status config_difference(config *a, config *b, char *difference, size_t size)
{
    char key[128], left[OPTION_STRING_MAX], right[OPTION_STRING_MAX];
    const option_group *ga = config_groups(a), *gb = config_groups(b);
    jem_status st = JEM_OK;

    difference[0] = '\0';
    for (int g = 0; ga[g].options; g++) {
        if (strcmp(ga[g].prefix, "engine") == 0) continue; /* changes no result */
        for (const option *o = ga[g].options; o->key; o++) {
            snprintf(key, sizeof key, "%s%s%s", ga[g].prefix, ga[g].prefix[0] ? "." : "", o->key);
            TRY(options_get(ga, key, left, sizeof left));
            TRY(options_get(gb, key, right, sizeof right));
            if (strcmp(left, right) != 0) {
                snprintf(difference, size, "%s is %s there and %s here", key, left, right);
                return JEM_OK;
            }
        }
    }
done:
    return st;
}
