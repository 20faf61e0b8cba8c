/* jem/autoencoder.h over model/autoencoder.h. */
#include "jem/autoencoder.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "latent/picture_encoding.h"
#include "lib/lib_call.h"
#include "lib/lib_engine.h"
#include "lib/lib_turn.h"

struct jem_autoencoder {
    autoencoder *a;
    lib_turn turn;
};

static void release(jem_autoencoder *a)
{
    autoencoder_free(a->a);
    mem_free(a);
}

static jem_autoencoder *enter(jem_autoencoder *a)
{
    return lib_turn_take(&a->turn) ? a : NULL;
}

static void leave(jem_autoencoder *const *a)
{
    if (*a && lib_turn_end(&(*a)->turn)) release(*a);
}

/* As LIB_MODEL. */
#define TAKE_AUTOENCODER(a)                                                                        \
    HOST_NEED(a);                                                                                  \
    __attribute__((cleanup(leave))) jem_autoencoder *const taken = enter(a);                       \
    if (!taken) return lib_turn_refuse(__func__, "the autoencoder")

jem_status jem_autoencoder_open(jem_autoencoder **out, const char *path, const jem_engine_options *asked)
{
    LIB_CALL;
    jem_status st;
    lib_engine set;
    engine_spec engine;
    jem_autoencoder *a = NULL;

    HOST_NEED(out);
    HOST_NEED(path);
    TRY(lib_engine_take(&set, asked, __func__));
    TRY(lib_engine_spec(&engine, &set));
    TRY(MEM_NEW(a, 1));
    TRY(autoencoder_load(&a->a, path, &engine));
    *out = a;
    a = NULL;
done:
    if (a) release(a);
    return st;
}

void jem_autoencoder_free(jem_autoencoder *a)
{
    LIB_CALL;
    if (a && lib_turn_last(&a->turn)) release(a);
}

int64_t jem_autoencoder_factor(const jem_autoencoder *a)
{
    return a ? autoencoder_factor(autoencoder_get_spec(a->a)) : 0;
}

int64_t jem_autoencoder_channels(const jem_autoencoder *a)
{
    return a ? autoencoder_get_spec(a->a)->latent : 0;
}

double jem_autoencoder_scale(const jem_autoencoder *a)
{
    return a ? autoencoder_get_spec(a->a)->latent_scale : 0;
}

/* Sizes in pixels.  *cells <- numbers of all n latents. */
static jem_status check_sizes(int64_t *cells, const jem_autoencoder *a, autoencoder_batch b, const char *function)
{
    enum { SIDE_MOST = 1 << 16 };
    const int64_t f = jem_autoencoder_factor(a);
    const jem_status st = lib_check_images(b.n, function);
    if (st != JEM_OK) return st;
    if (b.height < f || b.width < f || b.height % f || b.width % f || b.height > SIDE_MOST || b.width > SIDE_MOST)
        return jem_error(JEM_EUSAGE, "%s: pictures of %lld x %lld pixels; choose multiples of %lld up to %d", function,
                         (long long)b.height, (long long)b.width, (long long)f, SIDE_MOST);
    *cells = b.n * jem_autoencoder_channels(a) * (b.height / f) * (b.width / f);
    return JEM_OK;
}

jem_status jem_autoencoder_encode(jem_autoencoder *a, const float *x, int64_t n, int64_t height, int64_t width,
                                  float *z, float *logvar)
{
    LIB_CALL;
    jem_status st;
    int64_t cells;
    TAKE_AUTOENCODER(a);
    if (n > 0) HOST_NEED(x);
    if (n > 0) HOST_NEED(z);
    const autoencoder_batch b = {n, height, width};
    TRY(check_sizes(&cells, a, b, __func__));
    if (n == 0) return JEM_OK;
    TRY(autoencoder_encode(a->a, b, x, z, logvar));
    const float scale = (float)jem_autoencoder_scale(a); /* as latent_space.c has it, to the bit */
    for (int64_t i = 0; i < cells; i++) z[i] *= scale;
done:
    return st;
}

