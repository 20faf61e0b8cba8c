/* Every op of the reference backend: backward passes against central differences
 * along random directions in double; single precision and other blocks against
 * double in plain order. */
#include "backend/ref_rig.h"

typedef struct op_case {
    const char *name;
    op o;
    bool plain_only; /* convolutions: block 1 */
    bool train;
} op_case;

enum { CASES_MAX = 50 };

static int list_cases(op_case *cases)
{
    int n = 0;
    const shape odd = {5, 7, 3}, many = {19, 4, 5}, one = {3, 1, 1};

    cases[n++] = (op_case){"3x3", rig_conv((shape){3, 5, 4}, 6, 3, 1, 1), true, true};
    cases[n++] = (op_case){"3x3 odd, 5 in", rig_conv(odd, 2, 3, 1, 1), true, true};
    cases[n++] = (op_case){"3x3 stride 2, odd", rig_conv(odd, 3, 3, 2, 1), true, true};
    cases[n++] = (op_case){"3x3 stride 2, even", rig_conv((shape){9, 6, 8}, 2, 3, 2, 1), true, true};
    cases[n++] = (op_case){"1x1 stride 2", rig_conv(odd, 9, 1, 2, 0), true, true};
    cases[n++] = (op_case){"5x5 stride 3", rig_conv((shape){2, 11, 9}, 3, 5, 3, 2), true, true};
    cases[n++] = (op_case){"3x3 of one pixel", rig_conv(one, 4, 3, 1, 1), true, true};
    cases[n++] = (op_case){"wide row", rig_conv((shape){1, 2, 37}, 2, 3, 1, 1), true, true};
    cases[n++] = (op_case){"linear", rig_linear(many, 3), false, true};
    cases[n++] = (op_case){"linear of a vector", rig_linear((shape){20, 1, 1}, 17), false, true};
    cases[n++] = (op_case){"lrelu", rig_op(OP_LRELU, many, many), false, true};
    cases[n++] = (op_case){"pool", rig_pool(odd, 2, 3, 1.0f / 6), false, true};
    cases[n++] = (op_case){"sum of all", rig_pool(many, 4, 5, 1.0f), false, true};
    cases[n++] = (op_case){"concat-elu", rig_concat_elu(many), false, true};
    cases[n++] = (op_case){"silu", rig_op(OP_SILU, many, many), false, true};
    cases[n++] = (op_case){"gelu", rig_op(OP_GELU, many, many), false, true};
    op scale = rig_op(OP_SCALE, many, many);
    scale.weight = 3;
    cases[n++] = (op_case){"scale", scale, false, true};
    cases[n++] = (op_case){"channel norm", rig_norm(many, NORM_CHANNELS), false, true};
    cases[n++] = (op_case){"channel norm, odd", rig_norm(odd, NORM_CHANNELS), false, true};
    cases[n++] = (op_case){"upsample", rig_op(OP_UPSAMPLE, odd, (shape){5, 14, 6}), false, true};
    cases[n++] = (op_case){"attention", rig_op(OP_ATTENTION, (shape){9, 7, 3}, (shape){3, 7, 3}),
                           true, true};
    for (int train = 0; train < 2; train++) {
        for (norm_kind k = NORM_BATCH; k <= NORM_ACT; k++) {
            cases[n++] = (op_case){"norm", rig_norm(many, k), false, train};
            cases[n++] = (op_case){"norm, odd", rig_norm(odd, k), false, train};
        }
        op groups = rig_norm((shape){12, 3, 3}, NORM_GROUP);
        groups.groups = 4;
        cases[n++] = (op_case){"group norm", groups, false, train};
        op drop = rig_op(OP_DROPOUT, many, many);
        drop.rate = 0.4f;
        cases[n++] = (op_case){"dropout", drop, false, train};
        drop.whole = true;
        cases[n++] = (op_case){"drop path", drop, false, train};
    }
    assert_true(n <= CASES_MAX);
    return n;
}

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static int64_t params_end(const op *o)
{
    int64_t channels = o->kind == OP_NORM ? o->src.c : o->dst.c;
    if (o->kind == OP_SCALE) return o->weight + channels;
    return o->bias < 0 ? 0 : (o->var >= 0 ? o->var : o->bias) + channels;
}

static bool trained(const op *o, int64_t i)
{
    const int64_t weights = o->kind == OP_NORM || o->kind == OP_SCALE ? o->src.c
                            : o->kind == OP_LINEAR ? o->dst.c * shape_count(o->src)
                            : o->dst.c * o->src.c * o->kernel_h * o->kernel_w;
    const int64_t biases = o->kind == OP_NORM ? o->src.c : o->dst.c;
    return (i >= o->weight && i < o->weight + weights) || (o->bias >= 0 && i >= o->bias && i < o->bias + biases);
}

static void fill_params(rig *r, const op *o)
{
    rig_fill(r->params, RIG_PARAMS, 77);
    for (int64_t c = 0; o->var >= 0 && c < o->src.c; c++)
        r->params[o->var + c] = 0.5 + r->params[o->var + c] * r->params[o->var + c];
}

