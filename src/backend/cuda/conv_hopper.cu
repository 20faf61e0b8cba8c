/* Own convolutions for Hopper GPUs (conv_hopper.h): their plans, weights and launches; the kernel
 * is hopper_kernel.h's. */
#include "backend/cuda/conv_hopper.h"

#include <dlfcn.h>

#include "backend/cuda/gpu_cuda.h"
#include "backend/cuda/hopper_kernel.h"

/* ---- weights */

typedef struct pack_job {
    __nv_bfloat16 *packed;
    const float *plain;
    int64_t out, in;
    conv_phases phases;
    int32_t rows, columns, kernel_h, kernel_w, backward;
} pack_job;

/* packed [phase][tap, by columns][row][column], rows in the order that a lot wants. */
static __global__ void pack_weights(const __grid_constant__ pack_job j)
{
    const int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= (int64_t)j.rows * j.columns) return;
    const int64_t column = i % j.columns, row = i / j.columns, taps = j.kernel_h * j.kernel_w;
    const int64_t in_32 = row % 32, channel = row - in_32 + in_32 % 8 / 2 * 8 + in_32 / 8 * 2 + row % 2;
    const int64_t out = j.backward ? column : channel, in = j.backward ? channel : column;
    for (int p = 0; p < j.phases.count; p++) {
        const conv_phase &f = j.phases.list[p];
        for (int s = 0; s < f.taps_w; s++)
            for (int r = 0; r < f.taps_h; r++) {
                const int64_t tap = (f.first_h + j.phases.step * r) * j.kernel_w + f.first_w + j.phases.step * s;
                const float v = out < j.out && in < j.in ? j.plain[(out * j.in + in) * taps + tap] : 0;
                j.packed[((f.tap0 + s * f.taps_h + r) * (int64_t)j.rows + row) * j.columns + column] =
                    __float2bfloat16_rn(v);
            }
    }
}

/* ---- the host's side */

typedef CUresult (*encode_function)(CUtensorMap *, CUtensorMapDataType, cuuint32_t, void *,
                                    const cuuint64_t *, const cuuint64_t *, const cuuint32_t *,
                                    const cuuint32_t *, CUtensorMapInterleave, CUtensorMapSwizzle,
                                    CUtensorMapL2promotion, CUtensorMapFloatOOBfill);
static encode_function encode; /* NULL: this GPU has none */
static int processors;

static int backward(const conv_problem *p)
{
    return p->pass == CONV_TO_INPUT;
}

/* Channels read and written. */
static int32_t read_channels(const conv_problem *p)
{
    return backward(p) ? p->k : p->c;
}

static int32_t written_channels(const conv_problem *p)
{
    return backward(p) ? p->c : p->k;
}

