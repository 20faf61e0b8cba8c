/* What multiplies bf16 numbers: the matrix unit (AMX) or the dot products of AVX512-BF16. */
#ifndef BACKEND_CPU_BF16_UNIT_H
#define BACKEND_CPU_BF16_UNIT_H

#include <stdbool.h>
#include <stdint.h>

/* One product: bytes from a position's corner in the copied image and from the weights of a
 * group of sixteen output channels, and how many pairs of numbers.  Weights are pairs of rows
 * side by side: [pairs][16 channels][2]. */
typedef struct bf16_product {
    int32_t a, b, pairs;
} bf16_product;

enum { BF16_ROWS = 16, BF16_COLUMNS = 16, BF16_TILE = BF16_ROWS * BF16_COLUMNS,
       BF16_BLOCK = 4 * BF16_TILE };

/* Tiles of `rows` (at most 16) positions, `stride` bytes apart, by one or two groups of
 * channels: up to 4 tiles of one group, or 2 of two. */
typedef struct bf16_block {
    const bf16_product *list;
    int count;
    const char *corner[4]; /* of each tile's first position */
    int tiles;
    int64_t rows, stride;
    const char *weights;
    int64_t group_bytes;
    int groups;
} bf16_block;

typedef struct bf16_unit {
    const char *name;
    int pairs;  /* that a product has; 0: any number */
    bool lanes; /* are tiles of few rows a waste? */
    bool winograd;
    void (*begin)(int64_t rows);
    /* sums [tile][group][position][channel]; rows beyond block->rows may hold anything.  A tile
     * may be read up to BF16_ROWS positions past its first. */
    void (*sum)(float *sums, const bf16_block *block);
    void (*end)(void);
} bf16_unit;

/* The best that this processor has and this process may use, or NULL. */
const bf16_unit *bf16_best_unit(void);

extern const bf16_unit bf16_amx_unit, bf16_dot_unit;
/* Has the processor AMX, which ONEDNN_MAX_CPU_ISA may forbid, and grants the system it to this
 * process?  The system is asked for it. */
bool bf16_amx_available(void);
bool bf16_dot_available(void); /* the same of AVX512-BF16, for which no system is asked */

#endif
