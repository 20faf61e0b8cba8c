/* Run folders (run.h): claimed and made for a training, opened by the commands that use its
 * weights, data or buffer. */
#include "run/run.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "run/checkpoint_store.h"
#include "run/import.h"
#include "tensor/safetensors.h"

static const char *const file_names[] = {"config.yaml", "run.json", "metrics.csv",
                                         "best.safetensors", "first-epoch.safetensors",
                                         "starts.safetensors"};

jem_status run_path(char **out, const char *folder, run_file file)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') n--;
    return str_format(out, "%.*s/%s", (int)n, folder, file_names[file]);
}

static bool has_file_named(const char *folder, const char *name)
{
    char path[PATH_MAX]; /* no allocation that could fail: the answer is yes or no */
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    return n > 0 && n < PATH_MAX && file_exists(path);
}

static bool has_file(const char *folder, run_file file)
{
    return has_file_named(folder, file_names[file]);
}

bool run_is(const char *path)
{
    return has_file(path, RUN_CONFIG) && !has_file_named(path, "study.json");
}

/* ---- settings and status */

jem_status run_load_config(config *cfg, const config_lists *lists, const char *folder)
{
    jem_status st;
    char *path = NULL;
    if (!run_is(folder))
        return has_file(folder, RUN_CONFIG)
                   ? jem_error(JEM_EDATA, "%s: a study, not a run; name one of its runs", folder)
                   : jem_error(JEM_EDATA, "%s: not a run: there is no config.yaml in it", folder);
    TRY(run_path(&path, folder, RUN_CONFIG));
    TRY(config_load(cfg, lists, path, NULL, 0));
done:
    mem_free(path);
    return st;
}

jem_status run_override(config *cfg, const char *const *assignments, int count)
{
    jem_status st = JEM_OK;
    const bool has_data = strcmp(cfg->data.kind, data_kind_none) != 0;
    for (int i = 0; i < count; i++) {
        if (!has_data && strncmp(assignments[i], "data.", 5) == 0) {
            TRY(options_assign(config_groups(cfg), assignments[i]));
            continue;
        }
        if (strncmp(assignments[i], "engine.", 7) != 0 &&
            strncmp(assignments[i], "data.path=", 10) != 0)
            return jem_error(JEM_EUSAGE,
                             "setting %s: an existing run keeps its settings; only engine.* and "
                             "data.path can be set",
                             assignments[i]);
        TRY(options_assign(config_groups(cfg), assignments[i]));
    }
done:
    return st;
}

jem_status run_read_info(run_info *info, const char *folder)
{
    jem_status st;
    char *path = NULL;
    TRY(run_path(&path, folder, RUN_INFO));
    TRY(run_info_read(info, path));
done:
    mem_free(path);
    return st;
}

jem_status run_write_info(run_info *info, const char *folder)
{
    jem_status st;
    char *path = NULL;
    TRY(checkpoint_manifest(info, folder));
    TRY(run_path(&path, folder, RUN_INFO));
    TRY(run_info_write(info, path));
done:
    mem_free(path);
    return st;
}

void config_take_data(config *cfg, const dataset *d)
{
    cfg->model.classes = d->classes;
    cfg->model.channels = d->channels;
    cfg->model.height = d->height;
    cfg->model.width = d->width;
}

/* ---- claiming and making a folder */

static jem_status claim_existing(run_claim *out, const char *folder, config *cfg)
{
    jem_status st;
    config *there = NULL;
    run_info info;
    char difference[3 * OPTION_STRING_MAX];

    TRY(MEM_NEW(there, 1));
    TRY(run_load_config(there, &cfg->lists, folder));
    TRY(config_difference(there, cfg, difference, sizeof difference));
    if (difference[0]) {
        st = jem_error(JEM_EUSAGE,
                       "%s: belongs to another run (%s); choose another folder or remove it",
                       folder, difference);
        goto done;
    }
    *out = RUN_UNFINISHED; /* a run that was killed early may have no run.json */
    if (!has_file(folder, RUN_INFO)) goto done;
    st = run_read_info(&info, folder);
    if (st == JEM_EDATA) {
        log_warning("%s; going on as its checkpoints say", jem_error_message());
        st = JEM_OK;
        goto done;
    }
    if (st == JEM_OK && info.status == RUN_FINISHED) *out = RUN_DONE;
    if (st == JEM_OK && info.status == RUN_DIVERGED)
        st = jem_error(JEM_EDIVERGED, "%s: this run has ended: %s", folder, info.message);
done:
    mem_free(there);
    return st;
}