static int32_t up_to(int32_t n, int32_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* How the tiles of a plan lie in the images: rows of a patch, images in it; false: they do not. */
static bool layout(hopper_job *j, int *rows, int *images, const conv_problem *p, hopper_plan plan)
{
    const int32_t tile = GROUPS * plan.blocks * 64, area = p->p * p->q; /* a phase is as large as y */
    const int32_t taps_h = (p->kernel_h + p->stride - 1) / p->stride; /* of a phase, at most */
    if (p->q % 8 || p->q > 256) return false;
    if (area >= tile ? tile % p->q || area % tile : tile % area || area % 64) return false;
    *images = area >= tile ? 1 : tile / area;
    *rows = tile / *images / p->q + taps_h - 1;
    if (*rows > 256) return false;
    j->image_pitch = *rows * p->q;
    j->image_blocks = tile / *images / 64;
    j->patch_bytes = *images * j->image_pitch * CHUNK_BYTES;
    j->patches = plan.blocks == 1 ? 3 : 2;
    j->matrices = (SHARED_MAX - j->patches * j->patch_bytes) / (plan.columns * CHUNK_BYTES);
    if (j->matrices > SLOTS_MAX) j->matrices = SLOTS_MAX;
    return j->matrices >= 2;
}

/* The most channels of a tile, less than `below`, that divide all; 0: none. */
static int32_t columns_below(int32_t below, int32_t channels)
{
    static const int32_t all[] = {160, 128, 64, 32};
    for (int i = 0; i < 4; i++)
        if (all[i] < below && channels % all[i] == 0) return all[i];
    return 0;
}

/* Do the smallest tiles of so many channels leave processors without one? */
static bool leaves_idle(const conv_problem *p, int32_t columns)
{
    const int64_t tile = GROUPS * 64, pixels = (int64_t)p->n * p->p * p->q;
    return conv_phases_of(p).count * ((pixels + tile - 1) / tile) * (up_to(written_channels(p), columns) / columns) <
           processors;
}

/* The plans with tiles of so many channels, behind the first `count`; their number in all. */
static int add_plans(hopper_plan *list, int count, const conv_problem *p, int32_t columns)
{
    hopper_job j;
    int rows, images;
    for (int32_t blocks = 2; blocks >= 1; blocks--)
        for (int32_t cluster = 2; cluster >= 1; cluster--)
            for (int32_t early = 0; early <= 1; early++) {
                const hopper_plan plan = {columns, blocks, cluster, early};
                if (layout(&j, &rows, &images, p, plan)) list[count++] = plan;
            }
    return count;
}

int hopper_plans(hopper_plan list[HOPPER_PLANS_MAX], const conv_problem *p)
{
    int32_t columns;
    int count;
    if (!encode || p->pass == CONV_TO_WEIGHTS || !p->bf16) return 0;
    if (p->stride != 1 && (p->stride != 2 || !backward(p) || (int64_t)p->n * p->p * p->q > INT32_MAX)) return 0;
    if (p->kernel_h != p->kernel_w || (p->kernel_h != 1 && p->kernel_h != 3)) return 0;
    if (p->stride * p->p != p->h || p->stride * p->q != p->w || p->in != p->c) return 0;
    columns = columns_below(INT32_MAX, written_channels(p));
    if (columns == 0) columns = 32;
    count = add_plans(list, 0, p, columns);
    const int32_t less = columns_below(columns, written_channels(p));
    return less && leaves_idle(p, columns) ? add_plans(list, count, p, less) : count;
}

static int32_t packed_rows(const conv_problem *p, hopper_plan plan)
{
    return up_to(written_channels(p), plan.columns);
}

size_t hopper_weight_bytes(const conv_problem *p, hopper_plan plan)
{
    return (size_t)p->kernel_h * p->kernel_w * packed_rows(p, plan) * read_channels(p) * 2;
}

jem_status hopper_pack(void *packed, const float *plain, int64_t out, int64_t in,
                       const conv_problem *p, hopper_plan plan)
{
    const pack_job j = {(__nv_bfloat16 *)packed, plain, out, in, conv_phases_of(p), packed_rows(p, plan),
                        read_channels(p), p->kernel_h, p->kernel_w, backward(p)};
    const int64_t count = (int64_t)j.rows * j.columns;
    pack_weights<<<(unsigned)((count + 255) / 256), 256, 0, gpu_stream()>>>(j);
    return gpu_launched("packing weights");
}

static jem_status make_map(CUtensorMap *map, const void *data, int rank, const cuuint64_t *dims,
                           const cuuint32_t *box)
{
    const cuuint32_t steps[] = {1, 1, 1, 1};
    cuuint64_t strides[3];
    uint64_t bytes = 2;
    for (int i = 0; i < rank - 1; i++) strides[i] = bytes *= dims[i];
    CUresult e = encode(map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, (cuuint32_t)rank, (void *)data, dims,
                        strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                        CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                        CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    return e == CUDA_SUCCESS ? JEM_OK : gpu_status(cudaErrorInvalidValue, "a tensor map");
}

typedef void (*kernel)(CUtensorMap, CUtensorMap, hopper_job);

template <int COLUMNS> static kernel choose_kernel(hopper_plan plan)
{
    if (plan.blocks == 2)
        return plan.cluster == 2 ? convolution<COLUMNS, 2, 2> : convolution<COLUMNS, 2, 1>;
    return plan.cluster == 2 ? convolution<COLUMNS, 1, 2> : convolution<COLUMNS, 1, 1>;
}

static kernel kernel_of(hopper_plan plan)
{
    switch (plan.columns) {
    case 32: return choose_kernel<32>(plan);
    case 64: return choose_kernel<64>(plan);
    case 128: return choose_kernel<128>(plan);
    default: return choose_kernel<160>(plan);
    }
}

/* early: plan.early, and a kernel comes before. */
static jem_status launch(const hopper_job *j, kernel k, hopper_plan plan, bool early, const CUtensorMap *x,
                         const CUtensorMap *weights)
{
    const int blocks = j->phases.count * j->tiles * j->column_tiles * plan.cluster;
    const int most = processors / plan.cluster * plan.cluster;
    cudaLaunchAttribute how[2] = {};
    cudaLaunchConfig_t c = {};
    how[0].id = cudaLaunchAttributeClusterDimension;
    how[0].val.clusterDim.x = (unsigned)plan.cluster;
    how[0].val.clusterDim.y = how[0].val.clusterDim.z = 1;
    how[1].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    how[1].val.programmaticStreamSerializationAllowed = 1;
    c.gridDim = dim3((unsigned)(blocks < most ? blocks : most));
    c.blockDim = dim3(THREADS);
    c.dynamicSmemBytes =
        (size_t)(j->patches * j->patch_bytes + j->matrices * plan.columns * CHUNK_BYTES + 1024);
    c.stream = gpu_stream();
    c.attrs = how;
    c.numAttrs = early ? 2 : 1;
    return gpu_status(cudaLaunchKernelEx(&c, k, *x, *weights, *j), "a convolution");
}

/* Does some tap reach each element of dst?  Others are zeros, or the addend as it stands. */
static bool reaches_all(const conv_problem *p)
{
    return conv_phases_of(p).count == p->stride * p->stride;
}

jem_status hopper_run(const conv_problem *p, hopper_plan plan, const conv_call *call)
{
    const int32_t read = read_channels(p), taps = p->kernel_h * p->kernel_w;
    const int32_t tile = GROUPS * plan.blocks * 64;
    hopper_job j;
    CUtensorMap x, weights;
    int rows, images;
    jem_status st;

    memset(&j, 0, sizeof j);
    if (!layout(&j, &rows, &images, p, plan)) return gpu_status(cudaErrorInvalidValue, "a plan");
    j.dst = (__nv_bfloat16 *)call->dst;
    j.mask = backward(p) && p->lrelu ? (const __nv_bfloat16 *)call->mask : NULL;
    j.copy = p->copy ? (__nv_bfloat16 *)call->copy : NULL;
    j.bias = p->bias ? call->bias : NULL;
    j.phases = conv_phases_of(p);
    j.pixels = (int64_t)p->n * p->p * p->q;
    j.channels_read = read;
    j.channels = written_channels(p);
    j.h = p->p;
    j.w = p->q;
    j.chunks = (read + CHUNK - 1) / CHUNK;
    j.tiles = (int32_t)((j.pixels + (int64_t)tile * plan.cluster - 1) / ((int64_t)tile * plan.cluster));
    j.column_tiles = packed_rows(p, plan) / plan.columns;
    j.add = p->add;
    j.lrelu = !backward(p) && p->lrelu;
    j.slope = p->slope;

    const cuuint64_t x_dims[] = {(cuuint64_t)read, (cuuint64_t)p->q, (cuuint64_t)p->p, (cuuint64_t)p->n};
    const cuuint32_t x_box[] = {CHUNK, (cuuint32_t)p->q, (cuuint32_t)rows, (cuuint32_t)images};
    const cuuint64_t w_dims[] = {(cuuint64_t)read, (cuuint64_t)packed_rows(p, plan), (cuuint64_t)taps};
    const cuuint32_t w_box[] = {CHUNK, (cuuint32_t)(plan.columns / plan.cluster), 1};
    st = make_map(&x, backward(p) ? call->dy : call->x, 4, x_dims, x_box);
    if (st == JEM_OK) st = make_map(&weights, call->w, 3, w_dims, w_box);
    const bool zeros = !p->add && !reaches_all(p);
    if (st == JEM_OK && zeros)
        st = gpu_status(cudaMemsetAsync(call->dst, 0, (size_t)p->n * p->h * p->w * p->c * 2, gpu_stream()), "zeros");
    const bool early = plan.early && !zeros && gpu_after_kernel();
    if (st == JEM_OK) st = launch(&j, kernel_of(plan), plan, early, &x, &weights);
    return st;
}

jem_status hopper_open(void)
{
    static const int all[] = {32, 64, 128, 160};
    int device = 0, major = 0, most = 0;
    cudaError_t e = cudaGetDevice(&device);

    if (e == cudaSuccess)
        e = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (e == cudaSuccess)
        e = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
    if (e == cudaSuccess)
        e = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    if (e == cudaSuccess && major == 9) {
        void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
        void *symbol = driver ? dlsym(driver, "cuTensorMapEncodeTiled") : NULL;
        memcpy(&encode, &symbol, sizeof encode);
    }
    for (size_t i = 0; i < 4 && encode; i++)
        for (int b = 1; b <= 2; b++)
            for (int c = 1; c <= 2 && e == cudaSuccess; c++)
                e = cudaFuncSetAttribute((const void *)kernel_of((hopper_plan){all[i], b, c, 0}),
                                         cudaFuncAttributeMaxDynamicSharedMemorySize,
                                         SHARED_MAX + 1024);
    return gpu_status(e, "own convolutions");
}
