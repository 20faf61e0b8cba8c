/* jem bench: scores of a run, of all runs of a study or of recorded answers on the benchmarks
 * of human vision (study/score_runs.h).  Scores and trials of a run go to its folder. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/bench_headline.h"
#include "cli/bench_show.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/run_latents.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "study/score_runs.h"

/* As typed. */
typedef struct bench_flags {
    const char *name, *path; /* benchmark or "all"; RUN or STUDY, NULL for answers */
    const char *model, *weights; /* a network without a run */
    const char *answers, *kind, *observer, *mapping, *humans, *data, *out;
    const char *lpips;
    int64_t threads;
    bool all, json;
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
    {"--model", CLI_TEXT, AT(model), "NAME",
     .help = "a network in place of a run, one of jem list models, with"},
    {"--weights", CLI_TEXT, AT(weights), "FILE", .help = "its weights: .pt, .pth, .safetensors or .npz"},
    {"--lpips", CLI_TEXT, AT(lpips), "FILE",
     .help = "linear weights that calibrate distances: --set bapps.lpips"},
    {"--answers", CLI_TEXT, AT(answers), "FILE|DIR", .help = "recorded answers, in place of a run"},
    {"--kind", CLI_TEXT, AT(kind), "KIND",
     .help = "what they are (`jem bench list`)", .default_text = "auto"},
    {"--observer", CLI_TEXT, AT(observer), "NAME",
     .help = "one of several observers whose trials they are"},
    {"--out", CLI_TEXT, AT(out), "DIR",
     .help = "folder for the scores and trials of a network or of answers", .other = "-o"},
    {"--data", CLI_TEXT, AT(data), "DIR",
     .help = "the benchmark's data, of all: the folder with theirs; $JEM_DATA unless given"},
    {"--humans", CLI_TEXT, AT(humans), "DIR",
     .help = "people's answers other than those with the data"},
    {"--mapping", CLI_TEXT, AT(mapping), "FILE",
     .help = "which of the subject's classes mean which of the benchmark's"},
    LATENT_OPTIONS(bench_flags, latents),
    {"--vae-cache", CLI_TEXT, AT(latents.cache), "FILE",
     .help = "where encoded pictures are kept: RUN|STUDY/kept-latents.bin unless given"},
    CLI_SET(bench_flags, set, "NAME.*, bench.*, engine.*, or data.path"),
    CLI_ON_DEVICE(bench_flags, set),
    CLI_THREADS(bench_flags, threads, RUN_THREADS_MAX),
    {"--all", CLI_SWITCH, AT(all), NULL,
     .help = "print every score, those about people included, not only the headlines"},
    {"--json", CLI_SWITCH, AT(json), NULL, .help = "print every score as JSON"},
    {.name = NULL},
};

typedef struct bench_job {
    bench_flags f;
    bench_settings settings;
    cli_list set;     /* assignments to keys of benchmarks, */
    cli_list run_set; /* and for runs: engine.*, data.path */
    char threads[RUN_THREADS];
    char *lpips; /* "bapps.lpips=FILE" */
    latent_codec codec; /* of runs on latents */
    char *command;
    pool *workers;
    scoring_result result;
} bench_job;