/* Is all that is there what a run killed while it wrote its first file left? */
static bool only_begun(char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (!temporary_is(names[i])) return false;
    return true;
}

static jem_status refuse_file(const char *folder)
{
    if (!file_exists(folder)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: is a file; name a folder", folder);
}

jem_status run_lock_folder(dir_held **lock, bool *made, const char *folder)
{
    bool busy, absent = !dir_exists(folder);
    jem_status st;

    TRY(refuse_file(folder));
    if (absent) TRY(dir_make(folder));
    TRY(dir_lock(lock, &busy, folder));
    if (busy)
        st = jem_error(JEM_EUSAGE, "%s: another process is training this run; wait for it to end, "
                       "or choose another folder", folder);
    else
        *made = absent;
done:
    return st;
}

jem_status run_claim_folder(run_claim *out, const char *folder, config *cfg)
{
    jem_status st;
    char **names = NULL;
    int count = 0;

    if (run_is(folder)) return claim_existing(out, folder, cfg);
    TRY(refuse_file(folder));
    if (dir_exists(folder)) {
        TRY(dir_list(&names, &count, folder)); /* dot-files, too: somebody's .git, .ssh */
        if (!only_begun(names, count)) {
            st = jem_error(JEM_EUSAGE,
                           "%s: holds other files (%s ...); choose an empty or new folder", folder,
                           names[0]);
            goto done;
        }
    }
    *out = RUN_NEW;
    st = JEM_OK;
done:
    strings_free(names, count);
    return st;
}

static jem_status write_config(const char *folder, config *cfg)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;
    char *path = NULL;
    TRY(run_path(&path, folder, RUN_CONFIG));
    TRY(file_writer_open(&w, path));
    TRY(options_save(config_groups(cfg), &w));
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    mem_free(path);
    return st;
}

jem_status run_create(const char *folder, config *cfg)
{
    jem_status st;
    TRY(config_absolute_paths(cfg));
    TRY(file_remove_leftovers(folder));
    TRY(write_config(folder, cfg));
done:
    return st;
}

jem_status run_keep_data_path(const char *folder, config *cfg)
{
    jem_status st;
    config *there = NULL;

    TRY(MEM_NEW(there, 1));
    TRY(run_load_config(there, &cfg->lists, folder));
    TRY(config_absolute_paths(cfg));
    if (strcmp(there->data.path, cfg->data.path) == 0) goto done;
    memcpy(there->data.path, cfg->data.path, sizeof there->data.path);
    TRY(write_config(folder, there));
done:
    mem_free(there);
    return st;
}

/* ---- using a trained run */

/* Are the weights there this run's, and its settings theirs? */
static jem_status check_identity(const run *r, const char *path)
{
    safetensors *f = NULL;
    jem_status st = safetensors_open_metadata(&f, path);
    if (st == JEM_OK) st = run_identity_check(&r->identity, f, false);
    safetensors_close(f);
    return st;
}

static jem_status no_weights(const run *r)
{
    if (r->info.status == RUN_DIVERGED)
        return jem_error(JEM_EDATA, "%s: has no weights: it ended before any were selected (%s); "
                         "change a setting and train a new run", r->path, r->info.message);
    return jem_error(JEM_EDATA, "%s: has no weights yet (status %s); train it with: jem resume %s",
                     r->path, run_status_name(r->info.status), r->path);
}

/* Sizes of a picture as some data have them; a damaged run.json may say anything. */
static jem_status check_sizes(const run_info *i, const char *folder)
{
    const int64_t most = 1 << 20;
    if (i->channels > 0 && i->height > 0 && i->width > 0 && i->classes > 0 && i->channels <= most &&
        i->height <= most && i->width <= most && i->classes <= most &&
        i->channels * i->height <= INT32_MAX / i->width)
        return JEM_OK;
    return jem_error(JEM_EDATA, "%s/%s: pictures of %" PRId64 "x%" PRId64 "x%" PRId64 " (channels, "
                     "height, width) and %" PRId64 " classes: no run has these; restore the file",
                     folder, file_names[RUN_INFO], i->channels, i->height, i->width, i->classes);
}

static jem_status load_weights(run *r)
{
    jem_status st;
    char *path = NULL;
    config *c = &r->cfg;
    TRY(check_sizes(&r->info, r->path));
    c->model.classes = r->info.classes;
    c->model.channels = r->info.channels;
    c->model.height = r->info.height;
    c->model.width = r->info.width;
    if (r->info.best.iteration == 0 && !has_file(r->path, RUN_BEST))
        return no_weights(r);
    TRY(best_find(&path, r->path, r->info.best.iteration));
    memcpy(r->identity.id, r->info.id, sizeof r->identity.id);
    TRY(check_identity(r, path));
    st = model_new(&r->m, &c->model, &c->engine);
    if (st != JEM_OK) {
        jem_error_context(st, "%s: its config.yaml and run.json", r->path);
        goto done;
    }
    TRY(model_load(r->m, path));
done:
    mem_free(path);
    return st;
}

