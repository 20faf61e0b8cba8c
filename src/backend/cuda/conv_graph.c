/* Convolutions as operation graphs of cuDNN, built, kept and run: see conv_graph.h. */
#include "backend/cuda/conv_graph.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* Names of the tensors in a graph. */
enum { UID_X = 1, UID_W, UID_DST, UID_DY, UID_BIAS, UID_ADDEND, UID_MASK, UID_VIRTUAL };

enum { DESCRIPTORS_MAX = 32, OPERATIONS_MAX = 4 };

struct conv_graph {
    conv_place where;
    conv_problem p;
    cudnnBackendDescriptor_t all[DESCRIPTORS_MAX]; /* owned, in order of creation */
    int count;
    cudnnBackendDescriptor_t operations[OPERATIONS_MAX], graph;
    int operation_count;
    int64_t next_virtual;
};

jem_status conv_error(const cudnn_functions *f, cudnnStatus_t s, const char *what)
{
    char text[512] = "";
    f->cudnnGetLastErrorString(text, sizeof text);
    return jem_error(s == CUDNN_STATUS_ALLOC_FAILED ? JEM_ENOMEM : JEM_EINTERNAL, "cuDNN: %s: %s%s%s",
                     what, f->cudnnGetErrorString(s), text[0] ? ": " : "", text);
}

/* ---- descriptors */

typedef struct setting {
    cudnnBackendAttributeName_t name;
    cudnnBackendAttributeType_t type;
    int64_t count;
    const void *values;
} setting;

static jem_status make(cudnnBackendDescriptor_t *out, conv_graph *g,
                       cudnnBackendDescriptorType_t type, const setting *settings, int count)
{
    const cudnn_functions *f = g->where.f;
    cudnnBackendDescriptor_t d;
    cudnnStatus_t s = f->cudnnBackendCreateDescriptor(type, &d);

    if (s != CUDNN_STATUS_SUCCESS) return conv_error(f, s, "descriptor");
    if (g->count == DESCRIPTORS_MAX) return jem_error(JEM_EINTERNAL, "a graph of too many parts");
    g->all[g->count++] = d;
    for (int i = 0; i < count && s == CUDNN_STATUS_SUCCESS; i++)
        s = f->cudnnBackendSetAttribute(d, settings[i].name, settings[i].type, settings[i].count,
                                        settings[i].values);
    if (s == CUDNN_STATUS_SUCCESS) s = f->cudnnBackendFinalize(d);
    if (s != CUDNN_STATUS_SUCCESS) return conv_error(f, s, "part of a convolution");
    *out = d;
    return JEM_OK;
}

enum { SETTINGS_MAX = 10 };
#define SET(n, t, c, v) (setting){CUDNN_ATTR_##n, CUDNN_TYPE_##t, c, v}

/* Four dimensions in cuDNN's order (n, c, h, w), in memory n, h, w, c. */
static jem_status tensor(cudnnBackendDescriptor_t *out, conv_graph *g, int64_t uid,
                         const int64_t dims[4], cudnnDataType_t type, bool is_virtual)
{
    const int64_t strides[4] = {dims[1] * dims[2] * dims[3], 1, dims[1] * dims[3], dims[1]};
    const int64_t alignment = 16;
    const setting settings[] = {SET(TENSOR_UNIQUE_ID, INT64, 1, &uid),
                                SET(TENSOR_DATA_TYPE, DATA_TYPE, 1, &type),
                                SET(TENSOR_DIMENSIONS, INT64, 4, dims),
                                SET(TENSOR_STRIDES, INT64, 4, strides),
                                SET(TENSOR_BYTE_ALIGNMENT, INT64, 1, &alignment),
                                SET(TENSOR_IS_VIRTUAL, BOOLEAN, 1, &is_virtual)};
    return make(out, g, CUDNN_BACKEND_TENSOR_DESCRIPTOR, settings,
                sizeof settings / sizeof *settings);
}

