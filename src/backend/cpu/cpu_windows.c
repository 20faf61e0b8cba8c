/* Windows of NHWC maps: largest values, and means, which become maps again or plain vectors. */
#include "backend/cpu/cpu_lanes.h"

typedef struct windows_task {
    const step *s;
    void *dst;
    const void *src, *values; /* values: the op's input, of MAX_POOL */
    bool tile; /* windows_tile */
} windows_task;

/* Element (y, x, c) of image i of a map. */
LANES_INLINE int64_t map_at(shape s, int64_t i, int64_t y, int64_t x, int64_t c)
{
    return ((i * s.h + y) * s.w + x) * s.c + c;
}

/* Positions of the first largest values of `count` channels from c on; *largest <- these. */
LANES_INLINE lanes_int largest_at(lanes *largest, const windows_task *t, int64_t i, op_range rows,
                                  op_range columns, int64_t c, int64_t count, jem_dtype dtype)
{
    const shape in = t->s->op.src;
    lanes best = lanes_load(t->values, map_at(in, i, rows.begin, columns.begin, c), count, dtype);
    lanes_int at = (lanes_int){0} + (int32_t)(rows.begin * in.w + columns.begin);

    for (int64_t y = rows.begin; y < rows.end; ++y)
        for (int64_t x = columns.begin; x < columns.end; ++x) {
            const lanes v = lanes_load(t->values, map_at(in, i, y, x, c), count, dtype);
            const lanes_int more = v > best, here = (lanes_int){0} + (int32_t)(y * in.w + x);
            best = lanes_select(more, v, best);
            at = (here & more) | (at & ~more);
        }
    *largest = best;
    return at;
}

/* Does every element of the map lie in exactly one window? */
static bool windows_tile(const op *o)
{
    return o->stride > 0 && o->kernel_h == o->stride && o->kernel_w == o->stride && o->pad_top == 0 && o->pad_left == 0 &&
           o->dst.h * o->stride == o->src.h && o->dst.w * o->stride == o->src.w;
}

/* The gradient of a window that is alone with its elements: d where the largest is, 0 elsewhere. */
LANES_INLINE void spread_largest(const windows_task *t, int64_t i, op_range rows, op_range columns, lanes_int at, lanes d,
                                 int64_t c, int64_t count, jem_dtype out)
{
    const shape in = t->s->op.src;
    for (int64_t y = rows.begin; y < rows.end; ++y)
        for (int64_t x = columns.begin; x < columns.end; ++x) {
            const lanes_int here = (lanes_int){0} + (int32_t)(y * in.w + x);
            lanes_store(t->dst, map_at(in, i, y, x, c), count, out, lanes_select(at == here, d, (lanes){0}));
        }
}

/* One window of one image, `count` channels: dst <- the largest, or src there, or the reverse. */
LANES_INLINE void max_chunk(const windows_task *t, int64_t i, int64_t p, int64_t c, int64_t count,
                            jem_dtype in, jem_dtype out)
{
    const op *o = &t->s->op;
    const int64_t row = p / o->dst.w, column = p % o->dst.w, small = map_at(o->dst, i, row, column, c);
    const int64_t first = i * shape_count(o->src) + c;
    const op_range rows = op_rows(o, row), columns = op_columns(o, column);
    lanes best;
    const lanes_int at = largest_at(&best, t, i, rows, columns, c, count, in);

    if (t->s->kind == STEP_FORWARD) {
        lanes_store(t->dst, small, count, out, best);
        return;
    }
    if (t->s->kind == STEP_BACKWARD_DATA && t->tile) {
        spread_largest(t, i, rows, columns, at, lanes_load(t->src, small, count, in), c, count, out);
        return;
    }
    for (int k = 0; k < count; ++k) {
        const int64_t large = first + at[k] * o->src.c + k;
        if (t->s->kind == STEP_TANGENT)
            cpu_put(t->dst, small + k, cpu_get(t->src, large, in), out);
        else
            cpu_put(t->dst, large, cpu_get(t->dst, large, out) + cpu_get(t->src, small + k, in), out);
    }
}

/* The same of means.  The small side is NHWC, or a plain float32 vector. */
LANES_INLINE void mean_chunk(const windows_task *t, int64_t i, int64_t p, int64_t c, int64_t count,
                             jem_dtype in, jem_dtype out)
{
    const op *o = &t->s->op;
    const bool forward = t->s->kind == STEP_FORWARD;
    const op_range rows = op_rows(o, p / o->dst.w), columns = op_columns(o, p % o->dst.w);
    const float share = 1.0f / (float)((rows.end - rows.begin) * (columns.end - columns.begin));
    const format f = forward ? t->s->dst.f : t->s->src.f;
    const int64_t area = o->dst.h * o->dst.w, apart = f.block == 1 ? area : 1;
    const int64_t small = f.block == 1 ? (i * o->dst.c + c) * area + p : (i * area + p) * o->dst.c + c;
    lanes sum = {0};

    if (!forward)
        for (int k = 0; k < count; ++k) sum[k] = share * cpu_get(t->src, small + k * apart, f.dtype);
    for (int64_t y = rows.begin; y < rows.end; ++y)
        for (int64_t x = columns.begin; x < columns.end; ++x) {
            const int64_t at = map_at(o->src, i, y, x, c);
            if (forward)
                sum += lanes_load(t->src, at, count, in);
            else
                lanes_store(t->dst, at, count, out, lanes_load(t->dst, at, count, out) + sum);
        }
    if (forward && f.block > 1 && f.dtype == out)
        lanes_store(t->dst, small, count, out, share * sum);
    else if (forward)
        for (int k = 0; k < count; ++k) cpu_put(t->dst, small + k * apart, share * sum[k], f.dtype);
}

LANES_INLINE void windows_loop(windows_task t, jem_dtype in, jem_dtype out)
{
    const op *o = &t.s->op;
    for (int64_t i = 0; i < t.s->n; ++i)
        for (int64_t p = 0; p < o->dst.h * o->dst.w; ++p)
            for (int64_t c = 0; c < o->dst.c; c += LANES) {
                const int64_t rest = o->dst.c - c;
                if (o->kind == OP_MAX_POOL && rest >= LANES)
                    max_chunk(&t, i, p, c, LANES, in, out);
                else if (o->kind == OP_MAX_POOL)
                    max_chunk(&t, i, p, c, rest, in, out);
                else if (rest >= LANES)
                    mean_chunk(&t, i, p, c, LANES, in, out);
                else
                    mean_chunk(&t, i, p, c, rest, in, out);
            }
}
CPU_LANES_FUNCTION(windows, windows_task)

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    const bool forward = s->kind == STEP_FORWARD;
    const windows_task t = {s, cpu_at(b, s->dst), cpu_at(b, s->src),
                            forward ? cpu_at(b, s->src) : cpu_at(b, s->src2), windows_tile(&s->op)};
    /* the map is what has a type; the small side of means has its own */
    const jem_dtype type = s->op.kind == OP_MEAN_POOL && !forward ? s->dst.f.dtype : s->src.f.dtype;

    (void)io, (void)phase, (void)part;
    if (s->kind == STEP_BACKWARD_DATA && !(t.tile && s->op.kind == OP_MAX_POOL))
        memset(t.dst, 0, (size_t)cpu_slot_count(b->k, s->dst) * jem_dtype_size(s->dst.f.dtype));
    windows(t, type, type);
    return JEM_OK;
}

const cpu_impl cpu_windows_impl = {
    .name = "windows",
    .run = run,
};
