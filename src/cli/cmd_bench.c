/* jem bench: scores of a run, of all runs of a study or of recorded answers on the benchmarks
 * of human vision.  Scores and trials of a run go to its folder. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/bench_own_data.h"
#include "cli/bench_settings.h"
#include "cli/bench_show.h"
#include "cli/cli.h"
#include "cli/run_latents.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "data/sources/cifar10.h"
#include "run/run.h"

enum { LEFT_OUT_MAX = 64 };

/* As typed. */
typedef struct bench_flags {
    const char *name, *path; /* benchmark or "all"; RUN or STUDY, NULL for answers */
    const char *answers, *kind, *observer, *mapping, *humans, *data, *out;
    int64_t threads;
    bool json;
    latent_flags latents;
    cli_list set;
} bench_flags;

#define AT(field) offsetof(bench_flags, field)

static const cli_argument arguments[] = {
    {"NAME|all|list", AT(name), .help = "a benchmark, all whose data are there, or what there is"},
    {"RUN|STUDY", AT(path), .help = "a trained run, or a folder of them", .optional = true},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--answers", CLI_TEXT, AT(answers), "FILE|DIR", .help = "recorded answers, in place of a run"},
    {"--kind", CLI_TEXT, AT(kind), "KIND", .help = "what they are (`jem bench list`)", .default_text = "auto"},
    {"--observer", CLI_TEXT, AT(observer), "NAME", .help = "one of several observers whose trials they are"},
    {"--out", CLI_TEXT, AT(out), "DIR", .help = "folder for their scores and trials", .other = "-o"},
    {"--data", CLI_TEXT, AT(data), "DIR", .help = "the benchmark's data, of all: the folder with theirs; $JEM_DATA unless given"},
    {"--humans", CLI_TEXT, AT(humans), "DIR", .help = "people's answers other than those with the data"},
    {"--mapping", CLI_TEXT, AT(mapping), "FILE", .help = "which of the subject's classes mean which of the benchmark's"},
    LATENT_OPTIONS(bench_flags, latents),
    {"--vae-cache", CLI_TEXT, AT(latents.cache), "FILE",
     .help = "where encoded pictures are kept: RUN|STUDY/kept-latents.bin unless given"},
    CLI_SET(bench_flags, set, "NAME.*, bench.*, engine.*, or data.path"),
    CLI_ON_DEVICE(bench_flags, set),
    CLI_THREADS(bench_flags, threads, RUN_THREADS_MAX),
    {"--json", CLI_SWITCH, AT(json), NULL, .help = "print JSON"},
    {.name = NULL},
};

typedef struct bench_job {
    const cli_lists *lists;
    bench_flags f;
    latent_codec codec;       /* of runs on latents */
    score_list vae_scores;    /* of the autoencoder alone, once they are there */
    bench_settings settings;
    cli_list set;     /* assignments to keys of benchmarks, */
    cli_list run_set; /* and for runs: engine.*, data.path */
    char threads[RUN_THREADS];
    char *command;
    pool *workers;
    const volatile sig_atomic_t *stop; /* of signals */
    score_list shown; /* of everything that was scored */
    int scored, failed, runs;
    jem_status first_failure;
    char *left_out[LEFT_OUT_MAX]; /* reasons told already */
    int left_out_count;
} bench_job;

/* ---- which data */

/* Owned; NULL if nothing says where the data are. */
static jem_status data_folder(char **out, const bench_job *j, const benchmark *b)
{
    const char *root = getenv("JEM_DATA");
    bool all = strcmp(j->f.name, "all") == 0;
    *out = NULL;
    if (j->f.data && !all) return mem_strdup(out, j->f.data);
    if (j->f.data) root = j->f.data;
    return root ? str_format(out, "%s/%s", root, b->name) : JEM_OK;
}

