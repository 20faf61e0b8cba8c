/* What a file or folder is: see path_facts.h. */
#include "study/path_facts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/image.h"
#include "data/sources/cifar10.h"
#include "record/record.h"
#include "record/run_facts.h"
#include "run/run.h"
#include "study/class_labels.h"
#include "study/each_run.h"
#include "tensor/npz.h"
#include "tensor/tensor_file.h"
#include "tensor/torch_file.h"

enum { CIFAR_RECORD = 3073, CIFAR_RECORDS_MAX = 10000 };

void path_facts_clear(path_facts *f)
{
    strbuf_clear(&f->text);
    json_decref(f->json);
    *f = (path_facts)PATH_FACTS_INIT;
}

static jem_status no_memory(void)
{
    return jem_error(JEM_ENOMEM, "out of memory for what a file holds");
}

/* f->json <- the object; `value` is NULL without memory. */
static jem_status take(path_facts *f, json_t *value)
{
    f->json = value;
    return value ? JEM_OK : no_memory();
}

/* Adds to f->json what jansson made. */
static jem_status add(path_facts *f, const char *key, json_t *value)
{
    return json_object_set_new(f->json, key, value) == 0 ? JEM_OK : no_memory();
}

/* ---- arrays */

/* What an array holds: the numbers that are finite lie in low to high. */
typedef struct array_range {
    double low, high;
    int64_t odd; /* values that are not finite */
} array_range;

/* t's data is only read. */
static jem_status range_of(array_range *r, const jem_tensor *t)
{
    jem_status st;
    jem_tensor copy = JEM_TENSOR_INIT;
    const int64_t n = jem_tensor_count(t);

    *r = (array_range){INFINITY, -INFINITY, 0};
    TRY(jem_tensor_init(&copy, t->dtype, t->ndim, t->shape));
    if (n > 0) memcpy(copy.data, t->data, (size_t)n * jem_dtype_size(t->dtype));
    TRY(jem_tensor_convert(&copy, JEM_F64));
    const double *v = copy.data;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(v[i])) {
            r->odd++;
            continue;
        }
        r->low = fmin(r->low, v[i]);
        r->high = fmax(r->high, v[i]);
    }
done:
    jem_tensor_clear(&copy);
    return st;
}

static json_t *array_json(const char *name, const jem_tensor *t, const array_range *r)
{
    json_t *dims = json_array();
    for (int i = 0; i < t->ndim; i++) json_array_append_new(dims, json_integer((json_int_t)t->shape[i]));
    return json_pack("{s:o s:s s:o s:o s:o s:I}", "name", json_plain_string(name), "dtype", jem_dtype_name(t->dtype), "shape",
                     dims, "min", json_number_or_null(r->low), "max", json_number_or_null(r->high), "not_finite",
                     (json_int_t)r->odd);
}

/* "f32 [3, 4]  min -1  max 1" and how many values are not finite, which *bad counts. */
static jem_status add_array(path_facts *f, const char *name, const jem_tensor *t, int64_t *bad)
{
    jem_status st;
    array_range r;
    char dims[JEM_MAX_DIMS * 24] = "";

    TRY(range_of(&r, t));
    for (int i = 0; i < t->ndim; i++) {
        size_t used = strlen(dims);
        snprintf(dims + used, sizeof dims - used, "%s%" PRId64, i ? ", " : "", t->shape[i]);
    }
    plain_printf(&f->text, "%-36s %-5s [%s]", name, jem_dtype_name(t->dtype), dims);
    if (r.low <= r.high) plain_printf(&f->text, "  min %.6g  max %.6g", r.low, r.high);
    if (r.odd) plain_printf(&f->text, "  %" PRId64 " values are not finite", r.odd);
    strbuf_add(&f->text, "\n");
    *bad += r.odd;
    if (json_array_append_new(json_object_get(f->json, "arrays"), array_json(name, t, &r)) != 0) st = no_memory();
done:
    return st;
}

