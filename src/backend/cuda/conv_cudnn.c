/* Convolutions by cuDNN: which plan computes a problem, and running it.
 *
 * Candidates are plans that do all of a problem and plans that make the product only, which
 * own kernels finish.  Each is timed on random values and compared with another kind; the
 * fastest that agrees is taken and remembered on disk, so that later runs compute the same
 * bits.  When results must not depend on timing, it is cuDNN's first recommendation. */
#include "backend/cuda/conv_cudnn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cuda/conv_cache.h"
#include "backend/cuda/conv_graph.h"
#include "backend/cuda/conv_size.h"
#include "backend/cuda/gpu.h"
#include "backend/cuda/gpu_cuda.h"
#include "backend/cuda/kernels.h"
#include "backend/cuda/cuda.h"
#include "base/mem.h"
#include "base/try.h"

struct conv {
    conv_problem p;
    conv_plan plan;
    conv_extent extent;
    double us;       /* 0: not timed */
    size_t product;  /* bytes of scratch for the product, before the plan's own */
    conv *next;
};

static cudnn_functions dnn;
static conv_place place;
static char where[512]; /* GPU and versions: key of the cache */
static conv *known;     /* all problems of this process */

jem_status conv_cudnn_open(char *version, size_t size)
{
    jem_status st;
    cudnnStatus_t s;

    TRY(libraries_cudnn(&dnn));
    libraries_nvrtc();
    place.f = &dnn;
    s = dnn.cudnnCreate(&place.handle);
    if (s == CUDNN_STATUS_SUCCESS) s = dnn.cudnnSetStream(place.handle, gpu_stream());
    if (s != CUDNN_STATUS_SUCCESS) return conv_error(&dnn, s, "creating a handle");
    size_t v = dnn.cudnnGetVersion();
    snprintf(version, size, "cuDNN %zu.%zu.%zu", v / 10000, v / 100 % 100, v % 100);
    snprintf(where, sizeof where, "%s, %s", gpu_describe(), version);
done:
    return st;
}

/* ---- running */

static bool has_riders(const conv_problem *p)
{
    return p->pass != CONV_TO_WEIGHTS && (p->bias || p->add || p->lrelu);
}

static value value_of(const conv_problem *p, const void *data)
{
    return (value){(void *)(uintptr_t)data, p->bf16, 0};
}

/* What a bare plan leaves to do. */
static jem_status finish(const conv *c, const conv_call *call, void *product)
{
    const conv_problem *p = &c->p;
    const bool backward = p->pass == CONV_TO_INPUT;
    const conv_finish a = {.dst = value_of(p, call->dst),
                           .product = value_of(p, product),
                           .mask = value_of(p, call->mask),
                           .bias = p->bias ? call->bias : NULL,
                           .room = backward ? p->c : p->k,
                           .add = p->add,
                           .lrelu = p->lrelu,
                           .backward = backward,
                           .slope = p->slope};
    if (!has_riders(p)) return JEM_OK;
    return launch_conv_finish(&a, conv_dst_count(p) / 8);
}

jem_status conv_run(const conv *c, const conv_call *call)
{
    jem_status st;
    conv_call own = *call;
    void *product = c->product ? call->scratch : call->dst;

    own.scratch = (char *)call->scratch + c->product;
    TRY(conv_plan_run(&place, &c->plan, &c->p, &own, product, c->extent));
    if (c->extent == CONV_BARE) TRY(finish(c, call, product));
done:
    return st;
}

size_t conv_scratch(const conv *c)
{
    return c->product + (size_t)c->plan.scratch;
}

void conv_describe(const conv *c, char *text, size_t size)
{
    int used = snprintf(text, size, "cudnn:%lld%s", (long long)c->plan.engine,
                        c->extent == CONV_BARE && has_riders(&c->p) ? "+own" : "");
    if (c->us > 0 && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, " %.0f us", c->us);
}

/* ---- candidates */

/* Takes over the plan. */
static conv make_conv(const conv_problem *p, conv_plan plan, conv_extent how)
{
    const size_t bytes = (size_t)conv_dst_count(p) * conv_item_bytes(p);
    conv c = {.p = *p, .plan = plan, .extent = how};
    /* the addend is in dst until it has been added */
    if (how == CONV_BARE && p->add) c.product = (bytes + 255) / 256 * 256;
    return c;
}