/* *out <- owned; NULL where the benchmark can do without: never if --data names a folder. */
static jem_status need_data(char **out, const bench_job *j, int place)
{
    const benchmark *b = j->lists->benchmarks[place];
    jem_status st = data_folder(out, j, b);
    if (st != JEM_OK || (*out && dir_exists(*out))) return st;
    const bool asked = j->f.path || j->f.answers;
    if (j->f.data || !asked || !b->without_data ||
        !b->without_data(bench_settings_get(&j->settings, place)))
        st = jem_error(JEM_EDATA,
                       "%s: %s%s; 'jem data fetch %s' gets its data, --data DIR or $JEM_DATA/%s "
                       "says where they are. It needs: %s",
                       b->name, *out ? "no folder " : "no data folder is known", *out ? *out : "",
                       b->name, b->name, b->data);
    mem_free(*out);
    *out = NULL;
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
        bool cifar = strcmp(r->cfg.data.kind, "cifar10") == 0;
        const model_subject p = {.m = r->m,
                                 .sampler = &r->cfg.sampler,
                                 .step_size = run_step_size(r),
                                 .alpha = r->cfg.alpha,
                                 .seed = r->cfg.seed,
                                 .class_names = cifar ? cifar10_class_names : NULL,
                                 .latents = who->on_latents ? &who->space : NULL};
        TRY(subject_of_model(out, &p));
    } else if (!j->f.answers) {
        TRY(subject_of_autoencoder(out, &j->codec));
    } else {
        if (j->f.observer) TRY(str_format(&kind, "trials:%s", j->f.observer));
        TRY(subject_of_answers(out, j->f.answers, kind ? kind : j->f.kind));
    }
    if (j->f.mapping) TRY(subject_use_mapping(out, j->f.mapping));
done:
    mem_free(kind);
    return st;
}

static jem_status show_later(bench_job *j, const score_list *scores)
{
    for (int64_t i = 0; i < scores->count; i++) {
        jem_status st = score_list_append(&j->shown, &scores->scores[i]);
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
        TRY(subject_of_autoencoder(&s, &j->codec));
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
    const benchmark *b = j->lists->benchmarks[place];
    char *data = NULL;
    subject s = {.ops = NULL};
    score_list scores = SCORE_LIST_INIT;
    bool nobody = !who->r && !j->f.answers && !j->codec.vae;

    TRY(need_data(&data, j, place));
    if (!nobody) TRY(make_subject(&s, j, who));
    const bench_request request = {.subject = nobody ? NULL : &s,
                                   .data = data,
                                   .humans = j->f.humans,
                                   .common = &j->settings.common,
                                   .options = bench_settings_get(&j->settings, place),
                                   .command = j->command,
                                   .out = who->folder,
                                   .threads = j->workers,
                                   .stop = j->stop,
                                   .scores = &scores};
    TRY(b->run(&request));
    if (who->on_latents && b->scores_autoencoder) TRY(add_autoencoder(j, request, b, &scores));
    if (who->folder && nobody) TRY(score_list_save(&scores, who->folder));
    if (who->folder && !nobody)
        TRY(score_list_replace(&scores, who->folder, b->name, s.name));
    TRY(show_later(j, &scores));
    j->scored++;
done:
    score_list_clear(&scores);
    subject_clear(&s);
    mem_free(data);
    return st;
}

/* ---- everything, or one */

/* Tells a reason once, however many runs it holds for. */
static void tell_left_out(bench_job *j, const benchmark *b)
{
    char *line = NULL;
    const char *why = jem_error_message();
    size_t n = strlen(b->name);
    bool named = strncmp(why, b->name, n) == 0 && why[n] == ':';
    if (str_format(&line, "left out: %s%s%s", named ? "" : b->name, named ? "" : ": ", why) !=
        JEM_OK)
        return;
    for (int i = 0; i < j->left_out_count; i++) {
        if (strcmp(j->left_out[i], line) != 0) continue;
        mem_free(line);
        return;
    }
    log_warning("%s", line);
    if (j->left_out_count < LEFT_OUT_MAX)
        j->left_out[j->left_out_count++] = line;
    else
        mem_free(line);
}

static void note_failure(bench_job *j, jem_status st, const char *what)
{
    log_warning("%s: %s", what, jem_error_message());
    if (j->failed++ == 0) j->first_failure = st;
}

/* Every benchmark whose data are there and whose questions the subject answers.  Data that
 * are there but damaged are a failure; the others are scored all the same. */
static jem_status score_all(bench_job *j, const bench_who *who)
{
    const benchmark *const *list = j->lists->benchmarks;
    jem_status st = JEM_OK;

    for (int i = 0; list[i]; i++) {
        char *data = NULL;
        if (!list[i]->run) continue; /* jem eval scores it */
        st = need_data(&data, j, i);
        mem_free(data);
        if (st == JEM_EDATA) {
            tell_left_out(j, list[i]);
            continue;
        }
        if (st != JEM_OK) return st;
        log_info("%s", list[i]->name);
        st = score_one(j, i, who);
        if (st == JEM_EUSAGE)
            tell_left_out(j, list[i]);
        else if (st == JEM_EDATA)
            note_failure(j, st, list[i]->name);
        else if (st != JEM_OK)
            return st;
    }
    return JEM_OK;
}

static jem_status score_subject(bench_job *j, const bench_who *who)
{
    int place = 0;
    if (strcmp(j->f.name, "all") == 0) return score_all(j, who);
    benchmark_find(j->lists->benchmarks, j->f.name, &place);
    return score_one(j, place, who);
}

/* ---- runs and studies */

static jem_status score_run(bench_job *j, const char *folder)
{
    jem_status st;
    run *r = NULL;

    TRY(run_open(&r, &j->lists->settings, folder, j->run_set.values, j->run_set.count));
    model_set_stop(r->m, j->stop);
    log_info("== %s (alpha = %g)", folder, r->cfg.alpha);
    TRY(bench_own_data(&j->settings, r, &j->set));
    bench_who who = {.r = r, .folder = folder};
    TRY(run_latents_of(&who.space, &who.on_latents, &j->codec, r, "showing it pictures"));
    TRY(score_subject(j, &who));
done:
    run_close(r);
    return st;
}

static jem_status score_study(bench_job *j)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;

    if (!dir_exists(j->f.path))
        return jem_error(JEM_EDATA, "%s: no such folder; give a run or a study", j->f.path);
    TRY(dir_list(&names, &count, j->f.path));
    for (int i = 0; i < count; i++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", j->f.path, names[i]));
        if (!run_is(path)) continue;
        j->runs++;
        st = score_run(j, path);
        if (st == JEM_ENOMEM || st == JEM_EIO || st == JEM_EUSAGE || st == JEM_EINTERRUPTED)
            goto done;
        if (st != JEM_OK) note_failure(j, st, names[i]);
        st = JEM_OK;
    }
    if (j->runs == 0)
        st = jem_error(JEM_EDATA,
                       "%s: neither a run nor a folder of runs; make one with jem "
                       "train or jem sweep",
                       j->f.path);
done:
    mem_free(path);
    strings_free(names, count);
    return st;
}

