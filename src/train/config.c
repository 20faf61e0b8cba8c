/* The settings of a run: option table of train.* and the groups of all modules. */
#include "train/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/options_table.h"
#include "base/path_expand.h"
#include "base/try.h"
#include "train/objective.h"

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
     "images per labelled batch"},
    {"generative_batch", OPTION_INT, AT(generative_batch), "0", 0, 1048576, NULL,
     "images per x+ and per x-; an epoch is a pass over x+; 0: as many as train.batch"},
    {"epochs", OPTION_INT, AT(epochs), "200", 1, 1000000, NULL, "passes over the training images"},
    {"iterations", OPTION_INT, AT(iterations), "0", 0, 2147483647, NULL,
     "length in iterations instead of epochs; 0: epochs count"},
    {"max_minutes", OPTION_REAL, AT(max_minutes), "0", 0, 1e7, NULL,
     "stop after this wall time (schedules still follow iterations); 0: no limit"},
    {"lr", OPTION_REAL, AT(lr), "1e-4", 0, 1e3, NULL,
     "learning rate after warm-up; 1e-4 to 5e-5 with Adam in the study"},
    {"warmup", OPTION_INT, AT(warmup), "1000", 0, 1000000000, NULL,
     "iterations of linear warm-up from 0"},
    {"schedule", OPTION_CHOICE, AT(schedule), "cosine", 0, 0, "cosine|constant|multistep|exponential",
     "learning rate after warm-up; cosine falls to 0, multistep at train.milestones, exponential by train.lr_decay"},
    {"milestones", OPTION_LIST, AT(milestones), "[0.8, 0.9]", 0, 1, NULL,
     "multistep: fractions of training after which the rate is multiplied by milestone_factor"},
    {"milestone_factor", OPTION_REAL, AT(milestone_factor), "0.3", 0, 1, NULL,
     "multistep: factor on the rate at each milestone; JEM: 0.3 at epochs 160 and 180 of 200"},
    {"lr_decay", OPTION_REAL, AT(lr_decay), "0.999995", 0, 1, NULL,
     "exponential: factor on the rate before every step; PixelVAE 0.999995"},
    {"optimizer", OPTION_CHOICE, AT(optimizer.kind), "adam", 0, 0, "adam|sgd",
     "adam as in the study; sgd with momentum and weight decay as JEM++ and SADA-JEM"},
    {"beta1", OPTION_REAL, AT(optimizer.beta1), "0.9", 0, 0.999999999, NULL, "Adam"},
    {"beta2", OPTION_REAL, AT(optimizer.beta2), "0.999", 0, 0.999999999, NULL, "Adam"},
    {"adam_eps", OPTION_REAL, AT(optimizer.adam_eps), "1e-8", 1e-20, 1, NULL,
     "Adam; above 0, so that a gradient of zero makes no NaN"},
    {"adam_eps_inside", OPTION_BOOL, AT(optimizer.eps_inside), "false", 0, 0, NULL,
     "Adam: g / sqrt(v + eps) as PixelVAE's code, instead of g / (sqrt(v) + eps)"},
    {"momentum", OPTION_REAL, AT(optimizer.momentum), "0.9", 0, 0.999999999, NULL, "SGD"},
    {"weight_decay", OPTION_REAL, AT(optimizer.weight_decay), "0", 0, 1, NULL,
     "adds weight_decay * w to the gradient; JEM++ 4e-4, SADA-JEM 5e-4"},
    {"sharpness", OPTION_CHOICE, AT(sharpness), "none", 0, 0, "none|plain|adaptive",
     "take the gradient where a step of size train.rho uphill leads (SADA-JEM: adaptive)"},
    {"weight_decay_of", OPTION_CHOICE, AT(weight_decay_of), "all", 0, 0, "all|layers",
     "every parameter (PyTorch), or the weights and biases of layers, not those of norms"},
    {"rho", OPTION_REAL, AT(rho), "2", 0, 1e6, NULL, "size of the step uphill of train.sharpness"},
    {"objective", OPTION_STRING, AT(objective), "auto", 0, 0, NULL,
     "what is minimised; auto: eq8, or at alpha 0 classifier (jem list objectives)"},
    {"init", OPTION_STRING, AT(init), "", 0, 0, NULL,
     "begin with these weights: a run, or a file of them (.pt, .safetensors, .npz); empty: random ones"},
    {"init_sha256", OPTION_STRING, AT(init_sha256), "", 0, 0, NULL,
     "SHA-256 of the file of train.init; a training fills it in"},
    {"loss", OPTION_CHOICE, AT(loss), "balanced", 0, 0, "balanced|sum",
     "alpha c l_G + (1-alpha) l_D with the gradients' ratio c (Eq. 8), or 2 alpha l_G + "
     "2 (1-alpha) l_D, at alpha 0.5 the l_G + l_D of JEM, JEM++, SADA-JEM"},
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
    {"select", OPTION_CHOICE, AT(select), "auto", 0, 0, "auto|accuracy|fd-pix|fid|nll",
     "what chooses the epoch that is kept; auto: accuracy, at alpha 1 fid with train.fid_weights, else fd-pix; nll with "
     "train.objective = pixelvae"},
    {"patience", OPTION_INT, AT(patience), "0", 0, 1000000, NULL,
     "epochs after the last milestone without better weights (train.select) that end a training; 0: none do"},
    {"fid_weights", OPTION_STRING, AT(fid_weights), "", 0, 0, NULL,
     "weights for FID: pt_inception-2015-12-05-6726825d.pth of pytorch-fid"},
    {"fid_reference", OPTION_STRING, AT(fid_reference), "", 0, 0, NULL,
     "statistics that samples are compared with (jem fid --save); empty: of the training images, made anew"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

const option_group *config_groups(config *c)
{
    option_group groups[CONFIG_GROUPS] = {
        {"", top_options, c},
        {"model", model_options, &c->model},
        {"model", network_options(c->model.network), &c->model.settings},
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

const config_lists config_builtin = {
    .networks = network_list,
    .objectives = objective_list,
    .sources = data_source_list,
};

config_lists config_lists_whole(const config_lists *l)
{
    return (config_lists){
        .networks = l->networks ? l->networks : config_builtin.networks,
        .objectives = l->objectives ? l->objectives : config_builtin.objectives,
        .sources = l->sources ? l->sources : config_builtin.sources,
    };
}

jem_status config_defaults(config *c, const config_lists *lists)
{
    jem_status st;
    memset(c, 0, sizeof *c);
    c->lists = config_lists_whole(lists);
    c->data.sources = c->lists.sources;
    TRY(model_spec_name(&c->model, c->lists.networks, model_options->default_text));
    TRY(options_defaults(config_groups(c)));
done:
    return st;
}

jem_status config_assign(config *c, const char *const *assignments, int count)
{
    static const char name[] = "model.name=";
    jem_status st = JEM_OK;
    for (int i = 0; i < count; i++)
        if (strncmp(assignments[i], name, sizeof name - 1) == 0)
            TRY(model_spec_name(&c->model, c->lists.networks, assignments[i] + sizeof name - 1));
    for (int i = 0; i < count; i++) TRY(options_assign(config_groups(c), assignments[i]));
done:
    return st;
}

jem_status config_objective(const objective **out, const config *c)
{
    const objective *const *list = c->lists.objectives;
    char names[512] = "";
    size_t used = 0;

    *out = list ? objective_find(list, c->train.objective, c->alpha) : NULL;
    if (*out) return JEM_OK;
    for (; list && *list && used < sizeof names; list++)
        used += (size_t)snprintf(names + used, sizeof names - used, ", %s", (*list)->name);
    return jem_error(JEM_EUSAGE, "train.objective '%.200s': expected one of auto%s", c->train.objective,
                     names);
}

static bool uses(const config *c, objective_use use)
{
    const objective *o = c->lists.objectives
                             ? objective_find(c->lists.objectives, c->train.objective, c->alpha)
                             : NULL;
    return o && (o->uses(c) & use) != 0;
}

bool config_learns_labels(const config *c)
{
    return uses(c, OBJECTIVE_LABELS);
}

bool config_runs_chains(const config *c)
{
    return uses(c, OBJECTIVE_CHAINS);
}

bool config_reads_output(const config *c)
{
    return uses(c, OBJECTIVE_OUTPUT);
}

int64_t config_generative_batch(const train_options *o)
{
    return o->generative_batch > 0 ? o->generative_batch : o->batch;
}

/* Can what train.select asks for be measured? */
static jem_status check_selection(const config *c)
{
    const int select = c->train.select;
    const bool samples = select == SELECT_FD_PIX || select == SELECT_FID;

    if (select == SELECT_ACCURACY && !config_learns_labels(c))
        return jem_error(JEM_EUSAGE, "train.select is accuracy, but at alpha = %g no labels are learned: choose "
                         "auto, fd-pix or fid", c->alpha);
    if (samples && !config_runs_chains(c))
        return jem_error(JEM_EUSAGE, "train.select is %s, but at alpha = %g there are no samples: choose auto or "
                         "accuracy", select == SELECT_FID ? "fid" : "fd-pix", c->alpha);
    if (select == SELECT_NLL && !config_reads_output(c))
        return jem_error(JEM_EUSAGE, "train.select is nll, and this objective measures no likelihood of its own: choose "
                         "auto, accuracy, fd-pix or fid");
    if (select == SELECT_FID && !c->train.fid_weights[0])
        return jem_error(JEM_EUSAGE, "train.select is fid: set train.fid_weights to the file of %s",
                         network_find(network_list, "inception-fid")->weights);
    return JEM_OK;
}

jem_status config_check(const config *c)
{
    if (c->sampler.clip && c->sampler.clip_min >= c->sampler.clip_max)
        return jem_error(JEM_EUSAGE, "sampler.clip_min = %g must be below sampler.clip_max = %g",
                         c->sampler.clip_min, c->sampler.clip_max);
    if (c->data.rank >= c->data.ranks)
        return jem_error(JEM_EUSAGE, "data.rank = %lld must be below data.ranks = %lld: ranks are "
                         "counted from 0", (long long)c->data.rank, (long long)c->data.ranks);
    const train_options *o = &c->train;
    if (o->share_batch && config_generative_batch(o) != o->batch)
        return jem_error(JEM_EUSAGE,
                         "train.share_batch makes x+ the labelled images: train.generative_batch = "
                         "%lld must be train.batch = %lld or 0",
                         (long long)o->generative_batch, (long long)o->batch);
    if (o->share_batch && !c->data.augment_generative)
        return jem_error(JEM_EUSAGE, "train.share_batch makes x+ the labelled images, which are "
                         "augmented: data.augment_generative = false needs share_batch = false");
    if (o->init_sha256[0] && !o->init[0])
        return jem_error(JEM_EUSAGE, "train.init_sha256 says what the file of train.init is, which is empty");
    const network *n = c->model.network;
    if (c->sampler.batch_norm == BATCH_NORM_BATCH && n->draws && n->draws(&c->model))
        return jem_error(JEM_EUSAGE, "sampler.batch_norm = batch runs chains in training mode, in "
                         "which dropout would be noise: set model.dropout to 0");
    const objective *minimised;
    jem_status st;
    TRY(config_objective(&minimised, c));
    if (minimised->check) TRY(minimised->check(c));
    if (!n->logits && !config_reads_output(c))
        return jem_error(JEM_EUSAGE, "model.name = %s gives no logits for train.objective = %s; set train.objective to "
                         "one that is made for it (jem list objectives)", c->model.name, minimised->name);
    TRY(rescue_check(&c->rescue));
    TRY(check_selection(c));
done:
    return st;
}

/* The network that the file names, whose keys the file may set in any order. */
static jem_status name_network(config *c, const option_file *f)
{
    jem_status st;
    model_spec named = {.network = NULL};
    const option_group groups[] = {{"model", model_options, &named}, {NULL, NULL, NULL}};

    TRY(options_parse(groups, f, true));
    if (!named.name[0]) return JEM_OK;
    st = model_spec_name(&c->model, c->lists.networks, named.name);
    if (st != JEM_OK) jem_error_context(st, "%s", f->name);
done:
    return st;
}

jem_status config_load(config *c, const config_lists *lists, const char *path,
                       const char *const *assignments, int count)
{
    jem_status st;
    option_file f = {.text = NULL};
    TRY(config_defaults(c, lists));
    if (path) {
        TRY(options_read(&f, path));
        TRY(name_network(c, &f));
        TRY(options_parse(config_groups(c), &f, false));
    }
    TRY(config_assign(c, assignments, count));
    st = config_check(c);
    if (st != JEM_OK && path) jem_error_context(st, "%s", f.name);
done:
    mem_free(f.text);
    return st;
}

/* ---- what makes a run what it is */

config_role config_key_role(const char *key)
{
    static const struct {
        const char *key;
        config_role role;
    } roles[] = { /* all others decide */
        {"data.path", CONFIG_FREE},
        {"train.init", CONFIG_FREE}, /* what lies there decides: train.init_sha256 */
        {"train.event_files", CONFIG_FREE},
        {"train.fid_weights", CONFIG_FREE},
        {"train.fid_reference", CONFIG_FREE},
        {"train.log_every", CONFIG_KEEPS},
        {"train.max_minutes", CONFIG_KEEPS},
        {"engine.threads", CONFIG_FREE},
        {"engine.device", CONFIG_FREE}, /* mostly "auto", which says nothing */
        {"engine.chunk", CONFIG_COMPUTES},
        {"engine.precision", CONFIG_COMPUTES},
        {"engine.convolution", CONFIG_COMPUTES},
        {"engine.deterministic", CONFIG_COMPUTES},
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(key, roles[i].key) == 0) return roles[i].role;
    return CONFIG_DECIDES;
}

jem_status config_difference(config *a, config *b, char *difference, size_t size)
{
    char key[OPTION_KEY_MAX], left[OPTION_TEXT_MAX], right[OPTION_TEXT_MAX];
    const option_group *groups = config_groups(a), *others = config_groups(b);
    jem_status st = JEM_OK;

    difference[0] = '\0';
    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        options_full_key(&p, key);
        if (config_key_role(key) != CONFIG_DECIDES) continue;
        options_value_text(&p, left, sizeof left);
        TRY(options_get(others, key, right, sizeof right));
        if (strcmp(left, right) == 0) continue;
        snprintf(difference, size, "%s is %s there and %s here", key, left, right);
        return JEM_OK;
    }
done:
    return st;
}

/* The value of a key that holds a path. */
static jem_status make_absolute(config *c, const char *key, const char *value)
{
    jem_status st = JEM_OK;
    char *path = NULL;

    if (!value[0] || value[0] == '/') return JEM_OK;
    TRY(path_absolute(&path, value));
    if (options_set(config_groups(c), key, path, key) != JEM_OK)
        log_warning("%s stays relative to the working directory: %s cannot be written", value, path);
done:
    mem_free(path);
    return st;
}

jem_status config_absolute_paths(config *c)
{
    jem_status st;
    TRY(make_absolute(c, "data.path", c->data.path));
    TRY(make_absolute(c, "train.init", c->train.init));
    TRY(make_absolute(c, "train.fid_weights", c->train.fid_weights));
    TRY(make_absolute(c, "train.fid_reference", c->train.fid_reference));
done:
    return st;
}
