/* run.json in and out. */
#include "train/run_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/json_file.h"

enum { RUN_INFO_MAX_BYTES = 1 << 20 };

static const char *const status_names[] = {"running", "interrupted", "diverged", "finished"};

const char *run_status_name(run_status s)
{
    return status_names[s];
}

static void copy_text(char *dst, size_t size, const char *src)
{
    snprintf(dst, size, "%s", src ? src : "");
}

static jem_status parse_status(run_status *s, const char *text, const char *path)
{
    for (int i = 0; i <= RUN_FINISHED; i++)
        if (text && strcmp(text, status_names[i]) == 0) {
            *s = (run_status)i;
            return JEM_OK;
        }
    return jem_error(JEM_EDATA, "%s: unknown status '%s'", path, text ? text : "");
}

jem_status run_info_read(run_info *info, const char *path)
{
    jem_status st;
    char *text = NULL;
    size_t size;
    json_error_t e;
    json_t *root = NULL;
    run_info b = {.status = RUN_RUNNING};
    const char *status, *version, *model, *hash, *selected, *message = "";
    json_int_t seed, classes, channels, height, width, params, iteration, iterations, best;

    TRY(file_read(&text, &size, path, RUN_INFO_MAX_BYTES));
    root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);
    if (!root) {
        st = jem_error(JEM_EDATA, "%s:%d: %s", path, e.line, e.text);
        goto done;
    }
    if (json_unpack_ex(root, &e, 0,
                       "{s:s s:s s:s s:F s:I s:I s:I s:I s:I s:I s:s s:I s:I s:F"
                       " s:{s:I s:F s:F s:s} s:F s?s}",
                       "status", &status, "version", &version, "model", &model, "alpha", &b.alpha,
                       "seed", &seed, "classes", &classes, "channels", &channels, "height",
                       &height, "width", &width, "params", &params, "data_hash", &hash,
                       "iteration", &iteration, "iterations", &iterations, "epoch", &b.epoch,
                       "best", "iteration", &best, "epoch", &b.best.epoch, "score",
                       &b.best.score, "selected_by", &selected, "wall_s", &b.wall_s, "message",
                       &message) != 0) {
        st = jem_error(JEM_EDATA, "%s: not the run.json of a run: %s", path, e.text);
        goto done;
    }
    TRY(parse_status(&b.status, status, path));
    copy_text(b.version, sizeof b.version, version);
    copy_text(b.model, sizeof b.model, model);
    copy_text(b.selected_by, sizeof b.selected_by, selected);
    copy_text(b.message, sizeof b.message, message);
    b.seed = seed;
    b.classes = classes, b.channels = channels, b.height = height, b.width = width;
    b.params = params;
    b.data_hash = strtoull(hash, NULL, 16);
    b.iteration = iteration, b.iterations = iterations;
    b.best.iteration = best;
    *info = b;
done:
    json_decref(root);
    mem_free(text);
    return st;
}

jem_status run_info_write(const run_info *info, const char *path)
{
    jem_status st;
    char hash[32];
    snprintf(hash, sizeof hash, "%016" PRIx64, info->data_hash);
    json_t *root = json_pack(
        "{s:s s:s s:s s:f s:I s:I s:I s:I s:I s:I s:s s:I s:I s:f s:{s:I s:f s:f s:s} s:f s:s}",
        "status", status_names[info->status], "version", info->version, "model", info->model,
        "alpha", info->alpha, "seed", (json_int_t)info->seed, "classes",
        (json_int_t)info->classes, "channels", (json_int_t)info->channels, "height",
        (json_int_t)info->height, "width", (json_int_t)info->width, "params",
        (json_int_t)info->params, "data_hash", hash, "iteration", (json_int_t)info->iteration,
        "iterations", (json_int_t)info->iterations, "epoch", info->epoch, "best", "iteration",
        (json_int_t)info->best.iteration, "epoch", info->best.epoch, "score", info->best.score,
        "selected_by", info->selected_by, "wall_s", info->wall_s, "message", info->message);
    st = json_file_write(path, root);
    json_decref(root);
    return st;
}
