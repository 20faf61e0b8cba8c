/* Gradients of a whole graph against central differences, in double on the
 * reference backend, for the loss of the study's Eq. 8:
 *
 *   l = alpha c l_G + (1 - alpha) l_D,  l_G = mean of sign_i LSE(x_i), even images
 *   counting as data (-1) and odd ones as samples (+1); l_D cross entropy of image i
 *   with label i mod K and label smoothing. */
#ifndef TESTS_GRADIENT_CHECK_H
#define TESTS_GRADIENT_CHECK_H

#include "base/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"
#include "support/check.h"

typedef struct checked {
    const graph *g;
    plan *p;
    workspace *w;
    plan_call call;
    int64_t n, size, classes;
    double *params, *dparams; /* flat vectors */
    double *x, *dx, *logits, *cotangent;
    double *moved_x, *moved_params;
} checked;

static inline void check_fill(double *v, int64_t n, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t u = (uint32_t)i * 2654435761u + seed * 2246822519u + 374761393u;
        u ^= u >> 15;
        u *= 2246822519u;
        u ^= u >> 13;
        v[i] = (double)u / 2147483648.0 - 1.0;
    }
}

/* Weights of gain 1.5, norms around 1 and 0, variances positive. */
static inline void check_fill_params(double *params, const graph *g)
{
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        double *v = params + p->offset;
        check_fill(v, p->count, 100 + (uint32_t)i);
        for (int64_t k = 0; k < p->count; k++) {
            if (p->role == PARAM_WEIGHT)
                v[k] *= 1.5 / sqrt((double)p->fan_in);
            else if (p->role == PARAM_NORM_WEIGHT || p->role == PARAM_RUNNING_VAR)
                v[k] = 1 + 0.4 * v[k];
            else
                v[k] *= 0.3;
        }
    }
}

static inline void checked_open(checked *t, const graph *g, const plan_options *o)
{
    *t = (checked){.g = g, .n = o->batch, .size = shape_count(g->nodes[0].op.dst),
                   .classes = shape_count(g->nodes[g->output].op.dst)};
    t->call = (plan_call){.count = t->n, .dropout = {7, RNG_DROPOUT, 3, 0}, .image0 = 40};
    check_ok(plan_compile(&t->p, g, &backend_ref, o));
    check_ok(workspace_new(&t->w, t->p));
    check_ok(MEM_NEW(t->params, g->param_elements));
    check_ok(MEM_NEW(t->moved_params, g->param_elements));
    check_ok(MEM_NEW(t->dparams, g->param_elements));
    check_ok(MEM_NEW(t->x, t->n * t->size));
    check_ok(MEM_NEW(t->moved_x, t->n * t->size));
    check_ok(MEM_NEW(t->dx, t->n * t->size));
    check_ok(MEM_NEW(t->logits, t->n * t->classes));
    check_ok(MEM_NEW(t->cotangent, t->n * t->classes));
    check_fill(t->x, t->n * t->size, 1);
    check_fill_params(t->params, g);
    check_ok(plan_load(t->p, t->params));
}

static inline void checked_close(checked *t)
{
    workspace_free(t->w);
    plan_free(t->p);
    mem_free(t->params);
    mem_free(t->moved_params);
    mem_free(t->dparams);
    mem_free(t->x);
    mem_free(t->moved_x);
    mem_free(t->dx);
    mem_free(t->logits);
    mem_free(t->cotangent);
}

/* The loss at x, and its cotangent of the logits into t->cotangent. */
static inline double checked_loss(checked *t, const double *x)
{
    const double alpha = 0.4, c = 0.7, smoothing = 0.05;
    const int64_t k = t->classes, n = t->call.count;
    double loss = 0;

    check_ok(plan_forward(t->w, &t->call, x, t->logits));
    for (int64_t i = 0; i < n; i++) {
        const double *f = t->logits + i * k, sign = i % 2 ? 1 : -1;
        double *d = t->cotangent + i * k, lse = 0;
        for (int64_t j = 0; j < k; j++) lse += exp(f[j] - f[0]);
        lse = f[0] + log(lse);
        loss += alpha * c * sign * lse / (double)n;
        for (int64_t j = 0; j < k; j++) {
            double target = smoothing / (double)k + (j == i % k ? 1 - smoothing : 0);
            double softmax = exp(f[j] - lse);
            loss += (1 - alpha) * target * (lse - f[j]) / (double)n;
            d[j] = (alpha * c * sign * softmax + (1 - alpha) * (softmax - target)) / (double)n;
        }
    }
    return loss;
}

static inline double check_dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static inline bool check_trained(const graph *g, int64_t element)
{
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        if (element >= p->offset && element < p->offset + p->count)
            return p->role != PARAM_RUNNING_MEAN && p->role != PARAM_RUNNING_VAR;
    }
    return false;
}

/* Central difference of the loss along (u, v), either of which may be NULL. */
static inline double checked_slope(checked *t, const double *u, const double *v)
{
    const double reach = 1e-7;
    double loss[2];
    for (int side = 0; side < 2; side++) {
        const double s = side ? reach : -reach;
        for (int64_t i = 0; i < t->n * t->size; i++) t->moved_x[i] = t->x[i] + (u ? s * u[i] : 0);
        for (int64_t i = 0; i < t->g->param_elements; i++)
            t->moved_params[i] = t->params[i] + (v ? s * v[i] : 0);
        check_ok(plan_load(t->p, t->moved_params));
        loss[side] = checked_loss(t, t->moved_x);
    }
    check_ok(plan_load(t->p, t->params));
    return (loss[1] - loss[0]) / (2 * reach);
}

