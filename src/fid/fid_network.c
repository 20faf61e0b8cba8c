/* Pictures through the network, a batch at a time: see fid_network.h. */
#include "fid/fid_network.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "model/imagenet.h"
#include "stats/moments.h"

enum { SIDE = 299, BATCH = 32, PICTURE = 3 * SIDE * SIDE };

static jem_status inception(model_spec *spec)
{
    jem_status st;
    model_spec s = {.classes = 1008, .channels = 3, .height = SIDE, .width = SIDE};

    TRY(model_spec_name(&s, network_list, network_inception_fid.name));
    const option_group groups[] = {{"model", network_options(s.network), &s.settings}, {NULL, NULL, NULL}};
    TRY(options_set(groups, "model.input", "own", "FID"));
    *spec = s;
done:
    return st;
}

jem_status fid_network_open(fid_network *out, const char *weights, const engine_spec *engine)
{
    jem_status st;
    model_spec spec;
    fid_network n = FID_NETWORK_INIT;

    TRY(inception(&spec));
    n.precision = (int)engine->precision;
    TRY(sha256_file(n.hash, weights));
    TRY(model_new(&n.m, &spec, engine));
    st = model_load(n.m, weights);
    if (st) {
        st = jem_error(st, "%s; FID needs the weights of %s", jem_error_message(), spec.network->weights);
        goto done;
    }
    *out = n;
    n = (fid_network)FID_NETWORK_INIT;
done:
    fid_network_clear(&n);
    return st;
}

void fid_network_clear(fid_network *n)
{
    model_free(n->m);
    *n = (fid_network)FID_NETWORK_INIT;
}

/* ---- a batch */

typedef struct batch {
    const fid_pictures *pictures;
    int64_t first;
    float *x; /* [BATCH][3][SIDE][SIDE] */
} batch;

static jem_status prepare(void *ctx, int task, int worker)
{
    jem_status st;
    const batch *b = ctx;
    float *x = b->x + (int64_t)task * PICTURE;
    image m = IMAGE_INIT;

    (void)worker;
    TRY(b->pictures->get(&m, b->pictures, b->first + task));
    TRY(image_resize_floats(x, &m, SIDE, SIDE, IMAGE_BICUBIC));
    for (int64_t i = 0; i < PICTURE; i++) x[i] = (x[i] - 128) / 128;
done:
    image_clear(&m);
    return st;
}

jem_status fid_describe(fid_statistics *out, const fid_network *n, const fid_pictures *p, const char *label)
{
    jem_status st;
    moments sums = MOMENTS_INIT;
    fid_statistics s = FID_STATISTICS_INIT;
    batch b = {.pictures = p};
    float *features = NULL;
    progress shown;

    if (p->n < 2)
        return jem_error(JEM_EDATA, "%s: %" PRId64 " pictures; a distance needs 2, and 10,000 to mean something",
                         label, p->n);
    if (fid_bias(p->n)) log_warning("%s: %" PRId64 " pictures: %s", label, p->n, fid_bias(p->n));
    TRY(moments_init(&sums, FID_FEATURES));
    TRY(fid_statistics_init(&s));
    TRY(MEM_NEW(b.x, (int64_t)BATCH * PICTURE));
    TRY(MEM_NEW(features, (int64_t)BATCH * FID_FEATURES));
    progress_begin(&shown, label, "pictures", p->n, 0);
    for (; b.first < p->n; b.first += BATCH) {
        const int64_t count = p->n - b.first < BATCH ? p->n - b.first : BATCH;
        TRY(model_check_stop(n->m, 0));
        TRY(pool_run(model_pool(n->m), (int)count, prepare, &b));
        TRY(model_feature(n->m, "features", b.x, count, features, NULL));
        TRY(moments_add(&sums, features, count));
        progress_update(&shown, b.first + count, NULL);
    }
    progress_end(&shown, p->n);
    TRY(moments_get(&sums, s.mean, s.covariance));
    s.n = p->n;
    *out = s;
    s = (fid_statistics)FID_STATISTICS_INIT;
done:
    moments_clear(&sums);
    fid_statistics_clear(&s);
    mem_free(b.x);
    mem_free(features);
    return st;
}
