/* jem eval: scores, trials and pictures of one run or of all runs of a study.
 *
 * RUN/scores/evaluated.txt, written last, names the weights, the buffer and the settings
 * behind them: a run that still has these is not evaluated again. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/run_latents.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "energy/eq8.h"
#include "eval/eval.h"
#include "run/checkpoint_store.h"
#include "run/run.h"
#include "tensor/safetensors.h"

enum { FINGERPRINT = 160, FEATURES_NAME = 200 };

typedef struct eval_job {
    const cli_lists *lists;
    eval_options options;
    cli_list engine; /* assignments for the run: engine.*, data.path */
    latent_codec codec; /* of runs on latents; none: no pictures of them */
    bool force;
    const volatile sig_atomic_t *stop; /* of signals */
    char *command;
    run *features_of; /* the classifier of FD-own; NULL: none */
    char features_name[FEATURES_NAME];
    splits data; /* of the run before: runs of a study share their images */
    data_options data_options;
    uint64_t data_hash;
    int done, skipped, failed;
    jem_status first_failure;
    char failures[1024];
} eval_job;

/* ---- what has been evaluated already */

/* Adds the file's own checksum, which its reader has verified. */
static jem_status hash_file(uint64_t *hash, const char *path)
{
    safetensors *f = NULL;
    jem_status st = safetensors_open_metadata(&f, path);
    const char *sum = st == JEM_OK ? safetensors_checksum(f) : NULL;
    if (sum) *hash = XXH64(sum, strlen(sum), *hash);
    safetensors_close(f);
    return st;
}

/* Names weights, buffer and settings: the same text means the same results. */
static jem_status fingerprint(char text[FINGERPRINT], const eval_job *j, const run *r)
{
    jem_status st;
    char *best = NULL, *checkpoint = NULL, value[OPTION_STRING_MAX];
    uint64_t weights = 0, settings = 0;
    eval_options copy = j->options;
    const option_group groups[] = {{"eval", eval_option_table, &copy}, {NULL, NULL, NULL}};

    TRY(best_find(&best, r->path, r->info.best.iteration));
    TRY(hash_file(&weights, best));
    if (eq8_has_loss_g(r->cfg.alpha)) {
        TRY(checkpoint_newest(&checkpoint, r->path));
        TRY(hash_file(&weights, checkpoint));
    }
    for (const option *o = eval_option_table; o->key; o++) {
        char key[64];
        snprintf(key, sizeof key, "eval.%s", o->key);
        TRY(options_get(groups, key, value, sizeof value));
        settings = XXH64(value, strlen(value) + 1, settings);
    }
    for (int i = 0; i < j->engine.count; i++) {
        if (strncmp(j->engine.values[i], "engine.threads=", 15) == 0) continue; /* same bits */
        settings = XXH64(j->engine.values[i], strlen(j->engine.values[i]) + 1, settings);
    }
    if (j->codec.vae) /* then there are pictures of latents */
        settings = XXH64(j->codec.hash, strlen(j->codec.hash), settings);
    settings = XXH64(j->features_name, strlen(j->features_name), settings);
    snprintf(text, FINGERPRINT, "jem %s weights %016" PRIx64 " settings %016" PRIx64 "\n",
             JEM_VERSION, weights, settings);
done:
    mem_free(best);
    mem_free(checkpoint);
    return st;
}

static jem_status is_evaluated(bool *yes, const char *folder, const char *text)
{
    jem_status st;
    char *path = NULL, *found = NULL;
    size_t size = 0;
    *yes = false;
    TRY(str_format(&path, "%s/scores/evaluated.txt", folder));
    if (!file_exists(path)) goto done;
    TRY(file_read(&found, &size, path, 0));
    *yes = strcmp(found, text) == 0;
done:
    mem_free(path);
    mem_free(found);
    return st;
}

/* While results are replaced, they are nobody's. */
static jem_status unmark_evaluated(const char *folder)
{
    char *path = NULL;
    jem_status st = str_format(&path, "%s/scores/evaluated.txt", folder);
    if (st == JEM_OK && file_exists(path) && remove(path) != 0)
        st = file_write_failed("remove", path, errno);
    mem_free(path);
    return st;
}

static jem_status mark_evaluated(const char *folder, const char *text)
{
    char *path = NULL;
    jem_status st = str_format(&path, "%s/scores/evaluated.txt", folder);
    if (st == JEM_OK) st = file_write(path, text, strlen(text));
    mem_free(path);
    return st;
}

/* ---- the classifier of FD-own */

