/* Where values change layout or size: images in, gradients out, pooling from
 * NHWC maps to plain vectors, upsampling, concatenation, channels' own scales. */
#include <string.h>

#include "backend/cpu/cpu.h"

void cpu_from_plain(char *dst, slot v, int64_t n, int64_t count, const float *x)
{
    int64_t area = v.s.h * v.s.w, per_image = format_count(v.f, v.s, 1);
    size_t size = jem_dtype_size(v.f.dtype);

    if (v.f.block == 1 && v.f.dtype == JEM_F32) {
        memcpy(dst, x, (size_t)(count * per_image) * size);
    } else {
        for (int64_t row = 0; row < count * v.s.c; ++row) {
            int64_t at = format_index(v.f, v.s, row / v.s.c, row % v.s.c, 0, 0);
            for (int64_t i = 0; i < area; ++i)
                cpu_put(dst, at + i * v.f.block, x[row * area + i], v.f.dtype);
        }
    }
    memset(dst + (size_t)(count * per_image) * size, 0, (size_t)((n - count) * per_image) * size);
}

void cpu_to_plain(float *x, const char *src, slot v, int64_t count)
{
    int64_t area = v.s.h * v.s.w;

    if (v.f.block == 1 && v.f.dtype == JEM_F32) {
        memcpy(x, src, (size_t)(count * shape_count(v.s)) * sizeof *x);
        return;
    }
    for (int64_t row = 0; row < count * v.s.c; ++row) {
        int64_t at = format_index(v.f, v.s, row / v.s.c, row % v.s.c, 0, 0);
        for (int64_t i = 0; i < area; ++i)
            x[row * area + i] = cpu_get(src, at + i * v.f.block, v.f.dtype);
    }
}

/* Channels of one image and one window at a time: sums of the window of `map`
 * at element `first`, or the reverse, `values` spread over it. */
enum { TILE = 16 };

static void sum_window(float sums[TILE], const char *map, slot in, int64_t first, int64_t channels,
                       const op *o)
{
    memset(sums, 0, TILE * sizeof *sums);
    for (int64_t y = 0; y < o->kernel_h; ++y)
        for (int64_t x = 0; x < o->kernel_w; ++x) {
            int64_t at = first + (y * in.s.w + x) * in.f.block;
            for (int64_t k = 0; k < channels; ++k) sums[k] += cpu_get(map, at + k, in.f.dtype);
        }
}

static void fill_window(char *map, const float values[TILE], slot in, int64_t first,
                        int64_t channels, const op *o)
{
    for (int64_t y = 0; y < o->kernel_h; ++y)
        for (int64_t x = 0; x < o->kernel_w; ++x) {
            int64_t at = first + (y * in.s.w + x) * in.f.block;
            for (int64_t k = 0; k < channels; ++k) cpu_put(map, at + k, values[k], in.f.dtype);
        }
}

/* map: the value (or gradient) in NHWC, pooled: the plain one. */
static void pool(char *map, slot in, float *pooled, slot out, const op *o, int64_t n, bool forward)
{
    int64_t out_area = out.s.h * out.s.w;
    float sums[TILE];

    for (int64_t i = 0; i < n; ++i)
        for (int64_t p = 0; p < out_area; ++p)
            for (int64_t c = 0; c < in.s.c; c += TILE) {
                int64_t y = p / out.s.w * o->kernel_h, x = p % out.s.w * o->kernel_w;
                int64_t first = format_index(in.f, in.s, i, c, y, x);
                int64_t channels = in.s.c - c < TILE ? in.s.c - c : TILE;
                float *column = pooled + (i * out.s.c + c) * out_area + p;
                if (forward) {
                    sum_window(sums, map, in, first, channels, o);
                    for (int64_t k = 0; k < channels; ++k)
                        column[k * out_area] = sums[k] * (float)o->scale;
                } else {
                    for (int64_t k = 0; k < channels; ++k)
                        sums[k] = column[k * out_area] * (float)o->scale;
                    fill_window(map, sums, in, first, channels, o);
                }
            }
}

