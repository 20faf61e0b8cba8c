/* Each convolution timed once on the device, and the fastest kept: see conv_trial.h. */
#include "backend/cuda/conv_trial.h"

#include <math.h>
#include <string.h>

#include "backend/cuda/conv_size.h"
#include "backend/cuda/gpu.h"
#include "backend/cuda/gpu_cuda.h"
#include "backend/cuda/kernels.h"
#include "base/mem.h"
#include "base/try.h"

/* Arrays of the problem with random values in them. */
typedef struct trial {
    conv_call call;
    void *arrays[7], *packed;
    float *plain; /* weights */
    int count;
    float *expected; /* on the host: the beginning of dst and behind it of copy, by the first candidate */
    float *got;
    int64_t compared; /* of each */
    bool has_expected;
} trial;

enum { COMPARED = 1 << 16 };

static jem_status trial_array(void *out, trial *t, int64_t n, bool bf16, float std)
{
    void *at = NULL;
    jem_status st;
    TRY(gpu_alloc(&at, (size_t)(n + 8) * (bf16 ? 2 : 4)));
    t->arrays[t->count] = at;
    const fill_map a = {{at, bf16, 0}, std, (uint32_t)t->count++};
    TRY(launch_fill(&a, (n + 7) / 8));
    *(void **)out = at;
done:
    return st;
}

static void trial_clear(trial *t)
{
    for (int i = 0; i < t->count; i++) gpu_free(t->arrays[i]);
    gpu_free(t->call.scratch);
    gpu_free(t->packed);
    mem_free(t->expected);
    mem_free(t->got);
}

static jem_status trial_init(trial *t, const conv *list, int count)
{
    const conv_problem *p = &list[0].p;
    const float weight = 1.0f / sqrtf((float)(p->in * p->kernel_h * p->kernel_w));
    void *x, *dy, *mask;
    float *bias;
    size_t scratch = 0, packed = 0;
    jem_status st;

    for (int i = 0; i < count; i++) {
        if (conv_scratch(&list[i]) > scratch) scratch = conv_scratch(&list[i]);
        if (conv_weight_bytes(&list[i]) > packed) packed = conv_weight_bytes(&list[i]);
    }

    TRY(trial_array(&x, t, conv_x_count(p), p->bf16, 1));
    TRY(trial_array(&t->plain, t, conv_w_count(p), false, weight));
    TRY(trial_array(&dy, t, conv_y_count(p), p->bf16, 1));
    TRY(trial_array(&mask, t, conv_x_count(p), p->bf16, 1));
    TRY(trial_array(&bias, t, p->k, false, 1));
    TRY(trial_array(&t->call.dst, t, conv_dst_count(p), p->bf16, 1));
    t->call.x = x;
    t->call.dy = dy;
    t->call.mask = mask;
    t->call.bias = bias;
    TRY(gpu_alloc(&t->call.scratch, scratch));
    TRY(gpu_alloc(&t->packed, packed));
    t->call.w = t->packed;
    if (p->copy) TRY(trial_array(&t->call.copy, t, conv_dst_count(p), p->bf16, 1));
    t->compared = conv_dst_count(p) < COMPARED ? conv_dst_count(p) : COMPARED;
    TRY(MEM_NEW(t->expected, 2 * t->compared));
    TRY(MEM_NEW(t->got, 2 * t->compared));
done:
    return st;
}

/* dst <- the same values as before every other candidate's first run. */
static jem_status trial_again(const trial *t, const conv_problem *p)
{
    const fill_map a = {{t->call.dst, p->bf16, 0}, 1, 77};
    return launch_fill(&a, (conv_dst_count(p) + 7) / 8);
}

/* into [t->compared] <- the beginning of a result. */
static jem_status bring(float *into, const trial *t, const void *result, bool bf16)
{
    jem_status st;
    TRY(gpu_copy(into, result, (size_t)t->compared * (bf16 ? 2 : 4)));
    if (!bf16) goto done;
    const uint16_t *small = (const uint16_t *)(const void *)into;
    for (int64_t i = t->compared - 1; i >= 0; i--) { /* widen in place, from the end */
        uint16_t v;
        memcpy(&v, small + i, sizeof v);
        into[i] = float_of_bf16(v);
    }
done:
    return st;
}

/* Does one run give what the first candidate gave?  Types of 8 bits of mantissa leave a few
 * parts in a thousand of the largest value; an error would be of its size. */
static jem_status agrees(bool *same, trial *t, const conv *c)
{
    jem_status st;
    double largest = 0, apart = 0;
    const int64_t count = (c->p.copy ? 2 : 1) * t->compared;
    float *into = t->has_expected ? t->got : t->expected;

    TRY(trial_again(t, &c->p));
    if (c->p.pass != CONV_TO_WEIGHTS) TRY(conv_pack(c, t->packed, t->plain, c->p.k, c->p.c));
    TRY(conv_run(c, &t->call));
    TRY(bring(into, t, t->call.dst, c->p.bf16));
    if (c->p.copy) TRY(bring(into + t->compared, t, t->call.copy, c->p.bf16));
    *same = true;
    for (int64_t i = 0; i < count && t->has_expected; i++) {
        largest = fmax(largest, fabs((double)t->expected[i]));
        apart = fmax(apart, fabs((double)t->expected[i] - (double)t->got[i]));
        if (isnan(t->got[i])) *same = false;
    }
    if (t->has_expected && apart > (c->p.bf16 ? 2e-2 : 1e-4) * largest) *same = false;
    t->has_expected = true;
done:
    return st;
}

/* A candidate on the trial's arrays. */
typedef struct candidate {
    const conv *c;
    const conv_call *call;
} candidate;

static jem_status run_one(const void *ctx)
{
    const candidate *one = ctx;
    return conv_run(one->c, one->call);
}

jem_status conv_fastest(int *best, conv *list, int count)
{
    jem_status st;
    trial t = {.count = 0};
    bool same;

    *best = -1;
    TRY(trial_init(&t, list, count));
    for (int i = 0; i < count; i++) {
        /* a plan that fails when run is none */
        if (agrees(&same, &t, &list[i]) != JEM_OK || !same) continue;
        const candidate one = {&list[i], &t.call};
        if (gpu_time(&list[i].us, run_one, &one) != JEM_OK) continue;
        if (*best < 0 || list[i].us < list[*best].us) *best = i;
    }
    TRY(gpu_wait());
done:
    trial_clear(&t);
    return st;
}
