/* Own convolutions for Hopper GPUs against plain loops, every plan of every shape, those of jem's networks
 * among them.  With "time" as
 * argument: their rates, instead.  Skipped where there is no such GPU. */
#include "support/check.h"

#include <cuda_runtime_api.h>

#include "backend/cuda/conv_hopper.h"
#include "backend/cuda/conv_size.h"
#include "backend/cuda/gpu.h"
#include "backend/cuda/gpu_cuda.h"
#include "backend/cuda/kernels.h"
#include "base/mem.h"
#include "model/autoencoder_graph.h"
#include "model/network.h"

/* Channels, side, channels, kernel, images, stride, rows and columns of zeros before the map. */
typedef struct layer {
    int32_t c, side, k, kernel, n, stride, pad;
} layer;

static const layer tested[] = {{8, 32, 16, 3, 3, 1, 1},    {16, 32, 160, 3, 2, 1, 1}, {160, 32, 160, 1, 2, 1, 0},
                               {64, 16, 128, 3, 3, 1, 1},  {96, 8, 160, 3, 5, 1, 1},  {160, 8, 64, 3, 7, 1, 1},
                               {32, 64, 32, 3, 1, 1, 1},   {16, 32, 32, 3, 3, 2, 1},  {160, 32, 320, 3, 2, 2, 1},
                               {64, 16, 128, 3, 5, 2, 1},  {64, 32, 64, 1, 3, 2, 0},  {128, 64, 128, 3, 1, 2, 0}};
static const layer timed[] = {{160, 32, 160, 3, 64, 1, 1}, {160, 32, 320, 3, 64, 1, 1}, {320, 16, 320, 3, 64, 1, 1},
                              {320, 16, 640, 3, 64, 1, 1}, {640, 8, 640, 3, 64, 1, 1},  {640, 8, 640, 3, 256, 1, 1},
                              {16, 32, 160, 3, 64, 1, 1},  {64, 32, 64, 3, 64, 1, 1},   {128, 16, 128, 3, 64, 1, 1},
                              {512, 8, 512, 3, 256, 1, 1}, {320, 64, 320, 3, 16, 1, 1}, {320, 32, 320, 3, 64, 2, 1},
                              {640, 16, 640, 3, 64, 2, 1}, {160, 32, 320, 1, 64, 2, 0}};

enum { DST_STREAM = 5 }; /* of its random numbers */
enum { FORWARD_LRELU, FORWARD_ADD, FORWARD_COPY, BACK, BACK_MASK, BACK_MASK_ADD, MODES };

/* To the input at stride 1 without an epilogue is part of what the other modes do. */
static bool is_worth(const layer *s, int mode)
{
    return s->stride == 1 ? mode != BACK : mode >= BACK;
}

static conv_problem problem(const layer *s, int mode)
{
    const int32_t end = s->kernel - s->stride - s->pad;
    conv_problem p;
    memset(&p, 0, sizeof p);
    p.pass = mode < BACK ? CONV_FORWARD : CONV_TO_INPUT;
    p.n = s->n;
    p.c = p.in = s->c;
    p.h = p.w = s->side;
    p.p = p.q = s->side / s->stride;
    p.k = s->k;
    p.kernel_h = p.kernel_w = s->kernel;
    p.stride = s->stride;
    p.pad[0] = p.pad[1] = s->pad;
    p.pad_end[0] = p.pad_end[1] = end > 0 ? end : 0;
    p.bf16 = 1;
    p.bias = p.pass == CONV_FORWARD;
    p.lrelu = mode == FORWARD_LRELU || mode >= BACK_MASK;
    p.add = mode == FORWARD_ADD || mode == FORWARD_COPY || mode == BACK_MASK_ADD;
    p.copy = mode == FORWARD_COPY;
    p.slope = p.lrelu || p.copy ? 0.2f : 0;
    return p;
}

/* ---- arrays, on the host as floats that bf16 holds, and on the GPU */

typedef struct array {
    float *host;
    void *gpu;
    int64_t n;
} array;

/* Normals times std, made on the GPU; brought to the host if `here`. */
static array random_array(int64_t n, bool bf16, uint32_t stream, float std, bool here)
{
    const size_t bytes = (size_t)n * (bf16 ? 2 : 4);
    array a = {.n = n};
    check_ok(gpu_alloc(&a.gpu, bytes + 64));
    const fill_map fill = {{a.gpu, bf16, 0}, std, stream};
    check_ok(launch_fill(&fill, (n + 7) / 8));
    if (!here) return a;
    check_ok(MEM_NEW(a.host, n));
    check_ok(gpu_copy(a.host, a.gpu, bytes));
    for (int64_t i = n - 1; bf16 && i >= 0; i--) { /* widened in place, from the end */
        uint16_t v;
        memcpy(&v, (const char *)a.host + 2 * i, sizeof v);
        a.host[i] = float_of_bf16(v);
    }
    return a;
}

