/* Products on the matrix unit of recent Xeons (AMX): 16 x 32 by 32 x 16 bf16 tiles. */
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/cpu/x86/bf16_unit.h"
#include "backend/cpu/x86/cpu_isa.h"

#define AMX __attribute__((target("amx-tile,amx-bf16")))

/* The operating system saves the tiles of processes that asked for them only. */
static bool ask_for_tiles(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
}

/* oneDNN looks at the processor, and at ONEDNN_MAX_CPU_ISA for those who forbid it. */
bool bf16_amx_available(void)
{
    return cpu_has(dnnl_cpu_isa_avx512_core_amx) && ask_for_tiles();
}

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t rows[16];
} tile_config;

/* tmm0-3: sums, tmm4-5: positions, tmm6-7: weights. */
AMX static void configure(int64_t rows)
{
    tile_config t = {.palette = 1};
    for (int i = 0; i < 8; ++i) {
        t.bytes_per_row[i] = 64;
        t.rows[i] = (uint8_t)(i < 6 ? rows : BF16_ROWS);
    }
    /* gcc 12 believes that the instruction reads eight bytes, and may leave out the other stores. */
    __asm__ volatile("" : : "r"(&t) : "memory");
    _tile_loadconfig(&t);
}

AMX static void release(void)
{
    _tile_release();
}

/* Where tiles are missing, the first one's products are formed once more. */
static const char *corner(const bf16_block *k, int i)
{
    return k->corner[i < k->tiles ? i : 0];
}

AMX static void products_2x2(const bf16_block *k)
{
    const char *a0 = corner(k, 0), *a1 = corner(k, 1);
    const char *b0 = k->weights, *b1 = b0 + k->group_bytes;
    for (int i = 0; i < k->count; ++i) {
        _tile_loadd(6, b0 + k->list[i].b, 64);
        _tile_loadd(4, a0 + k->list[i].a, k->stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, b1 + k->list[i].b, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a1 + k->list[i].a, k->stride);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
}

AMX static void products_4x1(const bf16_block *k)
{
    const char *a0 = corner(k, 0), *a1 = corner(k, 1), *a2 = corner(k, 2), *a3 = corner(k, 3);
    const char *b = k->weights;
    for (int i = 0; i < k->count; ++i) {
        _tile_loadd(6, b + k->list[i].b, 64);
        _tile_loadd(4, a0 + k->list[i].a, k->stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(5, a1 + k->list[i].a, k->stride);
        _tile_dpbf16ps(1, 5, 6);
        _tile_loadd(4, a2 + k->list[i].a, k->stride);
        _tile_dpbf16ps(2, 4, 6);
        _tile_loadd(5, a3 + k->list[i].a, k->stride);
        _tile_dpbf16ps(3, 5, 6);
    }
}

AMX static void sum(float *sums, const bf16_block *block)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    (block->groups == 2 ? products_2x2 : products_4x1)(block);
    _tile_stored(0, sums, 64);
    _tile_stored(1, sums + BF16_TILE, 64);
    _tile_stored(2, sums + 2 * BF16_TILE, 64);
    _tile_stored(3, sums + 3 * BF16_TILE, 64);
}

const bf16_unit bf16_amx_unit = {
    .name = "amx",
    .pairs = 16,
    .lanes = true,
    .begin = configure,
    .sum = sum,
    .end = release,
};