static jem_status open_features(eval_job *j, const char *folder)
{
    jem_status st;
    char *best = NULL;
    uint64_t hash = 0;
    TRY(run_open(&j->features_of, &j->lists->settings, folder, j->engine.values, j->engine.count));
    const run *r = j->features_of;
    model_set_stop(r->m, j->stop);
    if (eq8_has_loss_g(r->cfg.alpha))
        return jem_error(JEM_EUSAGE, "--features-of %s: was trained with alpha = %g; FD-own compares "
                         "features of a classifier, a run with alpha = 0", folder, r->cfg.alpha);
    TRY(best_find(&best, r->path, r->info.best.iteration));
    TRY(hash_file(&hash, best));
    snprintf(j->features_name, sizeof j->features_name, "%.80s (%.40s, alpha 0, weights %016" PRIx64 ")",
             folder, r->cfg.model.name, hash);
done:
    mem_free(best);
    return st;
}

static jem_status check_features(const eval_job *j, const run *r)
{
    const run *f = j->features_of;
    if (!f || f->info.data_hash == r->info.data_hash) return JEM_OK;
    return jem_error(JEM_EDATA, "--features-of %s: was trained on other images than %s; choose a "
                     "classifier of the same data and data.* settings", f->path, r->path);
}

/* ---- one run */

/* Images stay in memory from one run to the next where they are the same. */
static jem_status lend_data(run *r, eval_job *j)
{
    if (j->data.train && r->info.data_hash == j->data_hash &&
        memcmp(&r->cfg.data, &j->data_options, sizeof j->data_options) == 0) {
        r->data = j->data;
        j->data = (splits){NULL, NULL, NULL};
        return JEM_OK;
    }
    splits_free(&j->data);
    return run_load_data(r);
}

static void take_data_back(run *r, eval_job *j)
{
    if (!r->data.train) return;
    j->data = r->data;
    j->data_options = r->cfg.data;
    j->data_hash = r->info.data_hash;
    r->data = (splits){NULL, NULL, NULL};
}

static void show(const score_list *l)
{
    cli_print("%-15s %-15s %-26s %12s %12s %12s %8s\n", "benchmark", "metric", "condition", "value",
              "low", "high", "n");
    for (int64_t i = 0; i < l->count; i++) {
        const score *s = &l->scores[i];
        char value[CLI_CELL], low[CLI_CELL], high[CLI_CELL];
        cli_print("%-15s %-15s %-26s %12s %12s %12s %8" PRId64 "\n", s->benchmark, s->metric,
                  s->condition ? s->condition : "-", cli_cell(value, s->value),
                  cli_cell(low, s->low), cli_cell(high, s->high), s->n);
    }
}

static jem_status evaluate(eval_job *j, const char *folder)
{
    jem_status st;
    run *r = NULL;
    model *first = NULL;
    float *replay = NULL;
    int64_t count = 0;
    score_list scores = SCORE_LIST_INIT;
    char text[FINGERPRINT], note[64];
    bool known, on_latents = false;
    latent_space space;

    TRY(run_open(&r, &j->lists->settings, folder, j->engine.values, j->engine.count));
    model_set_stop(r->m, j->stop);
    TRY(check_features(j, r));
    TRY(fingerprint(text, j, r));
    TRY(is_evaluated(&known, folder, text));
    if (known && !j->force) {
        log_info("%s: evaluated already; --force does it again", folder);
        j->skipped++;
        TRY(score_list_load(&scores, folder));
    } else {
        log_info("== %s (alpha = %g)", folder, r->cfg.alpha);
        if (j->codec.vae)
            TRY(run_latents_of(&space, &on_latents, &j->codec, r, "decoding its samples"));
        TRY(lend_data(r, j));
        if (eq8_has_loss_g(r->cfg.alpha)) TRY(run_replay(&replay, &count, r));
        TRY(run_first_epoch(&first, r));
        if (first) model_set_stop(first, j->stop);
        snprintf(note, sizeof note, "run rescued %d time(s) while it trained",
                 r->info.rescue.count);
        const eval_subject subject = {.folder = folder, .m = r->m, .alpha = r->cfg.alpha,
                                      .seed = r->cfg.seed, .data = &r->data,
                                      .data_options = &r->cfg.data, .replay = replay,
                                      .replay_count = count, .first_epoch = first,
                                      .latents = on_latents ? &space : NULL, .sampler = &r->cfg.sampler,
                                      .step_size = run_step_size(r),
                                      .features_of = j->features_of ? j->features_of->m : NULL,
                                      .features_name = j->features_name, .command = j->command,
                                      .note = r->info.rescue.count ? note : NULL};
        TRY(unmark_evaluated(folder));
        TRY(eval_run(&scores, &subject, &j->options));
        TRY(mark_evaluated(folder, text));
        j->done++;
    }
    cli_print("%s  alpha %g  seed %" PRId64 "\n", folder, r->cfg.alpha, r->cfg.seed);
    show(&scores);
done:
    if (st == JEM_EINTERRUPTED)
        st = jem_error(st, "stopped: %s keeps its former scores, if any, and is not "
                           "evaluated; %d runs before it are; the same command goes on", folder,
                       j->done + j->skipped);
    if (r) take_data_back(r, j);
    score_list_clear(&scores);
    mem_free(replay);
    model_free(first);
    run_close(r);
    return st;
}