/* The last line of arrays. */
static jem_status add_finite(path_facts *f, int64_t bad)
{
    plain_printf(&f->text, "finite: %s\n", bad ? "no" : "yes");
    return add(f, "finite", json_boolean(bad == 0));
}

static jem_status begin_arrays(path_facts *f, const char *kind)
{
    return take(f, json_pack("{s:s s:[]}", "kind", kind, "arrays"));
}

static jem_status npy_facts(path_facts *f, const char *path)
{
    jem_status st;
    jem_tensor t = JEM_TENSOR_INIT;
    int64_t bad = 0;

    TRY(jem_npy_read(&t, path));
    TRY(begin_arrays(f, "npy"));
    plain_printf(&f->text, "%s: npy array\n", path);
    TRY(add_array(f, "values", &t, &bad));
    TRY(add_finite(f, bad));
done:
    jem_tensor_clear(&t);
    return st;
}

static jem_status npz_facts(path_facts *f, const char *path)
{
    jem_status st;
    char **keys = NULL;
    int count = 0;
    int64_t bad = 0;
    jem_tensor t = JEM_TENSOR_INIT;

    TRY(npz_keys(&keys, &count, path));
    TRY(begin_arrays(f, "npz"));
    plain_printf(&f->text, "%s: npz, %d arrays\n", path, count);
    for (int i = 0; i < count; i++) {
        jem_tensor_clear(&t);
        TRY(npz_read(&t, path, keys[i]));
        TRY(add_array(f, keys[i], &t, &bad));
    }
    TRY(add_finite(f, bad));
done:
    jem_tensor_clear(&t);
    strings_free(keys, count);
    return st;
}

/* What jem's own weights say of themselves. */
static jem_status add_metadata(path_facts *f, const safetensors *file)
{
    static const char *const keys[] = {
        "format", "jem.name", "jem.norm", "jem.dropout", "jem.pool", "jem.proj", "jem.classes",
        "jem.channels", "jem.height", "jem.width", "jem.iteration", "jem.best.iteration",
        "jem.best.epoch", "jem.best.score", "jem.run", "jem.settings_hash"};
    json_t *all = json_object();
    const jem_status st = add(f, "metadata", all);

    for (size_t i = 0; st == JEM_OK && i < sizeof keys / sizeof *keys; i++) {
        const char *value = safetensors_metadata(file, keys[i]);
        if (!value) continue;
        plain_printf(&f->text, "%-36s %s\n", keys[i], value);
        if (json_object_set_new(all, keys[i], json_plain_string(value)) != 0) return no_memory();
    }
    return st;
}

/* kind: of the file, for people and as data. */
static jem_status weights_facts(path_facts *f, const char *path, const char *kind, const char *name)
{
    jem_status st;
    safetensors *file = NULL;
    int64_t bad = 0, values = 0;

    TRY(tensor_file_open(&file, path, NULL));
    TRY(begin_arrays(f, name));
    plain_printf(&f->text, "%s: %s, %d tensors\n", path, kind, safetensors_count(file));
    TRY(add_metadata(f, file));
    for (int i = 0; i < safetensors_count(file); i++) {
        const jem_tensor t = safetensors_view(file, i);
        TRY(add_array(f, safetensors_name(file, i), &t, &bad));
        values += jem_tensor_count(&t);
    }
    plain_printf(&f->text, "values: %" PRId64 "\n", values);
    TRY(add(f, "values", json_integer((json_int_t)values)));
    TRY(add_finite(f, bad));
done:
    safetensors_close(file);
    return st;
}

/* ---- pictures and CIFAR-10 */

