/* Own bf16 convolutions for Hopper GPUs (conv_hopper.h): one thread of a block copies patches and
 * weights ahead into two rings of shared memory, other warps form products and write results. */
#include "backend/cuda/conv_hopper.h"

#include <cuda_bf16.h>
#include <dlfcn.h>
#include <string.h>

#include "backend/cuda/conv_phases.h"
#include "backend/cuda/gpu_cuda.h"
#include "backend/cuda/wgmma.h"

enum {
    CHUNK = 64, /* channels read at once: 128 bytes, the swizzle's width */
    CHUNK_BYTES = 2 * CHUNK,
    GROUPS = 2, /* warpgroups that compute; one more copies */
    THREADS = 128 * (GROUPS + 1),
    SLOTS_MAX = 8, /* of a ring */
    SHARED_MAX = 225 * 1024 /* of 227: the rest is for alignment and barriers */
};

/* What one launch computes: x is what is read, dst what is written, whatever the pass. */
typedef struct hopper_job {
    __nv_bfloat16 *dst;
    const __nv_bfloat16 *mask; /* NULL: none */
    __nv_bfloat16 *copy;       /* NULL: none */
    const float *bias;         /* NULL: none */
    conv_phases phases;
    int64_t pixels;            /* of a phase */
    int32_t channels_read, channels; /* the second: of dst */
    int32_t h, w;              /* of what is read, and of a phase */
    int32_t chunks, tiles, column_tiles; /* what blocks compute: pairs of the last two, in each phase */
    int32_t patches, patch_bytes, matrices; /* slots of the two rings */
    int32_t image_pitch, image_blocks; /* pixels of an image's patch; its parts of 64 pixels */
    int32_t add, lrelu;
    float slope;
} hopper_job;

#if defined(__CUDA_ARCH_FEAT_SM90_ALL) || !defined(__CUDA_ARCH__)

/* Slots of shared memory that are filled and emptied in turn. */
typedef struct ring {
    uint32_t full, empty, memory; /* shared addresses: barriers of 8 bytes, slots */
    int32_t slots, slot_bytes, at;
    uint32_t parity;
} ring;

DEVICE uint32_t ring_memory(const ring &r)
{
    return r.memory + r.at * r.slot_bytes;
}

DEVICE void ring_next(ring &r)
{
    if (++r.at == r.slots) {
        r.at = 0;
        r.parity ^= 1;
    }
}

/* Waits until the slot is empty and announces what will fill it; returns its barrier. */
DEVICE uint32_t ring_claim(const ring &r)
{
    barrier_wait(r.empty + 8 * r.at, r.parity ^ 1);
    barrier_expect(r.full + 8 * r.at, r.slot_bytes);
    return r.full + 8 * r.at;
}

/* The barrier that says that the slot before the present one is empty. */
DEVICE uint32_t ring_before(const ring &r)
{
    return r.empty + 8 * (r.at ? r.at - 1 : r.slots - 1);
}

/* What a cluster computes at once: as many channels from `column` on, of pixels from `pixel` on. */
typedef struct tile {
    const conv_phase *phase;
    int64_t pixel; /* of this block of the cluster */
    int column;
} tile;

DEVICE int tile_count(const hopper_job &j)
{
    return j.phases.count * j.tiles * j.column_tiles;
}

template <int COLUMNS, int BLOCKS, int CLUSTER>
DEVICE tile tile_of(const hopper_job &j, int t, uint32_t rank)
{
    const int phase = t / (j.tiles * j.column_tiles), left = t - phase * j.tiles * j.column_tiles;
    return {&j.phases.list[phase],
            ((int64_t)(left / j.column_tiles) * CLUSTER + rank) * (GROUPS * BLOCKS * 64),
            left % j.column_tiles * COLUMNS};
}

/* One thread copies what all tiles need, as far ahead as there are slots. */
template <int COLUMNS, int BLOCKS, int CLUSTER>
DEVICE void produce(const hopper_job &j, const CUtensorMap *x, const CUtensorMap *weights,
                    ring patches, ring matrices, int first, int step, uint32_t rank)
{
    constexpr int part = COLUMNS / CLUSTER;
    for (int t = first; t < tile_count(j); t += step) {
        const tile at = tile_of<COLUMNS, BLOCKS, CLUSTER>(j, t, rank);
        const conv_phase &f = *at.phase;
        const int column0 = at.column + (int)rank * part;
        const int image = (int)(at.pixel / ((int64_t)j.h * j.w)), row = (int)(at.pixel / j.w % j.h);
        for (int c = 0; c < j.chunks; c++)
            for (int s = 0; s < f.taps_w; s++) {
                copy_box4(ring_memory(patches), x, ring_claim(patches), c * CHUNK, s - f.pad_w,
                          row - f.pad_h, image);
                ring_next(patches);
                for (int r = 0; r < f.taps_h; r++) {
                    const uint32_t to = ring_memory(matrices) + rank * part * CHUNK_BYTES;
                    const uint32_t full = ring_claim(matrices);
                    const int tap = f.tap0 + s * f.taps_h + r;
                    if (CLUSTER > 1)
                        copy_box3_to_all(to, weights, full, (1 << CLUSTER) - 1, c * CHUNK, column0, tap);
                    else
                        copy_box3(to, weights, full, c * CHUNK, column0, tap);
                    ring_next(matrices);
                }
            }
    }
}

