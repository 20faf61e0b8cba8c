/* Attention: oneDNN's matrix products in float32, and softmax between
 * them; the mathematics is that of ref_attention.inc.
 *
 * Rows of the T x T matrix p are computed a tile at a time, so that memory is linear in T.  The
 * gradients to keys and values want its columns: these come in a second sweep over tiles, from
 * what the first has left of every row (Dao et al. 2022).  Each head is by itself. */
#include <dnnl.h>
#include <math.h>

#include "backend/cpu/cpu_lanes.h"
#include "base/try.h"

/* From the OpenMP runtime that oneDNN is linked with. */
extern void omp_set_num_threads(int threads);

enum { TILE_ROWS = 128 };

/* [rows, C] in memory, rows `step` elements apart. */
typedef struct rows {
    float *at;
    int64_t step;
} rows;

/* Queries, keys and values of one head in one image, or what belongs to them. */
typedef struct head {
    rows q, k, v;
} head;

/* at: an image's, c channels of each. */
static head head_of(float *at, int64_t c, int64_t first)
{
    at += first;
    return (head){{at, 3 * c}, {at + c, 3 * c}, {at + 2 * c, 3 * c}};
}

static rows row(rows m, int64_t i)
{
    return (rows){m.at + i * m.step, m.step};
}

static int64_t positions(const cpu_kernel *k)
{
    return k->s.op.src.h * k->s.op.src.w;
}

/* Of one head. */
static int64_t tiles(const cpu_kernel *k)
{
    return (positions(k) + TILE_ROWS - 1) / TILE_ROWS;
}

/* Tiles of an image: those of the first head, of the second, ... */
static int64_t all_tiles(const cpu_kernel *k)
{
    return op_heads(&k->s.op) * tiles(k);
}

/* ---- scratch: float copies of one image's buffers where they are bf16, two numbers for each
 * row of each head's p, and for each part two tiles of rows of p */

static bool is_bf16(const cpu_kernel *k)
{
    return k->s.dst.f.dtype == JEM_BF16;
}

static int64_t copies_count(const cpu_kernel *k)
{
    int64_t source = k->s.kind == STEP_FORWARD ? 0 : 3; /* gradient or tangent of it, too */
    return is_bf16(k) ? (3 + 1 + source) * k->s.op.dst.c * positions(k) : 0;
}

static int tile_parts(const cpu_kernel *k)
{
    return k->s.split ? (int)all_tiles(k) : 1;
}

static jem_status prepare(cpu_kernel *k)
{
    int64_t pair = 2 * positions(k);
    k->scratch = (size_t)(copies_count(k) + (op_heads(&k->s.op) + tile_parts(k) * TILE_ROWS) * pair) * sizeof(float);
    return JEM_OK;
}

static void release(cpu_kernel *k)
{
    (void)k;
}

typedef struct work {
    int64_t t, c;
    float scale;
    head x;   /* the op's input */
    head d;   /* its tangent or gradient */
    rows y;   /* the op's output, its tangent or gradient */
    float *p, *dp; /* [TILE_ROWS, t] */
    float *log_total, *mean; /* [t], of each row: log sum exp of the scores; sum of p dp */
} work;

/* Image n of a slot as floats: itself, or its copy at `copy`. */
static float *floats_of(const cpu_bound *b, slot s, int64_t n, float *copy)
{
    return is_bf16(b->k) ? copy : (float *)cpu_at(b, s) + n * shape_count(s.s);
}