jem_status jem_autoencoder_decode(jem_autoencoder *a, const float *z, int64_t n, int64_t height, int64_t width,
                                  float *x)
{
    LIB_CALL;
    jem_status st;
    int64_t cells;
    float *means = NULL;
    TAKE_AUTOENCODER(a);
    if (n > 0) HOST_NEED(z);
    if (n > 0) HOST_NEED(x);
    const int64_t f = jem_autoencoder_factor(a);
    TRY(check_sizes(&cells, a, (autoencoder_batch){n, height, width}, __func__));
    if (n == 0) return JEM_OK;
    TRY(MEM_NEW(means, cells));
    const float scale = (float)jem_autoencoder_scale(a);
    for (int64_t i = 0; i < cells; i++) means[i] = z[i] / scale;
    TRY(autoencoder_decode(a->a, (autoencoder_batch){n, height / f, width / f}, means, x));
done:
    mem_free(means);
    return st;
}

/* ---- a folder of pictures */

static void tell(void *ctx, int64_t done, int64_t pictures)
{
    const jem_encode_options *o = ctx;
    lib_call plain;
    lib_call_back_begin(&plain);
    o->watch(o->watch_ctx, done, pictures);
    lib_call_back_end(&plain);
}

static jem_status check_range(int64_t x, int64_t low, int64_t high, const char *name, const char *function)
{
    if (x >= low && x <= high) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: o->%s = %lld; choose %lld to %lld", function, name, (long long)x, (long long)low,
                     (long long)high);
}

static jem_status check_encoding(const jem_encode_options *o, const char *function)
{
    enum { BATCH_MOST = 4096, MOST = 1 << 20 };
    jem_status st;
    TRY(check_range(o->side, 0, PICTURE_ENCODING_SIDE, "side", function));
    TRY(check_range(o->batch, 0, BATCH_MOST, "batch", function));
    TRY(check_range(o->per_shard, 0, MOST, "per_shard", function));
    TRY(check_range(o->noise, -1, MOST, "noise", function));
    if (o->scale != 0 && !(o->scale >= 1e-6 && o->scale <= 1e6))
        st = jem_error(JEM_EUSAGE, "%s: o->scale = %g; choose 1e-6 to 1e6, or 0", function, o->scale);
done:
    return st;
}

jem_status jem_autoencoder_encode_folder(jem_autoencoder *a, const char *folder, const char *out,
                                         const jem_encode_options *asked)
{
    LIB_CALL;
    enum { SIDE = 256, PER_SHARD = 512, NOISE = 1024 };
    jem_status st;
    jem_encode_options o = JEM_ENCODE_INIT;
    shard_index x = SHARD_INDEX_INIT;
    TAKE_AUTOENCODER(a);

    HOST_NEED(folder);
    HOST_NEED(out);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_ENCODE_INIT"));
    TRY(check_encoding(&o, __func__));
    TRY(pictures_encode(&x, &(picture_encoding){.folder = folder,
                                                .labels = o.labels,
                                                .out = out,
                                                .vae = a->a,
                                                .side = o.side ? o.side : SIDE,
                                                .kernel = o.bilinear ? IMAGE_BILINEAR : IMAGE_BICUBIC,
                                                .scale = o.scale != 0 ? o.scale : NAN,
                                                .dtype = o.f32 ? JEM_F32 : JEM_F16,
                                                .flip = o.flip,
                                                .skip_damaged = o.skip_damaged,
                                                .batch = o.batch,
                                                .per_shard = o.per_shard ? o.per_shard : PER_SHARD,
                                                .noise = o.noise < 0 ? NOISE : o.noise,
                                                .stop = o.stop,
                                                .watch = {o.watch ? tell : NULL, &o}}));
done:
    shard_index_clear(&x);
    return st;
}
