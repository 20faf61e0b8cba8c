/* Runs and answers scored on benchmarks: see score_runs.h. */
#include "study/score_runs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/bench.h"
#include "data/sources/cifar10.h"
#include "run/import.h"
#include "study/bench_own_data.h"
#include "study/each_run.h"
#include "study/latents_of_run.h"
#include "study/scoring_progress.h"

typedef struct bench_job {
    const scoring_request *q;
    scoring_result *out;
    score_list vae_scores; /* of the autoencoder alone, once they are there */
    int64_t runs;  /* that are still to be scored */
    char label[80]; /* of the run that is */
    scoring_progress shown;
} bench_job;

/* Answers of a file or of the caller's subject: scored once, without a run. */
static bool is_recorded(const scoring_request *q) { return q->answers || q->subject; }

/* ---- which data */

/* Owned; NULL if nothing says where the data are. */
static jem_status data_folder(char **out, const bench_job *j, const benchmark *b)
{
    const char *root = j->q->data_root;
    bool all = strcmp(j->q->benchmark, "all") == 0;
    *out = NULL;
    if (j->q->data && !all) return mem_strdup(out, j->q->data);
    if (j->q->data) root = j->q->data;
    return root ? str_format(out, "%s/%s", root, b->name) : JEM_OK;
}

/* *out <- owned; NULL where the benchmark can do without: never if --data names a folder. */
static jem_status need_data(char **out, const bench_job *j, int place)
{
    const benchmark *b = j->q->benchmarks[place];
    jem_status st = data_folder(out, j, b);
    if (st != JEM_OK || (*out && dir_exists(*out))) return st;
    const bool asked = j->q->path || j->q->weights || is_recorded(j->q);
    if (j->q->data || !asked || !b->without_data ||
        !b->without_data(bench_settings_get(j->q->settings, place)))
        st = jem_error(JEM_EDATA,
                       "%s: %s%s; 'jem data fetch %s' gets its data; name their folder, or put them into $JEM_DATA/%s. "
                       "It needs: %s",
                       b->name, *out ? "no folder " : "no data folder is known", *out ? *out : "",
                       b->name, b->name, b->data);
    mem_free(*out);
    *out = NULL;
    return st;
}

/* Whoever names one benchmark's folder may have named the one that `all` wants, with all of theirs. */
static jem_status name_folder_below(const bench_job *j, const benchmark *b, jem_status st)
{
    char *below = NULL;

    if (st != JEM_EDATA || !j->q->data || strcmp(j->q->benchmark, "all") == 0) return st;
    if (str_format(&below, "%s/%s", j->q->data, b->name) == JEM_OK && dir_exists(below))
        st = jem_error(st, "%s; if its data are in %s, name that folder", jem_error_message(), below);
    mem_free(below);
    return st;
}

/* ---- subjects */

typedef struct bench_who {
    const run *r;       /* a trained run; NULL: answers, the autoencoder, or nobody */
    const char *folder; /* that trials and scores go to; NULL: none */
    latent_space space; /* of r, */
    bool on_latents;    /* if it lives in one */
} bench_who;

static jem_status make_subject(subject *out, bench_job *j, const bench_who *who)
{
    jem_status st;
    char *kind = NULL;

    if (who->r) {
        const run *r = who->r;
        bool cifar = strcmp(r->cfg.data.kind, "cifar10") == 0 &&
                     model_classes(r->m) == CIFAR10_CLASSES; /* imports of earlier versions claim that kind */
        const model_subject p = {.m = r->m,
                                 .sampler = &r->cfg.sampler,
                                 .step_size = run_step_size(r),
                                 .alpha = import_made(r) ? NAN : r->cfg.alpha,
                                 .seed = import_made(r) ? -1 : r->cfg.seed,
                                 .class_names = cifar ? cifar10_class_names : NULL,
                                 .latents = who->on_latents ? &who->space : NULL};
        TRY(subject_of_model(out, &p));
        if (subject_is_probe(&p)) log_info("%s: %s", out->name, out->note);
    } else if (!j->q->answers) {
        TRY(subject_of_autoencoder(out, j->q->codec));
    } else {
        if (j->q->observer) TRY(str_format(&kind, "trials:%s", j->q->observer));
        TRY(subject_of_answers(out, j->q->answers, kind ? kind : j->q->kind));
    }
    if (j->q->mapping) TRY(subject_use_mapping(out, j->q->mapping));
done:
    mem_free(kind);
    return st;
}

