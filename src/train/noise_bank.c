/* Encoded noise as starts of chains: see noise_bank.h. */
#include "train/noise_bank.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static const char tensor_name[] = "noise_bank";

/* The index of a folder with a finished bank. */
static jem_status open_index(shard_index *out, const data_options *o)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;

    if (strcmp(o->kind, "latents") != 0)
        return jem_error(JEM_EUSAGE, "sampler.start = encoded_noise is for data.kind = latents; use "
                                     "sampler.start = uniform");
    TRY(shard_index_read(&x, o->path));
    if (x.parts[SHARD_NOISE].images == 0) {
        st = jem_error(JEM_EDATA, "%s: has no encoded noise, which sampler.start = encoded_noise "
                                  "draws from: run the same jem data encode again, which adds it",
                       o->path);
        goto done;
    }
    TRY(shard_part_check_done(&x, SHARD_NOISE, o->path));
    *out = x;
    x = (shard_index)SHARD_INDEX_INIT;
done:
    shard_index_clear(&x);
    return st;
}

jem_status noise_bank_count(int64_t *n, const data_options *o)
{
    shard_index x = SHARD_INDEX_INIT;
    jem_status st = open_index(&x, o);

    if (st == JEM_OK) *n = x.parts[SHARD_NOISE].images;
    shard_index_clear(&x);
    return st;
}

jem_status noise_bank_read(noise_bank *b, const data_options *o)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;
    shard_set *s = NULL;
    noise_bank read = NOISE_BANK_INIT;

    TRY(open_index(&x, o));
    TRY(shard_set_open(&s, &x, SHARD_NOISE, o->path));
    read = (noise_bank){shard_set_count(s), x.format.channels, x.format.height, x.format.width,
                        NULL};
    const int64_t size = shard_values(&x.format);
    TRY(MEM_NEW(read.latents, read.n * size));
    for (int64_t i = 0; i < read.n; i++)
        TRY(shard_set_row(s, i, false, read.latents + i * size));
    *b = read;
    read = (noise_bank)NOISE_BANK_INIT;
done:
    noise_bank_clear(&read);
    shard_set_free(s);
    shard_index_clear(&x);
    return st;
}

void noise_bank_clear(noise_bank *b)
{
    mem_free(b->latents);
    *b = (noise_bank)NOISE_BANK_INIT;
}

static void fill(const void *ctx, float *x, int64_t n, int64_t size, int32_t y,
                 const rng_stream *s, uint32_t first)
{
    const noise_bank *b = ctx;

    (void)y;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t entry = rng_below(s, first + (uint32_t)i, 0, (uint32_t)b->n);
        memcpy(x + i * size, b->latents + entry * size, (size_t)size * sizeof *x);
    }
}

chain_start noise_bank_start(const noise_bank *b)
{
    return (chain_start){fill, b, 0};
}

jem_status noise_bank_save(const noise_bank *b, safetensors_writer *w)
{
    const int64_t dims[4] = {b->n, b->channels, b->height, b->width};
    return safetensors_writer_add(w, tensor_name, JEM_F32, 4, dims, b->latents);
}

jem_status noise_bank_load(noise_bank *out, const safetensors *f, int64_t channels,
                           int64_t height, int64_t width)
{
    jem_status st;
    const int i = safetensors_find(f, tensor_name);
    noise_bank b = {0, channels, height, width, NULL};

    if (i < 0)
        return jem_error(JEM_EDATA, "%s: tensor %s is missing: not a checkpoint of a run with "
                                    "sampler.start = encoded_noise", safetensors_path(f), tensor_name);
    const jem_tensor t = safetensors_view(f, i);
    const int64_t size[4] = {t.ndim > 0 ? t.shape[0] : 0, channels, height, width};
    b.n = size[0];
    if (b.n < 1 || b.n > INT32_MAX)
        return jem_error(JEM_EDATA, "%s: %s has no entries", safetensors_path(f), tensor_name);
    TRY(safetensors_read_f32(f, tensor_name, NULL, 4, size)); /* before memory is asked for */
    TRY(MEM_NEW(b.latents, b.n * channels * height * width));
    TRY(safetensors_read_f32(f, tensor_name, b.latents, 4, size));
    *out = b;
    b.latents = NULL;
done:
    mem_free(b.latents);
    return st;
}
