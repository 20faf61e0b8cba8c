/* Finding and loading checkpoints, and the selected weights: see checkpoint_store.h. */
#include "run/checkpoint_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "model/weights.h"
#include "run/checkpoint_files.h"
#include "run/run.h"

/* ---- loading the newest whole state */

/* The file's name and its content must agree on the iteration. */
static jem_status load_file(trainer *t, checkpoint_state *s, const char *path, int64_t iteration)
{
    safetensors *f = NULL;
    const char *text;
    jem_status st = safetensors_open_metadata(&f, path);
    if (st != JEM_OK) return st;
    text = safetensors_metadata(f, "jem.iteration");
    if (!text || strtoll(text, NULL, 10) != iteration)
        st = jem_error(JEM_EDATA, "%s: holds the state of iteration %.20s: damaged or renamed",
                       path, text ? text : "(none)");
    safetensors_close(f);
    return st == JEM_OK ? checkpoint_load(t, s, path) : st;
}

/* Loads the newest state that `wanted` admits; those found damaged on the way are
 * warned of.  *at: its place in the list, -1 if there is none; *damaged: how many. */
typedef struct search {
    bool scheduled;  /* these only */
    int64_t before;
    int at, damaged;
} search;

static bool admits(const search *q, const checkpoint_file *f)
{
    if (f->best || f->iteration >= q->before) return false;
    return !q->scheduled || f->scheduled || !f->readable;
}

static jem_status load_newest(search *q, trainer *t, checkpoint_state *s,
                              const checkpoint_files *l, const char *folder)
{
    jem_status st = JEM_OK;
    char *path = NULL;

    q->at = -1;
    q->damaged = 0;
    for (int i = l->count - 1; i >= 0 && q->at < 0; i--) {
        if (!admits(q, &l->items[i])) continue;
        TRY(checkpoint_path(&path, folder, l->items[i].iteration, false));
        st = load_file(t, s, path, l->items[i].iteration);
        if (st == JEM_OK) {
            q->at = i;
        } else if (st == JEM_EDATA) {
            log_warning("%s; going on with the checkpoint before it", jem_error_message());
            q->damaged++;
            st = JEM_OK;
        } else {
            goto done;
        }
        mem_free(path);
        path = NULL;
    }
done:
    mem_free(path);
    return st;
}

/* Out of the way of later checkpoints, but not lost. */
static jem_status set_aside(const checkpoint_file *f, const char *folder)
{
    jem_status st;
    char *path = NULL, *aside = NULL;
    TRY(checkpoint_path(&path, folder, f->iteration, false));
    TRY(str_format(&aside, "%s.damaged", path));
    TRY(file_rename(path, aside));
done:
    mem_free(path);
    mem_free(aside);
    return st;
}

static jem_status remove_leftovers(const char *folder)
{
    jem_status st;
    char *path = NULL;
    TRY(file_remove_leftovers(folder));
    TRY(checkpoint_folder(&path, folder));
    if (dir_exists(path)) TRY(file_remove_leftovers(path));
done:
    mem_free(path);
    return st;
}

jem_status checkpoint_resume(trainer *t, checkpoint_state *s, bool *found, const char *folder)
{
    jem_status st;
    checkpoint_files l = CHECKPOINT_FILES_INIT;
    search q = {.before = INT64_MAX};

    TRY(checkpoint_files_list(&l, folder));
    TRY(load_newest(&q, t, s, &l, folder));
    if (q.at < 0 && q.damaged > 0)
        st = jem_error(JEM_EDATA,
                       "%s/" RUN_CHECKPOINTS ": none of the %d checkpoints can be used; put back "
                       "a copy of one, or remove them to begin again at iteration 0",
                       folder, q.damaged);
    else
        *found = q.at >= 0;
done:
    checkpoint_files_clear(&l);
    return st;
}

