/* Both sides opened, then described, then compared: see measure_fid.h. */
#include "study/measure_fid.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/units.h"
#include "tensor/npz.h"

/* One of the two, and whatever its pictures lie in. */
typedef struct side {
    char what[FID_WHAT];
    bool known; /* the statistics are those of a file */
    fid_statistics statistics;
    fid_pictures pictures;
    const dataset *data; /* they are these training images; NULL: others */
    image_list files;
    jem_tensor array;
    run *r;
    float *replay;
} side;
#define SIDE_INIT {.array = JEM_TENSOR_INIT, .files = IMAGE_LIST_INIT, .statistics = FID_STATISTICS_INIT}

static void side_clear(side *s)
{
    fid_statistics_clear(&s->statistics);
    image_list_clear(&s->files);
    jem_tensor_clear(&s->array);
    mem_free(s->replay);
    run_close(s->r);
}

/* ---- opening one */

static jem_status open_buffer(side *s, const fid_request *q, const char *path)
{
    jem_status st;
    int64_t n = 0;

    TRY(run_open(&s->r, q->lists, path, q->set, q->set_count));
    TRY(run_replay(&s->replay, &n, s->r));
    const model_spec *spec = &s->r->cfg.model;
    TRY(fid_pictures_of_values(&s->pictures, s->replay, n, spec->channels, spec->height, spec->width));
    snprintf(s->what, sizeof s->what, "the replay buffer of %.200s", path);
done:
    return st;
}

/* r: an open run, or NULL: the path is one. */
static jem_status open_training_images(side *s, const fid_request *q, const char *path, run *r)
{
    jem_status st;

    if (!r) TRY(run_open(&s->r, q->lists, path, q->set, q->set_count));
    run *of = r ? r : s->r;
    if (!of->data.train) TRY(run_load_data(of));
    TRY(fid_pictures_of_data(&s->pictures, of->data.train));
    s->data = of->data.train;
    snprintf(s->what, sizeof s->what, "the training images of %.200s", of->path);
done:
    return st;
}

static jem_status check_floats(const jem_tensor *t, const char *path)
{
    const float *v = t->data;
    double least = INFINITY, most = -INFINITY;

    for (int64_t i = 0; i < jem_tensor_count(t); i++) {
        if (!isfinite(v[i]))
            return jem_error(JEM_EDATA, "%s: value %" PRId64 " (picture %" PRId64 ") is not finite", path, i,
                             i / (jem_tensor_count(t) / t->shape[0]));
        least = fmin(least, (double)v[i]);
        most = fmax(most, (double)v[i]);
    }
    units_check(least, most, path);
    return JEM_OK;
}

static jem_status open_array(side *s, const char *path)
{
    jem_status st;
    jem_tensor *t = &s->array;

    TRY(npz_is(path) ? npz_read_single(t, path, "images") : jem_npy_read(t, path));
    if (t->ndim != 4 || jem_tensor_count(t) == 0) {
        st = jem_error(JEM_EDATA, "%s: %d dimensions%s; expected pictures [N,C,H,W], of 8 bits or floats from -1 to 1",
                       path, t->ndim, t->ndim == 4 ? " and no picture" : "");
        goto done;
    }
    if (t->shape[1] > 4 && t->shape[3] <= 4) {
        st = jem_error(JEM_EDATA, "%s: the shape looks like [N,H,W,C]; save x.transpose(0, 3, 1, 2)", path);
        goto done;
    }
    if (t->dtype == JEM_U8) {
        TRY(fid_pictures_of_pixels(&s->pictures, t->data, t->shape[0], t->shape[1], t->shape[2], t->shape[3]));
    } else {
        TRY(jem_tensor_convert(t, JEM_F32));
        TRY(check_floats(t, path));
        TRY(fid_pictures_of_values(&s->pictures, t->data, t->shape[0], t->shape[1], t->shape[2], t->shape[3]));
    }
    snprintf(s->what, sizeof s->what, "%.240s", path);
done:
    return st;
}

static jem_status open_folder(side *s, const char *path)
{
    jem_status st;
    int64_t others = 0;

    TRY(image_list_below(&s->files, path, 0, &others));
    if (s->files.n == 0) {
        st = jem_error(JEM_EDATA, "%s: no .png, .jpg or .jpeg file in it%s", path,
                       others ? "; convert its files to PNG" : "");
        goto done;
    }
    if (others)
        log_warning("%s: %" PRId64 " files that are no .png, .jpg or .jpeg left out", path, others);
    s->pictures = fid_pictures_of_files(&s->files);
    snprintf(s->what, sizeof s->what, "%.240s", path);
done:
    return st;
}

