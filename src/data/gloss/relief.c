/* Relief as a sum of octaves, each a lattice of independent normals smoothed by
 * cubic B-splines: twice differentiable, so that reflections bend without
 * creases, with exact slopes, and separable, so that a field costs little.
 *
 * Visibility by horizons (Max 1988; Bavoil, Sainz & Dimitrov 2008 for the
 * ambient term): for each azimuth the steepest line of sight to points at growing
 * distances.  Offsets are whole cells, so that the inner loop runs along rows. */
#include "data/gloss/relief.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"

enum {
    SIDE = GLOSS_RELIEF_SIDE,
    CELLS = GLOSS_HORIZON_SIDE,
    OCTAVES = 3,
    LATTICE_MAX = 104,           /* nodes along one side of the finest lattice */
    REACH = 20,                  /* cells a horizon looks ahead */
    PADDED = CELLS + 2 * REACH,
    SIGHTS = 6
};

/* Standard deviation of a B-spline surface over independent unit normals. */
static const float SPLINE_STD = 0.479365f; /* 151 / 315 */
static const float NODES_PER_WAVELENGTH = 3.6f;

jem_status gloss_relief_init(gloss_relief *r)
{
    jem_status st;
    *r = (gloss_relief){0};

    TRY(MEM_NEW(r->height, SIDE * SIDE));
    TRY(MEM_NEW(r->slope_x, SIDE * SIDE));
    TRY(MEM_NEW(r->slope_y, SIDE * SIDE));
    TRY(MEM_NEW(r->visibility, CELLS * CELLS));
    TRY(MEM_NEW(r->coarse, PADDED * PADDED));
    TRY(MEM_NEW(r->horizon, (GLOSS_HORIZONS + 1) * CELLS * CELLS));
    TRY(MEM_NEW(r->open, CELLS * CELLS));
    TRY(MEM_NEW(r->lattice, LATTICE_MAX * LATTICE_MAX));
    TRY(MEM_NEW(r->strips, 2 * LATTICE_MAX * SIDE));
done:
    if (st != JEM_OK) gloss_relief_clear(r);
    return st;
}

void gloss_relief_clear(gloss_relief *r)
{
    mem_free(r->height);
    mem_free(r->slope_x);
    mem_free(r->slope_y);
    mem_free(r->visibility);
    mem_free(r->coarse);
    mem_free(r->horizon);
    mem_free(r->open);
    mem_free(r->lattice);
    mem_free(r->strips);
    *r = (gloss_relief){0};
}

/* ---- heights */

/* Where sample i of the field lies between lattice nodes: first of four nodes,
 * B-spline weights and their derivatives by position in units of the field. */
typedef struct spline {
    int node;
    float value[4], slope[4];
} spline;

static spline spline_at(int i, float spacing, float shift)
{
    float step = 2.0f * GLOSS_RELIEF_HALF / (float)(SIDE - 1);
    float x = (float)i * step / spacing + shift;
    spline s = {.node = (int)x};
    float t = x - (float)s.node, u = 1.0f - t;
    s.value[0] = u * u * u / 6.0f;
    s.value[1] = (3.0f * t * t * t - 6.0f * t * t + 4.0f) / 6.0f;
    s.value[2] = (3.0f * u * u * u - 6.0f * u * u + 4.0f) / 6.0f;
    s.value[3] = t * t * t / 6.0f;
    s.slope[0] = -0.5f * u * u / spacing;
    s.slope[1] = (1.5f * t * t - 2.0f * t) / spacing;
    s.slope[2] = (2.0f * u - 1.5f * u * u) / spacing;
    s.slope[3] = 0.5f * t * t / spacing;
    return s;
}

/* values, slopes [nodes][SIDE] <- lattice [nodes][nodes] interpolated along x. */
static void interpolate_rows(float *values, float *slopes, const float *lattice, int nodes,
                             float spacing, float shift)
{
    for (int i = 0; i < SIDE; i++) {
        spline s = spline_at(i, spacing, shift);
        for (int j = 0; j < nodes; j++) {
            const float *p = lattice + j * nodes + s.node;
            values[j * SIDE + i] = s.value[0] * p[0] + s.value[1] * p[1] + s.value[2] * p[2] +
                                   s.value[3] * p[3];
            slopes[j * SIDE + i] = s.slope[0] * p[0] + s.slope[1] * p[1] + s.slope[2] * p[2] +
                                   s.slope[3] * p[3];
        }
    }
}