static jem_status picture_facts(path_facts *f, const char *path, const char *written_as)
{
    image m = IMAGE_INIT;
    jem_status st = image_read(&m, path);
    if (st != JEM_OK) return st;
    int low = 255, high = 0;
    for (int64_t i = 0; i < m.height * m.width * m.channels; i++) {
        low = m.pixels[i] < low ? m.pixels[i] : low;
        high = m.pixels[i] > high ? m.pixels[i] : high;
    }
    plain_printf(&f->text, "%s: %s picture, %" PRId64 " x %" PRId64 " pixels (read as RGB), min %d, max %d\n",
                 path, written_as, m.width, m.height, low, high);
    st = take(f, json_pack("{s:s s:s s:I s:I s:i s:i}", "kind", "picture", "format", written_as, "width", (json_int_t)m.width,
                           "height", (json_int_t)m.height, "min", low, "max", high));
    image_clear(&m);
    return st;
}

static jem_status cifar_facts(path_facts *f, const char *path, const char *bytes, size_t size)
{
    jem_status st;
    int64_t counts[CIFAR10_CLASSES] = {0}, n = (int64_t)(size / CIFAR_RECORD);
    if (size % CIFAR_RECORD != 0 || n > CIFAR_RECORDS_MAX)
        return jem_error(JEM_EDATA,
                         "%s: %zu bytes; CIFAR-10 batches are at most %d records of %d bytes: the "
                         "file is truncated, oversized, or something else",
                         path, size, CIFAR_RECORDS_MAX, CIFAR_RECORD);
    for (int64_t i = 0; i < n; i++) {
        int label = (unsigned char)bytes[i * CIFAR_RECORD];
        if (label > 9)
            return jem_error(JEM_EDATA, "%s: record %" PRId64 " has label %d; labels are 0 to 9",
                             path, i, label);
        counts[label]++;
    }
    TRY(take(f, json_pack("{s:s s:I s:{}}", "kind", "cifar10 batch", "images", (json_int_t)n, "labels")));
    plain_printf(&f->text, "%s: CIFAR-10 batch, %" PRId64 " images 3 x 32 x 32\nlabels ", path, n);
    for (int k = 0; k < CIFAR10_CLASSES; k++) {
        plain_printf(&f->text, " %d (%s): %" PRId64, k, cifar10_class_names[k], counts[k]);
        if (json_object_set_new(json_object_get(f->json, "labels"), cifar10_class_names[k],
                                json_integer((json_int_t)counts[k])) != 0)
            return no_memory();
    }
    strbuf_add(&f->text, "\n");
done:
    return st;
}

/* By content; only raw CIFAR batches have nothing but their name. */
static jem_status file_facts(path_facts *f, const char *path)
{
    jem_status st;
    char *bytes = NULL;
    size_t size = 0;

    if (npz_is(path)) return npz_facts(f, path);
    TRY(file_read(&bytes, &size, path, 0));
    if (size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0)
        st = npy_facts(f, path);
    else if (size >= 8 && memcmp(bytes, "\x89PNG", 4) == 0)
        st = picture_facts(f, path, "PNG");
    else if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        st = picture_facts(f, path, "JPEG");
    else if ((size > 8 && bytes[8] == '{') || str_ends_with(path, ".safetensors"))
        st = weights_facts(f, path, "safetensors", "safetensors");
    else if (torch_file_is(bytes, size))
        st = weights_facts(f, path, "PyTorch file", "pytorch");
    else if ((st = safetensors_check_kind(path, bytes, size)) != JEM_OK)
        goto done;
    else if (str_ends_with(path, ".bin") && size > 0)
        st = cifar_facts(f, path, bytes, size);
    else
        st = jem_error(JEM_EDATA, "%s: not a file that jem knows (safetensors, .pt, npy, npz, "
                       "PNG, JPEG, CIFAR-10 .bin)", path);
done:
    mem_free(bytes);
    return st;
}

/* ---- runs and studies */

/* A run that says that it is running, but whose folder no process holds. */
static bool was_killed(const run_info *info, const char *path)
{
    return info->status == RUN_RUNNING && !dir_is_held(path);
}

static const char *status_name(const run_info *info, const char *path)
{
    return was_killed(info, path) ? "killed" : run_status_name(info->status);
}

