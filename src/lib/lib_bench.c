/* jem/bench.h: what it promises, by the functions of study/score_runs.h. */
#include "jem/bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "lib/lib_call.h"
#include "lib/lib_scores.h"
#include "lib/lib_subject.h"
#include "study/score_runs.h"

/* What one call needs while it runs. */
typedef struct scoring {
    bench_settings settings;
    const char **own, **of_run; /* assignments to keys of benchmarks, and for runs */
    int own_count, of_run_count;
    latent_codec codec;
    pool *threads;
    scoring_result result;
} scoring;

static void scoring_clear(scoring *s)
{
    if (!s) return;
    scoring_result_clear(&s->result);
    pool_free(s->threads);
    bench_settings_clear(&s->settings);
    mem_free(s->own);
    mem_free(s->of_run);
    mem_free(s);
}

static jem_status assign(scoring *s, const jem_bench_options *o, bool runs, const char *function)
{
    jem_status st;
    TRY(lib_check_texts(o->set, o->set_count, "o->set", function));
    TRY(MEM_NEW(s->own, o->set_count + 1));
    TRY(MEM_NEW(s->of_run, o->set_count + 1));
    for (int i = 0; i < o->set_count; i++) {
        if (runs && !bench_settings_own(&s->settings, o->set[i])) {
            s->of_run[s->of_run_count++] = o->set[i];
            continue;
        }
        TRY(options_assign(s->settings.groups, o->set[i]));
        s->own[s->own_count++] = o->set[i];
    }
done:
    return st;
}

/* q says who is scored on what; the rest is `asked`. */
static jem_status score_them(jem_bench_scores *out, scoring_request q, const jem_bench_options *o, const char *function)
{
    jem_status st;
    scoring *s = NULL;
    jem_bench_scores made = JEM_BENCH_SCORES_INIT;

    if (o->threads < 0 || o->threads > INT32_MAX)
        return jem_error(JEM_EUSAGE, "%s: o->threads = %lld; choose 0 (all processors) or more", function,
                         (long long)o->threads);
    if (!benchmark_find(benchmark_list, q.benchmark, NULL))
        return jem_error(JEM_EUSAGE, "%s: no benchmark is called '%s'; `jem bench list` names them", function,
                         q.benchmark);
    TRY(MEM_NEW(s, 1));
    s->result = (scoring_result)SCORING_RESULT_INIT;
    TRY(bench_settings_init(&s->settings, benchmark_list));
    TRY(assign(s, o, q.path != NULL, function));
    TRY(pool_new(&s->threads, (int)o->threads));
    q.lists = &config_builtin;
    q.benchmarks = benchmark_list;
    q.out = o->out;
    q.humans = o->humans;
    q.data = o->data;
    q.data_root = getenv("JEM_DATA");
    q.settings = &s->settings;
    q.given = s->own;
    q.given_count = s->own_count;
    q.of_run = s->of_run;
    q.of_run_count = s->of_run_count;
    q.codec = &s->codec;
    q.threads = s->threads;
    q.stop = o->stop;
    q.command = function;
    TRY(score_runs(&s->result, &q));
    if (s->result.failed.count > 0) /* the messages went to the log, one by one */
        TRY(jem_error(s->result.failed.first, "%s: %d runs could not be scored: %s", function,
                      s->result.failed.count, jem_error_message()));
    TRY(lib_scores_append(&made, &s->result.scores, NULL));
    *out = made;
    made = (jem_bench_scores)JEM_BENCH_SCORES_INIT;
done:
    jem_bench_scores_clear(&made);
    scoring_clear(s);
    return st;
}

jem_status jem_bench_subject(jem_bench_scores *out, const char *name, const jem_subject *asked,
                             const jem_bench_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_bench_options how = JEM_BENCH_INIT;
    jem_subject who = JEM_SUBJECT_INIT;
    subject s = {.ops = NULL};

    HOST_NEED(out);
    HOST_NEED(name);
    if (!asked) return jem_error(JEM_EUSAGE, "%s: subject is NULL", __func__);
    TRY(lib_options(&how, sizeof how, o, __func__, "JEM_BENCH_INIT"));
    TRY(lib_options(&who, sizeof who, asked, __func__, "JEM_SUBJECT_INIT"));
    TRY(lib_subject(&s, &who, how.mapping));
    TRY(score_them(out, (scoring_request){.benchmark = name, .subject = &s}, &how, __func__));
done:
    lib_subject_clear(&s);
    return st;
}

jem_status jem_bench_run(jem_bench_scores *out, const char *name, const char *folder, const jem_bench_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_bench_options how = JEM_BENCH_INIT;

    HOST_NEED(out);
    HOST_NEED(name);
    HOST_NEED(folder);
    TRY(lib_options(&how, sizeof how, o, __func__, "JEM_BENCH_INIT"));
    if (how.out) return jem_error(JEM_EUSAGE, "%s: o->out: scores of a run go to its own folder", __func__);
    TRY(score_them(out, (scoring_request){.benchmark = name, .path = folder, .mapping = how.mapping}, &how,
                   __func__));
done:
    return st;
}

jem_status jem_bench_answers(jem_bench_scores *out, const char *name, const char *path, const char *kind,
                             const jem_bench_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_bench_options how = JEM_BENCH_INIT;

    HOST_NEED(out);
    HOST_NEED(name);
    HOST_NEED(path);
    TRY(lib_options(&how, sizeof how, o, __func__, "JEM_BENCH_INIT"));
    TRY(score_them(out,
                   (scoring_request){.benchmark = name,
                                     .answers = path,
                                     .kind = kind ? kind : "auto",
                                     .mapping = how.mapping},
                   &how, __func__));
done:
    return st;
}