static jem_status candidates(conv *list, int *count, int max, uint64_t only, const conv_problem *p,
                             conv_extent how)
{
    jem_status st;
    conv_graph *g = NULL;
    conv_plan plans[CONV_PLANS_MAX];
    int found = 0;

    TRY(conv_graph_new(&g, &place, p, how));
    TRY(conv_graph_plans(plans, &found, max, only, g));
    for (int i = 0; i < found; i++) list[(*count)++] = make_conv(p, plans[i], how);
done:
    conv_graph_free(g);
    return st;
}

/* At most this many of each kind.  Fused ones are compiled and take a second each: the
 * environment variable JEM_CUDA_TRIES sets how many are tried, 0 for none. */
enum { FUSED_TRIES = 3, BARE_TRIES = 8, CANDIDATES_MAX = 2 * CONV_PLANS_MAX };

static int fused_tries(void)
{
    const char *text = getenv("JEM_CUDA_TRIES");
    int n = text ? atoi(text) : FUSED_TRIES;
    return n < 0 ? FUSED_TRIES : n > CONV_PLANS_MAX ? CONV_PLANS_MAX : n;
}

/* ---- timing */

/* Arrays of the problem with random values in them. */
typedef struct trial {
    conv_call call;
    void *arrays[6];
    int count;
    float *expected; /* on the host: the beginning of dst, by the first candidate */
    float *got;
    int64_t compared;
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
    mem_free(t->expected);
    mem_free(t->got);
}

static jem_status trial_init(trial *t, const conv_problem *p, size_t scratch)
{
    const float weight = 1.0f / sqrtf((float)(p->c * p->kernel_h * p->kernel_w));
    void *x, *w, *dy, *mask;
    float *bias;
    jem_status st;

    TRY(trial_array(&x, t, conv_x_count(p), p->bf16, 1));
    TRY(trial_array(&w, t, conv_w_count(p), p->bf16, weight));
    TRY(trial_array(&dy, t, conv_y_count(p), p->bf16, 1));
    TRY(trial_array(&mask, t, conv_x_count(p), p->bf16, 1));
    TRY(trial_array(&bias, t, p->k, false, 1));
    TRY(trial_array(&t->call.dst, t, conv_dst_count(p), p->bf16, 1));
    t->call.x = x;
    t->call.w = w;
    t->call.dy = dy;
    t->call.mask = mask;
    t->call.bias = bias;
    TRY(gpu_alloc(&t->call.scratch, scratch));
    t->compared = conv_dst_count(p) < COMPARED ? conv_dst_count(p) : COMPARED;
    TRY(MEM_NEW(t->expected, t->compared));
    TRY(MEM_NEW(t->got, t->compared));
done:
    return st;
}

/* dst <- the same values as before every other candidate's first run. */
static jem_status trial_again(const trial *t, const conv_problem *p)
{
    const fill_map a = {value_of(p, t->call.dst), 1, 77};
    return launch_fill(&a, (conv_dst_count(p) + 7) / 8);
}

/* Does one run give what the first candidate gave?  Types of 8 bits of mantissa leave a few
 * parts in a thousand of the largest value; an error would be of its size. */
static jem_status agrees(bool *same, trial *t, const conv *c)
{
    jem_status st;
    double largest = 0, apart = 0;
    const size_t bytes = (size_t)t->compared * conv_item_bytes(&c->p);
    float *into = t->has_expected ? t->got : t->expected;

    TRY(trial_again(t, &c->p));
    TRY(conv_run(c, &t->call));
    TRY(gpu_copy(into, t->call.dst, bytes));
    if (c->p.bf16) { /* widen in place, from the end */
        const uint16_t *small = (const uint16_t *)(const void *)into;
        for (int64_t i = t->compared - 1; i >= 0; i--) {
            uint16_t v;
            memcpy(&v, small + i, sizeof v);
            into[i] = float_of_bf16(v);
        }
    }
    *same = true;
    for (int64_t i = 0; i < t->compared && t->has_expected; i++) {
        largest = fmax(largest, fabs((double)t->expected[i]));
        apart = fmax(apart, fabs((double)t->expected[i] - (double)t->got[i]));
        if (isnan(t->got[i])) *same = false;
    }
    if (t->has_expected && apart > (c->p.bf16 ? 2e-2 : 1e-4) * largest) *same = false;
    t->has_expected = true;
done:
    return st;
}

