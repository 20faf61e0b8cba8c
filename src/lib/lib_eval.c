/* jem/eval.h over study/evaluate.h. */
#include "jem/eval.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "lib/lib_call.h"
#include "lib/lib_scores.h"
#include "study/evaluate.h"

typedef struct evaluating {
    eval_options options;
    const char **of_run; /* [of_run_count] assignments for runs */
    int of_run_count;
    latent_codec codec;
    jem_bench_scores scores;
    jem_status failed; /* of a score that there was no room for */
} evaluating;

static void evaluating_clear(evaluating *e)
{
    if (!e) return;
    jem_bench_scores_clear(&e->scores);
    latent_codec_clear(&e->codec);
    mem_free(e->of_run);
    mem_free(e);
}

/* eval.* is for the evaluation, anything else for the runs, which refuse most. */
static jem_status assign(evaluating *e, const jem_eval_options *o)
{
    jem_status st;
    const option_group groups[] = {{"eval", eval_option_table, &e->options}, {NULL, NULL, NULL}};

    TRY(options_defaults(groups));
    TRY(MEM_NEW(e->of_run, o->set_count + 1));
    for (int i = 0; i < o->set_count; i++) {
        if (strncmp(o->set[i], "eval.", 5) == 0)
            TRY(options_assign(groups, o->set[i]));
        else
            e->of_run[e->of_run_count++] = o->set[i];
    }
done:
    return st;
}

static jem_status open_codec(evaluating *e, const jem_eval_options *o)
{
    jem_status st;
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};

    TRY(options_defaults(groups));
    TRY(options_assign(groups, "engine.device=cpu")); /* as `jem eval` */
    for (int i = 0; i < e->of_run_count; i++)
        if (strncmp(e->of_run[i], "engine.threads=", 15) == 0) TRY(options_assign(groups, e->of_run[i]));
    TRY(latent_codec_open(&e->codec, o->vae, &engine));
    e->codec.stop = o->stop;
done:
    return st;
}

static void take_scores(void *ctx, const run *r, const score_list *scores)
{
    evaluating *e = ctx;
    score_list own = SCORE_LIST_INIT;
    jem_status st = e->failed;
    for (int64_t i = 0; i < scores->count && st == JEM_OK; i++) st = score_list_append(&own, &scores->scores[i]);
    if (st == JEM_OK) st = lib_scores_append(&e->scores, &own, r->path);
    score_list_clear(&own);
    e->failed = st;
}

jem_status jem_eval(jem_bench_scores *out, const char *folder, const jem_eval_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_eval_options o = JEM_EVAL_INIT;
    evaluating *e = NULL;

    HOST_NEED(out);
    HOST_NEED(folder);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_EVAL_INIT"));
    TRY(lib_check_texts(o.set, o.set_count, "o->set", __func__));
    TRY(MEM_NEW(e, 1));
    e->scores = (jem_bench_scores)JEM_BENCH_SCORES_INIT;
    TRY(assign(e, &o));
    if (o.vae) TRY(open_codec(e, &o));
    TRY(evaluate_runs(&(evaluate_request){.lists = &config_builtin, .benchmarks = benchmark_list, .path = folder,
                                          .options = &e->options, .assignments = e->of_run,
                                          .assignment_count = e->of_run_count, .codec = &e->codec,
                                          .features_of = o.features_of, .force = o.force, .stop = o.stop,
                                          .command = __func__, .done = take_scores, .ctx = e}));
    if (e->failed) TRY(jem_error(e->failed, "%s: out of memory for scores", __func__));
    *out = e->scores;
    e->scores = (jem_bench_scores)JEM_BENCH_SCORES_INIT;
done:
    evaluating_clear(e);
    return st;
}
