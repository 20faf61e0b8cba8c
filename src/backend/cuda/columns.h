/* In how many parts sums over rows are formed (columns_map): their number decides how many threads
 * there are and what is left to fold, and the order of the sums. */
#ifndef CUDA_COLUMNS_H
#define CUDA_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

/* Of [rows][room] values, bf16 or float32. */
typedef struct columns_shape {
    int64_t rows, room;
    bool bf16;
} columns_shape;

/* *parts <- the fastest number on this GPU, measured once and remembered as convolutions are (columns_choice.c);
 * COLUMN_PARTS by rule and in the emulation. */
jem_status columns_parts(int64_t *parts, const columns_shape *s);

#endif