static work work_of(const cpu_bound *b, int64_t n, int64_t which, int part)
{
    const step *s = &b->k->s;
    const int64_t t = positions(b->k), all = s->op.dst.c, heads = op_heads(&s->op), c = all / heads, first = which * c;
    const slot input = s->kind == STEP_FORWARD ? s->src : s->src2;
    const slot output = s->kind == STEP_BACKWARD_DATA ? s->src : s->dst;
    float *copies = (float *)(void *)b->scratch, *rows_at = copies + copies_count(b->k);
    work w = {.t = t, .c = c, .scale = (float)(1 / sqrt((double)c))};

    w.x = head_of(floats_of(b, input, n, copies), all, first);
    w.y = (rows){floats_of(b, output, n, copies + 3 * t * all) + first, all};
    if (s->kind != STEP_FORWARD)
        w.d = head_of(floats_of(b, s->kind == STEP_TANGENT ? s->src : s->dst, n, copies + 4 * t * all), all, first);
    w.log_total = rows_at + which * 2 * t;
    w.mean = w.log_total + t;
    w.p = rows_at + heads * 2 * t + part * 2 * TILE_ROWS * t;
    w.dp = w.p + TILE_ROWS * t;
    return w;
}

/* ---- loops over one row of p */

typedef struct softmax_task {
    float *p;  /* scores on entry, their softmax on return */
    float *ds; /* NULL, or: ds <- p (ds - sum p ds) */
    int64_t t;
    float *of_row;                  /* <- log sum exp of the scores, or sum p ds */
    const float *log_totals, *means; /* of the rows that the elements of a column lie in */
} softmax_task;

LANES_INLINE float lane_sum(lanes v)
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) v[i] += v[i + half];
    return v[0];
}

/* Elements [i, i + count) of p <- exp(p - top), which it returns; lanes beyond are 0. */
LANES_INLINE lanes exp_chunk(float *p, int64_t i, int64_t count, float top)
{
    lanes_store(p, i, count, JEM_F32, lanes_exp(lanes_load(p, i, count, JEM_F32) - top));
    return lanes_load(p, i, count, JEM_F32);
}

LANES_INLINE void softmax_loop(softmax_task s, jem_dtype in, jem_dtype out)
{
    float top = s.p[0];
    lanes total = {0};
    int64_t i = 0;

    (void)in, (void)out;
    for (int64_t k = 1; k < s.t; ++k) top = s.p[k] > top ? s.p[k] : top;
    for (; i + LANES <= s.t; i += LANES) total += exp_chunk(s.p, i, LANES, top);
    if (i < s.t) total += exp_chunk(s.p, i, s.t - i, top);
    float sum = lane_sum(total), factor = 1 / sum;
    *s.of_row = top + logf(sum);
    for (i = 0; i < s.t; ++i) s.p[i] *= factor;
}
CPU_LANES_FUNCTION(softmax, softmax_task)

LANES_INLINE void centre_loop(softmax_task s, jem_dtype in, jem_dtype out)
{
    lanes total = {0};
    int64_t i = 0;

    (void)in, (void)out;
    for (; i + LANES <= s.t; i += LANES)
        total += lanes_load(s.p, i, LANES, JEM_F32) * lanes_load(s.ds, i, LANES, JEM_F32);
    total += lanes_load(s.p, i, s.t - i, JEM_F32) * lanes_load(s.ds, i, s.t - i, JEM_F32);
    float mean = lane_sum(total);
    *s.of_row = mean;
    for (i = 0; i < s.t; ++i) s.ds[i] = s.p[i] * (s.ds[i] - mean);
}
CPU_LANES_FUNCTION(centre, softmax_task)

/* Both for elements [i, i + count) of a column, whose rows' numbers are known. */
LANES_INLINE void column_chunk(const softmax_task *s, int64_t i, int64_t count)
{
    lanes p = lanes_load(s->p, i, count, JEM_F32) - lanes_load(s->log_totals, i, count, JEM_F32);
    lanes d = lanes_load(s->ds, i, count, JEM_F32) - lanes_load(s->means, i, count, JEM_F32);
    p = lanes_exp(p);
    lanes_store(s->p, i, count, JEM_F32, p);
    lanes_store(s->ds, i, count, JEM_F32, p * d);
}

LANES_INLINE void column_loop(softmax_task s, jem_dtype in, jem_dtype out)
{
    int64_t i = 0;

    (void)in, (void)out;
    for (; i + LANES <= s.t; i += LANES) column_chunk(&s, i, LANES);
    if (i < s.t) column_chunk(&s, i, s.t - i);
}
CPU_LANES_FUNCTION(column, softmax_task)