/* ---- a study */

static void note_failure(eval_job *j, const char *name, jem_status st)
{
    size_t used = strlen(j->failures);
    log_warning("%s", jem_error_message());
    if (j->failed++ == 0) j->first_failure = st;
    snprintf(j->failures + used, sizeof j->failures - used, "%s%s", used ? ", " : "", name);
}

static jem_status evaluate_study(eval_job *j, const char *folder)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0, runs = 0;

    if (!dir_exists(folder))
        return jem_error(JEM_EDATA, "%s: no such folder; give a run or a study", folder);
    TRY(dir_list(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        if (!run_is(path)) continue;
        runs++;
        st = evaluate(j, path);
        if (st == JEM_ENOMEM || st == JEM_EIO || st == JEM_EUSAGE || st == JEM_EINTERRUPTED)
            goto done;
        if (st != JEM_OK) note_failure(j, names[i], st);
        st = JEM_OK;
    }
    if (runs == 0)
        st = jem_error(JEM_EDATA, "%s: neither a run nor a folder of runs; make one with jem "
                       "train or jem sweep", folder);
    else if (j->failed > 0)
        st = jem_error(j->first_failure, "%d of %d runs could not be evaluated: %s", j->failed,
                       runs, j->failures);
done:
    mem_free(path);
    strings_free(names, count);
    return st;
}

/* ---- the command */

/* eval.* is for the evaluation, anything else for the run (which refuses most). */
static jem_status sort_assignments(eval_job *j, const cli_list *set)
{
    const option_group groups[] = {{"eval", eval_option_table, &j->options}, {NULL, NULL, NULL}};
    jem_status st;
    TRY(options_defaults(groups));
    for (int i = 0; i < set->count; i++) {
        if (strncmp(set->values[i], "eval.", 5) == 0)
            TRY(options_assign(groups, set->values[i]));
        else
            j->engine.values[j->engine.count++] = set->values[i];
    }
done:
    return st;
}

typedef struct eval_flags {
    const char *folder, *features_of;
    cli_list set;
    latent_flags latents;
    int64_t threads, seed;
    bool force;
} eval_flags;

#define AT(field) offsetof(eval_flags, field)

static const cli_argument arguments[] = {
    {"RUN|STUDY", AT(folder), .help = "a trained run, or a folder of them"},
    {.name = NULL},
};

static const cli_option options[] = {
    CLI_SET(eval_flags, set, "eval.*, engine.*, or data.path"),
    {"--features-of", CLI_TEXT, AT(features_of), "RUN0",
     .help = "a run with alpha = 0, in whose features Frechet distances are taken, too"},
    {"--seed", CLI_INT, AT(seed), "N", .help = "seed of all draws: eval.seed", .max = 1e15},
    CLI_ON_DEVICE(eval_flags, set),
    CLI_THREADS(eval_flags, threads, RUN_THREADS_MAX),
    {"--force", CLI_SWITCH, AT(force), NULL, .help = "evaluate again what has these scores already"},
    LATENT_OPTIONS(eval_flags, latents),
    {.name = NULL},
};

static jem_status eval_command(const cli_lists *lists, int argc, char **argv)
{
    eval_flags *f = NULL;
    char threads[RUN_THREADS];
    eval_job *j = NULL;
    jem_status st;

    TRY(MEM_NEW(j, 1));
    j->lists = lists;
    TRY(MEM_NEW(f, 1));
    TRY(cli_parse(f, &command_eval, argc, argv));
    j->force = f->force;
    TRY(sort_assignments(j, &f->set));
    run_threads(&j->engine, threads, f->threads);
    if (f->seed != CLI_NONE) j->options.seed = f->seed;
    TRY(run_command_line(&j->command, argc, argv));
    j->stop = cli_catch_signals();
    TRY(run_latents_open(&j->codec, &f->latents, f->threads, NULL));
    if (f->features_of) TRY(open_features(j, f->features_of));
    st = run_is(f->folder) ? evaluate(j, f->folder) : evaluate_study(j, f->folder);
done:
    if (j) {
        splits_free(&j->data);
        latent_codec_clear(&j->codec);
        run_close(j->features_of);
        mem_free(j->command);
    }
    mem_free(j);
    mem_free(f);
    return st;
}

const command command_eval = {
    .name = "eval",
    .about = "measure accuracy, calibration, energies, features and samples; write them to the "
             "runs' folders",
    .arguments = arguments,
    .options = options,
    .examples = {"eval studies/gloss", "eval runs/a --features-of runs/classifier --set eval.limit=1000 --force"},
    .run = eval_command,
};