static jem_status add_classes(path_facts *f, const char *path, int64_t classes, const config *c)
{
    enum { LISTED = 20 };
    class_labels labels = CLASS_LABELS_INIT;
    char class[CLASS_TEXT];
    json_t *names = json_array();
    jem_status st = add(f, "class_names", names); /* which owns them */

    if (st == JEM_OK) st = class_labels_of(&labels, path, classes, c);
    for (int k = 0; k < labels.count && st == JEM_OK; k++) {
        if (json_array_append_new(names, json_plain_string(labels.names[k])) != 0) st = no_memory();
        if (k >= LISTED) continue;
        class_text(class, k, labels.names);
        plain_printf(&f->text, "%s%s", k ? ", " : "classes    ", class);
    }
    if (labels.count) plain_printf(&f->text, "%s\n", labels.count > LISTED ? ", ..." : "");
    class_labels_clear(&labels);
    return st;
}

static jem_status add_selection(path_facts *f, const run_info *info)
{
    if (info->best.iteration == 0) {
        strbuf_add(&f->text, "selected   nothing yet\n");
        return add(f, "selected", json_null());
    }
    plain_printf(&f->text, "selected   iteration %" PRId64 " by %s (%g)\n", info->best.iteration, info->selected_by,
                 info->best.score);
    return add(f, "selected", json_pack("{s:I s:o s:o}", "iteration", (json_int_t)info->best.iteration, "by",
                                        json_plain_string(info->selected_by), "score", json_number_or_null(info->best.score)));
}

/* How far its training came, on what, and which weights it left. */
static jem_status add_training(path_facts *f, const run_info *info, const config *c)
{
    jem_status st;
    char hash[24];

    snprintf(hash, sizeof hash, "%016" PRIx64, info->data_hash);
    plain_printf(&f->text, "alpha      %g\nseed       %" PRId64 "\n", info->alpha, info->seed);
    plain_printf(&f->text, "data       %s %s (hash %s)\n", c->data.kind, c->data.path, hash);
    if (c->train.init[0])
        plain_printf(&f->text, "begun from %s (SHA-256 %s)\n", c->train.init, c->train.init_sha256);
    plain_printf(&f->text, "iteration  %" PRId64 " of %" PRId64 " (epoch %.2f), %.0f s\n", info->iteration,
                 info->iterations, info->epoch, info->wall_s);
    TRY(add(f, "alpha", json_number_or_null(info->alpha)));
    TRY(add(f, "seed", json_integer((json_int_t)info->seed)));
    TRY(add(f, "data", json_pack("{s:o s:o s:s}", "kind", json_plain_string(c->data.kind), "path",
                                 json_plain_string(c->data.path), "hash", hash)));
    if (c->train.init[0])
        TRY(add(f, "begun_from", json_pack("{s:o s:o}", "path", json_plain_string(c->train.init), "sha256",
                                           json_plain_string(c->train.init_sha256))));
    TRY(add(f, "iteration", json_integer((json_int_t)info->iteration)));
    TRY(add(f, "iterations", json_integer((json_int_t)info->iterations)));
    TRY(add(f, "epoch", json_number_or_null(info->epoch)));
    TRY(add(f, "wall_s", json_number_or_null(info->wall_s)));
    TRY(add_selection(f, info));
done:
    return st;
}

static void add_status(path_facts *f, const run_info *info, const char *path)
{
    if (was_killed(info, path))
        plain_printf(&f->text, "%s: run, killed: no process holds the folder; go on with: jem resume %s\n", path, path);
    else
        plain_printf(&f->text, "%s: run, %s%s%s\n", path, run_status_name(info->status), info->message[0] ? ": " : "",
                     info->message);
    plain_printf(&f->text, "model      %s, %" PRId64 " parameters, input %" PRId64 "x%" PRId64 "x%" PRId64
                 ", %" PRId64 " classes\n",
                 info->model, info->params, info->channels, info->height, info->width, info->classes);
}