static jem_status show_later(bench_job *j, const score_list *scores)
{
    for (int64_t i = 0; i < scores->count; i++) {
        jem_status st = score_list_append(&j->out->scores, &scores->scores[i]);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

/* Adds the scores of the autoencoder alone, which are the same for every run. */
static jem_status add_autoencoder(bench_job *j, bench_request r, const benchmark *b,
                                  score_list *scores)
{
    jem_status st = JEM_OK;
    subject s = {.ops = NULL};

    if (j->vae_scores.count == 0) {
        TRY(subject_of_autoencoder(&s, j->q->codec));
        r.subject = &s;
        r.out = NULL;
        r.scores = &j->vae_scores;
        log_info("the autoencoder without a JEM");
        TRY(b->run(&r));
    }
    for (int64_t i = 0; i < j->vae_scores.count; i++)
        if (strcmp(j->vae_scores.scores[i].model, subject_autoencoder_name) == 0)
            TRY(score_list_append(scores, &j->vae_scores.scores[i]));
done:
    subject_clear(&s);
    return st;
}

/* One benchmark, whose scores are saved and shown if all of it succeeds. */
static jem_status score_one(bench_job *j, int place, const bench_who *who)
{
    jem_status st;
    const benchmark *b = j->q->benchmarks[place];
    char *data = NULL;
    subject s = {.ops = NULL};
    score_list scores = SCORE_LIST_INIT;
    const bool nobody = !who->r && !is_recorded(j->q) && !j->q->codec->vae;
    const subject *given = j->q->subject;

    scoring_progress_next(&j->shown, place, b->name);
    TRY(need_data(&data, j, place));
    if (!nobody && !given) TRY(make_subject(&s, j, who));
    const subject *scored = nobody ? NULL : given ? given : &s;
    if (is_recorded(j->q) || (who->r && import_made(who->r)))
        snprintf(j->out->answers, sizeof j->out->answers, "%s", scored->name);
    const bench_request request = {.subject = scored,
                                   .data = data,
                                   .humans = j->q->humans,
                                   .common = &j->q->settings->common,
                                   .options = bench_settings_get(j->q->settings, place),
                                   .command = j->q->command,
                                   .out = who->folder,
                                   .threads = j->q->threads,
                                   .stop = j->q->stop,
                                   .scores = &scores};
    TRY(name_folder_below(j, b, b->run(&request)));
    if (who->on_latents && b->scores_autoencoder) TRY(add_autoencoder(j, request, b, &scores));
    if (who->folder && nobody) TRY(score_list_save(&scores, who->folder));
    if (who->folder && !nobody)
        TRY(score_list_replace(&scores, who->folder, b->name, scored->name));
    TRY(show_later(j, &scores));
    j->out->scored++;
done:
    scoring_progress_scored(&j->shown, st == JEM_OK);
    score_list_clear(&scores);
    subject_clear(&s);
    mem_free(data);
    return st;
}

/* ---- everything, or one */

static void tell_left_out(const benchmark *b)
{
    const char *why = jem_error_message();
    size_t n = strlen(b->name);
    bool named = strncmp(why, b->name, n) == 0 && why[n] == ':';
    log_warning("left out: %s%s%s", named ? "" : b->name, named ? "" : ": ", why);
}

/* wanted <- those whose data are there; tells which are left out. */
static jem_status have_data(bool wanted[BENCHMARKS_MAX], bench_job *j)
{
    const benchmark *const *list = j->q->benchmarks;

    for (int i = 0; list[i]; i++) {
        char *data = NULL;
        if (list[i]->generative) continue; /* jem eval runs it */
        const jem_status st = need_data(&data, j, i);
        mem_free(data);
        if (st == JEM_EDATA)
            tell_left_out(list[i]);
        else if (st != JEM_OK)
            return st;
        wanted[i] = st == JEM_OK;
    }
    return JEM_OK;
}

/* Every benchmark whose data are there and whose questions the subject answers.  Data that
 * are there but damaged are a failure; the others are scored all the same. */
static jem_status score_all(bench_job *j, const bench_who *who, const bool wanted[BENCHMARKS_MAX])
{
    const benchmark *const *list = j->q->benchmarks;
    jem_status st = JEM_OK;

    for (int i = 0; list[i]; i++) {
        if (!wanted[i]) continue;
        st = score_one(j, i, who);
        if (st == JEM_EUSAGE)
            tell_left_out(list[i]);
        else if (st == JEM_EDATA)
            failures_note(&j->out->failed, list[i]->name, st, jem_error_message());
        else if (st != JEM_OK)
            return st;
    }
    return JEM_OK;
}

/* name: of the run; NULL: it is none. */
static jem_status score_subject(bench_job *j, const bench_who *who, const char *name)
{
    jem_status st;
    bool wanted[BENCHMARKS_MAX] = {false};
    const bool all = strcmp(j->q->benchmark, "all") == 0;
    int place = 0;

    if (all)
        TRY(have_data(wanted, j));
    else if (benchmark_find(j->q->benchmarks, j->q->benchmark, &place))
        wanted[place] = true;
    scoring_progress_run(&j->shown, name, j->runs, wanted);
    st = all ? score_all(j, who, wanted) : score_one(j, place, who);
done:
    return st;
}

/* ---- runs and studies */

/* folder: for scores; NULL: none.  label: of progress. */
static jem_status score_opened(bench_job *j, run *r, const char *folder, const char *label)
{
    jem_status st;
    const scoring_request *q = j->q;

    model_set_stop(r->m, q->stop);
    TRY(bench_own_data(q->settings, r, q->given, q->given_count));
    bench_who who = {.r = r, .folder = folder};
    TRY(latents_of_run(&who.space, &who.on_latents, q->codec, r, "showing it pictures"));
    TRY(score_subject(j, &who, label));
done:
    return st;
}

static jem_status score_run(void *ctx, const char *folder)
{
    jem_status st;
    bench_job *j = ctx;
    const scoring_request *q = j->q;
    run *r = NULL;

    TRY(run_open(&r, q->lists, folder, q->of_run, q->of_run_count));
    if (import_made(r))
        snprintf(j->label, sizeof j->label, "%.*s", (int)sizeof j->label - 1, r->cfg.model.name);
    else
        snprintf(j->label, sizeof j->label, "alpha %g, seed %" PRId64, r->cfg.alpha, r->cfg.seed);
    TRY(score_opened(j, r, folder, j->label));
done:
    j->runs--;
    run_close(r);
    return st;
}

static jem_status score_network(bench_job *j)
{
    jem_status st;
    const scoring_request *q = j->q;
    const import_request wanted = {.lists = q->lists, .file = q->weights, .model = q->model,
                                   .classes = -1, .side = -1};
    run *r = NULL;

    TRY(import_open(&r, &wanted, q->of_run, q->of_run_count));
    TRY(score_opened(j, r, q->out, q->model));
done:
    run_close(r);
    return st;
}

void scoring_result_clear(scoring_result *r)
{
    score_list_clear(&r->scores);
}

jem_status score_runs(scoring_result *out, const scoring_request *q)
{
    jem_status st;
    bench_job *j = NULL;

    TRY(MEM_NEW(j, 1));
    j->q = q;
    j->out = out;
    const bench_who answers = {.folder = q->out};
    j->runs = 1;
    if (q->path) TRY(each_run_count(&j->runs, q->path));
    log_once(true); /* runs of a study share their data, and what is said of them */
    scoring_progress_begin(&j->shown);
    st = q->path      ? each_run(q->path, score_run, j, &out->failed)
         : q->weights ? score_network(j)
                      : score_subject(j, &answers, NULL);
    scoring_progress_end(&j->shown);
    log_once(false);
done:
    if (j) score_list_clear(&j->vae_scores);
    mem_free(j);
    return st;
}