/* ---- the epilogue.  A thread holds, of each of 2 BLOCKS rows, eight neighbouring channels in
 * every 32: pack_weights orders the weights so. */

typedef struct lot {
    int64_t pixel; /* of dst; -1: of none */
    int channel;   /* of the first eight */
} lot;

template <int BLOCKS> DEVICE lot lot_of(const hopper_job &j, const tile &t, int row)
{
    const int group = threadIdx.x / 128 - 1, warp = threadIdx.x / 32 % 4, lane = threadIdx.x % 32;
    const int64_t pixel = t.pixel + (group * BLOCKS + row / 2) * 64 + warp * 16 + lane / 4 + row % 2 * 8;
    const int channel = t.column + lane % 4 * 8;
    if (pixel >= j.pixels) return {-1, channel};
    if (j.phases.stride == 1) return {pixel, channel};
    return {conv_phase_pixel((uint32_t)pixel, (uint32_t)j.w, j.phases.stride, t.phase->row, t.phase->column),
            channel};
}

DEVICE uint4 load8_of(const __nv_bfloat16 *from, const hopper_job &j, lot at, int g)
{
    return at.pixel >= 0 && at.channel + 32 * g < j.channels
               ? *(const uint4 *)(from + at.pixel * j.channels + at.channel + 32 * g)
               : make_uint4(0, 0, 0, 0);
}

DEVICE void unpack8(float v[8], uint4 raw)
{
    const uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        v[2 * i] = __uint_as_float(words[i] << 16);
        v[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
    }
}

DEVICE uint4 pack8(const float v[8])
{
    uint32_t words[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
        __nv_bfloat162 two = __floats2bfloat162_rn(v[2 * i], v[2 * i + 1]);
        memcpy(&words[i], &two, 4);
    }
    return make_uint4(words[0], words[1], words[2], words[3]);
}

/* A bit per channel of the lot: where the mask is above 0. */
template <int COLUMNS> DEVICE uint64_t mask_bits(const hopper_job &j, lot at)
{
    uint4 raw[COLUMNS / 32];
    uint64_t bits = 0;
#pragma unroll
    for (int g = 0; g < COLUMNS / 32; g++) raw[g] = load8_of(j.mask, j, at, g);
#pragma unroll
    for (int g = 0; g < COLUMNS / 32; g++) {
        float m[8];
        uint32_t octet = 0;
        unpack8(m, raw[g]);
#pragma unroll
        for (int i = 0; i < 8; i++) octet |= (m[i] > 0 ? 1u : 0u) << i;
        bits |= (uint64_t)octet << 8 * g;
    }
    return bits;
}

/* Into the second-level cache, what dst holds. */
template <int COLUMNS> DEVICE void bring_near(const hopper_job &j, lot at)
{
    if (at.pixel < 0) return;
#pragma unroll
    for (int g = 0; g < COLUMNS / 32; g++)
        if (at.channel + 32 * g < j.channels)
            asm volatile("prefetch.global.L2 [%0];" ::"l"(j.dst + at.pixel * j.channels + at.channel +
                                                          32 * g));
}

/* d: sums of a block; half: which of its two rows of a thread.  addend: what dst holds; takes
 * up what it holds at `next`. */
template <int COLUMNS>
DEVICE void write_lot(const hopper_job &j, const float *d, int half, lot at, uint64_t bits,
                      uint4 addend[COLUMNS / 32], lot next)
{
#pragma unroll
    for (int g = 0; g < COLUMNS / 32; g++) {
        float v[8], a[8];
        unpack8(a, addend[g]);
        if (j.add) addend[g] = load8_of(j.dst, j, next, g);
        if (at.pixel < 0 || at.channel + 32 * g >= j.channels) continue;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            v[i] = d[(4 * g + i / 2) * 4 + 2 * half + i % 2];
            if (j.bias) v[i] += __ldg(j.bias + at.channel + 32 * g + i);
            if (j.mask) v[i] = bits >> (8 * g + i) & 1 ? v[i] : j.slope * v[i];
            if (j.add) v[i] += a[i];
            if (j.lrelu) v[i] = v[i] > 0 ? v[i] : j.slope * v[i];
        }
        const uint4 packed = pack8(v);
        *(uint4 *)(j.dst + at.pixel * j.channels + at.channel + 32 * g) = packed;
        if (!j.copy) continue;
        unpack8(v, packed); /* as it was rounded */
#pragma unroll
        for (int i = 0; i < 8; i++) v[i] = v[i] > 0 ? v[i] : j.slope * v[i];
        *(uint4 *)(j.copy + at.pixel * j.channels + at.channel + 32 * g) = pack8(v);
    }
}