/* sum of weights * op(x + t u) with the parameters moved by t v. */
static double probe(rig *r, const op *o, const double *x, const double *u, const double *v,
                    double t, const double *weights)
{
    static double moved[RIG_VALUES], y[RIG_VALUES];
    const int64_t in = r->n * shape_count(o->src);
    for (int64_t i = 0; i < in; i++) moved[i] = x[i] + (u ? t * u[i] : 0);
    for (int64_t i = 0; v && i < params_end(o); i++)
        if (trained(o, i)) r->params[i] += t * v[i];
    rig_forward(r, o, y, moved, NULL);
    for (int64_t i = 0; v && i < params_end(o); i++)
        if (trained(o, i)) r->params[i] -= t * v[i];
    return dot(y, weights, r->n * shape_count(o->dst));
}

static void check_slope(const op_case *c, const char *what, double analytic, double numeric)
{
    if (fabs(analytic - numeric) > 1e-7 * fmax(1.0, fabs(numeric)))
        fail_msg("%s (norm %d, train %d), %s: %.12g by formula, %.12g by differences", c->name,
                 c->o.norm, c->train, what, analytic, numeric);
}

static void check_case(const op_case *c, int64_t n, int64_t block)
{
    static double x[RIG_VALUES], u[RIG_VALUES], v[RIG_PARAMS], dy[RIG_VALUES], dx[RIG_VALUES];
    static double sum[RIG_VALUES], y[RIG_VALUES];
    const op *o = &c->o;
    const int64_t in = n * shape_count(o->src);
    const double t = 1e-5;
    rig *r = rig_new(JEM_F64, block, n);

    r->train = c->train;
    fill_params(r, o);
    rig_fill(x, in, 1);
    rig_fill(dy, n * shape_count(o->dst), 2);
    rig_forward(r, o, y, x, NULL); /* leaves the mask that backward reads */
    rig_backward_data(r, o, dx, dy, x);
    if (o->weight >= 0) rig_backward_params(r, o, dy, x);
    memcpy(sum, x, sizeof sum);
    r->accumulate = true;
    rig_backward_data(r, o, sum, dy, x);
    r->accumulate = false;
    for (int64_t i = 0; i < in; i++) check_near(sum[i], x[i] + dx[i], 1e-12, 1.0);

    for (uint32_t direction = 0; direction < 3; direction++) {
        rig_fill(u, in, 10 + direction);
        rig_fill(v, RIG_PARAMS, 20 + direction);
        double slope = probe(r, o, x, u, NULL, t, dy) - probe(r, o, x, u, NULL, -t, dy);
        check_slope(c, "data", dot(dx, u, in), slope / (2 * t));
        if (o->weight < 0) continue;
        double analytic = 0;
        for (int64_t i = 0; i < params_end(o); i++)
            if (trained(o, i)) analytic += r->dparams[i] * v[i];
            else assert_true(r->dparams[i] == 0);
        slope = probe(r, o, x, NULL, v, t, dy) - probe(r, o, x, NULL, v, -t, dy);
        check_slope(c, "parameters", analytic, slope / (2 * t));
    }
    rig_free(r);
}

static void gradients_agree_with_central_differences(void **state)
{
    (void)state;
    static op_case cases[CASES_MAX];
    const int count = list_cases(cases);
    for (int i = 0; i < count; i++) {
        for (int64_t n = 1; n <= 3; n += 2) {
            check_case(&cases[i], n, 1);
            if (!cases[i].plain_only) check_case(&cases[i], n, 16);
        }
    }
}

static void compare(const op_case *c, const char *what, const double *got, const double *want,
                    int64_t n)
{
    double scale = 1.0;
    for (int64_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= 2e-6 * scale))
            fail_msg("%s (norm %d, train %d), %s[%d]: %.9g instead of %.9g", c->name, c->o.norm,
                     c->train, what, (int)i, got[i], want[i]);
}

/* All passes of a case in one precision and block. */
static void run_case(const op_case *c, jem_dtype dtype, int64_t block, double *y, double *dx,
                     double *dparams)
{
    static double x[RIG_VALUES], dy[RIG_VALUES];
    const int64_t n = 2;
    rig *r = rig_new(dtype, block, n);
    r->train = c->train;
    fill_params(r, &c->o);
    rig_fill(x, n * shape_count(c->o.src), 1);
    rig_fill(dy, n * shape_count(c->o.dst), 2);
    rig_forward(r, &c->o, y, x, NULL);
    rig_backward_data(r, &c->o, dx, dy, x);
    if (c->o.weight >= 0) rig_backward_params(r, &c->o, dy, x);
    memcpy(dparams, r->dparams, sizeof r->dparams);
    rig_free(r);
}

static void single_precision_and_blocks_agree_with_double(void **state)
{
    (void)state;
    static op_case cases[CASES_MAX];
    static double y[2][RIG_VALUES], dx[2][RIG_VALUES], dp[2][RIG_PARAMS];
    const int64_t blocks[] = {1, 16, 8};
    const int count = list_cases(cases);
    for (int i = 0; i < count; i++) {
        const op_case *c = &cases[i];
        run_case(c, JEM_F64, 1, y[0], dx[0], dp[0]);
        for (int b = 0; b < (c->plain_only ? 1 : 3); b++) {
            run_case(c, JEM_F32, blocks[b], y[1], dx[1], dp[1]);
            compare(c, "y", y[1], y[0], 2 * shape_count(c->o.dst));
            compare(c, "dx", dx[1], dx[0], 2 * shape_count(c->o.src));
            compare(c, "dparams", dp[1], dp[0], params_end(&c->o));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree_with_central_differences),
        cmocka_unit_test(single_precision_and_blocks_agree_with_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