/* ---- the command */

static jem_status unknown_benchmark(const benchmark *const *all, const char *name)
{
    const char *names[BENCHMARKS_MAX + 3];
    char list[400] = "";
    int n = 0;
    for (const benchmark *const *b = all; *b; b++) {
        if (!(*b)->run) continue;
        size_t used = strlen(list);
        names[n++] = (*b)->name;
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", (*b)->name);
    }
    names[n++] = "list";
    names[n++] = "all";
    names[n] = NULL;
    const char *near = cli_nearest(name, names);
    if (near)
        return jem_error(JEM_EUSAGE, "bench: unknown benchmark '%s'; did you mean %s?", name, near);
    return jem_error(JEM_EUSAGE,
                     "bench: unknown benchmark '%s'; there are %s, all, and 'jem bench "
                     "list' explains them",
                     name, list);
}

static jem_status check_arguments(const bench_job *j)
{
    bool all = strcmp(j->f.name, "all") == 0;
    if (!all && !benchmark_find(j->lists->benchmarks, j->f.name, NULL))
        return unknown_benchmark(j->lists->benchmarks, j->f.name);
    if (j->f.path && j->f.answers)
        return jem_error(JEM_EUSAGE, "bench: give a run (or study) or --answers, not both");
    if (j->f.path && j->f.out)
        return jem_error(JEM_EUSAGE, "bench: --out goes with --answers; scores of a run are "
                                     "written to its own folder");
    if (j->f.answers && j->f.latents.vae)
        return jem_error(JEM_EUSAGE, "bench: --vae goes with runs, not with --answers");
    if (all && !j->f.path && !j->f.answers)
        return jem_error(JEM_EUSAGE, "bench all: give a run, a study or --answers");
    if (!j->f.answers && (j->f.observer || strcmp(j->f.kind, "auto") != 0))
        return jem_error(JEM_EUSAGE, "bench: --kind and --observer go with --answers");
    if (j->f.observer && strcmp(j->f.kind, "auto") != 0 && strcmp(j->f.kind, "trials") != 0)
        return jem_error(JEM_EUSAGE, "bench: --observer chooses among trials, not %s", j->f.kind);
    if (j->f.mapping && !j->f.path && !j->f.answers)
        return jem_error(JEM_EUSAGE, "bench: --mapping is about the classes of a run or of "
                                     "recorded logits");
    return JEM_OK;
}

