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

/* ---- the table of a trained model */

static jem_status evaluate(void *ctx, const float *x, int64_t n, float *logits, float *grad)
{
    const eval_subject *s = ctx;
    return model_evaluate(s->m, x, n, NULL, logits, NULL, grad);
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

static jem_status chain(void *ctx, const chain_request *how, float *x, int64_t n)
{
    const eval_subject *s = ctx;
    sampler_options o = *s->sampler;
    o.steps = how->steps;
    o.decay = DECAY_CONSTANT;
    const sgld_call call = {
        .options = &o,
        .step_size = s->step_size,
        .noise = {how->seed, RNG_SAMPLE_NOISE, (uint32_t)((int)how->part + how->stage), 0},
        .y = how->y};
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
                        .features = features,
                        .chain = chain,
                        .stopped = stopped,
                        .ctx = s};
}

/* ---- all of them */

static jem_status check(const eval_subject *s, const eval_options *o)
{
    if (s->data->test->n == 0)
        return jem_error(JEM_EDATA,
                         "%s: there are no test images in %s; data.test_fraction of the run "
                         "was 0",
                         s->folder, s->data_options->path);
    for (int i = 0; i < o->steps.count; i++) {
        double t = o->steps.values[i];
        if (t != floor(t) || (i > 0 && t <= o->steps.values[i - 1]))
            return jem_error(JEM_EUSAGE, "eval.steps: whole numbers in ascending order expected");
    }
    return JEM_OK;
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
        .subject = &who, .options = o, .command = s->command, .out = s->folder, .scores = scores};

    snprintf(who.name, sizeof who.name, "%.63s", g.network);
    if (s->note) snprintf(who.note, sizeof who.note, "%.159s", s->note);
    TRY(check(s, o));
    for (; *list; list++)
        if ((*list)->generative) TRY((*list)->run(&r));
    TRY(score_list_save(scores, s->folder));
done:
    return st;
}
