/* An evaluation from beginning to end: see eval.h. */
#include "eval/eval.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/try.h"
#include "eval/eval_parts.h"

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
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

jem_status evaluation_add(evaluation *e, const result *r)
{
    char formula[512];
    jem_status st = model_check_stop(e->s->m, 0); /* much happens beside the model, too */
    if (st != JEM_OK) return st;
    snprintf(formula, sizeof formula, "%s%s%s", r->formula, e->s->note ? "; " : "",
             e->s->note ? e->s->note : "");
    const score s = {.benchmark = r->benchmark,
                     .metric = r->metric,
                     .model = model_get_spec(e->s->m)->name,
                     .alpha = e->s->alpha,
                     .seed = e->s->seed,
                     .dataset = e->s->data_options->kind,
                     .condition = r->condition,
                     .value = r->value,
                     .low = r->interval.low,
                     .high = r->interval.high,
                     .n = r->n,
                     .ceiling = NAN,
                     .formula = formula,
                     .data_hash = e->test_hash,
                     .command = e->s->command};
    return score_list_append(e->scores, &s);
}

jem_status evaluation_tolerate(const evaluation *e, const char *what, jem_status st)
{
    if (st != JEM_EDATA) return st;
    log_warning("%s: %s left out: %s", e->s->folder, what, jem_error_message());
    return JEM_OK;
}

jem_status evaluation_chain(const evaluation *e, float *x, int64_t n, const int32_t *y,
                            int64_t steps, chain_part part, int stage)
{
    sampler_options o = *e->s->sampler;
    o.steps = steps;
    o.decay = DECAY_CONSTANT;
    const sgld_call call = {
        .options = &o,
        .step_size = e->s->step_size,
        .noise = {(uint64_t)e->o->seed, RNG_SAMPLE_NOISE, (uint32_t)((int)part + stage), 0},
        .y = y};
    return sgld_chain(e->s->m, &call, x, n);
}

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

jem_status eval_run(score_list *scores, const eval_subject *s, const eval_options *o)
{
    jem_status st;
    const model_spec *spec = model_get_spec(s->m);
    evaluation e = {
        .s = s, .o = o, .scores = scores, .image = {spec->channels, spec->height, spec->width}};

    TRY(check(s, o));
    snprintf(e.test_hash, sizeof e.test_hash, "%016" PRIx64, s->data->test->hash);
    TRY(eval_classification(&e));
    TRY(eval_scenes(&e));
    TRY(eval_energies(&e));
    TRY(eval_generation(&e));
    TRY(eval_samples(&e));
    TRY(score_list_save(scores, s->folder));
done:
    return st;
}