/* ---- upsampling: in one part, or where that is split in rows, of the smaller map or of the
 * result of a quad step */

static int64_t upsample_rows(const cpu_kernel *k)
{
    const shape rows = k->s.quad || k->s.kind == STEP_BACKWARD_DATA ? k->s.dst.s : k->s.src.s;
    return k->s.n * rows.h;
}

static int parts(const cpu_kernel *k, int phase)
{
    bool rows = k->s.op.kind == OP_UPSAMPLE && k->s.split && k->s.kind != STEP_LOAD &&
                k->s.kind != STEP_STORE;
    return phase > 0 ? 0 : rows ? (int)upsample_rows(k) : 1;
}

/* Row `row` of the smaller map, over all images, to two rows of the larger one. */
static void upsample_row(char *large, const char *small, slot to, int64_t row)
{
    size_t pixel = (size_t)to.s.c * jem_dtype_size(to.f.dtype), width = (size_t)to.s.w * pixel;
    const char *from = small + (size_t)row * width / 2;
    char *at = large + (size_t)row * 2 * width;

    for (int64_t x = 0; x < to.s.w; ++x) memcpy(at + (size_t)x * pixel, from + (size_t)(x / 2) * pixel, pixel);
    memcpy(at + width, at, width);
}

/* The transpose: sums of two by two pixels. */
static void downsample_row(char *small, const char *large, slot to, int64_t row)
{
    int64_t width = to.s.w * to.s.c, first = row * width, pair = 4 * first;

    for (int64_t x = 0; x < to.s.w; ++x)
        for (int64_t c = 0; c < to.s.c; ++c) {
            int64_t a = pair + 2 * x * to.s.c + c, b = a + 2 * width;
            float top = cpu_get(large, a, to.f.dtype) + cpu_get(large, a + to.s.c, to.f.dtype);
            float bottom = cpu_get(large, b, to.f.dtype) + cpu_get(large, b + to.s.c, to.f.dtype);
            cpu_put(small, first + x * to.s.c + c, top + bottom, to.f.dtype);
        }
}

/* Row `row` of the larger map, over all images, from four maps of (h+1) x (w+1). */
static void gather_row(char *large, const char *four, slot to, slot from, int64_t row)
{
    size_t pixel = (size_t)to.s.c * jem_dtype_size(to.f.dtype);
    int64_t n = row / to.s.h, y = row % to.s.h;
    char *at = large + (size_t)(row * to.s.w) * pixel;

    for (int64_t x = 0; x < to.s.w; ++x) {
        int64_t source = (n * from.s.h + y / 2 + y % 2) * from.s.w + x / 2 + x % 2;
        int64_t which = y % 2 * 2 + x % 2;
        memcpy(at + (size_t)x * pixel, four + (size_t)(4 * source + which) * pixel, pixel);
    }
}

static void upsample(cpu_bound *b, int part)
{
    const step *s = &b->k->s;
    int64_t rows = upsample_rows(b->k), first = s->split ? part : 0, end = s->split ? part + 1 : rows;

    for (int64_t row = first; row < end; ++row)
        if (s->quad)
            gather_row(cpu_at(b, s->dst), cpu_at(b, s->src), s->dst, s->src, row);
        else if (s->kind == STEP_FORWARD)
            upsample_row(cpu_at(b, s->dst), cpu_at(b, s->src), s->dst, row);
        else
            downsample_row(cpu_at(b, s->dst), cpu_at(b, s->src), s->dst, row);
}

/* ---- concatenation */

/* Channels [to, to + count) of dst <- channels [from, from + count) of src, whatever their
 * formats, for all images. */
