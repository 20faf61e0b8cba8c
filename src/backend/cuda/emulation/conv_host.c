/* The GPU's convolutions (conv.h) in plain loops on the host: what the host emulation runs in place
 * of cuDNN and own kernels. */
#include <stdio.h>
#include <string.h>

#include "backend/cuda/conv_size.h"
#include "backend/cuda/kernels.h"
#include "backend/cuda/emulation/gpu_host.h"
#include "base/mem.h"
#include "base/try.h"

struct conv {
    conv_problem p;
    conv *next;
};

static conv *known; /* all problems of this process */

jem_status conv_get(const conv **out, const conv_problem *p)
{
    conv *c;
    jem_status st;
    for (c = known; c; c = c->next)
        if (memcmp(&c->p, p, sizeof *p) == 0) goto found;
    TRY(MEM_NEW(c, 1));
    *c = (conv){*p, known};
    known = c;
found:
    *out = c;
    st = JEM_OK;
done:
    return st;
}

size_t conv_scratch(const conv *c)
{
    (void)c;
    return 256; /* so that offsets in it matter */
}

size_t conv_weight_bytes(const conv *c)
{
    return (size_t)conv_w_count(&c->p) * conv_item_bytes(&c->p);
}

jem_status conv_pack(const conv *c, void *packed, const float *plain, int64_t out, int64_t in)
{
    const weights_map a = conv_weights(&c->p, packed, (float *)(uintptr_t)plain, out, in);
    return launch_pack(&a, (int64_t)c->p.k * c->p.in);
}

void conv_describe(const conv *c, char *text, size_t size)
{
    (void)c;
    snprintf(text, size, "emulation");
}

typedef struct job {
    conv_problem p;
    conv_call c;
} job;

/* Taps that meet output (y, x): fn(ctx, input position, tap). */
#define EACH_TAP(p, y, x)                                                                          \
    for (int32_t u = 0; u < (p)->kernel_h; u++)                                                    \
        for (int32_t v = 0; v < (p)->kernel_w; v++)                                                \
            for (int32_t row = (y) * (p)->stride + u - (p)->pad[0],                                \
                         col = (x) * (p)->stride + v - (p)->pad[1], once = 1;                      \
                 once && row >= 0 && row < (p)->h && col >= 0 && col < (p)->w; once = 0)

/* First channel of x that channel k of y sees. */
static int32_t first_of(const conv_problem *p, int32_t k)
{
    return k / (p->k / (p->c / p->in)) * p->in;
}

static value at(const conv_problem *p, const void *data)
{
    return (value){(void *)(uintptr_t)data, p->bf16, 0};
}

static float add_and_rectify(const conv_problem *p, float t, value dst, int64_t i, int backward)
{
    if (p->add) t += load1(dst, i);
    return p->lrelu && !backward && !(t > 0) ? p->slope * t : t;
}

static void forward(const conv_problem *p, const conv_call *c)
{
    const value x = at(p, c->x), w = at(p, c->w), dst = at(p, c->dst);
    for (int64_t i = 0; i < conv_y_count(p); i++) {
        const int32_t k = (int32_t)(i % p->k), q = (int32_t)(i / p->k % p->q);
        const int32_t y = (int32_t)(i / p->k / p->q % p->p), n = (int32_t)(i / p->k / p->q / p->p);
        double sum = p->bias ? (double)c->bias[k] : 0;
        EACH_TAP(p, y, q)
        {
            const int64_t from = (((int64_t)n * p->h + row) * p->w + col) * p->c + first_of(p, k);
            const int64_t tap = ((int64_t)k * p->kernel_h * p->kernel_w + u * p->kernel_w + v) * p->in;
            for (int32_t j = 0; j < p->in; j++)
                sum += (double)load1(x, from + j) * (double)load1(w, tap + j);
        }
        store1(dst, i, add_and_rectify(p, (float)sum, dst, i, 0));
        if (!p->copy) continue;
        const float v = load1(dst, i); /* as it was rounded */
        store1(at(p, c->copy), i, v > 0 ? v : p->slope * v);
    }
}

/* Sums in float, in a fixed order; dst last, as it may hold the addend. */
static void to_input(const conv_problem *p, const conv_call *c)
{
    const value dy = at(p, c->dy), w = at(p, c->w), dst = at(p, c->dst), mask = at(p, c->mask);
    const int64_t image = (int64_t)p->h * p->w * p->c;
    double *sums = NULL;
    if (mem_alloc(&sums, (size_t)image, sizeof *sums) != JEM_OK) __builtin_trap();
    for (int32_t n = 0; n < p->n; n++) {
        memset(sums, 0, (size_t)image * sizeof *sums);
        for (int32_t y = 0; y < p->p; y++)
            for (int32_t q = 0; q < p->q; q++)
                for (int32_t k = 0; k < p->k; k++) {
                    const double d = (double)load1(dy, (((int64_t)n * p->p + y) * p->q + q) * p->k + k);
                    EACH_TAP(p, y, q)
                    {
                        const int64_t tap =
                            ((int64_t)k * p->kernel_h * p->kernel_w + u * p->kernel_w + v) * p->in;
                        for (int32_t j = 0; j < p->in; j++)
                            sums[((int64_t)row * p->w + col) * p->c + first_of(p, k) + j] +=
                                d * (double)load1(w, tap + j);
                    }
                }
        for (int64_t i = 0; i < image; i++) {
            float t = (float)sums[i];
            if (p->lrelu && !(load1(mask, n * image + i) > 0)) t *= p->slope;
            store1(dst, n * image + i, add_and_rectify(p, t, dst, n * image + i, 1));
        }
    }
    mem_free(sums);
}

static void to_weights(const conv_problem *p, const conv_call *c)
{
    const value dy = at(p, c->dy), x = at(p, c->x), dst = at(p, c->dst);
    double *sums = NULL;
    if (mem_alloc(&sums, (size_t)conv_w_count(p), sizeof *sums) != JEM_OK) __builtin_trap();
    for (int64_t i = 0; i < conv_y_count(p); i++) {
        const int32_t k = (int32_t)(i % p->k), q = (int32_t)(i / p->k % p->q);
        const int32_t y = (int32_t)(i / p->k / p->q % p->p), n = (int32_t)(i / p->k / p->q / p->p);
        const double d = (double)load1(dy, i);
        EACH_TAP(p, y, q)
        {
            const int64_t from = (((int64_t)n * p->h + row) * p->w + col) * p->c + first_of(p, k);
            const int64_t tap = ((int64_t)k * p->kernel_h * p->kernel_w + u * p->kernel_w + v) * p->in;
            for (int32_t j = 0; j < p->in; j++) sums[tap + j] += d * (double)load1(x, from + j);
        }
    }
    for (int64_t i = 0; i < conv_w_count(p); i++) store1(dst, i, (float)sums[i]);
    mem_free(sums);
}

static void convolve(const void *args, int64_t pieces)
{
    const job *j = args;
    (void)pieces;
    memset(j->c.scratch, 0x5a, 256); /* it may be written over */
    switch (j->p.pass) {
    case CONV_FORWARD: forward(&j->p, &j->c); break;
    case CONV_TO_INPUT: to_input(&j->p, &j->c); break;
    default: to_weights(&j->p, &j->c);
    }
}

jem_status conv_run(const conv *c, const conv_call *call)
{
    const job j = {c->p, *call};
    return gpu_host_do(convolve, &j, sizeof j, 1);
}