static jem_status list(const bench_job *j)
{
    if (j->f.path || j->f.answers)
        return jem_error(JEM_EUSAGE, "bench list: nothing but --json belongs to it");
    return j->f.json ? bench_list_json(j->lists->benchmarks) : bench_list(j->lists->benchmarks);
}

static jem_status assign(bench_job *j)
{
    jem_status st = JEM_OK;

    for (int i = 0; i < j->f.set.count; i++) {
        const char *assignment = j->f.set.values[i];
        bool own = bench_settings_own(&j->settings, assignment);
        if (!own && j->f.path && j->run_set.count < CLI_LIST_MAX) {
            j->run_set.values[j->run_set.count++] = assignment;
        } else { /* if it is nobody's: says which key is nearest */
            TRY(options_assign(j->settings.groups, assignment));
            j->set.values[j->set.count++] = assignment;
        }
    }
done:
    return st;
}

static jem_status parse(bench_job *j, int argc, char **argv)
{
    jem_status st;
    TRY(cli_parse(&j->f, &command_bench, argc, argv));
    run_threads(&j->run_set, j->threads, j->f.threads);
    TRY(assign(j));
done:
    return st;
}

/* Latents are kept in the run's or study's folder, so that each picture is encoded once. */
static jem_status open_codec(bench_job *j)
{
    char *keep = NULL;
    jem_status st = JEM_OK;

    if (j->f.path && dir_exists(j->f.path)) TRY(str_format(&keep, "%s/kept-latents.bin", j->f.path));
    TRY(run_latents_open(&j->codec, &j->f.latents, j->f.threads, keep));
done:
    mem_free(keep);
    return st;
}

/* The scores first: what could not be done must not hide what was. */
static jem_status finish(const bench_job *j, bool stopped)
{
    jem_status st = JEM_OK;
    if (j->f.json)
        TRY(bench_show_json(&j->shown));
    else
        bench_show_table(&j->shown);
    if (stopped)
        return jem_error(JEM_EINTERRUPTED,
                         "stopped: %d scorings are done, the one under way left the scores as they "
                         "were%s; the same command begins it again", j->scored,
                         j->codec.kept ? ", and what it encoded is kept" : "");
    if (j->failed > 0)
        return jem_error(j->first_failure, "%d of the scorings failed; the warnings above say why",
                         j->failed);
    if (j->scored == 0)
        return jem_error(JEM_EDATA, "nothing could be scored; 'jem bench list' says what each "
                                    "benchmark needs");
done:
    return st;
}

static jem_status bench(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    bench_job *j = NULL;

    TRY(MEM_NEW(j, 1));
    j->lists = lists;
    TRY(bench_settings_init(&j->settings, lists->benchmarks));
    TRY(parse(j, argc, argv));
    if (strcmp(j->f.name, "list") == 0) {
        st = list(j);
        goto done;
    }
    TRY(check_arguments(j));
    TRY(pool_new(&j->workers, j->f.threads == CLI_NONE ? 0 : (int)j->f.threads));
    TRY(run_command_line(&j->command, argc, argv));
    j->stop = cli_catch_signals();
    TRY(open_codec(j));
    const bench_who answers = {.folder = j->f.out};
    if (!j->f.path)
        st = score_subject(j, &answers);
    else
        st = run_is(j->f.path) ? score_run(j, j->f.path) : score_study(j);
    if (st != JEM_OK && st != JEM_EINTERRUPTED) goto done;
    TRY(finish(j, st == JEM_EINTERRUPTED));
done:
    if (j) {
        bench_settings_clear(&j->settings);
        score_list_clear(&j->shown);
        score_list_clear(&j->vae_scores);
        latent_codec_clear(&j->codec);
        pool_free(j->workers);
        mem_free(j->command);
        for (int i = 0; i < j->left_out_count; i++) mem_free(j->left_out[i]);
    }
    mem_free(j);
    return st;
}

const command command_bench = {
    .name = "bench",
    .about = "human-alignment benchmarks: score runs or recorded answers, with intervals and "
             "human rows",
    .arguments = arguments,
    .options = options,
    .examples = {"bench all studies/gloss", "bench cue-conflict --answers answers.csv --out scores"},
    .run = bench,
};
