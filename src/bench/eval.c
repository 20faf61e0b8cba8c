/* A trained model as what generative benchmarks ask about, and all of them in turn: see eval.h. */
#include "bench/eval.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/try.h"

#define AT(field) offsetof(eval_options, field)
const option eval_option_table[] = {
    {"limit", OPTION_INT, AT(limit), "2000", 2, 1e9, NULL,
     "images per set for energies and out-of-distribution scores"},
    {"ood", OPTION_STRING, AT(ood), "", 0, 0, NULL,
     "further out-of-distribution sets: KIND:PATH, separated by commas (jem data list)"},
    {"steps", OPTION_LIST, AT(steps), "[0, 5, 10, 20, 50]", 0, 1e6, NULL,
     "Langevin steps after which chains from the shared start are shown (study: 50)"},
    {"samples", OPTION_INT, AT(samples), "64", 1, 4096, NULL, "pictures on a sheet of samples"},
    {"seed", OPTION_INT, AT(seed), "0", 0, 1e15, NULL,
     "of noise images and chains: the same for every run of a study"},
    {"fid_weights", OPTION_STRING, AT(fid_weights), "", 0, 0, NULL,
     "weights for FID: pt_inception-2015-12-05-6726825d.pth of pytorch-fid; empty: it is not measured"},
    {"fid_reference", OPTION_STRING, AT(fid_reference), "", 0, 0, NULL,
     "statistics that FID compares with (jem fid --save); empty: of the training images"},
    {"attack_images", OPTION_INT, AT(attack.images), "0", 0, 1e9, NULL,
     "test images that are attacked (PGD), for accuracy under attack; 0: it is not measured"},
    {"attack_linf", OPTION_LIST, AT(attack.linf), "[0, 1, 2, 4, 8]", 0, 255, NULL,
     "radii of L-inf attacks, in 255ths of a pixel's range; []: none"},
    {"attack_l2", OPTION_LIST, AT(attack.l2), "[0, 0.25, 0.5, 1]", 0, 1e4, NULL,
     "radii of L2 attacks, a pixel's range being 1; []: none"},
    {"attack_steps", OPTION_INT, AT(attack.steps), "20", 1, 10000, NULL, "steps of an attack"},
    {"attack_step_size", OPTION_REAL, AT(attack.step_size), "2.5", 0.001, 1e4, NULL,
     "how far its steps could go together, in radii: a step is 2.5 radius / steps"},
    {"attack_restarts", OPTION_INT, AT(attack.restarts), "1", 1, 1000, NULL,
     "attacks on an image, each from its own random start in the ball; the best one counts"},
    {"refine_steps", OPTION_LIST, AT(attack.refine), "[0]", 0, 10000, NULL,
     "Langevin steps before classifying, as a defence that is attacked, too: [0, 1, 10] for JEM-0, -1, -10"},
    {"refine_copies", OPTION_INT, AT(attack.copies), "5", 1, 1000, NULL,
     "refined copies of an image whose logits are averaged (JEM: 5)"},
    {"refine_noise", OPTION_REAL, AT(attack.noise_std), "0.03", 0, 10, NULL,
     "deviation of the noise that each copy begins with, network units (JEM: 0.03)"},
    {"attack_draws", OPTION_INT, AT(attack.draws), "5", 1, 1000, NULL,
     "fresh copies over which each step of an attack on refinement takes its expectation"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

const generative *generative_of(const bench_request *r) { return r->subject->generative; }

const eval_options *eval_options_of(const bench_request *r) { return r->options; }

jem_status generative_add(const bench_request *r, const bench_score *s)
{
    const generative *g = generative_of(r);
    bench_score whole = *s;
    jem_status st = g->stopped(g->ctx); /* much happens beside the model, too */
    if (st != JEM_OK) return st;
    whole.dataset = g->data_options->kind;
    whole.ceiling = NAN;
    whole.data_hash = g->data->test->hash;
    return bench_add(r, &whole);
}

jem_status generative_tolerate(const bench_request *r, const char *what, jem_status st)
{
    if (st != JEM_EDATA) return st;
    log_warning("%s: %s left out: %s", r->out, what, jem_error_message());
    return JEM_OK;
}

void generative_name(char name[GENERATIVE_NAME_MAX], const bench_request *r)
{
    snprintf(name, GENERATIVE_NAME_MAX, "%s-alpha-%g-seed-%" PRId64, generative_of(r)->network, r->subject->alpha,
             r->subject->seed);
}

void generative_picture(char name[GENERATIVE_PICTURE_MAX], int64_t i)
{
    snprintf(name, GENERATIVE_PICTURE_MAX, "test-%06" PRId64, i);
}

static const char *class_name(const dataset *d, int64_t k, char number[24])
{
    if (d->class_names && d->class_names[k] && d->class_names[k][0]) return d->class_names[k];
    snprintf(number, 24, "%" PRId64, k);
    return number;
}

jem_status generative_add_trial(const bench_request *r, trial_list *list, const char *condition,
                                int64_t row, int64_t answer)
{
    const dataset *d = generative_of(r)->data->test;
    char who[GENERATIVE_NAME_MAX], picture[GENERATIVE_PICTURE_MAX], said[24], truth[24];

    generative_name(who, r);
    generative_picture(picture, row);
    return trial_list_append(list, &(trial){.subj = who,
                                            .session = 1,
                                            .trial = list->count + 1,
                                            .rt = NAN,
                                            .object_response = class_name(d, answer, said),
                                            .category = class_name(d, d->labels[row], truth),
                                            .condition = condition,
                                            .imagename = picture});
}

/* ---- the table of a trained model */

static jem_status evaluate(void *ctx, const float *x, int64_t n, float *logits, float *grad)
{
    const eval_subject *s = ctx;
    return model_evaluate(s->m, x, n, NULL, logits, NULL, grad);
}

static jem_status loss_gradient(void *ctx, const float *x, int64_t n, const model_loss *loss,
                                float *logits, float *grad)
{
    const eval_subject *s = ctx;
    return model_loss_gradient(s->m, x, n, loss, logits, grad);
}

static jem_status features(void *ctx, bool of_classifier, const char *layer, const float *x,
                           int64_t n, float *out, int64_t *dim)
{
    const eval_subject *s = ctx;
    shape size;
    jem_status st = model_feature(of_classifier ? s->features_of : s->m, layer, x, n, out, &size);
    if (st == JEM_OK) *dim = shape_count(size);
    return st;
}

/* The same noise for an image whatever it is refined together with. */
static void draw_keyed(void *ctx, float *noise, int64_t size, int64_t t, int64_t i)
{
    const chain_request *how = ctx;
    const rng_stream stream = {how->seed, RNG_SAMPLE_NOISE, (uint32_t)how->part + how->keys[i].draw, (uint32_t)t};
    rng_fill_normal(noise, size, &stream, how->keys[i].image);
}

static jem_status chain(void *ctx, const chain_request *how, float *x, int64_t n)
{
    const eval_subject *s = ctx;
    sampler_options o = *s->sampler;
    o.steps = how->steps;
    o.decay = DECAY_CONSTANT;
    chain_request keyed = *how;
    const sgld_call call = {
        .options = &o,
        .step_size = s->step_size,
        .noise = {how->seed, RNG_SAMPLE_NOISE, (uint32_t)((int)how->part + how->stage), 0},
        .y = how->y,
        .inject = how->keys ? draw_keyed : NULL,
        .inject_ctx = &keyed};
    return sgld_chain(how->first_epoch ? s->first_epoch : s->m, &call, x, n);
}

static jem_status stopped(void *ctx)
{
    const eval_subject *s = ctx;
    return model_check_stop(s->m, 0);
}

static generative table_of(eval_subject *s)
{
    const model_spec *spec = model_get_spec(s->m);
    return (generative){.image = {spec->channels, spec->height, spec->width},
                        .classes = model_classes(s->m),
                        .network = spec->name,
                        .together = model_graph(s->m)->together,
                        .learned_labels = s->learned_labels,
                        .data = s->data,
                        .data_options = s->data_options,
                        .replay = s->replay,
                        .replay_count = s->replay_count,
                        .first_epoch = s->first_epoch != NULL,
                        .latents = s->latents,
                        .feature = model_last_head(s->m),
                        .classifier = s->features_of ? s->features_name : NULL,
                        .fid = s->fid,
                        .fid_reference = s->fid_reference,
                        .fid_reference_name = s->fid_reference_name,
                        .classifier_feature = s->features_of ? model_first_head(s->features_of) : NULL,
                        .evaluate = evaluate,
                        .loss_gradient = loss_gradient,
                        .features = features,
                        .chain = chain,
                        .stopped = stopped,
                        .ctx = s};
}

/* ---- all of them */

static jem_status check_list(const char *key, const option_list *l, bool whole)
{
    for (int i = 0; i < l->count; i++) {
        const double v = l->values[i];
        if ((whole && v != floor(v)) || (i > 0 && v <= l->values[i - 1]))
            return jem_error(JEM_EUSAGE, "%s: %s in ascending order expected", key,
                             whole ? "whole numbers" : "numbers");
    }
    return JEM_OK;
}

static jem_status check(const eval_subject *s, const eval_options *o)
{
    if (s->data->test->n == 0)
        return jem_error(JEM_EDATA,
                         "%s: there are no test images in %s; data.test_fraction of the run "
                         "was 0",
                         s->folder, s->data_options->path);
    jem_status st;
    TRY(check_list("eval.steps", &o->steps, true));
    TRY(check_list("eval.refine_steps", &o->attack.refine, true));
    TRY(check_list("eval.attack_linf", &o->attack.linf, false));
    TRY(check_list("eval.attack_l2", &o->attack.l2, false));
done:
    return st;
}

jem_status eval_run(score_list *scores, const benchmark *const *list, const eval_subject *s,
                    const eval_options *o)
{
    jem_status st;
    static const subject_ops nothing_else = {.logits = NULL};
    eval_subject of_it = *s;
    const generative g = table_of(&of_it);
    subject who = {.alpha = s->alpha, .seed = s->seed, .ops = &nothing_else, .generative = &g};
    const bench_request r = {
        .subject = &who, .options = o, .command = s->command, .out = s->folder,
        .threads = model_pool(s->m), .scores = scores};

    snprintf(who.name, sizeof who.name, "%.63s", g.network);
    if (s->note) snprintf(who.note, sizeof who.note, "%.159s", s->note);
    subject_note_together(&who, s->m);
    TRY(check(s, o));
    for (; *list; list++)
        if ((*list)->generative) TRY((*list)->run(&r));
    TRY(score_list_save(scores, s->folder));
done:
    return st;
}
