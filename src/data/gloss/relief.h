/* The bumpy surface of a gloss scene: a height field of random relief with its
 * slopes, and how much of the surroundings each of its points sees.
 *
 * Surface frame: x right, y up the picture, z out of the surface.  Lengths are in
 * half picture widths; the field covers [-GLOSS_RELIEF_HALF, GLOSS_RELIEF_HALF]^2. */
#ifndef DATA_GLOSS_RELIEF_H
#define DATA_GLOSS_RELIEF_H

#include <stdint.h>

#include "data/gloss/light.h"
#include "jem/status.h"

#define GLOSS_RELIEF_HALF 1.5f

enum {
    GLOSS_RELIEF_SIDE = 192, /* samples of the height field along one side */
    GLOSS_HORIZON_SIDE = 96, /* cells of the coarser visibility field */
    GLOSS_HORIZONS = 8        /* azimuths 0, 45, ... 315 degrees */
};

/* What one cell sees: sines of the horizon's elevation, the share of the
 * cosine-weighted sky that is open, and of the key light that arrives. */
typedef struct gloss_visibility {
    gloss_rgb horizon[GLOSS_HORIZONS / 4];
    gloss_rgb open_key; /* [0] open, [1] key */
} gloss_visibility;

typedef struct gloss_relief {
    float low, high; /* smallest and largest height */
    float *height;   /* [GLOSS_RELIEF_SIDE][GLOSS_RELIEF_SIDE], y from bottom to top */
    float *slope_x, *slope_y; /* [SIDE][SIDE]: dz/dx, dz/dy */
    gloss_visibility *visibility; /* [GLOSS_HORIZON_SIDE][GLOSS_HORIZON_SIDE] */
    float *coarse, *horizon, *open, *lattice, *strips; /* work space */
} gloss_relief;

typedef struct gloss_relief_shape {
    float rms;         /* standard deviation of the height */
    float wavelength;  /* of the largest bumps */
    float persistence; /* height of each octave relative to the one before */
    float skew;        /* > 0: peaks sharper than valleys; at most 0.25 either way */
} gloss_relief_shape;

/* Memory for one surface at a time, zeroed: draw, then look around.  JEM_ENOMEM, then empty. */
jem_status gloss_relief_init(gloss_relief *r);
void gloss_relief_clear(gloss_relief *r); /* a zeroed one is fine */

/* Fills heights and slopes: a pure function of (shape, seed, scene). */
void gloss_relief_draw(gloss_relief *r, const gloss_relief_shape *shape, uint64_t seed,
                       uint32_t scene);

/* Fills the visibility for a key light from unit direction `key` (surface frame;
 * zero = none) whose shadow edges are soft over `softness` (sine of elevation). */
void gloss_relief_look_around(gloss_relief *r, const float key[3], float softness);

#endif
