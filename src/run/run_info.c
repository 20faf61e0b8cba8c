/* run.json, a record of what a run is and where it stands, in and out. */
#include "run/run_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"
#include "record/run_facts.h"
#include "tensor/safetensors_checksum.h"

/* Names of classes are left out of a file that they would make too long: each byte may take six. */
enum { NAMES_MAX_BYTES = RUN_FACTS_MAX_BYTES / 8 };

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

/* ---- numbers, lists */

static bool read_events(rescue_state *r, const json_t *list)
{
    *r = rescue_none();
    if (!list) return true; /* older versions */
    if (!json_is_array(list) || json_array_size(list) > RESCUE_TRIES_MAX) return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        rescue_event *e = &r->events[r->count++];
        json_int_t iteration, back_to;
        const char *reason, *change;
        if (json_unpack(json_array_get(list, i), "{s:I s:I s:s s:s}", "iteration", &iteration,
                        "back_to", &back_to, "reason", &reason, "change", &change) != 0)
            return false;
        e->iteration = iteration;
        e->back_to = back_to;
        copy_text(e->reason, sizeof e->reason, reason);
        copy_text(e->change, sizeof e->change, change);
    }
    return true;
}

static json_t *write_class_names(const run_info *info)
{
    size_t bytes = 0;
    json_t *list = json_array();

    for (int64_t k = 0; info->class_names && k < info->classes; k++)
        bytes += strlen(info->class_names[k]) + 2;
    if (bytes == 0 || bytes > NAMES_MAX_BYTES) return list;
    for (int64_t k = 0; list && k < info->classes; k++)
        if (json_array_append_new(list, json_plain_string(info->class_names[k])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *write_events(const rescue_state *r)
{
    json_t *list = json_array();
    for (int i = 0; i < r->count; i++) {
        const rescue_event *e = &r->events[i];
        if (json_array_append_new(list, json_pack("{s:I s:I s:o s:o}", "iteration",
                                                  (json_int_t)e->iteration, "back_to",
                                                  (json_int_t)e->back_to, "reason",
                                                  json_plain_string(e->reason), "change",
                                                  json_plain_string(e->change))) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static bool read_files(run_info *info, const json_t *list)
{
    if (!list) return true;
    if (!json_is_array(list) || json_array_size(list) > RUN_INFO_FILES) return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        run_info_file *f = &info->files[info->file_count++];
        json_int_t bytes, iteration;
        const char *name, *checksum;
        if (json_unpack(json_array_get(list, i), "{s:s s:I s:s s:I}", "name", &name, "bytes",
                        &bytes, "checksum", &checksum, "iteration", &iteration) != 0)
            return false;
        f->bytes = bytes;
        f->iteration = iteration;
        copy_text(f->name, sizeof f->name, name);
        copy_text(f->checksum, sizeof f->checksum, checksum);
    }
    return true;
}

static json_t *write_files(const run_info *info)
{
    json_t *list = json_array();
    for (int i = 0; i < info->file_count; i++) {
        const run_info_file *f = &info->files[i];
        if (json_array_append_new(list, json_pack("{s:s s:I s:s s:I}", "name", f->name, "bytes",
                                                  (json_int_t)f->bytes, "checksum", f->checksum,
                                                  "iteration", (json_int_t)f->iteration)) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* ---- latents: null for a run on pictures, absent in older files */

static bool read_latents(run_latents *l, json_t *object)
{
    const char *vae;
    json_int_t picture;

    if (!object || json_is_null(object)) return true;
    if (json_unpack(object, "{s:s s:F s:I}", "vae", &vae, "latent_scale", &l->scale, "picture",
                    &picture) != 0 ||
        !(l->scale > 0))
        return false;
    copy_text(l->vae, sizeof l->vae, vae);
    l->picture = picture;
    return true;
}

static json_t *write_latents(const run_latents *l)
{
    if (!l->vae[0]) return json_null();
    return json_pack("{s:s s:f s:I}", "vae", l->vae, "latent_scale", l->scale, "picture",
                     (json_int_t)l->picture);
}

/* ---- the file */

static jem_status take_apart(run_info *b, const run_facts *f, const char *path)
{
    const json_t *events = json_object_get(f->root, "events");

    if (f->lacks)
        return jem_error(JEM_EDATA, "%s: not the run.json of a run: '%s' is missing or of another kind",
                         path, f->lacks);
    if (!read_events(&b->rescue, events) || !read_files(b, json_object_get(f->root, "files")))
        return jem_error(JEM_EDATA, "%s: its events or files are not such lists", path);
    if (!read_latents(&b->latents, json_object_get(f->root, "latents")))
        return jem_error(JEM_EDATA, "%s: its latents lack vae, latent_scale or picture", path);
    if ((*f->id && !run_identity_is(f->id)) || (*f->settings_hash && !run_identity_is(f->settings_hash)))
        return jem_error(JEM_EDATA, "%s: its id or settings_hash is not 32 hexadecimal digits", path);
    copy_text(b->id, sizeof b->id, f->id);
    copy_text(b->settings_hash, sizeof b->settings_hash, f->settings_hash);
    copy_text(b->log_hash, sizeof b->log_hash, f->log_hash);
    copy_text(b->version, sizeof b->version, f->version);
    copy_text(b->model, sizeof b->model, f->model);
    copy_text(b->selected_by, sizeof b->selected_by, f->selected_by);
    copy_text(b->message, sizeof b->message, f->message);
    b->alpha = f->alpha, b->epoch = f->epoch, b->wall_s = f->wall_s;
    b->best = (best_epoch){f->best_iteration, f->best_epoch, f->best_score};
    b->seed = f->seed;
    b->classes = f->classes, b->channels = f->channels, b->height = f->height, b->width = f->width;
    b->params = f->params;
    b->data_hash = strtoull(f->data_hash, NULL, 16);
    b->rank = f->rank, b->ranks = f->ranks;
    b->iteration = f->iteration, b->iterations = f->iterations;
    b->log_bytes = f->log_bytes;
    return parse_status(&b->status, f->status, path);
}

/* ---- own checksum: XXH3-128 of the file with these digits as zeros.  Evaluations of a finished run
 * believe what it says, and a digit that changed would be no damage that shows. */

#define OWN_CHECKSUM "own_checksum"

/* Where the digits begin; NULL: an older version wrote it. */
static char *checksum_digits(char *text)
{
    static const char key[] = "\"" OWN_CHECKSUM "\": \"";
    char *at = strstr(text, key);
    return at && strlen(at) > sizeof key + CHECKSUM_DIGITS ? at + sizeof key - 1 : NULL;
}

static jem_status check_sum(const char *path)
{
    jem_status st;
    char *text = NULL, said[CHECKSUM_DIGITS + 1] = "", is[CHECKSUM_DIGITS + 1];
    size_t size;

    TRY(text_read(&text, &size, path, RUN_FACTS_MAX_BYTES));
    char *digits = checksum_digits(text);
    if (!digits) goto done;
    memcpy(said, digits, CHECKSUM_DIGITS);
    memset(digits, '0', CHECKSUM_DIGITS);
    safetensors_checksum_text(is, XXH3_128bits(text, size));
    if (strcmp(said, is) != 0)
        st = jem_error(JEM_EDATA, "%s: its checksum does not match: damaged, or edited", path);
done:
    mem_free(text);
    return st;
}

static jem_status write_with_sum(const json_t *root, const char *path)
{
    jem_status st;
    char *text = NULL, *whole = NULL, sum[CHECKSUM_DIGITS + 1];

    TRY(json_text(&text, root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)));
    TRY(str_format(&whole, "%s\n", text));
    char *digits = checksum_digits(whole);
    safetensors_checksum_text(sum, XXH3_128bits(whole, strlen(whole)));
    if (digits) memcpy(digits, sum, CHECKSUM_DIGITS);
    TRY(file_write(path, whole, strlen(whole)));
done:
    mem_free(text);
    mem_free(whole);
    return st;
}

jem_status run_info_read(run_info *info, const char *path)
{
    jem_status st;
    run_facts f = RUN_FACTS_INIT;
    run_info b = {.status = RUN_RUNNING};

    TRY(run_facts_read(&f, path));
    TRY(check_sum(path));
    json_watch();
    TRY(json_verdict(take_apart(&b, &f, path), path));
    *info = b;
done:
    run_facts_clear(&f);
    return st;
}

jem_status run_info_class_names(char ***names, int *count, const char *path)
{
    jem_status st;
    run_facts f = RUN_FACTS_INIT;
    char **list = NULL;
    int made = 0;

    TRY(run_facts_read(&f, path));
    TRY(MEM_NEW(list, f.class_count));
    for (; made < (int)f.class_count; made++) TRY(mem_strdup(&list[made], f.class_names[made]));
    *names = list;
    *count = made;
    list = NULL;
done:
    if (list) strings_free(list, made);
    run_facts_clear(&f);
    return st;
}

jem_status run_info_write(const run_info *info, const char *path)
{
    jem_status st;
    char hash[32];
    snprintf(hash, sizeof hash, "%016" PRIx64, info->data_hash);
    json_t *root = json_pack(
        "{s:s s:s s:s s:s s:s s:s s:o s:I s:I s:I s:I s:I s:I s:s s:I s:I s:I s:I s:o s:{s:I s:o s:o s:s} s:o s:o"
        " s:o s:o s:o s:s s:I s:o}",
        OWN_CHECKSUM, CHECKSUM_BLANK, "status", status_names[info->status], "id", info->id, "settings_hash", info->settings_hash,
        "version", info->version, "model", info->model,
        "alpha", json_number_or_null(info->alpha), "seed", (json_int_t)info->seed, "classes",
        (json_int_t)info->classes, "channels", (json_int_t)info->channels, "height",
        (json_int_t)info->height, "width", (json_int_t)info->width, "params",
        (json_int_t)info->params, "data_hash", hash, "rank", (json_int_t)info->rank,
        "ranks", (json_int_t)info->ranks, "iteration", (json_int_t)info->iteration,
        "iterations", (json_int_t)info->iterations, "epoch", json_number_or_null(info->epoch), "best",
        "iteration", (json_int_t)info->best.iteration, "epoch", json_number_or_null(info->best.epoch), "score",
        json_number_or_null(info->best.score), "selected_by", info->selected_by, "wall_s", json_number_or_null(info->wall_s),
        "message", json_plain_string(info->message), "events", write_events(&info->rescue), "files",
        write_files(info), "latents", write_latents(&info->latents),
        "log_hash", info->log_hash, "log_bytes", (json_int_t)info->log_bytes,
        "class_names", write_class_names(info));
    st = write_with_sum(root, path);
    json_decref(root);
    return st;
}