jem_status run_open(run **out, const config_lists *lists, const char *path,
                    const char *const *assignments, int count)
{
    jem_status st;
    run *r = NULL;
    TRY(MEM_NEW(r, 1));
    TRY(mem_strdup(&r->path, path));
    TRY(run_load_config(&r->cfg, lists, path));
    TRY(run_identity_init(&r->identity, &r->cfg)); /* of its own settings */
    TRY(run_override(&r->cfg, assignments, count));
    st = run_read_info(&r->info, path);
    if (st != JEM_OK) {
        jem_error_context(st, "%s: its status cannot be read (jem resume writes it again)", path);
        goto done;
    }
    TRY(load_weights(r));
    *out = r;
    r = NULL;
done:
    run_close(r);
    return st;
}

void run_close(run *r)
{
    if (!r) return;
    splits_free(&r->data);
    model_free(r->m);
    run_identity_clear(&r->identity);
    mem_free(r->path);
    mem_free(r);
}

double run_step_size(const run *r)
{
    double planned = (double)r->info.iterations;
    return sgld_step_size(&r->cfg.sampler,
                          planned > 0 ? (double)r->info.best.iteration / planned : 0);
}

/* Latents of another autoencoder, or scaled otherwise, are another world to the network. */
static jem_status check_latents(const run *r, const dataset *d)
{
    const run_latents *own = &r->info.latents;
    const shard_format *f = dataset_latents(d);

    if (!f || !own->vae[0]) return JEM_OK;
    if (strcmp(f->vae, own->vae) != 0)
        return jem_error(JEM_EDATA, "%s: latents of the autoencoder %s, but %s was trained on those "
                                    "of %s", r->cfg.data.path, f->vae, r->path, own->vae);
    if (f->scale < own->scale || f->scale > own->scale || f->picture != own->picture)
        return jem_error(JEM_EDATA,
                         "%s: latents of %lld-pixel pictures scaled by %g, but %s was trained on "
                         "latents of %lld-pixel pictures scaled by %g", r->cfg.data.path,
                         (long long)f->picture, f->scale, r->path, (long long)own->picture,
                         own->scale);
    return JEM_OK;
}

/* Whose path it is, unless somebody has just typed it. */
static jem_status name_path(jem_status st, const config *cfg, const char *folder)
{
    const char *path = cfg->data.path;
    char reason[2048];
    config *own = NULL;

    if (!path[0] || dir_exists(path) || file_exists(path)) return st;
    snprintf(reason, sizeof reason, "%s", jem_error_message());
    if (MEM_NEW(own, 1) == JEM_OK && run_load_config(own, &cfg->lists, folder) == JEM_OK &&
        strcmp(own->data.path, path) == 0)
        jem_error(st, "%s (data.path of %s/config.yaml is %s%s; set data.path to where the data are "
                      "now)", reason, folder, path,
                  path[0] == '/' ? "" : ", which is relative to the folder that jem is started in");
    else
        jem_error(st, "%s", reason);
    mem_free(own);
    return st;
}

jem_status run_read_data(splits *out, const config *cfg, const char *folder)
{
    jem_status st = data_load(out, &cfg->data, CONFIG_SPLIT_SEED);
    return st == JEM_OK ? st : name_path(st, cfg, folder);
}

jem_status run_confirm_data(uint64_t *hash, const char *folder, const config *cfg)
{
    jem_status st;
    splits data = {NULL, NULL, NULL};
    config *there = NULL;
    run_info info;

    TRY(MEM_NEW(there, 1));
    TRY(run_load_config(there, &cfg->lists, folder));
    TRY(config_absolute_paths(there)); /* older runs kept them as they were given */
    if (strcmp(there->data.path, cfg->data.path) == 0) goto done;
    TRY(run_read_info(&info, folder));
    if (*hash == 0) {
        TRY(run_read_data(&data, cfg, folder));
        *hash = data.train->hash;
    }
    if (*hash != info.data_hash)
        st = jem_error(JEM_EUSAGE, "%s: belongs to another run (data.path is %s there and %s here, "
                       "with other training images); choose another folder or remove it",
                       folder, there->data.path, cfg->data.path);
done:
    splits_free(&data);
    mem_free(there);
    return st;
}

