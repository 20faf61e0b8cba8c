/* Norm layers: statistics of groups in two stages of sums, then every element. */
#include "backend/cuda/cuda.h"

#include "base/try.h"

enum { BOOK_PARTS, BOOK_PARTS_2, BOOK_MEAN, BOOK_RSTD, BOOK_SUM, BOOK_SUM_2, BOOK_OUT, BOOK_OUT_2 };

static const slot *input_slot(const step *s)
{
    return s->kind == STEP_FORWARD ? &s->src : &s->src2;
}

static int64_t group_count(const step *s)
{
    switch (s->op.norm) {
    case NORM_INSTANCE: return s->n * s->op.src.c;
    case NORM_LAYER: return s->n;
    case NORM_GROUP: return s->n * s->op.groups;
    case NORM_CHANNELS: return s->n * s->op.src.h * s->op.src.w;
    default: return s->op.src.c;
    }
}

static jem_status norm_prepare(cuda_kernel *k)
{
    const step *s = &k->s;
    const size_t parts = (size_t)(s->n * NORM_PARTS * cuda_room(input_slot(s))) * sizeof(double);
    const size_t groups = (size_t)group_count(s) * sizeof(double);
    const size_t channels = (size_t)s->op.src.c * sizeof(float);
    const size_t bytes[] = {parts, parts, groups, groups, groups, groups, channels, channels};
    for (int i = 0; i <= BOOK_OUT_2; i++) cuda_book(k, i, bytes[i]);
    return JEM_OK;
}

/* Part of the flat vector, NULL if the op has none. */
static const float *param(const cuda_bound *b, int64_t offset)
{
    return offset >= 0 ? b->k->params + offset : NULL;
}

static norm_map norm_of(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    return (norm_map){.dst = cuda_value(b, &s->dst),
                      .src = cuda_value(b, &s->src),
                      .x = cuda_value(b, input_slot(s)),
                      .e = cuda_extent(input_slot(s), s->n),
                      .weight = param(b, o->weight),
                      .bias = param(b, o->bias),
                      .given_mean = param(b, o->mean),
                      .given_var = param(b, o->var),
                      .parts = {cuda_scratch(b, BOOK_PARTS), cuda_scratch(b, BOOK_PARTS_2)},
                      .mean = cuda_scratch(b, BOOK_MEAN),
                      .rstd = cuda_scratch(b, BOOK_RSTD),
                      .sums = {cuda_scratch(b, BOOK_SUM), cuda_scratch(b, BOOK_SUM_2)},
                      .groups = group_count(s),
                      .runs = o->groups,
                      .eps = o->eps,
                      .norm = (int32_t)o->norm,
                      .given = o->norm == NORM_ACT || (o->norm == NORM_BATCH && !s->train),
                      .silu = s->silu,
                      .accumulate = s->accumulate,
                      .tangent = s->kind == STEP_TANGENT};
}

static int64_t part_pieces(const norm_map *a)
{
    return a->e.n * NORM_PARTS * a->e.room;
}

/* `count` of the sums over a part of an image, over all images. */
static jem_status fold_images(norm_map *a, int32_t count)
{
    a->folded = count;
    return launch_norm_fold(a, NORM_PARTS * a->e.room);
}

/* The same where groups are of all images. */
static jem_status fold_groups(norm_map *a, int32_t count)
{
    a->folded = 0;
    return a->norm == NORM_BATCH ? fold_images(a, count) : JEM_OK;
}

/* Mean and rstd of all groups; `stats` [c] each for batch norm's, NULL: not wanted. */
static jem_status measure(norm_map *a, float *mean, float *var)
{
    jem_status st;
    if (a->given) return launch_norm_given(a, a->e.c);
    if (a->norm == NORM_CHANNELS) return launch_norm_row(a, a->groups);
    a->square = false;
    TRY(launch_norm_moment(a, part_pieces(a)));
    TRY(fold_groups(a, 1));
    TRY(launch_norm_moment_end(a, a->groups));
    a->square = true;
    a->out[0] = mean;
    a->out[1] = var;
    TRY(launch_norm_moment(a, part_pieces(a)));
    TRY(fold_groups(a, 1));
    TRY(launch_norm_moment_end(a, a->groups));
    a->out[0] = a->out[1] = NULL;
done:
    return st;
}

static int64_t elements(const norm_map *a)
{
    return 8 * octets_of(a->e);
}

static jem_status norm_forward(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    norm_map a = norm_of(b);
    float *stats = s->op.norm == NORM_BATCH && s->op.mean >= 0 && s->train ? io->batch_stats : NULL;
    float *mean = stats ? stats + s->op.mean : NULL, *var = stats ? stats + s->op.var : NULL;
    jem_status st;
    TRY(measure(&a, stats ? cuda_outside(b, BOOK_OUT, mean) : NULL,
                stats ? cuda_outside(b, BOOK_OUT_2, var) : NULL));
    TRY(launch_norm_apply(&a, elements(&a)));
    if (stats) TRY(cuda_hand_out(b, BOOK_OUT, mean, a.e.c));
    if (stats) TRY(cuda_hand_out(b, BOOK_OUT_2, var, a.e.c));
done:
    return st;
}

/* To the input, or of a tangent. */
static jem_status norm_slope(const cuda_bound *b)
{
    norm_map a = norm_of(b);
    jem_status st;
    TRY(measure(&a, NULL, NULL));
    if (a.norm == NORM_CHANNELS) {
        TRY(launch_norm_row_slope(&a, a.groups));
    } else {
        if (!a.given) TRY(launch_norm_slope(&a, part_pieces(&a)));
        if (!a.given) TRY(fold_groups(&a, 2));
        TRY(launch_norm_slope_end(&a, a.groups));
    }
    TRY(launch_norm_slope_apply(&a, elements(&a)));
done:
    return st;
}

static jem_status norm_to_params(const cuda_bound *b, float *dparams)
{
    const op *o = &b->k->s.op;
    norm_map a = norm_of(b);
    float *dw = o->weight >= 0 ? dparams + o->weight : NULL;
    float *db = o->bias >= 0 ? dparams + o->bias : NULL;
    jem_status st;
    TRY(measure(&a, NULL, NULL));
    TRY(launch_norm_slope(&a, part_pieces(&a)));
    TRY(fold_images(&a, 2));
    a.out[0] = dw ? cuda_outside(b, BOOK_OUT, dw) : NULL;
    a.out[1] = db ? cuda_outside(b, BOOK_OUT_2, db) : NULL;
    TRY(launch_norm_params(&a, a.e.c));
    if (dw) TRY(cuda_hand_out(b, BOOK_OUT, dw, a.e.c));
    if (db) TRY(cuda_hand_out(b, BOOK_OUT_2, db, a.e.c));
done:
    return st;
}

static jem_status norm_run(const cuda_bound *b, const step_io *io)
{
    switch (b->k->s.kind) {
    case STEP_FORWARD: return norm_forward(b, io);
    case STEP_BACKWARD_PARAMS: return norm_to_params(b, io->dparams);
    default: return norm_slope(b);
    }
}

const cuda_impl cuda_norm_impl = {.name = "own", .prepare = norm_prepare, .run = norm_run};
