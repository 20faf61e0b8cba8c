/* A light field tabulated for fast shading: radiance blurred by the GGX lobe at
 * a ladder of roughnesses, irradiance, and the key light as one direction. */
#ifndef DATA_GLOSS_ENVMAP_H
#define DATA_GLOSS_ENVMAP_H

#include <math.h>

#include "data/gloss/light.h"
#include "jem/status.h"

enum {
    GLOSS_ENV_LEVELS = 8,      /* perceptual roughness level / 7, GGX alpha = its square */
    GLOSS_HARMONICS = 9,
    GLOSS_SPLIT_SIDE = 32
};

/* The sphere folded onto a square (octahedral map), one texel of margin around. */
typedef struct gloss_octmap {
    int side;
    gloss_rgb *texels; /* [side + 2][side + 2], owned */
} gloss_octmap;

typedef struct gloss_envmap {
    gloss_octmap specular[GLOSS_ENV_LEVELS];
    /* radiance of a white Lambertian plane, without the key: coefficients of
     * 1, y, z, x, xy, yz, 3zz - 1, xz, xx - yy of its normal */
    gloss_rgb diffuse[GLOSS_HARMONICS];
    gloss_rgb mean;           /* radiance averaged over the sphere */
    float key_direction[3];   /* world frame; zero if the light has no key */
    float key_softness;       /* range of elevation sines over which its shadows fade */
    gloss_rgb key_irradiance; /* on a plane that faces it, divided by pi */
} gloss_envmap;

/* Tables of light field `light` (0 .. GLOSS_LIGHTS - 1), owned.  JEM_ENOMEM, then empty. */
jem_status gloss_envmap_init(gloss_envmap *e, int light);
void gloss_envmap_clear(gloss_envmap *e); /* a zeroed one is fine */

/* Bilinear look-up in unit direction `d`. */
static inline gloss_rgb gloss_octmap_get(const gloss_octmap *m, const float d[3])
{
    float s = 1.0f / (fabsf(d[0]) + fabsf(d[1]) + fabsf(d[2]));
    float u = d[0] * s, v = d[1] * s;
    if (d[2] < 0.0f) {
        float x = (1.0f - fabsf(v)) * (u < 0.0f ? -1.0f : 1.0f);
        v = (1.0f - fabsf(u)) * (v < 0.0f ? -1.0f : 1.0f);
        u = x;
    }
    float half = 0.5f * (float)m->side;
    float x = u * half + half + 0.5f, y = v * half + half + 0.5f; /* margin included */
    int j = (int)x, i = (int)y;
    float fx = x - (float)j, fy = y - (float)i;
    const gloss_rgb *t = m->texels + i * (m->side + 2) + j, *b = t + m->side + 2;
    gloss_rgb top = t[0] + (t[1] - t[0]) * fx, bottom = b[0] + (b[1] - b[0]) * fx;
    return top + (bottom - top) * fy;
}

/* Radiance blurred by the lobe of perceptual roughness `roughness` in [0, 1]. */
static inline gloss_rgb gloss_envmap_specular(const gloss_envmap *e, const float d[3],
                                              float roughness)
{
    float level = roughness * (float)(GLOSS_ENV_LEVELS - 1);
    int k = (int)level;
    if (k >= GLOSS_ENV_LEVELS - 1) return gloss_octmap_get(&e->specular[GLOSS_ENV_LEVELS - 1], d);
    gloss_rgb sharp = gloss_octmap_get(&e->specular[k], d);
    gloss_rgb blurred = gloss_octmap_get(&e->specular[k + 1], d);
    return sharp + (blurred - sharp) * (level - (float)k);
}

/* Radiance of a white Lambertian plane with unit normal `n`, the key left out. */
static inline gloss_rgb gloss_envmap_diffuse(const gloss_envmap *e, const float n[3])
{
    const gloss_rgb *c = e->diffuse;
    float x = n[0], y = n[1], z = n[2];
    gloss_rgb sum = c[0] + c[1] * y + c[2] * z + c[3] * x + c[4] * (x * y) + c[5] * (y * z) +
                    c[6] * (3.0f * z * z - 1.0f) + c[7] * (x * z) + c[8] * (x * x - y * y);
    for (int k = 0; k < 3; k++) sum[k] = sum[k] > 0.0f ? sum[k] : 0.0f; /* ringing */
    return sum;
}

/* Split-sum table (Karis 2013): directional albedo of the GGX lobe is
 * F0 * table[..][0] + F90 * table[..][1].
 *   table [roughness][cosine][2], both axes 0 .. 1 in GLOSS_SPLIT_SIDE - 1 steps */
void gloss_split_sum(float table[GLOSS_SPLIT_SIDE][GLOSS_SPLIT_SIDE][2]);

#endif