static jem_status unknown_benchmark(const benchmark *const *all, const char *name)
{
    const char *names[BENCHMARKS_MAX + 3];
    char list[400] = "";
    int n = 0;
    for (const benchmark *const *b = all; *b; b++) {
        if ((*b)->generative) continue;
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

static jem_status check_arguments(const bench_job *j, const benchmark *const *known)
{
    bool all = strcmp(j->f.name, "all") == 0;
    if (!all && !benchmark_find(known, j->f.name, NULL)) return unknown_benchmark(known, j->f.name);
    if (!j->f.model != !j->f.weights)
        return jem_error(JEM_EUSAGE, "bench: --model NAME and --weights FILE go together");
    if ((j->f.path != NULL) + (j->f.weights != NULL) + (j->f.answers != NULL) > 1)
        return jem_error(JEM_EUSAGE, "bench: give a run (or study), --model and --weights, or --answers: one of them");
    if (j->f.path && j->f.out)
        return jem_error(JEM_EUSAGE, "bench: --out goes with --answers or --weights; scores of a run are "
                                     "written to its own folder");
    if (j->f.answers && j->f.latents.vae)
        return jem_error(JEM_EUSAGE, "bench: --vae goes with runs, not with --answers");
    if (all && !j->f.path && !j->f.weights && !j->f.answers)
        return jem_error(JEM_EUSAGE, "bench all: give a run, a study, --model and --weights, or --answers");
    if (!j->f.answers && (j->f.observer || strcmp(j->f.kind, "auto") != 0))
        return jem_error(JEM_EUSAGE, "bench: --kind and --observer go with --answers");
    if (j->f.observer && strcmp(j->f.kind, "auto") != 0 && strcmp(j->f.kind, "trials") != 0)
        return jem_error(JEM_EUSAGE, "bench: --observer chooses among trials, not %s", j->f.kind);
    if (j->f.mapping && !j->f.path && !j->f.weights && !j->f.answers)
        return jem_error(JEM_EUSAGE, "bench: --mapping is about the classes of a run or of "
                                     "recorded logits");
    return JEM_OK;
}

static jem_status list(const bench_job *j, const benchmark *const *known)
{
    if (j->f.path || j->f.weights || j->f.answers)
        return jem_error(JEM_EUSAGE, "bench list: nothing but --json belongs to it");
    return j->f.json ? bench_list_json(known) : bench_list(known);
}

static jem_status assign(bench_job *j)
{
    jem_status st = JEM_OK;

    for (int i = 0; i < j->f.set.count; i++) {
        const char *assignment = j->f.set.values[i];
        bool own = bench_settings_own(&j->settings, assignment);
        if (!own && (j->f.path || j->f.weights) && j->run_set.count < CLI_LIST_MAX) {
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
    if (j->f.lpips) {
        TRY(str_format(&j->lpips, "bapps.lpips=%s", j->f.lpips));
        if (j->f.set.count < CLI_LIST_MAX) j->f.set.values[j->f.set.count++] = j->lpips;
    }
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

static jem_status show(const bench_job *j, const cli_lists *lists)
{
    jem_status st;
    strbuf text = STRBUF_INIT;
    const measures *meanings[MEASURES_MAX + 1];
    const score_list *scores = &j->result.scores;
    int64_t lines = 0;

    benchmark_meanings(meanings, lists->benchmarks);
    if (j->f.json) return bench_show_json(scores, meanings);
    TRY(bench_headlines(&text, &lines, &(headline_request){scores, meanings, j->result.answers,
                                                           j->settings.common.level}));
    if (lines > 0) fputs(text.data, stdout);
    if (j->f.all && lines > 0) puts("");
    if (j->f.all || lines == 0)
        bench_show_table(scores, meanings);
    else
        cli_print("(%" PRId64 " more scores: --all)\n", scores->count - lines);
done:
    strbuf_clear(&text);
    return st;
}

/* The scores first: what could not be done must not hide what was. */
static jem_status finish(const bench_job *j, const cli_lists *lists, bool stopped)
{
    jem_status st;
    const scoring_result *r = &j->result;
    TRY(show(j, lists));
    if (stopped)
        return jem_error(JEM_EINTERRUPTED,
                         "stopped: %d scorings are done, the one under way left the scores as they "
                         "were%s; the same command begins it again", r->scored,
                         j->codec.kept ? ", and what it encoded is kept" : "");
    if (r->failed.count > 0)
        return jem_error(r->failed.first, "%d of the scorings failed; the warnings above say why",
                         r->failed.count);
    if (r->scored == 0)
        return jem_error(JEM_EDATA, "nothing could be scored; 'jem bench list' says what each "
                                    "benchmark needs");
done:
    return st;
}

static jem_status score_all(bench_job *j, const cli_lists *lists, const volatile sig_atomic_t *stop)
{
    const bench_flags *f = &j->f;
    return score_runs(&j->result, &(scoring_request){
                                      .lists = &lists->settings,
                                      .benchmarks = lists->benchmarks,
                                      .benchmark = f->name,
                                      .path = f->path,
                                      .model = f->model,
                                      .weights = f->weights,
                                      .answers = f->answers,
                                      .kind = f->kind,
                                      .observer = f->observer,
                                      .out = f->out,
                                      .mapping = f->mapping,
                                      .humans = f->humans,
                                      .data = f->data,
                                      .data_root = getenv("JEM_DATA"),
                                      .settings = &j->settings,
                                      .given = j->set.values,
                                      .given_count = j->set.count,
                                      .of_run = j->run_set.values,
                                      .of_run_count = j->run_set.count,
                                      .codec = &j->codec,
                                      .threads = j->workers,
                                      .stop = stop,
                                      .command = j->command,
                                  });
}

static jem_status bench(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    bench_job *j = NULL;

    TRY(MEM_NEW(j, 1));
    TRY(bench_settings_init(&j->settings, lists->benchmarks));
    TRY(parse(j, argc, argv));
    if (strcmp(j->f.name, "list") == 0) {
        st = list(j, lists->benchmarks);
        goto done;
    }
    TRY(check_arguments(j, lists->benchmarks));
    TRY(pool_new(&j->workers, j->f.threads == CLI_NONE ? 0 : (int)j->f.threads));
    TRY(run_command_line(&j->command, argc, argv));
    const volatile sig_atomic_t *stop = cli_catch_signals();
    TRY(open_codec(j));
    st = score_all(j, lists, stop);
    if (st != JEM_OK && st != JEM_EINTERRUPTED) goto done;
    TRY(finish(j, lists, st == JEM_EINTERRUPTED));
done:
    if (j) {
        bench_settings_clear(&j->settings);
        scoring_result_clear(&j->result);
        latent_codec_clear(&j->codec);
        pool_free(j->workers);
        mem_free(j->command);
        mem_free(j->lpips);
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
    .examples = {"bench all studies/gloss",
                 "bench bapps --model alexnet --weights alexnet-owt-7be5be79.pth --lpips alex.pth --out scores"},
    .run = bench,
};
