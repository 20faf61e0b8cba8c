/* Dropout on NHWC maps of floats, forward and backward alike, with the draws of the reference (ref_steps.inc).
 *
 * Element c hw + p of an image is word (c hw + p) % 4 of block (c hw + p) / 4 of the node's stream.  Where hw is a multiple of
 * 4, sixteen channels at four pixels are the four words of sixteen blocks, which vectors make at once. */
#include "backend/cpu/cpu_lanes.h"

#include <math.h>

#include "base/rng_math.h"

typedef uint64_t lanes_products __attribute__((vector_size(128)));

typedef struct dropout_task {
    float *dst;
    const float *src;
    int64_t n, hw, channels;
    rng_stream stream;
    uint32_t image0, threshold;
    float scale;
} dropout_task;

LANES_INLINE lanes_bits high_product(lanes_bits a, uint64_t by)
{
    return __builtin_convertvector(__builtin_convertvector(a, lanes_products) * by >> 32, lanes_bits);
}

/* The four words of sixteen counters. */
typedef struct words_lanes {
    lanes_bits a, b, c, d;
} words_lanes;

/* philox_round on each. */
LANES_INLINE words_lanes round_lanes(words_lanes w, uint32_t key_0, uint32_t key_1)
{
    const lanes_bits high_0 = high_product(w.a, 0xD2511F53u), high_1 = high_product(w.c, 0xCD9E8D57u);
    return (words_lanes){high_1 ^ w.b ^ key_0, w.c * 0xCD9E8D57u, high_0 ^ w.d ^ key_1, w.a * 0xD2511F53u};
}

/* rng_block of sixteen blocks of an image. */
LANES_INLINE words_lanes block_lanes(const rng_stream *s, uint32_t image, lanes_bits block)
{
    const lanes_bits none = {0};
    uint32_t key_0 = (uint32_t)s->seed, key_1 = (uint32_t)(s->seed >> 32);
    words_lanes w = {block, none + image, none + s->step, none + ((uint32_t)s->purpose << 24 | s->sub)};

    for (int r = 0; r < PHILOX_ROUNDS; ++r) {
        w = round_lanes(w, key_0, key_1);
        key_0 += PHILOX_WEYL_0;
        key_1 += PHILOX_WEYL_1;
    }
    return w;
}

/* `count` channels from element `at` on, drawn by `word`. */
LANES_INLINE void drop(const dropout_task *t, int64_t at, int64_t count, lanes_bits word)
{
    const lanes x = lanes_load(t->src, at, count, JEM_F32);
    const lanes_int kept = word >= t->threshold;
    lanes_store(t->dst, at, count, JEM_F32, lanes_select(kept, t->scale * x, lanes_all(0)));
}

/* `count` channels from c on of all pixels of image i. */
LANES_INLINE void dropout_chunk(const dropout_task *t, int64_t i, int64_t c, int64_t count)
{
    const lanes_bits next = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const lanes_bits first = (next + (uint32_t)c) * (uint32_t)(t->hw / 4);

    for (int64_t p = 0; p < t->hw; p += 4) {
        const words_lanes w = block_lanes(&t->stream, t->image0 + (uint32_t)i, first + (uint32_t)(p / 4));
        const int64_t at = (i * t->hw + p) * t->channels + c;
        drop(t, at, count, w.a);
        drop(t, at + t->channels, count, w.b);
        drop(t, at + 2 * t->channels, count, w.c);
        drop(t, at + 3 * t->channels, count, w.d);
    }
}

LANES_INLINE void dropout_loop(dropout_task t, jem_dtype in, jem_dtype out)
{
    (void)in, (void)out;
    for (int64_t i = 0; i < t.n; ++i) {
        int64_t c = 0;
        for (; c + LANES <= t.channels; c += LANES) dropout_chunk(&t, i, c, LANES);
        if (c < t.channels) dropout_chunk(&t, i, c, t.channels - c);
    }
}
CPU_LANES_FUNCTION(dropout, dropout_task)

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    dropout_task t = {.dst = cpu_at(b, s->dst), .src = cpu_at(b, s->src), .n = s->n,
                      .hw = s->dst.s.h * s->dst.s.w, .channels = s->dst.s.c, .stream = io->dropout,
                      .image0 = io->image0, .threshold = (uint32_t)ceil(s->op.rate * 4294967296.0),
                      .scale = (float)(1.0 / (1.0 - s->op.rate))};

    (void)phase, (void)part;
    t.stream.sub = s->op.id;
    dropout(t, JEM_F32, JEM_F32);
    return JEM_OK;
}

const cpu_impl cpu_dropout_impl = {
    .name = "dropout",
    .run = run,
};