jem_status checkpoint_clean(const char *folder, int64_t iteration)
{
    jem_status st;
    checkpoint_files l = CHECKPOINT_FILES_INIT;

    TRY(remove_leftovers(folder));
    TRY(checkpoint_files_list(&l, folder));
    for (int i = 0; i < l.count; i++)
        if (!l.items[i].best && l.items[i].iteration > iteration) TRY(set_aside(&l.items[i], folder));
done:
    checkpoint_files_clear(&l);
    return st;
}

jem_status checkpoint_roll_back(trainer *t, checkpoint_state *s, bool *found, const char *folder,
                                int64_t before)
{
    jem_status st;
    checkpoint_files l = CHECKPOINT_FILES_INIT;
    search q = {.scheduled = true, .before = before};

    TRY(checkpoint_files_list(&l, folder));
    TRY(load_newest(&q, t, s, &l, folder));
    if (q.at >= 0) {
        for (int i = 0; i < l.count; i++)
            l.items[i].keep = l.items[i].iteration <= l.items[q.at].iteration;
        TRY(checkpoint_files_prune(&l, folder));
    }
    *found = q.at >= 0;
done:
    checkpoint_files_clear(&l);
    return st;
}

/* ---- for readers */

/* Carries it the checksum that only a whole file has? */
static jem_status check_whole(const char *path)
{
    safetensors *f = NULL;
    jem_status st = safetensors_open(&f, path);
    if (st == JEM_OK) st = safetensors_require_checksum(f);
    safetensors_close(f);
    return st;
}

jem_status checkpoint_newest(char **path, const char *folder)
{
    jem_status st;
    checkpoint_files l = CHECKPOINT_FILES_INIT;
    char *p = NULL;

    TRY(checkpoint_files_list(&l, folder));
    for (int i = l.count - 1; i >= 0; i--) {
        if (l.items[i].best) continue;
        TRY(checkpoint_path(&p, folder, l.items[i].iteration, false));
        st = check_whole(p);
        if (st == JEM_OK) {
            *path = p;
            p = NULL;
            goto done;
        }
        if (st != JEM_EDATA) goto done;
        log_warning("%s", jem_error_message());
        mem_free(p);
        p = NULL;
    }
    TRY(shell_line(&p, (const char *[]){"jem", "resume", folder, NULL}));
    st = jem_error(JEM_EDATA, "%s: there is no whole checkpoint; go on with: %s", folder, p);
done:
    mem_free(p);
    checkpoint_files_clear(&l);
    return st;
}

/* *known: the file is whole and says whose it is. */
static jem_status identify_by(bool *known, run_identity *r, const char *path)
{
    safetensors *f = NULL;
    jem_status st = safetensors_open(&f, path);
    if (st == JEM_OK) st = safetensors_require_checksum(f);
    const char *id = st == JEM_OK ? safetensors_metadata(f, "jem.run") : NULL;
    *known = id && run_identity_is(id);
    if (*known && !r->id[0]) memcpy(r->id, id, sizeof r->id);
    if (*known) st = run_identity_check(r, f, false);
    safetensors_close(f);
    return st == JEM_EDATA ? JEM_OK : st;
}

jem_status checkpoint_identify(run_identity *r, const char *folder)
{
    jem_status st;
    char *path = NULL;
    bool known = false;
    checkpoint_files l = CHECKPOINT_FILES_INIT;

    TRY(checkpoint_files_list(&l, folder));
    for (int i = l.count - 1; i >= 0 && !known; i--) {
        if (l.items[i].best) continue;
        mem_free(path);
        path = NULL;
        TRY(checkpoint_path(&path, folder, l.items[i].iteration, false));
        TRY(identify_by(&known, r, path));
    }
done:
    mem_free(path);
    checkpoint_files_clear(&l);
    return st;
}

