/* jem info: what a file or folder is, and whether the numbers in it are sound. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/class_labels.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "data/sources/cifar10.h"
#include "data/pictures/image.h"
#include "tensor/npz.h"
#include "record/record.h"
#include "record/run_facts.h"
#include "run/run.h"
#include "study/each_run.h"
#include "tensor/tensor_file.h"
#include "tensor/torch_file.h"

enum { CIFAR_RECORD = 3073, CIFAR_RECORDS_MAX = 10000 };

/* ---- arrays */

/* "f32 [3, 4]  min -1  max 1" and how many values are not finite.  t's data is only read. */
static jem_status show_array(const char *name, const jem_tensor *t, int64_t *bad)
{
    jem_status st;
    jem_tensor copy = JEM_TENSOR_INIT;
    double low = INFINITY, high = -INFINITY;
    int64_t odd = 0, n = jem_tensor_count(t);
    char dims[JEM_MAX_DIMS * 24] = "";

    TRY(jem_tensor_init(&copy, t->dtype, t->ndim, t->shape));
    if (n > 0) memcpy(copy.data, t->data, (size_t)n * jem_dtype_size(t->dtype));
    TRY(jem_tensor_convert(&copy, JEM_F64));
    const double *v = copy.data;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(v[i])) {
            odd++;
            continue;
        }
        low = fmin(low, v[i]);
        high = fmax(high, v[i]);
    }
    for (int i = 0; i < t->ndim; i++) {
        size_t used = strlen(dims);
        snprintf(dims + used, sizeof dims - used, "%s%" PRId64, i ? ", " : "", t->shape[i]);
    }
    cli_print("%-36s %-5s [%s]", name, jem_dtype_name(t->dtype), dims);
    if (low <= high) cli_print("  min %.6g  max %.6g", low, high);
    if (odd) cli_print("  %" PRId64 " values are not finite", odd);
    cli_print("\n");
    *bad += odd;
done:
    jem_tensor_clear(&copy);
    return st;
}

static jem_status info_npy(const char *path)
{
    jem_tensor t = JEM_TENSOR_INIT;
    int64_t bad = 0;
    jem_status st = jem_npy_read(&t, path);
    if (st == JEM_OK) {
        cli_print("%s: npy array\n", path);
        st = show_array("values", &t, &bad);
    }
    if (st == JEM_OK) cli_print("finite: %s\n", bad ? "no" : "yes");
    jem_tensor_clear(&t);
    return st;
}

static jem_status info_npz(const char *path)
{
    jem_status st;
    char **keys = NULL;
    int count = 0;
    int64_t bad = 0;
    jem_tensor t = JEM_TENSOR_INIT;

    TRY(npz_keys(&keys, &count, path));
    cli_print("%s: npz, %d arrays\n", path, count);
    for (int i = 0; i < count; i++) {
        jem_tensor_clear(&t);
        TRY(npz_read(&t, path, keys[i]));
        TRY(show_array(keys[i], &t, &bad));
    }
    cli_print("finite: %s\n", bad ? "no" : "yes");
done:
    jem_tensor_clear(&t);
    strings_free(keys, count);
    return st;
}

static jem_status info_weights(const char *path, const char *kind)
{
    static const char *const keys[] = {
        "format", "jem.name", "jem.norm", "jem.dropout", "jem.pool", "jem.proj", "jem.classes",
        "jem.channels", "jem.height", "jem.width", "jem.iteration", "jem.best.iteration",
        "jem.best.epoch", "jem.best.score", "jem.run", "jem.settings_hash"};
    jem_status st;
    safetensors *f = NULL;
    int64_t bad = 0, values = 0;

    TRY(tensor_file_open(&f, path, NULL));
    cli_print("%s: %s, %d tensors\n", path, kind, safetensors_count(f));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = safetensors_metadata(f, keys[i]);
        if (value) cli_print("%-36s %s\n", keys[i], value);
    }
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        TRY(show_array(safetensors_name(f, i), &t, &bad));
        values += jem_tensor_count(&t);
    }
    cli_print("values: %" PRId64 "\nfinite: %s\n", values, bad ? "no" : "yes");
done:
    safetensors_close(f);
    return st;
}

/* ---- pictures and CIFAR-10 */

static jem_status info_picture(const char *path, const char *kind)
{
    image m = IMAGE_INIT;
    jem_status st = image_read(&m, path);
    if (st != JEM_OK) return st;
    int low = 255, high = 0;
    for (int64_t i = 0; i < m.height * m.width * m.channels; i++) {
        low = m.pixels[i] < low ? m.pixels[i] : low;
        high = m.pixels[i] > high ? m.pixels[i] : high;
    }
    cli_print("%s: %s picture, %" PRId64 " x %" PRId64 " pixels (read as RGB), min %d, max %d\n",
              path, kind, m.width, m.height, low, high);
    image_clear(&m);
    return JEM_OK;
}

static jem_status info_cifar(const char *path, const char *bytes, size_t size)
{
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
    cli_print("%s: CIFAR-10 batch, %" PRId64 " images 3 x 32 x 32\nlabels ", path, n);
    for (int k = 0; k < CIFAR10_CLASSES; k++)
        cli_print(" %d (%s): %" PRId64, k, cifar10_class_names[k], counts[k]);
    cli_print("\n");
    return JEM_OK;
}