/* row [SIDE] += four rows [4][SIDE], weighted. */
static void add_row(float *restrict row, const float *restrict rows, const float weight[4])
{
    float a = weight[0], b = weight[1], c = weight[2], d = weight[3];
    for (int i = 0; i < SIDE; i++)
        row[i] += a * rows[i] + b * rows[SIDE + i] + c * rows[2 * SIDE + i] +
                  d * rows[3 * SIDE + i];
}

static void add_octave(gloss_relief *r, float amplitude, float wavelength, const rng_stream *stream,
                       uint32_t scene)
{
    float spacing = wavelength / NODES_PER_WAVELENGTH;
    int nodes = (int)(2.0f * GLOSS_RELIEF_HALF / spacing) + 6;
    if (nodes > LATTICE_MAX) { /* finer than the field can show */
        nodes = LATTICE_MAX;
        spacing = 2.0f * GLOSS_RELIEF_HALF / (float)(nodes - 6);
    }
    rng_fill_normal(r->lattice, (int64_t)nodes * nodes, stream, scene);
    float shift = 0.37f * (float)stream->sub; /* nodes of octaves must not coincide */
    float *values = r->strips, *slopes = values + LATTICE_MAX * SIDE;
    interpolate_rows(values, slopes, r->lattice, nodes, spacing, shift);
    amplitude /= SPLINE_STD;
    for (int j = 0; j < SIDE; j++) {
        spline s = spline_at(j, spacing, shift);
        for (int k = 0; k < 4; k++) {
            s.value[k] *= amplitude;
            s.slope[k] *= amplitude;
        }
        add_row(r->height + j * SIDE, values + s.node * SIDE, s.value);
        add_row(r->slope_x + j * SIDE, slopes + s.node * SIDE, s.value);
        add_row(r->slope_y + j * SIDE, values + s.node * SIDE, s.slope);
    }
}

/* z <- z + skew (z^2 - rms^2) / (2 rms), slopes with it. */
static void skew_heights(gloss_relief *r, float skew, float rms)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        float z = r->height[i] / rms;
        r->height[i] += skew * rms * 0.5f * (z * z - 1.0f);
        r->slope_x[i] *= 1.0f + skew * z;
        r->slope_y[i] *= 1.0f + skew * z;
    }
}

/* Column by column, so that neighbouring comparisons do not wait for one another. */
static void find_range(gloss_relief *r)
{
    float *low = r->strips, *high = low + SIDE;
    memcpy(low, r->height, SIDE * sizeof *low);
    memcpy(high, r->height, SIDE * sizeof *high);
    for (int j = 1; j < SIDE; j++) {
        const float *h = r->height + j * SIDE;
        for (int i = 0; i < SIDE; i++) low[i] = h[i] < low[i] ? h[i] : low[i];
        for (int i = 0; i < SIDE; i++) high[i] = h[i] > high[i] ? h[i] : high[i];
    }
    r->low = low[0];
    r->high = high[0];
    for (int i = 1; i < SIDE; i++) {
        r->low = low[i] < r->low ? low[i] : r->low;
        r->high = high[i] > r->high ? high[i] : r->high;
    }
}

void gloss_relief_draw(gloss_relief *r, const gloss_relief_shape *shape, uint64_t seed,
                       uint32_t scene)
{
    memset(r->height, 0, SIDE * SIDE * sizeof *r->height);
    memset(r->slope_x, 0, SIDE * SIDE * sizeof *r->slope_x);
    memset(r->slope_y, 0, SIDE * SIDE * sizeof *r->slope_y);
    float power = 0.0f, height = 1.0f, wavelength = shape->wavelength;
    for (int o = 0; o < OCTAVES; o++, height *= shape->persistence) power += height * height;
    height = shape->rms / sqrtf(power);
    for (int o = 0; o < OCTAVES; o++) {
        rng_stream stream = {.seed = seed, .purpose = RNG_RENDER, .sub = (uint32_t)o + 1};
        add_octave(r, height, wavelength, &stream, scene);
        height *= shape->persistence;
        wavelength *= 0.5f;
    }
    skew_heights(r, shape->skew, shape->rms);
    find_range(r);
}

/* ---- visibility */

/* coarse [PADDED][PADDED] <- heights averaged 2 x 2, edges repeated outwards. */
static void coarsen(gloss_relief *r)
{
    for (int y = 0; y < PADDED; y++)
        for (int x = 0; x < PADDED; x++) {
            int j = y - REACH, i = x - REACH;
            j = j < 0 ? 0 : j >= CELLS ? CELLS - 1 : j;
            i = i < 0 ? 0 : i >= CELLS ? CELLS - 1 : i;
            const float *h = r->height + 2 * j * SIDE + 2 * i;
            r->coarse[y * PADDED + x] = 0.25f * (h[0] + h[1] + h[SIDE] + h[SIDE + 1]);
        }
}

