/* Prefiltered light fields after Karis, "Real Shading in Unreal Engine 4" (2013):
 * the lobe is approximated as if seen along its axis, and GGX importance samples
 * read a pyramid at the level that matches their density, so that a small bright
 * sun leaves no speckles. */
#include "data/gloss/envmap.h"

#include <math.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/try.h"

enum { BASE_SIDE = 128, PYRAMID_LEVELS = 5, LOBE_SAMPLES = 64, SPLIT_SAMPLES = 128 };

static const float PI = 3.14159265f;
static const int LEVEL_SIDE[GLOSS_ENV_LEVELS] = {BASE_SIDE, BASE_SIDE, 64, 64, 32, 32, 16, 16};

/* ---- octahedral maps: +z is the middle of the square, -z its four corners */

static float sign_of(float x)
{
    return x < 0.0f ? -1.0f : 1.0f;
}

static void oct_decode(float d[3], float u, float v)
{
    float z = 1.0f - fabsf(u) - fabsf(v), x = u, y = v;
    if (z < 0.0f) {
        x = (1.0f - fabsf(v)) * sign_of(u);
        y = (1.0f - fabsf(u)) * sign_of(v);
    }
    float s = 1.0f / sqrtf(x * x + y * y + z * z);
    d[0] = x * s;
    d[1] = y * s;
    d[2] = z * s;
}

static jem_status octmap_init(gloss_octmap *m, int side)
{
    m->side = side;
    return MEM_NEW(m->texels, (side + 2) * (side + 2));
}

static gloss_rgb *texel(const gloss_octmap *m, int i, int j)
{
    return &m->texels[(i + 1) * (m->side + 2) + j + 1];
}

static float center(const gloss_octmap *m, int i)
{
    return ((float)i + 0.5f) * 2.0f / (float)m->side - 1.0f;
}

/* Solid angle of a texel: du dv / |p|^3 with p on the octahedron |x|+|y|+|z| = 1. */
static float texel_weight(const gloss_octmap *m, int i, int j)
{
    float u = center(m, j), v = center(m, i);
    float z = 1.0f - fabsf(u) - fabsf(v);
    if (z < 0.0f) {
        float x = 1.0f - fabsf(v);
        v = 1.0f - fabsf(u);
        u = x;
    }
    float step = 2.0f / (float)m->side, r2 = u * u + v * v + z * z;
    return step * step / (r2 * sqrtf(r2));
}

/* Crossing an edge of the square leads back in at the mirrored place. */
static void octmap_fill_margin(gloss_octmap *m)
{
    int last = m->side - 1;
    for (int k = 0; k <= last; k++) {
        *texel(m, -1, k) = *texel(m, 0, last - k);
        *texel(m, last + 1, k) = *texel(m, last, last - k);
        *texel(m, k, -1) = *texel(m, last - k, 0);
        *texel(m, k, last + 1) = *texel(m, last - k, last);
    }
    *texel(m, -1, -1) = *texel(m, last, last);
    *texel(m, -1, last + 1) = *texel(m, last, 0);
    *texel(m, last + 1, -1) = *texel(m, 0, last);
    *texel(m, last + 1, last + 1) = *texel(m, 0, 0);
}

/* ---- tables */

/* Averages of 2 x 2 points per texel; `rest` without the key. */
static void tabulate(gloss_octmap *all, gloss_octmap *rest, int light)
{
    for (int i = 0; i < all->side; i++)
        for (int j = 0; j < all->side; j++) {
            gloss_rgb a = {0}, r = {0};
            for (int k = 0; k < 4; k++) {
                float quarter = 0.5f / (float)all->side, d[3];
                oct_decode(d, center(all, j) + (k & 1 ? quarter : -quarter),
                           center(all, i) + (k & 2 ? quarter : -quarter));
                gloss_radiance l = gloss_light_radiance(light, d);
                r += l.rest;
                a += l.rest + l.key;
            }
            *texel(all, i, j) = a * 0.25f;
            *texel(rest, i, j) = r * 0.25f;
        }
    octmap_fill_margin(all);
    octmap_fill_margin(rest);
}

static void halve(gloss_octmap *dst, const gloss_octmap *src)
{
    for (int i = 0; i < dst->side; i++)
        for (int j = 0; j < dst->side; j++)
            *texel(dst, i, j) = 0.25f * (*texel(src, 2 * i, 2 * j) + *texel(src, 2 * i, 2 * j + 1) +
                                         *texel(src, 2 * i + 1, 2 * j) +
                                         *texel(src, 2 * i + 1, 2 * j + 1));
    octmap_fill_margin(dst);
}

