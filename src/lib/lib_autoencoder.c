/* jem/autoencoder.h over model/autoencoder.h. */
#include "jem/autoencoder.h"

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_engine.h"
#include "lib/lib_turn.h"
#include "model/autoencoder.h"

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