static jem_status open_side(side *s, const fid_request *q, const char *path, bool reference)
{
    jem_status st;

    if (run_is(path)) return reference ? open_training_images(s, q, path, NULL) : open_buffer(s, q, path);
    if (dir_exists(path)) return open_folder(s, path);
    if (!fid_statistics_are(path)) return open_array(s, path);
    TRY(fid_statistics_read(&s->statistics, path));
    s->known = true;
    snprintf(s->what, sizeof s->what, "%.240s", path);
    if (fid_bias(s->statistics.n))
        log_warning("%s: of %" PRId64 " pictures: %s", path, s->statistics.n, fid_bias(s->statistics.n));
done:
    return st;
}

/* ---- both */

static jem_status describe(side *s, const fid_network *n)
{
    if (s->known) return JEM_OK;
    return s->data ? fid_describe_kept(&s->statistics, n, s->data, s->what)
                   : fid_describe(&s->statistics, n, &s->pictures, s->what);
}

static jem_status check(const fid_request *q, bool compares)
{
    if (compares || q->save) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: is no run, so it needs a reference, a folder or a file, to be compared with, or "
                     "a file to save its statistics in", q->samples);
}

/* engine.* is for the network, anything else for the runs. */
static jem_status sort_settings(engine_spec *engine, const char **of_runs, int *count, const fid_request *q)
{
    const option_group groups[] = {{"engine", engine_options, engine}, {NULL, NULL, NULL}};
    jem_status st;

    *count = 0;
    TRY(options_defaults(groups));
    for (int i = 0; i < q->set_count; i++) {
        if (strncmp(q->set[i], "engine.", 7) == 0)
            TRY(options_assign(groups, q->set[i]));
        else
            of_runs[(*count)++] = q->set[i];
    }
done:
    return st;
}

/* q->set: for the runs. */
static jem_status compare_sides(fid_result *out, const fid_request *q, const engine_spec *engine)
{
    jem_status st;
    fid_network inception = FID_NETWORK_INIT;
    side samples = SIDE_INIT, reference = SIDE_INIT;
    const bool compares = q->reference || run_is(q->samples);
    fid_result r = {.distance = NAN};

    TRY(check(q, compares));
    TRY(open_side(&samples, q, q->samples, false));
    if (q->reference)
        TRY(open_side(&reference, q, q->reference, true));
    else if (compares)
        TRY(open_training_images(&reference, q, q->samples, samples.r));
    if (!samples.known || (compares && !reference.known)) {
        if (!q->weights) {
            st = jem_error(JEM_EUSAGE, "features of pictures need a network: name the file of its weights, %s",
                           network_find(network_list, "inception-fid")->weights);
            goto done;
        }
        TRY(fid_network_open(&inception, q->weights, engine));
        model_set_stop(inception.m, q->stop);
    }
    TRY(describe(&samples, &inception));
    if (q->save) TRY(fid_statistics_write(&samples.statistics, q->save));
    if (compares) {
        TRY(describe(&reference, &inception));
        TRY(fid_distance(&r.distance, &samples.statistics, &reference.statistics));
    }
    r.samples = samples.statistics.n;
    r.reference = reference.statistics.n;
    snprintf(r.samples_what, sizeof r.samples_what, "%s", samples.what);
    snprintf(r.reference_what, sizeof r.reference_what, "%s", reference.what);
    snprintf(r.weights_hash, sizeof r.weights_hash, "%s", inception.hash);
    *out = r;
done:
    fid_network_clear(&inception);
    side_clear(&samples);
    side_clear(&reference);
    return st;
}

jem_status measure_fid(fid_result *out, const fid_request *q)
{
    jem_status st;
    fid_request own = *q;
    engine_spec engine;
    const char **of_runs = NULL;

    TRY(MEM_NEW(of_runs, q->set_count));
    TRY(sort_settings(&engine, of_runs, &own.set_count, q));
    own.set = of_runs;
    TRY(compare_sides(out, &own, &engine));
done:
    mem_free(of_runs);
    return st;
}