/* ---- products */

/* c (+)= factor a b^T, with a [m,k], b [n,k], c [m,n] */
static dnnl_status_t times_transposed(rows c, float factor, rows a, rows b, int64_t m, int64_t n,
                                      int64_t k, bool add)
{
    return dnnl_sgemm('N', 'T', m, n, k, factor, a.at, a.step, b.at, b.step, add, c.at, c.step);
}

/* c (+)= factor a b, with a [m,k], b [k,n], c [m,n] */
static dnnl_status_t times(rows c, float factor, rows a, rows b, int64_t m, int64_t n, int64_t k,
                           bool add)
{
    return dnnl_sgemm('N', 'N', m, n, k, factor, a.at, a.step, b.at, b.step, add, c.at, c.step);
}

#define GEMM_TRY(call)                                                              \
    do {                                                                            \
        if ((call) != dnnl_success)                                                 \
            return jem_error(JEM_ENOMEM, "oneDNN failed to multiply matrices");     \
    } while (0)

/* Rows [i, i + m) of p into w->p. */
static jem_status scores(const work *w, int64_t i, int64_t m)
{
    GEMM_TRY(times_transposed((rows){w->p, w->t}, w->scale, row(w->x.q, i), w->x.k, m, w->t, w->c,
                              false));
    for (int64_t r = 0; r < m; ++r)
        softmax((softmax_task){.p = w->p + r * w->t, .t = w->t, .of_row = w->log_total + i + r},
                JEM_F32, JEM_F32);
    return JEM_OK;
}

/* The same rows of dp <- p (dp - sum p dp). */
static void centre_rows(const work *w, int64_t i, int64_t m)
{
    for (int64_t r = 0; r < m; ++r)
        centre((softmax_task){.p = w->p + r * w->t, .ds = w->dp + r * w->t, .t = w->t,
                              .of_row = w->mean + i + r}, JEM_F32, JEM_F32);
}

static jem_status forward_tile(const work *w, int64_t i, int64_t m)
{
    jem_status st;
    TRY(scores(w, i, m));
    GEMM_TRY(times(row(w->y, i), 1, (rows){w->p, w->t}, w->x.v, m, w->c, w->t, false));
done:
    return st;
}

static jem_status tangent_tile(const work *w, int64_t i, int64_t m)
{
    jem_status st;
    const rows p = {w->p, w->t}, dp = {w->dp, w->t}, y = row(w->y, i);
    TRY(scores(w, i, m));
    GEMM_TRY(times_transposed(dp, w->scale, row(w->d.q, i), w->x.k, m, w->t, w->c, false));
    GEMM_TRY(times_transposed(dp, w->scale, row(w->x.q, i), w->d.k, m, w->t, w->c, true));
    centre_rows(w, i, m);
    GEMM_TRY(times(y, 1, dp, w->x.v, m, w->c, w->t, false));
    GEMM_TRY(times(y, 1, p, w->d.v, m, w->c, w->t, true));
done:
    return st;
}

/* The gradient to queries [i, i + m). */
static jem_status backward_tile(const work *w, int64_t i, int64_t m)
{
    jem_status st;
    const rows dp = {w->dp, w->t};
    TRY(scores(w, i, m));
    GEMM_TRY(times_transposed(dp, 1, row(w->y, i), w->x.v, m, w->t, w->c, false));
    centre_rows(w, i, m);
    GEMM_TRY(times(row(w->d.q, i), w->scale, dp, w->x.k, m, w->c, w->t, false));
done:
    return st;
}