static void array_clear(array *a)
{
    mem_free(a->host);
    gpu_free(a->gpu);
}

typedef struct rig {
    conv_problem p;
    array from, weights, bias, mask, dst, copy;
} rig;

static rig make_rig(const conv_problem *p, bool here)
{
    const bool forward = p->pass == CONV_FORWARD;
    rig r = {.p = *p};
    r.from = random_array(forward ? conv_x_count(p) : conv_y_count(p), true, 1, 1, here);
    r.weights = random_array(conv_w_count(p), false, 2, 0.05f, here);
    r.bias = random_array(p->k, false, 3, 1, here);
    r.mask = random_array(conv_dst_count(p), true, 4, 1, here);
    r.dst = random_array(conv_dst_count(p), true, DST_STREAM, 1, here);
    r.copy = random_array(conv_dst_count(p), true, 6, 1, here);
    return r;
}

static void rig_clear(rig *r)
{
    array *const all[] = {&r->from, &r->weights, &r->bias, &r->mask, &r->dst, &r->copy};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) array_clear(all[i]);
}

/* One element of the result; weights (k, c, kernel, kernel), rounded as the packed ones are. */
static double expected(const rig *r, int64_t i)
{
    const conv_problem *p = &r->p;
    const bool forward = p->pass == CONV_FORWARD;
    const int32_t written = forward ? p->k : p->c, read = forward ? p->c : p->k, t = p->kernel_h;
    const int32_t channel = (int32_t)(i % written);
    const int64_t pixel = i / written, x = pixel % p->w, y = pixel / p->w % p->h, n = pixel / p->w / p->h;
    double sum = p->bias ? (double)r->bias.host[channel] : 0;

    for (int32_t u = 0; u < t; u++)
        for (int32_t v = 0; v < t; v++) {
            const int64_t up = forward ? y + u - p->pad[0] : y + p->pad[0] - u, row = up / p->stride;
            const int64_t left = forward ? x + v - p->pad[1] : x + p->pad[1] - v, col = left / p->stride;
            if (up < 0 || up % p->stride || row >= p->p || left < 0 || left % p->stride || col >= p->q) continue;
            for (int32_t j = 0; j < read; j++) {
                const int64_t pair = forward ? (int64_t)channel * p->c + j : (int64_t)j * p->c + channel;
                const float w = float_of_bf16(bf16_of_float(r->weights.host[pair * t * t + u * t + v]));
                sum += (double)w * (double)r->from.host[((n * p->p + row) * p->q + col) * read + j];
            }
        }
    if (!forward && p->lrelu && !(r->mask.host[i] > 0)) sum *= (double)p->slope;
    if (p->add) sum += (double)r->dst.host[i];
    return forward && p->lrelu && !(sum > 0) ? (double)p->slope * sum : sum;
}

static conv_call call_of(const rig *r, const void *packed)
{
    return (conv_call){.x = r->from.gpu, .dy = r->from.gpu, .w = packed, .mask = r->mask.gpu, .bias = r->bias.gpu,
                       .dst = r->dst.gpu, .copy = r->copy.gpu};
}

/* Weights as the plan wants them; the caller frees them. */
static void *packed_for(const rig *r, hopper_plan own)
{
    void *packed = NULL;
    check_ok(gpu_alloc(&packed, hopper_weight_bytes(&r->p, own)));
    check_ok(hopper_pack(packed, r->weights.gpu, r->p.k, r->p.c, &r->p, own));
    return packed;
}

/* dst <- as make_rig left it, then the plan's result; one that starts early does so in a captured graph as well. */
static void run_plan(const rig *r, hopper_plan own, const void *packed)
{
    const fill_map fill = {{r->dst.gpu, true, 0}, 1, DST_STREAM};
    const conv_call call = call_of(r, packed);
    for (int captured = 0; captured <= own.early; captured++) {
        device_graph *g = NULL;
        if (captured) check_ok(gpu_capture());
        check_ok(launch_fill(&fill, (r->dst.n + 7) / 8));
        check_ok(hopper_run(&r->p, own, &call));
        if (!captured) continue;
        check_ok(gpu_capture_end(&g));
        check_ok(gpu_graph_launch(g));
        check_ok(gpu_wait());
        gpu_graph_free(g);
    }
}

/* The element compared after element i: about one in `every`, as loops are slow. */
static int64_t after(int64_t i, int64_t every)
{
    return i + 1 + i % (2 * every - 1);
}