/* One group of products: d (+)= patch at each block's offset, times matrix, over 16 KS channels.
 * Straight code: the compiler makes a second, empty group where a branch lies between the
 * products and their commit, and waiting for all groups but one then waits for all. */
template <int COLUMNS, int BLOCKS, int KS>
DEVICE void multiply(float (&d)[BLOCKS][COLUMNS / 2], uint32_t patch, const uint32_t *offset,
                     uint32_t matrix, int keep)
{
    products_begin();
#pragma unroll
    for (int k = 0; k < KS; k++)
#pragma unroll
        for (int i = 0; i < BLOCKS; i++)
            product<COLUMNS>::add(d[i], matrix_at(patch + offset[i] + 32 * k),
                                  matrix_at(matrix + 32 * k), k > 0 ? 1 : keep);
    products_commit();
}

template <int COLUMNS, int BLOCKS, int CLUSTER>
DEVICE void consume(const hopper_job &j, ring patches, ring matrices, int first, int step,
                    uint32_t rank)
{
    constexpr int rows = 2 * BLOCKS;
    const int group = threadIdx.x / 128 - 1, lane = threadIdx.x % 32;
    float d[BLOCKS][COLUMNS / 2];
    uint32_t offset[BLOCKS]; /* of a block in its patch */

    for (int b = 0; b < BLOCKS; b++) {
        const int block = group * BLOCKS + b;
        offset[b] = (block / j.image_blocks * j.image_pitch + block % j.image_blocks * 64) * CHUNK_BYTES;
    }
    for (int n = first; n < tile_count(j); n += step) {
        const tile t = tile_of<COLUMNS, BLOCKS, CLUSTER>(j, n, rank);
        uint64_t bits[rows] = {};
        uint4 addend[COLUMNS / 32] = {};
        int turn = 0, done = 0; /* products begun: of patches, of matrices */

        for (int c = 0; c < j.chunks; c++) {
            const int left = j.channels_read - c * CHUNK, ks = left < CHUNK ? (left + 15) / 16 : CHUNK / 16;
            for (int s = 0; s < t.phase->taps_w; s++, turn++) {
                barrier_wait(patches.full + 8 * patches.at, patches.parity);
#pragma unroll 1
                for (int tap = 0; tap < t.phase->taps_h; tap++, done++) {
                    const uint32_t a = ring_memory(patches) + tap * j.w * CHUNK_BYTES;
                    const uint32_t b = ring_memory(matrices);
                    barrier_wait(matrices.full + 8 * matrices.at, matrices.parity);
                    if (ks > 2)
                        multiply<COLUMNS, BLOCKS, 4>(d, a, offset, b, done > 0);
                    else if (ks > 1)
                        multiply<COLUMNS, BLOCKS, 2>(d, a, offset, b, done > 0);
                    else
                        multiply<COLUMNS, BLOCKS, 1>(d, a, offset, b, done > 0);
#pragma unroll
                    for (int row = 0; row < rows; row++) { /* while products are computed */
                        if (row != done) continue;
                        const lot at = lot_of<BLOCKS>(j, t, row);
                        if (j.mask) bits[row] = mask_bits<COLUMNS>(j, at);
                        if (j.add) bring_near<COLUMNS>(j, at);
                    }
                    products_wait<1>(); /* so those before this group are done with their slots */
                    if (done > 0 && lane < CLUSTER) barrier_arrive(ring_before(matrices), lane);
                    if (tap == 0 && turn > 0 && lane == 0) barrier_arrive(ring_before(patches), rank);
                    ring_next(matrices);
                }
                ring_next(patches);
            }
        }
        if (j.add)
#pragma unroll
            for (int g = 0; g < COLUMNS / 32; g++)
                addend[g] = load8_of(j.dst, j, lot_of<BLOCKS>(j, t, 0), g);
        products_wait<0>();
        if (lane < CLUSTER) barrier_arrive(ring_before(matrices), lane);
        if (lane == 0) barrier_arrive(ring_before(patches), rank);
#pragma unroll
        for (int row = 0; row < rows; row++) {
            const lot at = lot_of<BLOCKS>(j, t, row);
            if (j.mask && row >= done) bits[row] = mask_bits<COLUMNS>(j, at);
            write_lot<COLUMNS>(j, d[row / 2], row % 2, at, bits[row], addend,
                               row + 1 < rows ? lot_of<BLOCKS>(j, t, row + 1) : (lot){-1, 0});
        }
    }
}
#endif