static jem_status run_facts_of(path_facts *f, const config_lists *lists, const char *path)
{
    jem_status st;
    config *c = NULL;
    run_info info;
    score_list scores = SCORE_LIST_INIT;

    TRY(MEM_NEW(c, 1));
    TRY(run_load_config(c, lists, path));
    TRY(run_read_info(&info, path));
    TRY(score_list_load(&scores, path));
    const bool imported = run_folder_is_imported(path);
    TRY(take(f, json_pack("{s:s s:s s:o s:o s:I s:[III] s:I s:o s:o s:b s:I}", "kind", "run", "status",
                          status_name(&info, path), "message", json_plain_string(info.message), "model",
                          json_plain_string(info.model), "parameters", (json_int_t)info.params, "input",
                          (json_int_t)info.channels, (json_int_t)info.height, (json_int_t)info.width, "classes",
                          (json_int_t)info.classes, "id", json_plain_string(info.id), "settings_hash",
                          json_plain_string(info.settings_hash), "imported", (int)imported, "scores",
                          (json_int_t)scores.count)));
    add_status(f, &info, path);
    TRY(add_classes(f, path, info.classes, c));
    if (info.id[0]) plain_printf(&f->text, "run        %s, settings %s\n", info.id, info.settings_hash);
    if (imported)
        plain_printf(&f->text, "weights    imported; %s/import.json says from where\n", path);
    else
        TRY(add_training(f, &info, c));
    plain_printf(&f->text, "scores     %" PRId64 "%s\n", scores.count, scores.count ? "" : " (jem eval makes them)");
done:
    score_list_clear(&scores);
    mem_free(c);
    return st;
}

typedef struct listed {
    path_facts *f;
    const char *study;
    int count;
} listed;

static jem_status add_run(void *ctx, const char *path)
{
    listed *l = ctx;
    run_info info;
    json_t *row;
    const char *name = strrchr(path, '/') + 1;

    if (l->count++ == 0) plain_printf(&l->f->text, "%s: study\n", l->study);
    if (run_read_info(&info, path) == JEM_OK) {
        plain_printf(&l->f->text, "%-28s alpha %-6g seed %-4" PRId64 " %-12s %" PRId64 " of %" PRId64 "\n", name, info.alpha,
                     info.seed, status_name(&info, path), info.iteration, info.iterations);
        row = json_pack("{s:o s:o s:I s:s s:I s:I}", "name", json_plain_string(name), "alpha", json_number_or_null(info.alpha),
                        "seed", (json_int_t)info.seed, "status", status_name(&info, path), "iteration",
                        (json_int_t)info.iteration, "iterations", (json_int_t)info.iterations);
    } else {
        plain_printf(&l->f->text, "%-28s %s\n", name, jem_error_message());
        row = json_pack("{s:o s:o}", "name", json_plain_string(name), "trouble", json_plain_string(jem_error_message()));
    }
    return json_array_append_new(json_object_get(l->f->json, "runs"), row) == 0 ? JEM_OK : no_memory();
}

static jem_status study_facts(path_facts *f, const char *path)
{
    jem_status st;
    listed l = {f, path, 0};
    failures none = FAILURES_INIT;

    TRY(take(f, json_pack("{s:s s:[]}", "kind", "study", "runs")));
    st = each_run(path, add_run, &l, &none);
    if (st == JEM_EDATA && l.count == 0)
        st = jem_error(JEM_EDATA, "%s: neither a run nor a study; for data use jem data check", path);
done:
    return st;
}

jem_status path_facts_read(path_facts *out, const config_lists *lists, const char *path)
{
    const jem_status st = !dir_exists(path) ? file_facts(out, path)
                          : run_is(path)    ? run_facts_of(out, lists, path)
                                            : study_facts(out, path);
    return st != JEM_OK ? st : strbuf_status(&out->text);
}
