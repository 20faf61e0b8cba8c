/* Runs evaluated, one after the other: see evaluate.h. */
#include "study/evaluate.h"

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
#include "run/checkpoint_store.h"
#include "run/import.h"
#include "study/each_run.h"
#include "study/latents_of_run.h"
#include "tensor/safetensors.h"

enum { FINGERPRINT = 160, FEATURES_NAME = 200 };

typedef struct eval_job {
    const evaluate_request *q;
    run *features_of; /* the classifier of FD-own; NULL: none */
    char features_name[FEATURES_NAME];
    fid_network fid;              /* of FID; model NULL: none */
    fid_statistics fid_reference; /* of a file, or of the data below once a run asked for it */
    splits data; /* of the run before: runs of a study share their images */
    data_options data_options;
    uint64_t data_hash;
    int settled; /* evaluated, now or before */
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
    eval_options copy = *j->q->options;
    const option_group groups[] = {{"eval", eval_option_table, &copy}, {NULL, NULL, NULL}};

    TRY(best_find(&best, r->path, r->info.best.iteration));
    TRY(hash_file(&weights, best));
    if (config_runs_chains(&r->cfg)) {
        TRY(checkpoint_newest(&checkpoint, r->path));
        TRY(hash_file(&weights, checkpoint));
    }
    for (const option *o = eval_option_table; o->key; o++) {
        char key[64];
        snprintf(key, sizeof key, "eval.%s", o->key);
        TRY(options_get(groups, key, value, sizeof value));
        settings = XXH64(value, strlen(value) + 1, settings);
    }
    for (int i = 0; i < j->q->assignment_count; i++) {
        const char *a = j->q->assignments[i];
        if (strncmp(a, "engine.threads=", 15) != 0) settings = XXH64(a, strlen(a) + 1, settings); /* same bits */
    }
    if (j->q->codec->vae) /* then there are pictures of latents */
        settings = XXH64(j->q->codec->hash, strlen(j->q->codec->hash), settings);
    settings = XXH64(j->fid.hash, strlen(j->fid.hash), settings);
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

static jem_status open_run(run **out, const eval_job *j, const char *folder)
{
    const evaluate_request *q = j->q;
    jem_status st = run_open(out, q->lists, folder, q->assignments, q->assignment_count);
    if (st == JEM_OK) model_set_stop((*out)->m, q->stop);
    return st;
}

/* ---- the classifier of FD-own */

static jem_status open_features(eval_job *j, const char *folder)
{
    jem_status st;
    char *best = NULL;
    uint64_t hash = 0;
    TRY(open_run(&j->features_of, j, folder));
    const run *r = j->features_of;
    if (config_runs_chains(&r->cfg))
        return jem_error(JEM_EUSAGE, "features of %s: it was trained with alpha = %g; FD-own compares "
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
    return jem_error(JEM_EDATA, "features of %s: it was trained on other images than %s; choose a "
                     "classifier of the same data and data.* settings", f->path, r->path);
}

/* ---- the network of FID */

/* It runs as the settings say that runs do, but on the cpu: a GPU lacks some of its operations. */
static jem_status open_fid(eval_job *j)
{
    jem_status st = JEM_OK;
    const eval_options *o = j->q->options;
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};

    if (!o->fid_weights[0]) return JEM_OK;
    TRY(options_defaults(groups));
    for (int i = 0; i < j->q->assignment_count; i++)
        if (strncmp(j->q->assignments[i], "engine.", 7) == 0) TRY(options_assign(groups, j->q->assignments[i]));
    snprintf(engine.device, sizeof engine.device, "cpu");
    if (o->fid_reference[0]) TRY(fid_statistics_read(&j->fid_reference, o->fid_reference));
    TRY(fid_network_open(&j->fid, o->fid_weights, &engine));
    model_set_stop(j->fid.m, j->q->stop);
done:
    return st;
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
    if (!j->q->options->fid_reference[0]) fid_statistics_clear(&j->fid_reference);
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

/* Replaces what the folder has, which is nobody's meanwhile. */
static jem_status evaluate_anew(score_list *scores, eval_job *j, run *r, const char *text)
{
    jem_status st;
    const evaluate_request *q = j->q;
    model *first = NULL;
    float *replay = NULL;
    int64_t count = 0;
    char note[64];
    bool on_latents = false;
    latent_space space;

    if (import_made(r))
        log_info("== %s (imported)", r->path);
    else
        log_info("== %s (alpha = %g)", r->path, r->cfg.alpha);
    if (q->codec->vae)
        TRY(latents_of_run(&space, &on_latents, q->codec, r, "decoding its samples"));
    TRY(lend_data(r, j));
    if (config_runs_chains(&r->cfg)) TRY(run_replay(&replay, &count, r));
    TRY(run_first_epoch(&first, r));
    if (first) model_set_stop(first, q->stop);
    snprintf(note, sizeof note, "run rescued %d time(s) while it trained", r->info.rescue.count);
    const eval_subject who = {.folder = r->path, .m = r->m, .alpha = r->cfg.alpha,
                              .learned_labels = config_learns_labels(&r->cfg),
                              .seed = r->cfg.seed, .data = &r->data,
                              .data_options = &r->cfg.data, .replay = replay,
                              .replay_count = count, .first_epoch = first,
                              .latents = on_latents ? &space : NULL, .sampler = &r->cfg.sampler,
                              .step_size = run_step_size(r),
                              .features_of = j->features_of ? j->features_of->m : NULL,
                              .fid = j->fid.m ? &j->fid : NULL, .fid_reference = &j->fid_reference,
                              .fid_reference_name =
                                  q->options->fid_reference[0] ? q->options->fid_reference : NULL,
                              .features_name = j->features_name, .command = q->command,
                              .note = r->info.rescue.count ? note : NULL};
    TRY(unmark_evaluated(r->path));
    TRY(eval_run(scores, q->benchmarks, &who, q->options));
    TRY(mark_evaluated(r->path, text));
done:
    take_data_back(r, j);
    mem_free(replay);
    model_free(first);
    return st;
}

static jem_status evaluate(void *ctx, const char *folder)
{
    jem_status st;
    eval_job *j = ctx;
    run *r = NULL;
    score_list scores = SCORE_LIST_INIT;
    char text[FINGERPRINT];
    bool known;

    TRY(open_run(&r, j, folder));
    if (!r->cfg.model.network->logits) {
        st = jem_error(JEM_EUSAGE, "%s: %s says nothing of classes or energies, which jem eval asks about; its latents "
                       "are probed by jem bench gloss", folder, r->cfg.model.name);
        goto done;
    }
    TRY(check_features(j, r));
    TRY(fingerprint(text, j, r));
    TRY(is_evaluated(&known, folder, text));
    if (known && !j->q->force) {
        log_info("%s: evaluated already, and not again unless it is forced", folder);
        TRY(score_list_load(&scores, folder));
    } else {
        TRY(evaluate_anew(&scores, j, r, text));
    }
    j->settled++;
    if (j->q->done) j->q->done(j->q->ctx, r, &scores);
done:
    if (st == JEM_EINTERRUPTED)
        st = jem_error(st, "stopped: %s keeps its former scores, if any, and is not "
                           "evaluated; %d runs before it are; the same command goes on", folder,
                       j->settled);
    score_list_clear(&scores);
    run_close(r);
    return st;
}

jem_status evaluate_runs(const evaluate_request *q)
{
    jem_status st;
    failures f = FAILURES_INIT;
    eval_job *j = NULL;

    TRY(MEM_NEW(j, 1));
    j->q = q;
    if (q->features_of) TRY(open_features(j, q->features_of));
    TRY(open_fid(j));
    TRY(each_run(q->path, evaluate, j, &f));
    TRY(failures_end(&f, "could not be evaluated"));
done:
    if (j) {
        splits_free(&j->data);
        run_close(j->features_of);
        fid_network_clear(&j->fid);
        fid_statistics_clear(&j->fid_reference);
    }
    mem_free(j);
    return st;
}
