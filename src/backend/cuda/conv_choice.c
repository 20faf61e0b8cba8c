/* Convolutions: what computes a problem, and running it.
 *
 * Candidates are own kernels (conv_hopper.h), plans of cuDNN that do all of a problem, and
 * plans that make the product only, which own kernels finish.  Each is timed on random values
 * and compared with another kind; the fastest that agrees is taken and remembered on disk, so
 * that later runs compute the same bits.  When results must not depend on timing, it is
 * cuDNN's first recommendation. */
#include "backend/cuda/conv_choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cuda/conv_cache.h"
#include "backend/cuda/conv_size.h"
#include "backend/cuda/conv_trial.h"
#include "backend/cuda/cuda.h"
#include "backend/cuda/gpu_cuda.h"
#include "base/mem.h"
#include "base/try.h"

static cudnn_functions dnn;
static conv_place place;
static char where[512]; /* GPU and versions: key of the cache */
static conv *known;     /* all problems of this process */

jem_status conv_open(char *version, size_t size)
{
    jem_status st;
    cudnnStatus_t s;

    TRY(libraries_cudnn(&dnn));
    libraries_nvrtc();
    place.f = &dnn;
    s = dnn.cudnnCreate(&place.handle);
    if (s == CUDNN_STATUS_SUCCESS) s = dnn.cudnnSetStream(place.handle, gpu_stream());
    if (s != CUDNN_STATUS_SUCCESS) return conv_error(&dnn, s, "creating a handle");
    TRY(hopper_open());
    size_t v = dnn.cudnnGetVersion();
    snprintf(version, size, "cuDNN %zu.%zu.%zu", v / 10000, v / 100 % 100, v % 100);
    snprintf(where, sizeof where, "%s, %s", gpu_describe(), version);
done:
    return st;
}

const char *conv_where(void)
{
    return where;
}

/* ---- running */

static conv_extent extent_of(conv_kind kind)
{
    return kind == CONV_BARE_PLAN ? CONV_BARE : CONV_FUSED;
}

static bool has_epilogue(const conv_problem *p)
{
    return p->pass != CONV_TO_WEIGHTS && (p->bias || p->add || p->lrelu || p->copy);
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
                           .copy = value_of(p, p->copy ? call->copy : NULL),
                           .mask = value_of(p, call->mask),
                           .bias = p->bias ? call->bias : NULL,
                           .room = backward ? p->c : p->k,
                           .add = p->add,
                           .lrelu = p->lrelu,
                           .backward = backward,
                           .slope = p->slope};
    if (!has_epilogue(p)) return JEM_OK;
    return launch_conv_finish(&a, conv_dst_count(p) / 8);
}

/* What a fused plan leaves to do. */
static jem_status rectify(const conv_problem *p, const conv_call *call)
{
    const octet_map a = {.dst = value_of(p, call->copy), .src = value_of(p, call->dst), .op = OCTET_LRELU,
                         .slope = p->slope};
    return launch_octet(&a, conv_dst_count(p) / 8);
}

jem_status conv_run(const conv *c, const conv_call *call)
{
    jem_status st;
    conv_call inner = *call;
    void *product = c->product ? call->scratch : call->dst;

    if (c->kind == CONV_OWN) return hopper_run(&c->p, c->own, call);
    inner.scratch = (char *)call->scratch + c->product;
    TRY(conv_plan_run(&place, &c->plan, &c->p, &inner, product, extent_of(c->kind)));
    if (c->kind == CONV_BARE_PLAN)
        TRY(finish(c, call, product));
    else if (c->p.copy)
        TRY(rectify(&c->p, call));
done:
    return st;
}

size_t conv_scratch(const conv *c)
{
    return c->product + (size_t)c->plan.scratch;
}

size_t conv_weight_bytes(const conv *c)
{
    if (c->kind == CONV_OWN) return hopper_weight_bytes(&c->p, c->own);
    return (size_t)conv_w_count(&c->p) * conv_item_bytes(&c->p);
}

jem_status conv_pack(const conv *c, void *packed, const float *plain, int64_t out, int64_t in)
{
    const weights_map a = conv_weights(&c->p, packed, (float *)(uintptr_t)plain, out, in);
    if (c->kind == CONV_OWN) return hopper_pack(packed, plain, out, in, &c->p, c->own);
    return launch_pack(&a, (int64_t)c->p.k * c->p.in);
}

void conv_describe(const conv *c, char *text, size_t size)
{
    int used = c->kind == CONV_OWN
                   ? snprintf(text, size, "own:%dx%d%s", c->own.blocks * 128, c->own.columns, c->own.early ? " early" : "")
                   : snprintf(text, size, "cudnn:%lld%s", (long long)c->plan.engine,
                              c->kind == CONV_BARE_PLAN && has_epilogue(&c->p) ? "+own" : "");
    if (c->us > 0 && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, " %.0f us", c->us);
}

/* ---- candidates */

/* Candidates for a problem, the first `count` of list; best: -1 until one is chosen. */
typedef struct field {
    const conv_problem *p;
    conv list[CANDIDATES_MAX];
    int count, best;
} field;

static void add_own(field *f, hopper_plan plan)
{
    f->list[f->count++] = (conv){.p = *f->p, .kind = CONV_OWN, .own = plan};
}