template <int COLUMNS, int BLOCKS, int CLUSTER>
static __global__ void __launch_bounds__(THREADS, 1)
    convolution(const __grid_constant__ CUtensorMap x, const __grid_constant__ CUtensorMap weights,
                const __grid_constant__ hopper_job j)
{
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
    extern __shared__ char memory[];
    __shared__ uint64_t barriers[4 * SLOTS_MAX];
    const uint32_t rank = CLUSTER > 1 ? cluster_rank() : 0, names = shared_address(barriers);
    const uint32_t base = (shared_address(memory) + 1023) / 1024 * 1024;
    const int first = blockIdx.x / CLUSTER, step = gridDim.x / CLUSTER;
    const ring patches = {names, names + 8 * SLOTS_MAX, base, j.patches, j.patch_bytes, 0, 0};
    const ring matrices = {names + 16 * SLOTS_MAX, names + 24 * SLOTS_MAX,
                           base + j.patches * j.patch_bytes, j.matrices, COLUMNS * CHUNK_BYTES, 0, 0};

    if (threadIdx.x == 0) {
        for (int i = 0; i < SLOTS_MAX; i++) {
            barrier_init(patches.full + 8 * i, 1);
            barrier_init(patches.empty + 8 * i, 4 * GROUPS); /* a warp each */
            barrier_init(matrices.full + 8 * i, 1);
            barrier_init(matrices.empty + 8 * i, 4 * GROUPS * CLUSTER);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    if (CLUSTER > 1)
        cluster_meet();
    else
        __syncthreads();
    if (threadIdx.x < 128) {
        registers_down<40>();
        if (threadIdx.x == 0)
            produce<COLUMNS, BLOCKS, CLUSTER>(j, &x, &weights, patches, matrices, first, step, rank);
    } else {
        registers_up<232>();
        consume<COLUMNS, BLOCKS, CLUSTER>(j, patches, matrices, first, step, rank);
    }
    __syncwarp();
    if (CLUSTER > 1) cluster_meet(); /* a block's memory lives until no other writes into it */
#endif
}

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

int hopper_plans(hopper_plan list[HOPPER_PLANS_MAX], const conv_problem *p)
{
    const int32_t channels = written_channels(p);
    const int32_t columns = channels % 160 == 0   ? 160
                            : channels % 128 == 0 ? 128
                            : channels % 64 == 0  ? 64
                                                  : 32;
    hopper_job j;
    int rows, images, count = 0;
    if (!encode || p->pass == CONV_TO_WEIGHTS || !p->bf16) return 0;
    if (p->stride != 1 && (p->stride != 2 || !backward(p) || (int64_t)p->n * p->p * p->q > INT32_MAX)) return 0;
    if (p->kernel_h != p->kernel_w || (p->kernel_h != 1 && p->kernel_h != 3)) return 0;
    if (p->stride * p->p != p->h || p->stride * p->q != p->w || p->in != p->c) return 0;
    for (int32_t blocks = 2; blocks >= 1; blocks--)
        for (int32_t cluster = 2; cluster >= 1; cluster--) {
            const hopper_plan plan = {columns, blocks, cluster};
            if (layout(&j, &rows, &images, p, plan)) list[count++] = plan;
        }
    return count;
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

static jem_status launch(const hopper_job *j, kernel k, hopper_plan plan, const CUtensorMap *x,
                         const CUtensorMap *weights)
{
    const int blocks = j->phases.count * j->tiles * j->column_tiles * plan.cluster;
    const int most = processors / plan.cluster * plan.cluster;
    cudaLaunchAttribute cluster = {};
    cudaLaunchConfig_t c = {};
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = (unsigned)plan.cluster;
    cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
    c.gridDim = dim3((unsigned)(blocks < most ? blocks : most));
    c.blockDim = dim3(THREADS);
    c.dynamicSmemBytes =
        (size_t)(j->patches * j->patch_bytes + j->matrices * plan.columns * CHUNK_BYTES + 1024);
    c.stream = gpu_stream();
    c.attrs = &cluster;
    c.numAttrs = 1;
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
    if (st == JEM_OK && !p->add && !reaches_all(p))
        st = gpu_status(cudaMemsetAsync(call->dst, 0, (size_t)p->n * p->h * p->w * p->c * 2, gpu_stream()), "zeros");
    if (st == JEM_OK) st = launch(&j, kernel_of(plan), plan, &x, &weights);
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
                e = cudaFuncSetAttribute((const void *)kernel_of((hopper_plan){all[i], b, c}),
                                         cudaFuncAttributeMaxDynamicSharedMemorySize,
                                         SHARED_MAX + 1024);
    return gpu_status(e, "own convolutions");
}