/* What a plan makes of the rig, against what those elements should be, one after another. */
static void check_plan(const rig *r, hopper_plan own, const double *want, int64_t every)
{
    const conv_problem *p = &r->p;
    uint16_t *got = NULL, *copy = NULL;
    void *packed = packed_for(r, own);

    check_ok(MEM_NEW(got, r->dst.n));
    check_ok(MEM_NEW(copy, r->dst.n));
    run_plan(r, own, packed);
    check_ok(gpu_copy(got, r->dst.gpu, (size_t)r->dst.n * 2));
    if (p->copy) check_ok(gpu_copy(copy, r->copy.gpu, (size_t)r->dst.n * 2));
    for (int64_t i = 0; p->copy && i < r->dst.n; i++) {
        const float v = float_of_bf16(got[i]);
        assert_int_equal(copy[i], bf16_of_float(v > 0 ? v : p->slope * v));
    }
    for (int64_t i = 0; i < r->dst.n; i = after(i, every), want++) {
        const double is = (double)float_of_bf16(got[i]);
        if (!(fabs(is - *want) <= 0.01 * (fabs(*want) + 0.1)))
            fail_msg("%d x %d to %d, kernel %d, stride %d, pass %d, plan %d/%d/%d/%d: element %lld is %g, not %g",
                     p->c, p->h, p->k, p->kernel_h, p->stride, p->pass, own.columns, own.blocks, own.cluster, own.early,
                     (long long)i, is, *want);
    }
    gpu_free(packed);
    mem_free(got);
    mem_free(copy);
}

/* All plans of a problem; their number. */
static int check_problem(const conv_problem *p, int64_t every)
{
    hopper_plan list[HOPPER_PLANS_MAX];
    const int count = hopper_plans(list, p);
    double *want = NULL;
    int64_t wanted = 0;

    if (count == 0) return 0;
    rig r = make_rig(p, true);
    for (int64_t i = 0; i < r.dst.n; i = after(i, every)) wanted++;
    check_ok(MEM_NEW(want, wanted));
    wanted = 0;
    for (int64_t i = 0; i < r.dst.n; i = after(i, every)) want[wanted++] = expected(&r, i);
    for (int i = 0; i < count; i++) check_plan(&r, list[i], want, every);
    mem_free(want);
    rig_clear(&r);
    return count;
}

static void every_plan_is_right(void **state)
{
    int plans = 0;
    (void)state;
    for (size_t s = 0; s < sizeof tested / sizeof *tested; s++)
        for (int mode = 0; mode < MODES; mode++) {
            const conv_problem p = problem(&tested[s], mode);
            if (is_worth(&tested[s], mode)) plans += check_problem(&p, 3);
        }
    assert_true(plans > 60);
}

/* ---- the shapes of networks */

enum { SHAPES_MAX = 256 };
typedef struct shapes {
    layer list[SHAPES_MAX];
    int count;
} shapes;

static void add_shape(shapes *s, const layer *l)
{
    for (int i = 0; i < s->count; i++)
        if (memcmp(&s->list[i], l, sizeof *l) == 0) return;
    assert_true(s->count < SHAPES_MAX);
    s->list[s->count++] = *l;
}

/* Those of a network's convolutions that may be own ones, with channels as maps in memory have them. */
static void add_shapes(shapes *s, const model_spec *spec)
{
    graph *g = NULL;

    check_ok(model_spec_build(&g, spec));
    for (int i = 0; i < g->node_count; i++) {
        const op *o = &g->nodes[i].op;
        if (o->kind != OP_CONV2D || o->stride > 2 || o->groups > 1 || o->src.h != o->stride * o->dst.h ||
            o->src.h != o->src.w)
            continue;
        const layer l = {(int32_t)(o->src.c + 7) / 8 * 8, (int32_t)o->src.h, (int32_t)(o->dst.c + 7) / 8 * 8,
                         (int32_t)o->kernel_h, 2, (int32_t)o->stride, (int32_t)o->pad_top};
        if (o->kernel_h == o->kernel_w) add_shape(s, &l);
    }
    graph_free(g);
}