static cudnnDataType_t value_type(const conv_problem *p)
{
    return p->bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

/* The result's dimensions. */
static void result_dims(int64_t dims[4], const conv_problem *p)
{
    const int64_t y[4] = {p->n, p->k, p->p, p->q}, x[4] = {p->n, p->c, p->h, p->w};
    const int64_t w[4] = {p->k, p->in, p->kernel_h, p->kernel_w};
    memcpy(dims, p->pass == CONV_FORWARD ? y : p->pass == CONV_TO_INPUT ? x : w, sizeof y);
}

/* A value of the result's shape: dst, the mask, the addend, or between two operations. */
static jem_status result(cudnnBackendDescriptor_t *out, conv_graph *g, int64_t uid)
{
    int64_t dims[4];
    bool between = uid == UID_VIRTUAL;
    result_dims(dims, &g->p);
    return tensor(out, g, between ? uid + g->next_virtual++ : uid, dims,
                  between ? CUDNN_DATA_FLOAT : value_type(&g->p), between);
}

/* ---- operations */

static jem_status add_operation(conv_graph *g, cudnnBackendDescriptorType_t type,
                                const setting *settings, int count)
{
    jem_status st = make(&g->operations[g->operation_count], g, type, settings, count);
    if (st == JEM_OK) g->operation_count++;
    return st;
}

static jem_status convolution(cudnnBackendDescriptor_t *out, conv_graph *g)
{
    const conv_problem *p = &g->p;
    const int64_t dims = 2, dilation[2] = {1, 1}, stride[2] = {p->stride, p->stride};
    const int64_t before[2] = {p->pad[0], p->pad[1]}, after[2] = {p->pad_end[0], p->pad_end[1]};
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const setting settings[] = {SET(CONVOLUTION_SPATIAL_DIMS, INT64, 1, &dims),
                                SET(CONVOLUTION_COMP_TYPE, DATA_TYPE, 1, &type),
                                SET(CONVOLUTION_CONV_MODE, CONVOLUTION_MODE, 1, &mode),
                                SET(CONVOLUTION_DILATIONS, INT64, 2, dilation),
                                SET(CONVOLUTION_FILTER_STRIDES, INT64, 2, stride),
                                SET(CONVOLUTION_PRE_PADDINGS, INT64, 2, before),
                                SET(CONVOLUTION_POST_PADDINGS, INT64, 2, after)};
    return make(out, g, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, settings,
                sizeof settings / sizeof *settings);
}

/* The convolution itself, into `to`. */
static jem_status product(conv_graph *g, cudnnBackendDescriptor_t to)
{
    const conv_problem *p = &g->p;
    const int64_t x_dims[4] = {p->n, p->c, p->h, p->w}, y_dims[4] = {p->n, p->k, p->p, p->q};
    const int64_t w_dims[4] = {p->k, p->in, p->kernel_h, p->kernel_w};
    const float one = 1, zero = 0;
    cudnnBackendDescriptor_t x = NULL, w = NULL, dy = NULL, how;
    jem_status st;

    if (p->pass != CONV_TO_INPUT) TRY(tensor(&x, g, UID_X, x_dims, value_type(p), false));
    if (p->pass != CONV_TO_WEIGHTS) TRY(tensor(&w, g, UID_W, w_dims, value_type(p), false));
    if (p->pass != CONV_FORWARD) TRY(tensor(&dy, g, UID_DY, y_dims, value_type(p), false));
    TRY(convolution(&how, g));
#define PARTS(kind, a, a_value, b, b_value, c)                                                     \
    {SET(OPERATION_CONVOLUTION_##kind##_ALPHA, FLOAT, 1, &one),                                    \
     SET(OPERATION_CONVOLUTION_##kind##_BETA, FLOAT, 1, &zero),                                    \
     SET(OPERATION_CONVOLUTION_##kind##_CONV_DESC, BACKEND_DESCRIPTOR, 1, &how),                   \
     SET(OPERATION_CONVOLUTION_##kind##_##a, BACKEND_DESCRIPTOR, 1, &a_value),                     \
     SET(OPERATION_CONVOLUTION_##kind##_##b, BACKEND_DESCRIPTOR, 1, &b_value),                     \
     SET(OPERATION_CONVOLUTION_##kind##_##c, BACKEND_DESCRIPTOR, 1, &to)}
    const setting forward[6] = PARTS(FORWARD, X, x, W, w, Y);
    const setting to_input[6] = PARTS(BWD_DATA, DY, dy, W, w, DX);
    const setting to_weights[6] = PARTS(BWD_FILTER, X, x, DY, dy, DW);
#undef PARTS
    if (p->pass == CONV_FORWARD)
        TRY(add_operation(g, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, forward, 6));
    else if (p->pass == CONV_TO_INPUT)
        TRY(add_operation(g, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, to_input,
                          6));
    else
        TRY(add_operation(g, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                          to_weights, 6));
done:
    return st;
}

/* to <- mode(from, other): a sum, a rectifier (no other), or a rectifier's derivative, where
 * `from` is the gradient and `other` the rectified value. */
static jem_status pointwise(conv_graph *g, cudnnPointwiseMode_t mode, cudnnBackendDescriptor_t from,
                            cudnnBackendDescriptor_t other, cudnnBackendDescriptor_t to)
{
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    const double zero = 0, slope = (double)g->p.slope;
    cudnnBackendDescriptor_t how;
    const setting kind[] = {SET(POINTWISE_MODE, POINTWISE_MODE, 1, &mode),
                            SET(POINTWISE_MATH_PREC, DATA_TYPE, 1, &type),
                            SET(POINTWISE_RELU_LOWER_CLIP, DOUBLE, 1, &zero),
                            SET(POINTWISE_RELU_LOWER_CLIP_SLOPE, DOUBLE, 1, &slope)};
    jem_status st;

    TRY(make(&how, g, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, kind,
             mode == CUDNN_POINTWISE_ADD ? 2 : 4));
    const setting add[] = {SET(OPERATION_POINTWISE_PW_DESCRIPTOR, BACKEND_DESCRIPTOR, 1, &how),
                           SET(OPERATION_POINTWISE_XDESC, BACKEND_DESCRIPTOR, 1, &from),
                           SET(OPERATION_POINTWISE_YDESC, BACKEND_DESCRIPTOR, 1, &to),
                           SET(OPERATION_POINTWISE_BDESC, BACKEND_DESCRIPTOR, 1, &other)};
    const setting back[] = {SET(OPERATION_POINTWISE_PW_DESCRIPTOR, BACKEND_DESCRIPTOR, 1, &how),
                            SET(OPERATION_POINTWISE_DYDESC, BACKEND_DESCRIPTOR, 1, &from),
                            SET(OPERATION_POINTWISE_XDESC, BACKEND_DESCRIPTOR, 1, &other),
                            SET(OPERATION_POINTWISE_DXDESC, BACKEND_DESCRIPTOR, 1, &to)};
    const bool backward = mode == CUDNN_POINTWISE_RELU_BWD;
    TRY(add_operation(g, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, backward ? back : add,
                      backward || other ? 4 : 3));
done:
    return st;
}

/* ---- graphs */

/* The epilogue, in order. */
typedef struct epilogue_op {
    cudnnPointwiseMode_t mode;
    int64_t uid; /* of its second operand; 0: none */
} epilogue_op;

static int list_epilogue(epilogue_op list[3], const conv_problem *p, conv_extent how)
{
    int n = 0;
    if (how == CONV_BARE || p->pass == CONV_TO_WEIGHTS) return 0;
    if (p->pass == CONV_FORWARD) {
        if (p->bias) list[n++] = (epilogue_op){CUDNN_POINTWISE_ADD, UID_BIAS};
        if (p->add) list[n++] = (epilogue_op){CUDNN_POINTWISE_ADD, UID_ADDEND};
        if (p->lrelu) list[n++] = (epilogue_op){CUDNN_POINTWISE_RELU_FWD, 0};
    } else {
        if (p->lrelu) list[n++] = (epilogue_op){CUDNN_POINTWISE_RELU_BWD, UID_MASK};
        if (p->add) list[n++] = (epilogue_op){CUDNN_POINTWISE_ADD, UID_ADDEND};
    }
    return n;
}

static jem_status build(conv_graph *g, conv_extent how)
{
    epilogue_op epilogue[3];
    int count = list_epilogue(epilogue, &g->p, how);
    const int64_t bias_dims[4] = {1, g->p.k, 1, 1};
    cudnnBackendDescriptor_t value, next, other;
    jem_status st;

    TRY(result(&value, g, count > 0 ? UID_VIRTUAL : UID_DST));
    TRY(product(g, value));
    for (int i = 0; i < count; i++) {
        other = NULL;
        if (epilogue[i].uid == UID_BIAS)
            TRY(tensor(&other, g, UID_BIAS, bias_dims, CUDNN_DATA_FLOAT, false));
        else if (epilogue[i].uid)
            TRY(result(&other, g, epilogue[i].uid));
        TRY(result(&next, g, i + 1 < count ? UID_VIRTUAL : UID_DST));
        TRY(pointwise(g, epilogue[i].mode, value, other, next));
        value = next;
    }
    setting settings[2] = {SET(OPERATIONGRAPH_OPS, BACKEND_DESCRIPTOR, g->operation_count,
                               g->operations)};
    if (g->where.handle)
        settings[1] = (setting){CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1,
                                &g->where.handle};
    TRY(make(&g->graph, g, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, settings,
             g->where.handle ? 2 : 1));
done:
    return st;
}

jem_status conv_graph_new(conv_graph **out, const conv_place *where, const conv_problem *p,
                          conv_extent how)
{
    jem_status st;
    conv_graph *g = NULL;
    TRY(MEM_NEW(g, 1));
    g->where = *where;
    g->p = *p;
    TRY(build(g, how));
    *out = g;
    g = NULL;
done:
    conv_graph_free(g);
    return st;
}

void conv_graph_free(conv_graph *g)
{
    if (!g) return;
    while (g->count > 0) g->where.f->cudnnBackendDestroyDescriptor(g->all[--g->count]);
    mem_free(g);
}

/* ---- plans */

void conv_plan_clear(const cudnn_functions *f, conv_plan *plan)
{
    if (plan->plan) f->cudnnBackendDestroyDescriptor(plan->plan);
    if (plan->config) f->cudnnBackendDestroyDescriptor(plan->config);
    plan->plan = plan->config = NULL;
}

/* One attribute that is a descriptor; the caller owns it. */
static cudnnStatus_t get_descriptor(const cudnn_functions *f, cudnnBackendDescriptor_t *out,
                                    cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t from,
                                    cudnnBackendAttributeName_t name)
{
    int64_t count = 0;
    cudnnStatus_t s = f->cudnnBackendCreateDescriptor(type, out);
    if (s == CUDNN_STATUS_SUCCESS)
        s = f->cudnnBackendGetAttribute(from, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, out);
    return s;
}

/* FNV-1a over the engine's number and its knobs. */
static uint64_t mix(uint64_t key, int64_t value)
{
    for (int i = 0; i < 8; i++) key = (key ^ ((uint64_t)value >> 8 * i & 255)) * 1099511628211u;
    return key;
}

static uint64_t config_key(const cudnn_functions *f, cudnnBackendDescriptor_t config, int64_t engine)
{
    cudnnBackendDescriptor_t knobs[CUDNN_KNOB_TYPE_COUNTS];
    int64_t count = 0;
    uint64_t key = mix(14695981039346656037u, engine);

    for (int i = 0; i < CUDNN_KNOB_TYPE_COUNTS; i++)
        f->cudnnBackendCreateDescriptor(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, &knobs[i]);
    f->cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                                CUDNN_TYPE_BACKEND_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS, &count,
                                knobs);
    for (int64_t i = 0; i < count && i < CUDNN_KNOB_TYPE_COUNTS; i++) {
        cudnnBackendKnobType_t type = CUDNN_KNOB_TYPE_COUNTS;
        int64_t value = 0, got = 0;
        f->cudnnBackendGetAttribute(knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE,
                                    1, &got, &type);
        f->cudnnBackendGetAttribute(knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1,
                                    &got, &value);
        key = mix(mix(key, type), value);
    }
    for (int i = 0; i < CUDNN_KNOB_TYPE_COUNTS; i++) f->cudnnBackendDestroyDescriptor(knobs[i]);
    return key;
}

static bool admissible(const cudnn_functions *f, cudnnBackendDescriptor_t engine, bool bf16)
{
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
    int64_t count = 0;
    if (f->cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                    CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT,
                                    &count, notes) != CUDNN_STATUS_SUCCESS)
        return false;
    /* a newer cuDNN may know more notes than these headers */
    for (int64_t i = 0; i < count && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++) {
        if (notes[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC ||
            notes[i] == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)
            return false;
        if (!bf16 && (notes[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
                      notes[i] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS))
            return false;
    }
    return true;
}

/* The plan of `config`; false if this engine cannot do it here. */
static bool finish_plan(conv_plan *out, const conv_graph *g, cudnnBackendDescriptor_t config,
                        uint64_t only)
{
    const cudnn_functions *f = g->where.f;
    cudnnBackendDescriptor_t engine = NULL;
    conv_plan made = {.config = config};
    int64_t got = 0;
    bool fine = get_descriptor(f, &engine, CUDNN_BACKEND_ENGINE_DESCRIPTOR, config,
                               CUDNN_ATTR_ENGINECFG_ENGINE) == CUDNN_STATUS_SUCCESS &&
                admissible(f, engine, g->p.bf16);

    if (fine)
        f->cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &got,
                                    &made.engine);
    if (engine) f->cudnnBackendDestroyDescriptor(engine);
    if (!fine) return false;
    made.key = config_key(f, config, made.engine);
    if (only && made.key != only) return false;
    if (f->cudnnBackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &made.plan) !=
        CUDNN_STATUS_SUCCESS)
        return false;
    fine = f->cudnnBackendSetAttribute(made.plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                                       &config) == CUDNN_STATUS_SUCCESS;
    if (fine && g->where.handle)
        fine = f->cudnnBackendSetAttribute(made.plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE,
                                           CUDNN_TYPE_HANDLE, 1,
                                           &g->where.handle) == CUDNN_STATUS_SUCCESS;
    else if (fine)
        fine = f->cudnnBackendSetAttribute(made.plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                                           CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                                           &g->where.properties) == CUDNN_STATUS_SUCCESS;
    fine = fine && f->cudnnBackendFinalize(made.plan) == CUDNN_STATUS_SUCCESS &&
           f->cudnnBackendGetAttribute(made.plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                       CUDNN_TYPE_INT64, 1, &got,
                                       &made.scratch) == CUDNN_STATUS_SUCCESS;
    if (!fine)
        f->cudnnBackendDestroyDescriptor(made.plan);
    else
        *out = made;
    return fine;
}

/* Configurations that cuDNN recommends in `mode`, those that work added to the list. */
static jem_status recommend(conv_plan *list, int *count, int max, uint64_t only,
                            const conv_graph *g, cudnnBackendHeurMode_t mode)
{
    const cudnn_functions *f = g->where.f;
    cudnnBackendDescriptor_t heuristic, configs[CONV_PLANS_MAX];
    int64_t found = 0;
    cudnnStatus_t s = f->cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristic);

    if (s != CUDNN_STATUS_SUCCESS) return conv_error(f, s, "heuristics");
    s = f->cudnnBackendSetAttribute(heuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH,
                                    CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->graph);
    if (s == CUDNN_STATUS_SUCCESS)
        s = f->cudnnBackendSetAttribute(heuristic, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1,
                                        &mode);
    if (s == CUDNN_STATUS_SUCCESS && !g->where.handle)
        s = f->cudnnBackendSetAttribute(heuristic, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP,
                                        CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->where.properties);
    if (s == CUDNN_STATUS_SUCCESS) s = f->cudnnBackendFinalize(heuristic);
    for (int i = 0; i < CONV_PLANS_MAX; i++)
        f->cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]);
    if (s == CUDNN_STATUS_SUCCESS)
        s = f->cudnnBackendGetAttribute(heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                        CUDNN_TYPE_BACKEND_DESCRIPTOR, CONV_PLANS_MAX, &found, configs);
    if (s != CUDNN_STATUS_SUCCESS) found = 0; /* a graph without engines is refused here */
    for (int i = 0; i < CONV_PLANS_MAX; i++) {
        if (i < found && *count < max && finish_plan(&list[*count], g, configs[i], only))
            (*count)++; /* owns the configuration now */
        else
            f->cudnnBackendDestroyDescriptor(configs[i]);
    }
    f->cudnnBackendDestroyDescriptor(heuristic);
    return JEM_OK;
}

jem_status conv_graph_plans(conv_plan *list, int *count, int max, uint64_t only,
                            const conv_graph *g)
{
    jem_status st;
    *count = 0;
    TRY(recommend(list, count, max, only, g, CUDNN_HEUR_MODE_A));
    if (*count == 0) TRY(recommend(list, count, max, only, g, CUDNN_HEUR_MODE_FALLBACK));
done:
    return st;
}

/* ---- running */

jem_status conv_plan_run(const conv_place *where, const conv_plan *plan, const conv_problem *p,
                         const conv_call *call, void *product, conv_extent how)
{
    const cudnn_functions *f = where->f;
    epilogue_op epilogue[3];
    int64_t uids[7];
    const void *pointers[7];
    int n = 0, count = list_epilogue(epilogue, p, how);
    void *scratch = call->scratch;
    cudnnBackendDescriptor_t pack;
    cudnnStatus_t s = f->cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack);

    if (s != CUDNN_STATUS_SUCCESS) return conv_error(f, s, "arguments");
#define GIVE(uid, at) (uids[n] = (uid), pointers[n++] = (at))
    GIVE(UID_DST, product);
    if (p->pass != CONV_TO_INPUT) GIVE(UID_X, call->x);
    if (p->pass != CONV_TO_WEIGHTS) GIVE(UID_W, call->w);
    if (p->pass != CONV_FORWARD) GIVE(UID_DY, call->dy);
    for (int i = 0; i < count; i++) {
        if (epilogue[i].uid == UID_BIAS) GIVE(UID_BIAS, call->bias);
        if (epilogue[i].uid == UID_ADDEND) GIVE(UID_ADDEND, call->dst);
        if (epilogue[i].uid == UID_MASK) GIVE(UID_MASK, call->mask);
    }
#undef GIVE
    s = f->cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n,
                                    uids);
    if (s == CUDNN_STATUS_SUCCESS)
        s = f->cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                                        CUDNN_TYPE_VOID_PTR, n, pointers);
    if (s == CUDNN_STATUS_SUCCESS)
        s = f->cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR,
                                        1, &scratch);
    if (s == CUDNN_STATUS_SUCCESS) s = f->cudnnBackendFinalize(pack);
    if (s == CUDNN_STATUS_SUCCESS) s = f->cudnnBackendExecute(where->handle, plan->plan, pack);
    f->cudnnBackendDestroyDescriptor(pack);
    return s == CUDNN_STATUS_SUCCESS ? JEM_OK : conv_error(f, s, "convolution");
}