static jem_status time_one(double *us, const trial *t, const conv *c)
{
    enum { REPEATS = 5 };
    cudaEvent_t begin = NULL, end = NULL;
    float ms = 0;
    jem_status st;

    TRY(gpu_status(cudaEventCreate(&begin), "event"));
    TRY(gpu_status(cudaEventCreate(&end), "event"));
    TRY(conv_run(c, &t->call));
    TRY(gpu_status(cudaEventRecord(begin, gpu_stream()), "event"));
    for (int i = 0; i < REPEATS; i++) TRY(conv_run(c, &t->call));
    TRY(gpu_status(cudaEventRecord(end, gpu_stream()), "event"));
    TRY(gpu_status(cudaEventSynchronize(end), "timing a convolution"));
    TRY(gpu_status(cudaEventElapsedTime(&ms, begin, end), "event"));
    *us = (double)ms * 1e3 / REPEATS;
done:
    if (begin) cudaEventDestroy(begin);
    if (end) cudaEventDestroy(end);
    return st;
}

/* Index of the fastest that agrees with the first, which makes the product alone if any does. */
static jem_status measure(int *best, conv *list, int count)
{
    jem_status st;
    trial t = {.count = 0};
    size_t scratch = 0;
    bool same;

    *best = -1;
    for (int i = 0; i < count; i++)
        if (conv_scratch(&list[i]) > scratch) scratch = conv_scratch(&list[i]);
    TRY(trial_init(&t, &list[0].p, scratch));
    for (int i = 0; i < count; i++) {
        /* a plan that fails when run is none */
        if (agrees(&same, &t, &list[i]) != JEM_OK || !same) continue;
        if (time_one(&list[i].us, &t, &list[i]) != JEM_OK) continue;
        if (*best < 0 || list[i].us < list[*best].us) *best = i;
    }
    TRY(gpu_wait());
done:
    trial_clear(&t);
    return st;
}

/* ---- choosing */

static jem_status none_found(const conv_problem *p)
{
    static const char *const passes[] = {"forward", "to the input", "to the weights"};
    return jem_error(JEM_EINTERNAL, "cuDNN has no %s convolution %s of %d x %dx%dx%d by %dx%d, stride "
                     "%d, to %d channels", p->bf16 ? "bf16" : "f32", passes[p->pass], p->n, p->c, p->h,
                     p->w, p->kernel_h, p->kernel_w, p->stride, p->k);
}

/* By what the cache says; *best stays -1 if it says nothing, or what cuDNN cannot do any more. */
static jem_status from_cache(int *best, conv *list, int *count, const conv_problem *p)
{
    conv_choice c;
    jem_status st = JEM_OK;
    if (!conv_cache_find(&c, where, p)) return JEM_OK;
    TRY(candidates(list, count, 1, c.key, p, c.bare ? CONV_BARE : CONV_FUSED));
    if (*count == 0) goto done;
    list[0].us = c.us;
    *best = 0;
done:
    return st;
}

static jem_status choose(int *best, conv *list, int *count, const conv_problem *p)
{
    jem_status st = JEM_OK;
    const bool riders = has_riders(p);
    conv_choice c;

    if (cuda_repeatable()) {
        if (riders) TRY(candidates(list, count, 1, 0, p, CONV_FUSED));
        if (*count == 0) TRY(candidates(list, count, 1, 0, p, CONV_BARE));
        *best = *count > 0 ? 0 : -1;
        goto done;
    }
    TRY(from_cache(best, list, count, p));
    if (*best >= 0) goto done;
    TRY(candidates(list, count, BARE_TRIES, 0, p, CONV_BARE));
    if (riders && fused_tries() > 0) TRY(candidates(list, count, fused_tries(), 0, p, CONV_FUSED));
    if (*count == 0) goto done;
    TRY(measure(best, list, *count));
    if (*best < 0) goto done;
    c = (conv_choice){list[*best].extent == CONV_BARE, list[*best].plan.key, list[*best].us};
    conv_cache_add(&c, where, p);
done:
    return st;
}

jem_status conv_get(const conv **out, const conv_problem *p)
{
    jem_status st;
    conv list[CANDIDATES_MAX], *made = NULL;
    int count = 0, best = -1;

    for (conv *c = known; c; c = c->next)
        if (memcmp(&c->p, p, sizeof *p) == 0) {
            *out = c;
            return JEM_OK;
        }
    TRY(choose(&best, list, &count, p));
    if (best < 0) {
        st = none_found(p);
        goto done;
    }
    TRY(MEM_NEW(made, 1));
    *made = list[best];
    made->next = known;
    known = made;
    list[best].plan = (conv_plan){0};
    *out = made;
done:
    for (int i = 0; i < count; i++) conv_plan_clear(&dnn, &list[i].plan);
    return st;
}