/* The gradients to keys and values [i, i + m), from columns of p and dp. */
static jem_status column_tile(const work *w, int64_t i, int64_t m)
{
    const rows p = {w->p, w->t}, dp = {w->dp, w->t};
    GEMM_TRY(times_transposed(p, w->scale, row(w->x.k, i), w->x.q, m, w->t, w->c, false));
    GEMM_TRY(times_transposed(dp, 1, row(w->x.v, i), w->y, m, w->t, w->c, false));
    for (int64_t r = 0; r < m; ++r)
        column((softmax_task){.p = w->p + r * w->t, .ds = w->dp + r * w->t, .t = w->t,
                              .log_totals = w->log_total, .means = w->mean}, JEM_F32, JEM_F32);
    GEMM_TRY(times(row(w->d.v, i), 1, p, w->y, m, w->c, w->t, false));
    GEMM_TRY(times(row(w->d.k, i), w->scale, dp, w->x.q, m, w->c, w->t, false));
    return JEM_OK;
}

/* ---- the step: for each image the phases copy in, tiles, tiles of columns, copy out */

enum phase { COPY_IN, TILES, COLUMNS, COPY_OUT, PHASES };

static void copy_in(float *copy, const cpu_bound *b, slot s, int64_t n)
{
    const uint16_t *from = (const uint16_t *)cpu_at(b, s) + n * shape_count(s.s);
    for (int64_t i = 0; i < shape_count(s.s); ++i) copy[i] = cpu_from_bf16(from[i]);
}

static void copy_out(const cpu_bound *b, slot s, int64_t n, const float *copy)
{
    uint16_t *to = (uint16_t *)cpu_at(b, s) + n * shape_count(s.s);
    for (int64_t i = 0; i < shape_count(s.s); ++i) to[i] = cpu_to_bf16(copy[i]);
}

static void prepare_image(const cpu_bound *b, const work *w, int64_t n)
{
    const step *s = &b->k->s;
    if (is_bf16(b->k)) {
        copy_in(w->x.q.at, b, s->kind == STEP_FORWARD ? s->src : s->src2, n);
        if (s->kind == STEP_TANGENT) copy_in(w->d.q.at, b, s->src, n);
        if (s->kind == STEP_BACKWARD_DATA) copy_in(w->y.at, b, s->src, n);
    }
}

static jem_status run_tile(const work *w, step_kind kind, bool columns, int64_t tile)
{
    int64_t i = tile * TILE_ROWS, m = w->t - i < TILE_ROWS ? w->t - i : TILE_ROWS;
    return columns                ? column_tile(w, i, m)
           : kind == STEP_FORWARD ? forward_tile(w, i, m)
           : kind == STEP_TANGENT ? tangent_tile(w, i, m)
                                  : backward_tile(w, i, m);
}

static bool has_tiles(const cpu_kernel *k, int phase)
{
    bool columns = phase % PHASES == COLUMNS && k->s.kind == STEP_BACKWARD_DATA;
    return columns || phase % PHASES == TILES;
}

static int parts(const cpu_kernel *k, int phase)
{
    if (phase >= k->s.n * PHASES) return 0;
    return has_tiles(k, phase) ? tile_parts(k) : 1;
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    jem_status st = JEM_OK;
    const step *s = &b->k->s;
    const int64_t n = phase / PHASES, each = tiles(b->k);
    const work whole = work_of(b, n, 0, part);
    const bool split = tile_parts(b->k) > 1;

    (void)io;
    omp_set_num_threads(1); /* of the calling thread */
    if (phase % PHASES == COPY_IN) prepare_image(b, &whole, n);
    if (has_tiles(b->k, phase))
        for (int64_t i = split ? part : 0; i < (split ? part + 1 : all_tiles(b->k)); ++i) {
            const work w = work_of(b, n, i / each, part);
            TRY(run_tile(&w, s->kind, phase % PHASES == COLUMNS, i % each));
        }
    if (phase % PHASES == COPY_OUT && is_bf16(b->k))
        copy_out(b, s->dst, n, s->kind == STEP_BACKWARD_DATA ? whole.d.q.at : whole.y.at);
done:
    return st;
}

const cpu_impl cpu_attention_impl = {
    .name = "attention",
    .prepare = prepare,
    .release = release,
    .parts = parts,
    .run = run,
};