/* Largest |a - b| beside the largest |b|. */
static inline double check_distance(const double *a, const double *b, int64_t n)
{
    double apart = 0, size = 1e-2;
    for (int64_t i = 0; i < n; i++) {
        if (!(fabs(a[i] - b[i]) <= apart)) apart = fabs(a[i] - b[i]);
        size = fmax(size, fabs(b[i]));
    }
    return apart / size;
}

/* Forward mode: the tangent along random directions against central differences of the whole
 * output, the value beside it against a forward pass, and <w, J v> = <J^T w, v>. */
static inline void check_tangents(const char *what, const graph *g, int64_t n, bool train)
{
    checked t, back;
    plan_options o = {.batch = n, .precision = JEM_F64, .tangent = true, .train = train};
    const double reach = 2e-6; /* half of it leaves rounding above the bound, twice meets kinks */
    double *v = NULL, *jv = NULL, *side = NULL, *value = NULL;

    checked_open(&t, g, &o);
    o.tangent = false;
    o.backward_input = true;
    checked_open(&back, g, &o);
    const int64_t size = n * t.size, out = n * t.classes;
    check_ok(MEM_NEW(v, size));
    check_ok(MEM_NEW(jv, out));
    check_ok(MEM_NEW(side, out));
    check_ok(MEM_NEW(value, out));
    check_fill(v, size, 51);
    check_ok(plan_tangent(t.w, &t.call, t.x, v, value, jv));
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    assert_memory_equal(value, t.logits, (size_t)out * sizeof *value);
    for (int s = -1; s <= 1; s += 2) {
        for (int64_t i = 0; i < size; i++) t.moved_x[i] = t.x[i] + s * reach * v[i];
        check_ok(plan_forward(t.w, &t.call, t.moved_x, s < 0 ? side : t.logits));
    }
    for (int64_t i = 0; i < out; i++) side[i] = (t.logits[i] - side[i]) / (2 * reach);
    if (!(check_distance(jv, side, out) <= 1e-6))
        fail_msg("%s, n %d, train %d: tangent is %.3g off central differences", what, (int)n, train,
                 check_distance(jv, side, out));

    check_ok(plan_forward(back.w, &back.call, back.x, back.logits));
    check_fill(back.cotangent, out, 52);
    check_ok(plan_backward(back.w, &back.call, back.cotangent, back.dx, NULL));
    const double forward = check_dot(back.cotangent, jv, out), reverse = check_dot(back.dx, v, size);
    if (!(fabs(forward - reverse) <= 1e-10 * fmax(1, fabs(reverse))))
        fail_msg("%s, n %d, train %d: <w, J v> = %.12g, <J^T w, v> = %.12g", what, (int)n, train,
                 forward, reverse);
    mem_free(v);
    mem_free(jv);
    mem_free(side);
    mem_free(value);
    checked_close(&t);
    checked_close(&back);
}

/* Compiles for both gradients and checks each along random directions.  Norms of almost
 * constant values enlarge rounding errors, of which 1e-14 in the loss shows as 1e-7. */
static inline void check_gradients(const char *what, const graph *g, int64_t n, bool train)
{
    checked t;
    const plan_options o = {.batch = n, .precision = JEM_F64, .backward_input = true,
                            .backward_params = true, .train = train};
    double *u = NULL, *v = NULL;

    checked_open(&t, g, &o);
    check_ok(MEM_NEW(u, n * t.size));
    check_ok(MEM_NEW(v, g->param_elements));
    for (int64_t i = 0; i < g->param_elements; i++) t.dparams[i] = NAN; /* to be overwritten */
    checked_loss(&t, t.x);
    check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, t.dparams));
    for (int64_t i = 0; i < g->param_elements; i++)
        if (!check_trained(g, i)) t.dparams[i] = 0;

    for (uint32_t direction = 0; direction < 2; direction++) {
        check_fill(u, n * t.size, 30 + direction);
        check_fill(v, g->param_elements, 40 + direction);
        for (int64_t i = 0; i < g->param_elements; i++)
            if (!check_trained(g, i)) v[i] = 0;
        const double data[] = {check_dot(t.dx, u, n * t.size), checked_slope(&t, u, NULL)};
        const double params[] = {check_dot(t.dparams, v, g->param_elements),
                                 checked_slope(&t, NULL, v)};
        if (!(fabs(data[0] - data[1]) <= 1e-6 * fmax(fabs(data[1]), 0.2)))
            fail_msg("%s, n %d, train %d, input: %.10g by backward, %.10g by differences", what,
                     (int)n, train, data[0], data[1]);
        if (!(fabs(params[0] - params[1]) <= 1e-6 * fmax(fabs(params[1]), 0.2)))
            fail_msg("%s, n %d, train %d, parameters: %.10g by backward, %.10g by differences",
                     what, (int)n, train, params[0], params[1]);
    }
    mem_free(u);
    mem_free(v);
    checked_close(&t);
}

#endif