/* Are there any? */
static bool add_owns(field *f)
{
    hopper_plan plans[HOPPER_PLANS_MAX];
    const int found = hopper_plans(plans, f->p);
    for (int i = 0; i < found; i++) add_own(f, plans[i]);
    return found > 0;
}

/* cuDNN's plans, at most `max`; only: see conv_graph_plans. */
static jem_status add_plans(field *f, conv_kind kind, int max, uint64_t only)
{
    jem_status st;
    conv_graph *g = NULL;
    conv_plan plans[CONV_PLANS_MAX];
    const size_t bytes = (size_t)conv_dst_count(f->p) * conv_item_bytes(f->p);
    int found = 0;

    TRY(conv_graph_new(&g, &place, f->p, extent_of(kind)));
    TRY(conv_graph_plans(plans, &found, max, only, g));
    for (int i = 0; i < found; i++) {
        conv c = {.p = *f->p, .plan = plans[i], .kind = kind};
        /* the addend is in dst until it has been added */
        if (kind == CONV_BARE_PLAN && f->p->add) c.product = (bytes + 255) / 256 * 256;
        f->list[f->count++] = c;
    }
done:
    conv_graph_free(g);
    return st;
}

/* At most this many of each kind.  Fused ones are compiled and take a second each: the
 * environment variable JEM_CUDA_TRIES sets how many are tried, 0 for none. */
enum { FUSED_TRIES = 3, BARE_TRIES = 8 };

static int fused_tries(void)
{
    const char *text = getenv("JEM_CUDA_TRIES");
    int n = text ? atoi(text) : FUSED_TRIES;
    return n < 0 ? FUSED_TRIES : n > CONV_PLANS_MAX ? CONV_PLANS_MAX : n;
}

/* ---- choosing */

static jem_status none_found(const conv_problem *p)
{
    static const char *const passes[] = {"forward", "to the input", "to the weights"};
    return jem_error(JEM_EINTERNAL, "cuDNN has no %s convolution %s of %d x %dx%dx%d by %dx%d, stride "
                     "%d, to %d channels", p->bf16 ? "bf16" : "f32", passes[p->pass], p->n, p->c, p->h,
                     p->w, p->kernel_h, p->kernel_w, p->stride, p->k);
}

static uint64_t own_key(hopper_plan plan)
{
    return (uint64_t)(plan.early << 24 | plan.columns << 16 | plan.blocks << 8 | plan.cluster);
}

/* By what the cache says; nothing is chosen if it says nothing, or what cannot be done any more. */
static jem_status from_cache(field *f)
{
    conv_choice c;
    jem_status st = JEM_OK;
    if (!conv_cache_find(&c, where, f->p)) return JEM_OK;
    if (c.kind == CONV_OWN) {
        hopper_plan plans[HOPPER_PLANS_MAX];
        const int found = hopper_plans(plans, f->p);
        for (int i = 0; i < found; i++)
            if (own_key(plans[i]) == c.key) add_own(f, plans[i]);
    } else {
        TRY(add_plans(f, c.kind, 1, c.key));
    }
    if (f->count == 0) goto done;
    f->list[0].us = c.us;
    f->best = 0;
done:
    return st;
}

static jem_status by_rule(field *f)
{
    jem_status st = JEM_OK;
    if (has_epilogue(f->p)) TRY(add_plans(f, CONV_FUSED_PLAN, 1, 0));
    if (f->count == 0) TRY(add_plans(f, CONV_BARE_PLAN, 1, 0));
    f->best = f->count > 0 ? 0 : -1;
done:
    return st;
}

static jem_status by_time(field *f)
{
    jem_status st = JEM_OK;
    conv_choice c;

    TRY(add_plans(f, CONV_BARE_PLAN, BARE_TRIES, 0));
    /* Fused plans take a second each to make, and were worth 1 % of a step where own kernels are;
     * at stride 2 these have not shown it. */
    const bool proven = add_owns(f) && f->p->stride == 1;
    if (!proven && has_epilogue(f->p) && fused_tries() > 0)
        TRY(add_plans(f, CONV_FUSED_PLAN, fused_tries(), 0));
    if (f->count == 0) goto done;
    TRY(conv_fastest(&f->best, f->list, f->count));
    if (f->best < 0) goto done;
    const conv *best = &f->list[f->best];
    c = (conv_choice){best->kind, best->kind == CONV_OWN ? own_key(best->own) : best->plan.key, best->us};
    conv_cache_add(&c, where, f->p);
done:
    return st;
}

static jem_status choose(field *f)
{
    jem_status st;
    if (cuda_repeatable()) return by_rule(f);
    TRY(from_cache(f));
    if (f->best < 0) TRY(by_time(f));
done:
    return st;
}

jem_status conv_get(const conv **out, const conv_problem *p)
{
    jem_status st;
    field f = {.p = p, .best = -1};
    conv *made = NULL;

    for (conv *c = known; c; c = c->next)
        if (memcmp(&c->p, p, sizeof *p) == 0) {
            *out = c;
            return JEM_OK;
        }
    TRY(choose(&f));
    if (f.best < 0) {
        st = none_found(p);
        goto done;
    }
    TRY(MEM_NEW(made, 1));
    *made = f.list[f.best];
    made->next = known;
    known = made;
    f.list[f.best].plan = (conv_plan){0};
    *out = made;
done:
    for (int i = 0; i < f.count; i++) conv_plan_clear(&dnn, &f.list[i].plan);
    return st;
}