jem_status checkpoint_adopt(const run_identity *r, const char *folder)
{
    jem_status st;
    static const run_file weights[] = {RUN_BEST, RUN_FIRST};
    const int selected = sizeof weights / sizeof *weights;
    checkpoint_files l = CHECKPOINT_FILES_INIT;
    char *path = NULL;
    int adopted = 0;

    TRY(checkpoint_files_list(&l, folder));
    /* States first: while none has it, no other file must tell the identity. */
    for (int pass = 0; pass < 2; pass++)
        for (int i = pass ? -selected : 0; i < l.count; i++) {
            bool done;
            if (i >= 0 && l.items[i].best != (pass == 1)) continue;
            mem_free(path);
            path = NULL;
            if (i < 0) TRY(run_path(&path, folder, weights[i + selected]));
            else TRY(checkpoint_path(&path, folder, l.items[i].iteration, l.items[i].best));
            TRY(run_identity_adopt(&done, r, path));
            adopted += done;
        }
    if (adopted > 0)
        log_warning("%s: %d files of an older version of jem say neither whose they are nor of which "
                    "settings; they are taken for this run's, and say so from now on", folder, adopted);
done:
    mem_free(path);
    checkpoint_files_clear(&l);
    return st;
}

jem_status checkpoint_manifest(run_info *info, const char *folder)
{
    jem_status st;
    checkpoint_files l = CHECKPOINT_FILES_INIT;
    TRY(checkpoint_files_list(&l, folder));
    checkpoint_files_keep(&l, checkpoint_files_newest(&l));
    TRY(checkpoint_files_manifest(info, &l, folder));
done:
    checkpoint_files_clear(&l);
    return st;
}

/* ---- selected weights */

static jem_status save_weights(const model *m, const float *params, int64_t iteration,
                               const run_identity *r, const char *path)
{
    jem_status st;
    safetensors_writer *w = NULL;
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)iteration);
    TRY(safetensors_writer_new(&w));
    TRY(weights_put_spec(w, model_get_spec(m)));
    TRY(safetensors_writer_metadata(w, "jem.iteration", text));
    if (r) TRY(run_identity_put(r, w));
    TRY(weights_add(w, model_graph(m), params, ""));
    TRY(safetensors_writer_save(w, path));
done:
    safetensors_writer_free(w);
    return st;
}

jem_status best_save(const char *folder, const model *m, const float *params, int64_t iteration,
                     const run_identity *r)
{
    if (!all_finite(params, model_params_count(m)))
        return jem_error(JEM_EDIVERGED, "training diverged: after iteration %lld a weight is not "
                         "finite; lower train.lr", (long long)iteration);
    return best_save_any(folder, m, params, iteration, r);
}

jem_status best_save_any(const char *folder, const model *m, const float *params, int64_t iteration,
                         const run_identity *r)
{
    jem_status st;
    char *path = NULL, *best = NULL;

    TRY(checkpoint_folder(&path, folder));
    TRY(dir_make(path));
    mem_free(path);
    path = NULL;
    TRY(checkpoint_path(&path, folder, iteration, true));
    TRY(save_weights(m, params, iteration, r, path));
    TRY(run_path(&best, folder, RUN_BEST));
    TRY(save_weights(m, params, iteration, r, best)); /* from memory: what the disk spoils once, it does not twice */
done:
    mem_free(path);
    mem_free(best);
    return st;
}

jem_status first_epoch_keep(const char *folder, int64_t iteration)
{
    jem_status st;
    char *path = NULL, *first = NULL;

    TRY(checkpoint_path(&path, folder, iteration, true));
    TRY(run_path(&first, folder, RUN_FIRST));
    TRY(file_copy(path, first));
done:
    mem_free(path);
    mem_free(first);
    return st;
}

/* Whole, the weights of that iteration, and this run's? */
static jem_status check_weights(const char *path, int64_t iteration, const run_identity *r)
{
    safetensors *f = NULL;
    const char *text;
    jem_status st;
    TRY(safetensors_open(&f, path));
    TRY(safetensors_require_checksum(f));
    text = safetensors_metadata(f, "jem.iteration");
    if (!text || strtoll(text, NULL, 10) != iteration)
        st = jem_error(JEM_EDATA, "%s: holds the weights of iteration %.20s instead of %lld", path,
                       text ? text : "(unknown)", (long long)iteration);
    else
        st = run_identity_check(r, f, false);
done:
    safetensors_close(f);
    return st;
}