/* Pyramid levels halve from BASE_SIDE; allocated here, released by the caller. */
static jem_status pyramid_fill(gloss_octmap pyramid[PYRAMID_LEVELS])
{
    for (int k = 1; k < PYRAMID_LEVELS; k++) {
        jem_status st = octmap_init(&pyramid[k], BASE_SIDE >> k);
        if (st != JEM_OK) return st;
        halve(&pyramid[k], &pyramid[k - 1]);
    }
    return JEM_OK;
}

static float radical_inverse(int i)
{
    float sum = 0.0f, digit = 0.5f;
    for (; i; i >>= 1, digit *= 0.5f)
        if (i & 1) sum += digit;
    return sum;
}

/* One GGX sample around z: light direction with the view along the axis. */
typedef struct lobe_sample {
    float d[3], weight;
    int level; /* of the pyramid */
} lobe_sample;

static void lobe_samples(lobe_sample samples[LOBE_SAMPLES], float alpha)
{
    float a2 = alpha * alpha, texel_angle = 4.0f * PI / (float)(BASE_SIDE * BASE_SIDE);
    for (int k = 0; k < LOBE_SAMPLES; k++) {
        float x = ((float)k + 0.5f) / (float)LOBE_SAMPLES;
        float phi = 2.0f * PI * radical_inverse(k);
        float cos2 = (1.0f - x) / (1.0f + (a2 - 1.0f) * x), h = sqrtf(cos2);
        float q = cos2 * (a2 - 1.0f) + 1.0f, density = a2 / (PI * q * q) / 4.0f;
        float s = 2.0f * h * sqrtf(1.0f - cos2);
        samples[k].d[0] = s * cosf(phi);
        samples[k].d[1] = s * sinf(phi);
        samples[k].d[2] = 2.0f * cos2 - 1.0f;
        samples[k].weight = fmaxf(samples[k].d[2], 0.0f);
        float level = 0.5f * log2f(1.0f / ((float)LOBE_SAMPLES * density) / texel_angle) + 0.5f;
        samples[k].level = (int)fminf(fmaxf(level + 0.5f, 0.0f), (float)(PYRAMID_LEVELS - 1));
    }
}

static void prefilter(gloss_octmap *dst, const gloss_octmap pyramid[PYRAMID_LEVELS], float alpha)
{
    lobe_sample samples[LOBE_SAMPLES];
    lobe_samples(samples, alpha);
    for (int i = 0; i < dst->side; i++)
        for (int j = 0; j < dst->side; j++) {
            float n[3], weight = 0.0f;
            gloss_rgb sum = {0};
            oct_decode(n, center(dst, j), center(dst, i));
            /* tangent frame without branches on poles: Duff et al. 2017 */
            float sz = sign_of(n[2]), a = -1.0f / (sz + n[2]), b = n[0] * n[1] * a;
            const float t1[3] = {1.0f + sz * n[0] * n[0] * a, sz * b, -sz * n[0]};
            const float t2[3] = {b, sz + n[1] * n[1] * a, -n[1]};
            for (int k = 0; k < LOBE_SAMPLES; k++) {
                const lobe_sample *s = &samples[k];
                if (s->weight <= 0.0f) continue;
                float d[3];
                for (int c = 0; c < 3; c++)
                    d[c] = t1[c] * s->d[0] + t2[c] * s->d[1] + n[c] * s->d[2];
                sum += gloss_octmap_get(&pyramid[s->level], d) * s->weight;
                weight += s->weight;
            }
            *texel(dst, i, j) = sum / weight;
        }
    octmap_fill_margin(dst);
}

/* Irradiance is so smooth that nine spherical harmonics hold it to about a percent
 * (Ramamoorthi & Hanrahan 2001). */
static void project_diffuse(gloss_rgb diffuse[GLOSS_HARMONICS], const gloss_octmap *rest)
{
    /* squared normalisation of each harmonic times its cosine-lobe factor over pi */
    static const float factor[GLOSS_HARMONICS] = {
        0.0795775f, 0.2387324f * 2 / 3, 0.2387324f * 2 / 3, 0.2387324f * 2 / 3, 1.1936621f / 4,
        1.1936621f / 4, 0.0994718f / 4, 1.1936621f / 4, 0.2984155f / 4};
    for (int k = 0; k < GLOSS_HARMONICS; k++) diffuse[k] = (gloss_rgb){0};
    for (int i = 0; i < rest->side; i++)
        for (int j = 0; j < rest->side; j++) {
            float d[3], w = texel_weight(rest, i, j);
            oct_decode(d, center(rest, j), center(rest, i));
            float x = d[0], y = d[1], z = d[2];
            const float basis[GLOSS_HARMONICS] = {1,     y,     z, x, x * y, y * z, 3 * z * z - 1,
                                                  x * z, x * x - y * y};
            for (int k = 0; k < GLOSS_HARMONICS; k++)
                diffuse[k] += *texel(rest, i, j) * (w * factor[k] * basis[k]);
        }
}

