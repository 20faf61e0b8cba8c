/* The kernel of own convolutions (conv_hopper.h): one thread of a block copies patches and weights
 * ahead into two rings of shared memory, other warps form products and write results. */
#ifndef CUDA_HOPPER_KERNEL_H
#define CUDA_HOPPER_KERNEL_H

#include <cuda_bf16.h>
#include <string.h>

#include "backend/cuda/conv_phases.h"
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
    kernels_before_wait(); /* nothing in the GPU's memory has been read or written yet */
    kernel_behind_start();
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

#endif