static void the_shapes_of_networks_are_right(void **state)
{
    static const struct {
        const char *name;
        int64_t channels, side, classes;
    } nets[] = {{"wrn-28-10", 3, 32, 10},    {"wrn-16-4", 3, 32, 10},  {"wrn-16-1", 3, 32, 10},
                {"wrn-22-10", 3, 128, 2},    {"wrn-22-8", 4, 32, 1000}, {"resnet-20", 3, 32, 10},
                {"resnet-preact-110", 3, 32, 10}, {"resnext-29-4x64d", 3, 32, 10}, {"vgg-15", 3, 32, 10},
                {"vgg-small", 3, 32, 10},    {"convnext-micro", 3, 32, 10}, {"resnet18", 3, 224, 1000},
                {"resnet50", 3, 224, 1000},  {"vgg16", 3, 224, 1000},  {"squeezenet1_1", 3, 224, 1000}};
    static shapes s;
    int plans = 0;
    (void)state;
    s.count = 0;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        model_spec spec;
        memset(&spec, 0, sizeof spec);
        check_ok(model_spec_name(&spec, network_list, nets[i].name));
        spec.channels = nets[i].channels;
        spec.height = spec.width = nets[i].side;
        spec.classes = nets[i].classes;
        add_shapes(&s, &spec);
    }
    for (int half = 0; half < 2; half++) { /* of pictures of 256x256 */
        model_spec spec = autoencoder_half_spec(&autoencoder_sd_vae, half);
        spec.height = spec.width = half ? 32 : 256;
        add_shapes(&s, &spec);
    }
    for (int i = 0; i < s.count; i++)
        for (int mode = 0; mode < MODES; mode++) {
            const conv_problem p = problem(&s.list[i], mode);
            if (is_worth(&s.list[i], mode)) plans += check_problem(&p, 1 + conv_dst_count(&p) / 300);
        }
    assert_true(plans > 100);
}

static void what_it_cannot_do_has_no_plan(void **state)
{
    const layer good = tested[3], odd = {64, 20, 64, 3, 2, 1, 1};
    hopper_plan list[HOPPER_PLANS_MAX];
    conv_problem p = problem(&odd, FORWARD_ADD);
    (void)state;
    assert_int_equal(hopper_plans(list, &p), 0);
    p = problem(&good, FORWARD_ADD);
    assert_true(hopper_plans(list, &p) > 0);
    p.stride = 2;
    assert_int_equal(hopper_plans(list, &p), 0);
    p = problem(&good, FORWARD_ADD);
    p.bf16 = 0;
    assert_int_equal(hopper_plans(list, &p), 0);
    p = problem(&good, FORWARD_ADD);
    p.pass = CONV_TO_WEIGHTS;
    assert_int_equal(hopper_plans(list, &p), 0);
}

static void time_plan(const rig *r, hopper_plan own)
{
    enum { REPEATS = 20 };
    const double flops = 2.0 * (double)conv_y_count(&r->p) * r->p.c * r->p.kernel_h * r->p.kernel_w;
    cudaEvent_t begin, end;
    void *packed = packed_for(r, own);
    float ms = 0;

    run_plan(r, own, packed);
    const conv_call call = call_of(r, packed);
    check_ok(gpu_status(cudaEventCreate(&begin), "event"));
    check_ok(gpu_status(cudaEventCreate(&end), "event"));
    check_ok(gpu_status(cudaEventRecord(begin, gpu_stream()), "event"));
    for (int i = 0; i < REPEATS; i++) check_ok(hopper_run(&r->p, own, &call));
    check_ok(gpu_status(cudaEventRecord(end, gpu_stream()), "event"));
    check_ok(gpu_wait());
    check_ok(gpu_status(cudaEventElapsedTime(&ms, begin, end), "event"));
    const double us = (double)ms * 1e3 / REPEATS;
    printf("  %dx%d/%d%s %.1f us %.0f TFLOP/s", own.blocks * 128, own.columns, own.cluster, own.early ? " early" : "", us,
           flops / us * 1e-6);
    gpu_free(packed);
}

static void time_all(void)
{
    static const char *const modes[] = {"forward, lrelu", "forward, add", "forward, add, copy", "to input",
                                        "to input, mask", "to input, mask, add"};
    for (size_t s = 0; s < sizeof timed / sizeof *timed; s++)
        for (int mode = 0; mode < MODES; mode++) {
            const conv_problem p = problem(&timed[s], mode);
            hopper_plan list[HOPPER_PLANS_MAX];
            const int count = is_worth(&timed[s], mode) ? hopper_plans(list, &p) : 0;
            if (count == 0) continue;
            rig r = make_rig(&p, false);
            printf("%3d to %3d, %dx%d/%d, %2dx%-2d, %3d images, %-20s", p.c, p.k, p.kernel_h, p.kernel_w, p.stride,
                   p.h, p.w, p.n, modes[mode]);
            for (int i = 0; i < count; i++) time_plan(&r, list[i]);
            printf("\n");
            rig_clear(&r);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plan_is_right),
        cmocka_unit_test(the_shapes_of_networks_are_right),
        cmocka_unit_test(what_it_cannot_do_has_no_plan),
    };
    hopper_plan list[HOPPER_PLANS_MAX];
    const conv_problem p = problem(&tested[3], FORWARD_ADD);
    if (gpu_open(0) != JEM_OK || hopper_open() != JEM_OK) {
        printf("skipped: %s\n", jem_error_message());
        return 77;
    }
    if (hopper_plans(list, &p) == 0) {
        printf("skipped: %s has no such instructions\n", gpu_describe());
        return 77;
    }
    if (argc > 1 && strcmp(argv[1], "time") == 0) {
        time_all();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