/* The key's irradiance and mean direction, and the mean radiance of the sphere. */
static void summarise(gloss_envmap *e, const gloss_octmap *all, const gloss_octmap *rest)
{
    float sum[3] = {0};
    gloss_rgb total = {0}, key = {0};
    for (int i = 0; i < all->side; i++)
        for (int j = 0; j < all->side; j++) {
            float d[3], w = texel_weight(all, i, j);
            oct_decode(d, center(all, j), center(all, i));
            gloss_rgb part = (*texel(all, i, j) - *texel(rest, i, j)) * w;
            total += *texel(all, i, j) * w;
            key += part;
            for (int c = 0; c < 3; c++) sum[c] += d[c] * gloss_luminance(part);
        }
    e->mean = total / (4.0f * PI);
    e->key_irradiance = key / PI;
    float length = sqrtf(sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]);
    for (int c = 0; c < 3; c++) e->key_direction[c] = length > 0.0f ? sum[c] / length : 0.0f;
    /* a disc of angular radius a has mean direction of length 1 - a^2 / 4 */
    float spread = length > 0.0f ? 1.0f - length / gloss_luminance(key) : 0.0f;
    e->key_softness = 0.06f + 2.0f * sqrtf(fmaxf(spread, 0.0f));
}

jem_status gloss_envmap_init(gloss_envmap *e, int light)
{
    jem_status st;
    gloss_octmap all[PYRAMID_LEVELS] = {{0}}, rest = {0};
    *e = (gloss_envmap){.mean = {0}};

    TRY(octmap_init(&all[0], BASE_SIDE));
    TRY(octmap_init(&rest, BASE_SIDE));
    tabulate(&all[0], &rest, light);
    TRY(pyramid_fill(all));
    for (int k = 1; k < GLOSS_ENV_LEVELS; k++) {
        float roughness = (float)k / (float)(GLOSS_ENV_LEVELS - 1);
        TRY(octmap_init(&e->specular[k], LEVEL_SIDE[k]));
        prefilter(&e->specular[k], all, roughness * roughness);
    }
    project_diffuse(e->diffuse, &rest);
    summarise(e, &all[0], &rest);
    e->specular[0] = all[0]; /* a mirror shows the light field itself */
    all[0].texels = NULL;
done:
    for (int k = 0; k < PYRAMID_LEVELS; k++) mem_free(all[k].texels);
    mem_free(rest.texels);
    if (st != JEM_OK) gloss_envmap_clear(e);
    return st;
}

void gloss_envmap_clear(gloss_envmap *e)
{
    for (int k = 0; k < GLOSS_ENV_LEVELS; k++) mem_free(e->specular[k].texels);
    *e = (gloss_envmap){.mean = {0}};
}

/* Smith's shadowing for GGX, one direction, divided by the cosine. */
static float smith(float cosine, float a2)
{
    return 2.0f / (cosine + sqrtf(a2 + (1.0f - a2) * cosine * cosine));
}

void gloss_split_sum(float table[GLOSS_SPLIT_SIDE][GLOSS_SPLIT_SIDE][2])
{
    for (int r = 0; r < GLOSS_SPLIT_SIDE; r++)
        for (int c = 0; c < GLOSS_SPLIT_SIDE; c++) {
            float roughness = fmaxf((float)r / (float)(GLOSS_SPLIT_SIDE - 1), 0.03f);
            float nv = fmaxf((float)c / (float)(GLOSS_SPLIT_SIDE - 1), 0.01f);
            float a2 = roughness * roughness * roughness * roughness;
            float sine = sqrtf(1.0f - nv * nv), scale = 0.0f, offset = 0.0f;
            for (int k = 0; k < SPLIT_SAMPLES; k++) {
                float x = ((float)k + 0.5f) / (float)SPLIT_SAMPLES;
                float cos2 = (1.0f - x) / (1.0f + (a2 - 1.0f) * x), nh = sqrtf(cos2);
                float phi = 2.0f * PI * radical_inverse(k);
                float vh = sine * sqrtf(1.0f - cos2) * cosf(phi) + nv * nh;
                float nl = 2.0f * vh * nh - nv;
                if (nl <= 0.0f || vh <= 0.0f) continue;
                /* f cos / pdf = F G vh / (nh nv), with G = smith smith nl nv */
                float g = smith(nl, a2) * smith(nv, a2) * nl * vh / nh;
                float m = 1.0f - vh, fresnel = m * m * m * m * m;
                scale += g * (1.0f - fresnel);
                offset += g * fresnel;
            }
            table[r][c][0] = scale / (float)SPLIT_SAMPLES;
            table[r][c][1] = offset / (float)SPLIT_SAMPLES;
        }
}