/* By content; only raw CIFAR batches have nothing but their name. */
static jem_status info_file(const char *path)
{
    jem_status st;
    char *bytes = NULL;
    size_t size = 0;

    if (npz_is(path)) return info_npz(path);
    TRY(file_read(&bytes, &size, path, 0));
    if (size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0)
        st = info_npy(path);
    else if (size >= 8 && memcmp(bytes, "\x89PNG", 4) == 0)
        st = info_picture(path, "PNG");
    else if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        st = info_picture(path, "JPEG");
    else if ((size > 8 && bytes[8] == '{') || str_ends_with(path, ".safetensors"))
        st = info_weights(path, "safetensors");
    else if (torch_file_is(bytes, size))
        st = info_weights(path, "PyTorch file");
    else if ((st = safetensors_check_kind(path, bytes, size)) != JEM_OK)
        goto done;
    else if (str_ends_with(path, ".bin") && size > 0)
        st = info_cifar(path, bytes, size);
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

static jem_status show_classes(const char *path, int64_t classes, const config *c)
{
    enum { LISTED = 20 };
    class_labels labels = CLASS_LABELS_INIT;
    char class[CLASS_TEXT];
    jem_status st = class_labels_of(&labels, path, classes, c);

    for (int k = 0; k < labels.count && k < LISTED; k++) {
        class_text(class, k, labels.names);
        cli_print("%s%s", k ? ", " : "classes    ", class);
    }
    if (labels.count) cli_print("%s\n", labels.count > LISTED ? ", ..." : "");
    class_labels_clear(&labels);
    return st;
}

/* How far its training came, on what, and which weights it left. */
static void show_training(const run_info *info, const config *c)
{
    cli_print("data       %s %s (hash %016" PRIx64 ")\n", c->data.kind, c->data.path, info->data_hash);
    if (c->train.init[0]) cli_print("begun from %s (SHA-256 %s)\n", c->train.init, c->train.init_sha256);
    cli_print("iteration  %" PRId64 " of %" PRId64 " (epoch %.2f), %.0f s\n", info->iteration,
              info->iterations, info->epoch, info->wall_s);
    if (info->best.iteration > 0)
        cli_print("selected   iteration %" PRId64 " by %s (%g)\n", info->best.iteration,
                  info->selected_by, info->best.score);
    else
        cli_print("selected   nothing yet\n");
}

static jem_status info_run(const cli_lists *lists, const char *path)
{
    jem_status st;
    config *c = NULL;
    run_info info;
    score_list scores = SCORE_LIST_INIT;

    TRY(MEM_NEW(c, 1));
    TRY(run_load_config(c, &lists->settings, path));
    TRY(run_read_info(&info, path));
    TRY(score_list_load(&scores, path));
    if (was_killed(&info, path))
        cli_print("%s: run, killed: no process holds the folder; go on with: jem resume %s\n", path,
                  path);
    else
        cli_print("%s: run, %s%s%s\n", path, run_status_name(info.status),
                  info.message[0] ? ": " : "", info.message);
    cli_print("model      %s, %" PRId64 " parameters, input %" PRId64 "x%" PRId64 "x%" PRId64
              ", %" PRId64 " classes\n",
              info.model, info.params, info.channels, info.height, info.width, info.classes);
    TRY(show_classes(path, info.classes, c));
    if (info.id[0]) cli_print("run        %s, settings %s\n", info.id, info.settings_hash);
    if (run_folder_is_imported(path)) {
        cli_print("weights    imported; %s/import.json says from where\n", path);
    } else {
        cli_print("alpha      %g\nseed       %" PRId64 "\n", info.alpha, info.seed);
        show_training(&info, c);
    }
    cli_print("scores     %" PRId64 "%s\n", scores.count,
              scores.count ? "" : " (jem eval makes them)");
done:
    score_list_clear(&scores);
    mem_free(c);
    return st;
}

typedef struct listed {
    const char *study;
    int count;
} listed;

static jem_status list_run(void *ctx, const char *path)
{
    listed *l = ctx;
    run_info info;
    const char *name = strrchr(path, '/') + 1;

    if (l->count++ == 0) cli_print("%s: study\n", l->study);
    if (run_read_info(&info, path) == JEM_OK)
        cli_print("%-28s alpha %-6g seed %-4" PRId64 " %-12s %" PRId64 " of %" PRId64 "\n",
                  name, info.alpha, info.seed,
                  was_killed(&info, path) ? "killed" : run_status_name(info.status),
                  info.iteration, info.iterations);
    else
        cli_print("%-28s %s\n", name, jem_error_message());
    return JEM_OK;
}

static jem_status info_study(const char *path)
{
    listed l = {path, 0};
    failures none = FAILURES_INIT;
    jem_status st = each_run(path, list_run, &l, &none);
    if (st == JEM_EDATA && l.count == 0)
        st = jem_error(JEM_EDATA, "%s: neither a run nor a study; for data use jem data check", path);
    return st;
}

typedef struct info_flags {
    const char *path;
} info_flags;

static const cli_argument arguments[] = {
    {"FILE|RUN|STUDY", offsetof(info_flags, path),
     .help = "arrays, weights, a picture, CIFAR-10's batches; or a folder"},
    {.name = NULL},
};

static jem_status info(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    info_flags f;

    TRY(cli_parse(&f, &command_info, argc, argv));
    if (!dir_exists(f.path))
        st = info_file(f.path);
    else
        st = run_is(f.path) ? info_run(lists, f.path) : info_study(f.path);
done:
    return st;
}

const command command_info = {
    .name = "info",
    .about = "what a file or folder is: shapes, range, finite or not, settings, progress",
    .arguments = arguments,
    .examples = {"info runs/a", "info runs/a/best.safetensors"},
    .run = info,
};
