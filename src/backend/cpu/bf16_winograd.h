/* Winograd's F(4, 3) along the rows of an image, with products of bf16 numbers.
 *
 * Four neighbouring results of a kernel row g of three taps on six pixels d are
 *
 *     y = A^T [(G g) * (B^T d)]
 *
 * six products instead of twelve (Lavin and Gray 2016).  A, B and G follow from the points
 * 0, +-5/8, +-3/2 and infinity (Cook and Toom), which make the error small where G g and B^T d
 * are rounded to bf16: 0.5 % of the results' size, 2.7 times that of rounding g alone
 * (perf/winograd_points.py).
 */
#ifndef BACKEND_CPU_BF16_WINOGRAD_H
#define BACKEND_CPU_BF16_WINOGRAD_H

#include <stdint.h>

enum { WINOGRAD_OUT = 4, WINOGRAD_TAPS = 3, WINOGRAD_PLANES = 6 };

/* u <- G g. */
void bf16_winograd_weights(float u[WINOGRAD_PLANES], const float g[WINOGRAD_TAPS]);

/* planes[t][row + 1][x][c] <- B^T of pixels 4x - 1 to 4x + 4 of the row, for an image
 * bf16 [rows][4 tiles][channels], channels a multiple of 16; rows 0 and rows + 1 of each
 * plane are zeros, plane_bytes is the distance of planes. */
void bf16_winograd_input(char *planes, int64_t plane_bytes, const uint16_t *image, int64_t rows,
                         int64_t tiles, int64_t channels);

/* y [4 * positions][16] <- A^T of sums [t][positions][16], plane t `plane` floats further. */
void bf16_winograd_output(float *y, const float *sums, int64_t plane, int64_t positions);

#endif