/* sine [CELLS][CELLS] <- sine of the horizon's elevation towards (dx, dy). */
static void scan_horizon(float *restrict sine, const float *restrict coarse, float dx, float dy)
{
    static const float distance[SIGHTS] = {1.5f, 3, 5, 8, 12, REACH - 1};
    const float cell = 2.0f * GLOSS_RELIEF_HALF / (float)CELLS;
    int offset[SIGHTS];
    float inverse[SIGHTS];
    for (int k = 0; k < SIGHTS; k++) {
        int ox = (int)lroundf(dx * distance[k]), oy = (int)lroundf(dy * distance[k]);
        offset[k] = oy * PADDED + ox;
        inverse[k] = 1.0f / (cell * sqrtf((float)(ox * ox + oy * oy)));
    }
    for (int j = 0; j < CELLS; j++) {
        const float *h = coarse + (j + REACH) * PADDED + REACH;
        float *s = sine + j * CELLS;
        for (int i = 0; i < CELLS; i++) s[i] = -4.0f;
        for (int k = 0; k < SIGHTS; k++)
            for (int i = 0; i < CELLS; i++) {
                float t = (h[i + offset[k]] - h[i]) * inverse[k];
                s[i] = t > s[i] ? t : s[i];
            }
        for (int i = 0; i < CELLS; i++) s[i] /= sqrtf(1.0f + s[i] * s[i]);
    }
}

/* open [CELLS][CELLS] <- share of the sky that is open: one minus the mean over
 * azimuths of how far the horizon rises above the tangent plane. */
static void open_shares(gloss_relief *r)
{
    static const float step[GLOSS_HORIZONS / 2][2] = {
        {1, 0}, {0.70710678f, 0.70710678f}, {0, 1}, {-0.70710678f, 0.70710678f}};
    for (int j = 0; j < CELLS; j++) {
        const float *dx = r->slope_x + 2 * j * SIDE, *dy = r->slope_y + 2 * j * SIDE;
        float *open = r->open + j * CELLS;
        for (int i = 0; i < CELLS; i++) open[i] = 1.0f;
        for (int k = 0; k < GLOSS_HORIZONS / 2; k++) {
            const float *ahead = r->horizon + (k * CELLS + j) * CELLS;
            const float *behind = ahead + GLOSS_HORIZONS / 2 * CELLS * CELLS;
            for (int i = 0; i < CELLS; i++) {
                float t = dx[2 * i] * step[k][0] + dy[2 * i] * step[k][1];
                float tangent = t / sqrtf(1.0f + t * t);
                float a = ahead[i] - tangent, b = behind[i] + tangent;
                open[i] -= ((a > 0.0f ? a : 0.0f) + (b > 0.0f ? b : 0.0f)) / GLOSS_HORIZONS;
            }
        }
        for (int i = 0; i < CELLS; i++) open[i] = open[i] > 0.05f ? open[i] : 0.05f;
    }
}

void gloss_relief_look_around(gloss_relief *r, const float key[3], float softness)
{
    coarsen(r);
    for (int k = 0; k < GLOSS_HORIZONS; k++) {
        float angle = 0.78539816f * (float)k;
        scan_horizon(r->horizon + k * CELLS * CELLS, r->coarse, cosf(angle), sinf(angle));
    }
    open_shares(r);
    float across = sqrtf(key[0] * key[0] + key[1] * key[1]);
    float *toward_key = r->horizon + GLOSS_HORIZONS * CELLS * CELLS;
    if (across > 0.0f) scan_horizon(toward_key, r->coarse, key[0] / across, key[1] / across);
    for (int c = 0; c < CELLS * CELLS; c++) {
        gloss_visibility *v = &r->visibility[c];
        for (int k = 0; k < GLOSS_HORIZONS; k++)
            v->horizon[k / 4][k % 4] = r->horizon[k * CELLS * CELLS + c];
        float lit = across > 0.0f ? 0.5f + (key[2] - toward_key[c]) / softness : 1.0f;
        lit = lit < 0.0f ? 0.0f : lit > 1.0f ? 1.0f : lit;
        v->open_key = gloss_rgb_make(r->open[c], lit, 0.0f);
    }
}