jem_status run_load_data(run *r)
{
    jem_status st;
    if (r->data.train) return JEM_OK;
    TRY(run_read_data(&r->data, &r->cfg, r->path));
    const dataset *d = r->data.train;
    st = check_latents(r, d);
    if (st) {
        splits_free(&r->data);
        r->data = (splits){NULL, NULL, NULL};
        goto done;
    }
    if (d->classes != r->info.classes || d->channels != r->info.channels ||
        d->height != r->info.height || d->width != r->info.width) {
        st = jem_error(JEM_EDATA,
                       "%s: images are %lldx%lldx%lld with %lld classes, but %s was trained on "
                       "%lldx%lldx%lld with %lld",
                       r->cfg.data.path, (long long)d->channels, (long long)d->height,
                       (long long)d->width, (long long)d->classes, r->path,
                       (long long)r->info.channels, (long long)r->info.height,
                       (long long)r->info.width, (long long)r->info.classes);
        splits_free(&r->data);
        r->data = (splits){NULL, NULL, NULL};
        goto done;
    }
    if (r->info.data_hash && d->hash != r->info.data_hash)
        log_warning("%s: the training images differ from those of the training", r->path);
done:
    return st;
}

jem_status run_first_epoch(model **out, const run *r)
{
    jem_status st;
    char *path = NULL;
    model *m = NULL;
    safetensors *f = NULL;

    *out = NULL;
    if (!has_file(r->path, RUN_FIRST)) return JEM_OK;
    TRY(run_path(&path, r->path, RUN_FIRST));
    st = safetensors_open(&f, path);
    if (st == JEM_OK) st = safetensors_require_checksum(f);
    if (st == JEM_EDATA) {
        log_warning("%s; the first epoch is left out", jem_error_message());
        st = JEM_OK;
        goto done;
    }
    if (st != JEM_OK) goto done;
    TRY(run_identity_check(&r->identity, f, false));
    const char *iteration = safetensors_metadata(f, "jem.iteration");
    if (iteration && strtoll(iteration, NULL, 10) == r->info.best.iteration) goto done;
    TRY(model_new(&m, &r->cfg.model, &r->cfg.engine));
    TRY(model_load(m, path));
    *out = m;
    m = NULL;
done:
    model_free(m);
    safetensors_close(f);
    mem_free(path);
    return st;
}

/* `what` the newest checkpoint of a run with chains holds. */
static jem_status open_newest(safetensors **out, const run *r, const char *what)
{
    jem_status st;
    char *path = NULL;

    if (!config_runs_chains(&r->cfg))
        return jem_error(JEM_EDATA, "%s: a run with alpha = 0 has no %s", r->path, what);
    TRY(checkpoint_newest(&path, r->path));
    TRY(safetensors_open(out, path));
    TRY(run_identity_check(&r->identity, *out, false));
done:
    mem_free(path);
    return st;
}

/* What came with imported weights. */
static jem_status open_imported(safetensors **out, const run *r)
{
    char *path = NULL;
    jem_status st;

    if (!has_file_named(r->path, RUN_REPLAY))
        return jem_error(JEM_EDATA, "%s: its weights were imported, without a replay buffer", r->path);
    TRY(str_format(&path, "%s/" RUN_REPLAY, r->path));
    TRY(safetensors_open(out, path));
    TRY(safetensors_require_checksum(*out));
done:
    mem_free(path);
    return st;
}

jem_status run_replay(float **images, int64_t *n, const run *r)
{
    jem_status st;
    safetensors *f = NULL;
    float *x = NULL;
    int64_t dims[4] = {r->cfg.sampler.buffer_size, r->info.channels, r->info.height,
                       r->info.width};

    TRY(import_made(r) ? open_imported(&f, r) : open_newest(&f, r, "replay buffer"));
    const int at = safetensors_find(f, "replay_buffer");
    if (import_made(r) && at >= 0) dims[0] = safetensors_view(f, at).shape[0];
    TRY(MEM_NEW(x, dims[0] * dims[1] * dims[2] * dims[3]));
    TRY(safetensors_read_f32(f, "replay_buffer", x, 4, dims));
    *images = x;
    *n = dims[0];
    x = NULL;
done:
    mem_free(x);
    safetensors_close(f);
    return st;
}

jem_status run_noise_bank(noise_bank *out, const run *r)
{
    safetensors *f = NULL;
    jem_status st = open_newest(&f, r, "bank of encoded noise");

    if (st == JEM_OK)
        st = noise_bank_load(out, f, r->info.channels, r->info.height, r->info.width);
    safetensors_close(f);
    return st;
}