static void copy_channels(cpu_bound *b, slot dst, int64_t to, slot src, int64_t from, int64_t count)
{
    const int64_t area = dst.s.h * dst.s.w, n = b->k->s.n;
    const bool pixels = dst.f.block == dst.s.c && src.f.block == src.s.c && dst.f.dtype == src.f.dtype;
    const size_t size = jem_dtype_size(dst.f.dtype);
    char *d = cpu_at(b, dst);
    const char *x = cpu_at(b, src);

    for (int64_t i = 0; pixels && i < n * area; ++i)
        memcpy(d + (size_t)(i * dst.s.c + to) * size, x + (size_t)(i * src.s.c + from) * size,
               (size_t)count * size);
    for (int64_t row = 0; !pixels && row < n * count; ++row) {
        const int64_t c = row % count;
        const int64_t at = format_index(dst.f, dst.s, row / count, to + c, 0, 0);
        const int64_t of = format_index(src.f, src.s, row / count, from + c, 0, 0);
        for (int64_t i = 0; i < area; ++i)
            cpu_put(d, at + i * dst.f.block, cpu_get(x, of + i * src.f.block, src.f.dtype), dst.f.dtype);
    }
}

static void concat(cpu_bound *b)
{
    const step *s = &b->k->s;
    int64_t first = 0;

    if (s->kind == STEP_BACKWARD_DATA) {
        copy_channels(b, s->dst, 0, s->src, step_first_channel(s), s->dst.s.c);
        return;
    }
    for (int i = 0; i < s->source_count; ++i) {
        copy_channels(b, s->dst, first, s->sources[i], 0, s->sources[i].s.c);
        first += s->sources[i].s.c;
    }
}

/* ---- a scale and a shift for each channel, whatever the format; to data without the shift */

static void affine(cpu_bound *b)
{
    const step *s = &b->k->s;
    const bool shifted = s->kind == STEP_FORWARD;
    const int64_t area = s->dst.s.h * s->dst.s.w;

    for (int64_t row = 0; row < s->n * s->dst.s.c; ++row) {
        const int64_t c = row % s->dst.s.c, to = format_index(s->dst.f, s->dst.s, row / s->dst.s.c, c, 0, 0);
        const int64_t from = format_index(s->src.f, s->src.s, row / s->dst.s.c, c, 0, 0);
        const float scale = (float)s->op.affine[c][0], shift = shifted ? (float)s->op.affine[c][1] : 0;
        for (int64_t i = 0; i < area; ++i)
            cpu_put(cpu_at(b, s->dst), to + i * s->dst.f.block,
                    scale * cpu_get(cpu_at(b, s->src), from + i * s->src.f.block, s->src.f.dtype) + shift,
                    s->dst.f.dtype);
    }
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;

    (void)phase;
    if (s->kind == STEP_LOAD) {
        const float *from = s->port == PORT_X ? io->x : s->port == PORT_TX ? io->tx : io->dlogits;
        cpu_from_plain(cpu_at(b, s->dst), s->dst, s->n, io->count, from);
    } else if (s->kind == STEP_STORE) {
        float *to = s->port == PORT_LOGITS    ? io->logits
                    : s->port == PORT_TLOGITS ? io->tlogits
                    : s->port == PORT_DX      ? io->dx
                                              : io->feature;
        if (to) cpu_to_plain(to, cpu_at(b, s->src), s->src, io->count);
    } else if (s->op.kind == OP_UPSAMPLE) {
        upsample(b, part);
    } else if (s->op.kind == OP_AFFINE) {
        affine(b);
    } else if (s->op.kind == OP_CONCAT) {
        concat(b);
    } else if (s->kind == STEP_FORWARD) {
        pool(cpu_at(b, s->src), s->src, cpu_at(b, s->dst), s->dst, &s->op, s->n, true);
    } else {
        /* rows beyond the last whole window have no gradient */
        memset(cpu_at(b, s->dst), 0,
               (size_t)cpu_slot_count(b->k, s->dst) * jem_dtype_size(s->dst.f.dtype));
        pool(cpu_at(b, s->dst), s->dst, cpu_at(b, s->src), s->src, &s->op, s->n, false);
    }
    return JEM_OK;
}

const cpu_impl cpu_layout_impl = {
    .name = "layout",
    .parts = parts,
    .run = run,
};