jem_status best_check(const char *folder, int64_t iteration, const run_identity *r)
{
    jem_status st;
    char *copy = NULL, *best = NULL;

    TRY(checkpoint_path(&copy, folder, iteration, true));
    TRY(run_path(&best, folder, RUN_BEST));
    st = check_weights(copy, iteration, r);
    if (st == JEM_OK || st == JEM_EDATA) st = check_weights(best, iteration, r);
    if (st == JEM_EDATA) st = JEM_OK;
done:
    mem_free(copy);
    mem_free(best);
    return st;
}

static jem_status none_whole(const char *best, const char *copy)
{
    return jem_error(JEM_EDATA,
                     "%s: the selected weights are missing or damaged, and so is their copy %s; "
                     "put back a copy of either, or train the run again", best, copy);
}

/* RUN/best.safetensors from its copy, which is whole.  That it is of another iteration is what a kill
 * leaves between two writes. */
static jem_status restore_from(const char *copy, const char *best, int64_t iteration,
                               const run_identity *r)
{
    jem_status st = check_weights(best, iteration, r);
    if (st != JEM_EDATA) return st;
    if (file_exists(best) && check_whole(best) == JEM_EDATA)
        log_warning("%s; made again from %s", jem_error_message(), copy);
    return file_copy(copy, best);
}

jem_status best_restore(const char *folder, int64_t iteration, const run_identity *r)
{
    jem_status st;
    char *copy = NULL, *best = NULL;

    TRY(run_path(&best, folder, RUN_BEST));
    if (iteration == 0) {
        TRY(file_remove(best));
        goto done;
    }
    TRY(checkpoint_path(&copy, folder, iteration, true));
    st = check_weights(copy, iteration, r);
    if (st == JEM_OK) {
        TRY(restore_from(copy, best, iteration, r));
    } else if (st == JEM_EDATA) {
        st = check_weights(best, iteration, r);
        if (st == JEM_EDATA) st = none_whole(best, copy);
        if (st != JEM_OK) goto done;
        log_warning("%s: missing or damaged; made again from %s", copy, best);
        TRY(file_copy(best, copy));
    }
done:
    mem_free(copy);
    mem_free(best);
    return st;
}

jem_status first_epoch_restore(const char *folder, int64_t iteration)
{
    jem_status st;
    char *copy = NULL, *first = NULL, *aside = NULL;

    TRY(run_path(&first, folder, RUN_FIRST));
    if (!file_exists(first)) goto done;
    st = check_whole(first);
    if (st != JEM_EDATA) goto done;
    char reason[1024];
    snprintf(reason, sizeof reason, "%s", jem_error_message());
    TRY(checkpoint_path(&copy, folder, iteration, true));
    st = check_weights(copy, iteration, NULL);
    if (st == JEM_OK) {
        log_warning("%s; made again from %s", reason, copy);
        TRY(file_copy(copy, first));
    } else if (st == JEM_EDATA) {
        TRY(str_format(&aside, "%s.damaged", first));
        log_warning("%s; set aside as %s: evaluations go without the first epoch", reason, aside);
        TRY(file_rename(first, aside));
    }
done:
    mem_free(copy);
    mem_free(first);
    mem_free(aside);
    return st;
}

jem_status best_find(char **path, const char *folder, int64_t iteration)
{
    jem_status st;
    char *copy = NULL, *best = NULL;

    TRY(run_path(&best, folder, RUN_BEST));
    st = check_whole(best);
    if (st == JEM_OK) {
        *path = best;
        best = NULL;
    }
    if (st != JEM_EDATA) goto done;
    TRY(checkpoint_path(&copy, folder, iteration, true));
    st = check_weights(copy, iteration, NULL);
    if (st == JEM_EDATA) st = none_whole(best, copy);
    if (st != JEM_OK) goto done;
    log_warning("%s: missing or damaged; its copy %s is used, jem resume puts it back", best, copy);
    *path = copy;
    copy = NULL;
done:
    mem_free(copy);
    mem_free(best);
    return st;
}
