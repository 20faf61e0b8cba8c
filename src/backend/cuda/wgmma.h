/* Hopper's own instructions (compute capability 9.0): matrix products of warpgroups, copies by
 * tensor map, barriers that count bytes.  PTX ISA 8.0, "wgmma", "cp.async.bulk.tensor",
 * "mbarrier". */
#ifndef CUDA_WGMMA_H
#define CUDA_WGMMA_H

#include <cuda.h>
#include <stdint.h>

#define DEVICE static __device__ __forceinline__

DEVICE uint32_t shared_address(const void *p)
{
    return (uint32_t)__cvta_generic_to_shared(p);
}

/* ---- barriers: a phase ends when all have arrived and all announced bytes are there.  They
 * order a block's accesses alone: what they guard is read and written by copies and products,
 * and an order for the whole cluster costs a microsecond each time. */

DEVICE void barrier_init(uint32_t barrier, uint32_t count)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(count));
}

DEVICE void barrier_expect(uint32_t barrier, uint32_t bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
                 : "memory");
}

/* Arrives at the barrier of the same name in block `rank` of the cluster. */
DEVICE void barrier_arrive(uint32_t barrier, uint32_t rank)
{
    asm volatile("{\n"
                 ".reg .b32 there;\n"
                 "mapa.shared::cluster.u32 there, %0, %1;\n"
                 "mbarrier.arrive.shared::cluster.b64 _, [there];\n"
                 "}" ::"r"(barrier), "r"(rank)
                 : "memory");
}

DEVICE void barrier_wait(uint32_t barrier, uint32_t parity)
{
    asm volatile("{\n"
                 ".reg .pred done;\n"
                 "again:\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
                 "@done bra ready;\n"
                 "bra again;\n"
                 "ready:\n"
                 "}" ::"r"(barrier), "r"(parity)
                 : "memory");
}

DEVICE void cluster_meet(void)
{
    asm volatile("barrier.cluster.arrive.release.aligned;\n"
                 "barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

DEVICE uint32_t cluster_rank(void)
{
    uint32_t rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

/* ---- kernels that overlap ("griddepcontrol"): without such neighbours both are nothing */

/* Until the kernels before this one have ended and what they wrote is there. */
DEVICE void kernels_before_wait(void)
{
    asm volatile("griddepcontrol.wait;" ::: "memory");
}

/* The next kernel may start, once all blocks say so, where there is room. */
DEVICE void kernel_behind_start(void)
{
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

/* ---- copies: boxes of a tensor map, coordinates innermost first */

DEVICE void copy_box4(uint32_t to, const CUtensorMap *map, uint32_t barrier, int c0, int c1, int c2,
                      int c3)
{
    asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(to), "l"(map), "r"(barrier), "r"(c0),
                 "r"(c1), "r"(c2), "r"(c3)
                 : "memory");
}

DEVICE void copy_box3(uint32_t to, const CUtensorMap *map, uint32_t barrier, int c0, int c1, int c2)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%3, %4, %5}], [%2];" ::"r"(to), "l"(map), "r"(barrier), "r"(c0), "r"(c1),
                 "r"(c2)
                 : "memory");
}

/* To the same place in all blocks of `mask`, and their barriers. */
DEVICE void copy_box3_to_all(uint32_t to, const CUtensorMap *map, uint32_t barrier, uint16_t mask,
                             int c0, int c1, int c2)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
                 ".multicast::cluster [%0], [%1, {%4, %5, %6}], [%2], %3;" ::"r"(to), "l"(map),
                 "r"(barrier), "h"(mask), "r"(c0), "r"(c1), "r"(c2)
                 : "memory");
}

/* ---- products */

/* A matrix in shared memory: rows of 64 bf16, "128-byte swizzle", 8 rows in 1024 bytes. */
DEVICE uint64_t matrix_at(uint32_t address)
{
    return (uint64_t)(address >> 4 & 0x3fff) | 1ull << 16 | 64ull << 32 | 1ull << 62;
}

DEVICE void products_begin(void)
{
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

DEVICE void products_commit(void)
{
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/* Until at most `left` groups of products are unfinished. */
template <int left> DEVICE void products_wait(void)
{
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(left) : "memory");
}

/* d (64 x N, a warpgroup's registers) <- a b^T + (keep ? d : 0); a: 64 x 16, b: N x 16, bf16. */
template <int N> struct product;

#define D8(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]),           \
              "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define R16 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15"
#define R32 R16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define R48 R32 ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47"
#define R64 R48 ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define R80 R64 ",%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79"

#define PRODUCT(N, REGISTERS, A, B, KEEP, ...)                                                     \
    template <> struct product<N> {                                                                \
        DEVICE void add(float (&d)[N / 2], uint64_t a, uint64_t b, int keep)                       \
        {                                                                                          \
            asm volatile("{\n.reg .pred keep;\nsetp.ne.b32 keep, " KEEP ", 0;\n"                   \
                         "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" REGISTERS    \
                         "}, " A ", " B ", keep, 1, 1, 0, 0;\n}"                                   \
                         : __VA_ARGS__                                                             \
                         : "l"(a), "l"(b), "r"(keep));                                             \
        }                                                                                          \
    }
/* The N that hopper_plan.columns may be. */
PRODUCT(32, R16, "%16", "%17", "%18", D8(0), D8(8));
PRODUCT(64, R32, "%32", "%33", "%34", D8(0), D8(8), D8(16), D8(24));
PRODUCT(128, R64, "%64", "%65", "%66", D8(0), D8(8), D8(16), D8(24), D8(32), D8(40), D8(48), D8(56));
PRODUCT(160, R80, "%80", "%81", "%82", D8(0), D8(8), D8(16), D8(24), D8(32), D8(40), D8(48), D8(56),
        D8(64), D8(72));
#undef PRODUCT
#undef D8
#undef R16
#undef R32
#undef R48
#undef R64
#undef R80

template <int registers> DEVICE void registers_down(void)
{
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}

template <int registers> DEVICE void registers_up(void)
{
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}

#endif
