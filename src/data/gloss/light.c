/* Six light fields in closed form.  Their statistics follow what makes natural
 * ones tell gloss apart (Fleming, Dror & Adelson 2003): bright sources that
 * cover little of the sphere, structure at many scales, light from above. */
#include "data/gloss/light.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

static const float DEGREE = 0.017453292f;

static gloss_rgb mix(gloss_rgb a, gloss_rgb b, float t)
{
    return a + (b - a) * t;
}

static float ramp(float low, float high, float x)
{
    float t = (x - low) / (high - low);
    t = t < 0.0f ? 0.0f : t > 1.0f ? 1.0f : t;
    return t * t * (3.0f - 2.0f * t);
}

/* Unit vector of an azimuth (0 = towards the viewer, positive = right) and elevation. */
static void direction(float d[3], float azimuth_deg, float elevation_deg)
{
    float a = azimuth_deg * DEGREE, e = elevation_deg * DEGREE;
    d[0] = cosf(e) * sinf(a);
    d[1] = sinf(e);
    d[2] = cosf(e) * cosf(a);
}

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* ---- value noise on an integer lattice, in [0, 1] */

static float lattice(int32_t x, int32_t y, int32_t z)
{
    uint32_t h = (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ (uint32_t)z * 0xcb1ab31fu;
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    return (float)((h ^ (h >> 15)) >> 8) * 0x1p-24f;
}

static float noise(float x, float y, float z)
{
    float fx = floorf(x), fy = floorf(y), fz = floorf(z);
    int32_t i = (int32_t)fx, j = (int32_t)fy, k = (int32_t)fz;
    float u = ramp(0, 1, x - fx), v = ramp(0, 1, y - fy), w = ramp(0, 1, z - fz);
    float sum = 0.0f;
    for (int c = 0; c < 8; c++) {
        int cx = c & 1, cy = (c >> 1) & 1, cz = c >> 2;
        float weight = (cx ? u : 1 - u) * (cy ? v : 1 - v) * (cz ? w : 1 - w);
        sum += weight * lattice(i + cx, j + cy, k + cz);
    }
    return sum;
}

/* Sum of octaves, mean about 0.5. */
static float cloud(const float d[3], float sx, float sy, float sz, int octaves)
{
    float sum = 0.0f, weight = 0.5f, total = 0.0f, f = 1.0f;
    for (int o = 0; o < octaves; o++) {
        sum += weight * noise(f * sx * d[0] + 7.3f * (float)o, f * sy * d[1], f * sz * d[2]);
        total += weight;
        weight *= 0.55f;
        f *= 2.07f;
    }
    return sum / total;
}

/* 1 inside a rectangle that faces the origin around `center`, seen through its
 * half widths (tangents of angles), with edges soft over `soft`. */
static float panel(const float d[3], float azimuth_deg, float elevation_deg, float half_w,
                   float half_h, float soft)
{
    float c[3], up[3];
    direction(c, azimuth_deg, elevation_deg);
    direction(up, azimuth_deg, elevation_deg + 90.0f);
    float along = dot(d, c);
    if (along <= 0.05f) return 0.0f;
    float right[3] = {up[1] * c[2] - up[2] * c[1], up[2] * c[0] - up[0] * c[2],
                      up[0] * c[1] - up[1] * c[0]};
    float x = fabsf(dot(d, right)) / along, y = fabsf(dot(d, up)) / along;
    return (1.0f - ramp(half_w - soft, half_w, x)) * (1.0f - ramp(half_h - soft, half_h, y));
}

/* ---- the light fields */

/* CIE overcast sky over a dull field, trees along the horizon. */
static gloss_radiance overcast(const float d[3])
{
    float puff = cloud(d, 3, 5, 3, 4);
    float sky = (1.0f + 2.0f * fmaxf(d[1], 0.0f)) / 3.0f * (0.2f + 1.2f * puff);
    float sun[3];
    direction(sun, 30.0f, 60.0f); /* where the clouds are thin */
    sky *= 0.6f + 1.6f * powf(fmaxf(dot(d, sun), 0.0f), 5.0f);
    gloss_rgb above = gloss_rgb_make(0.93f, 0.98f, 1.06f) * sky;
    gloss_rgb below = gloss_rgb_make(0.15f, 0.14f, 0.11f) * (0.6f + 0.8f * cloud(d, 6, 6, 6, 3));
    float tree_line = 0.02f + 0.22f * cloud(d, 4, 0, 4, 4) * noise(2 * d[0], 0, 2 * d[2]);
    gloss_rgb trees = gloss_rgb_make(0.035f, 0.05f, 0.03f) * (0.5f + cloud(d, 20, 20, 20, 2));
    gloss_rgb c = mix(trees, above, ramp(tree_line, tree_line + 0.03f, d[1]));
    return (gloss_radiance){.rest = mix(below, c, ramp(-0.04f, 0.0f, d[1]))};
}

/* Blue sky with clouds, the sun high on the left, grass. */
static gloss_radiance sunny(const float d[3])
{
    float sun[3];
    direction(sun, -40.0f, 48.0f);
    float toward = dot(d, sun), above = fmaxf(d[1], 0.0f);
    float haze = (1.0f - above) * (1.0f - above) * (1.0f - above);
    gloss_rgb c = mix(gloss_rgb_make(0.10f, 0.26f, 0.72f), gloss_rgb_make(0.62f, 0.76f, 0.95f),
                      haze);
    float puff = ramp(0.50f, 0.66f, cloud(d, 2.5f, 6, 2.5f, 5)) * ramp(0.0f, 0.25f, d[1]);
    c = mix(c, gloss_rgb_make(1.35f, 1.33f, 1.3f), 0.9f * puff);
    float glow = fmaxf(toward, 0.0f);
    c += gloss_rgb_make(1.0f, 0.92f, 0.75f) *
         (0.6f * powf(glow, 12.0f) + 3.0f * powf(glow, 160.0f));
    gloss_rgb grass = gloss_rgb_make(0.30f, 0.34f, 0.12f) * (0.3f + cloud(d, 9, 9, 9, 4));
    c = mix(grass, c, ramp(-0.03f, 0.01f, d[1]));
    float disc = ramp(cosf(4.5f * DEGREE), cosf(3.0f * DEGREE), toward);
    return (gloss_radiance){c, gloss_rgb_make(1.0f, 0.93f, 0.80f) * (700.0f * disc)};
}

/* A low red sun on the right, glowing clouds, dark land. */
static gloss_radiance sunset(const float d[3])
{
    float sun[3];
    direction(sun, 52.0f, 14.0f);
    float toward = dot(d, sun), above = fmaxf(d[1], 0.0f);
    float side = 0.35f + 0.65f * ramp(-0.6f, 1.0f, toward); /* brighter where the sun is */
    gloss_rgb c = mix(gloss_rgb_make(1.9f, 0.72f, 0.20f) * side,
                      gloss_rgb_make(0.50f, 0.24f, 0.34f) * side, ramp(0.0f, 0.35f, above));
    c = mix(c, gloss_rgb_make(0.10f, 0.13f, 0.32f), ramp(0.2f, 0.85f, above));
    float streak = ramp(0.48f, 0.62f, cloud(d, 2, 14, 2, 4)) * ramp(0.03f, 0.15f, above);
    c = mix(c, gloss_rgb_make(1.7f, 0.62f, 0.38f) * side, 0.8f * streak);
    c += gloss_rgb_make(1.0f, 0.5f, 0.15f) * (4.0f * powf(fmaxf(toward, 0.0f), 40.0f));
    gloss_rgb land = gloss_rgb_make(0.05f, 0.035f, 0.04f) * (0.4f + cloud(d, 8, 8, 8, 3));
    float hills = 0.10f * cloud(d, 3, 0, 3, 4);
    c = mix(land, c, ramp(hills - 0.01f, hills + 0.01f, d[1]));
    float disc = ramp(cosf(5.0f * DEGREE), cosf(3.5f * DEGREE), toward);
    return (gloss_radiance){c, gloss_rgb_make(1.0f, 0.50f, 0.18f) * (260.0f * disc)};
}

/* A dark studio with three softboxes and a pale sweep below. */
static gloss_radiance studio(const float d[3])
{
    gloss_rgb c = mix(gloss_rgb_make(0.20f, 0.20f, 0.21f), gloss_rgb_make(0.025f, 0.025f, 0.03f),
                      ramp(-0.9f, 0.25f, d[1]));
    c += gloss_rgb_make(1.00f, 1.03f, 1.08f) * (5.5f * panel(d, 58, 28, 0.13f, 0.75f, 0.03f));
    c += gloss_rgb_make(1.08f, 1.00f, 0.90f) * (2.5f * panel(d, -8, 86, 0.45f, 0.20f, 0.04f));
    float key = panel(d, -38, 46, 0.42f, 0.32f, 0.03f);
    return (gloss_radiance){c, gloss_rgb_make(1.03f, 1.0f, 0.96f) * (9.0f * key)};
}

/* What a window shows: sky above, a street below. */
static gloss_rgb view_outside(float height)
{
    return mix(gloss_rgb_make(0.9f, 1.1f, 0.6f), gloss_rgb_make(6.5f, 7.5f, 9.0f),
               ramp(-0.05f, 0.15f, height));
}

/* 1 where the glass of a window with 2 x 3 panes is, in units of its half size. */
static float panes(float x, float y)
{
    if (fabsf(x) > 1.0f || fabsf(y) > 1.0f) return 0.0f;
    float column = fabsf(fabsf(x) - 0.5f) * 2.0f;        /* 1 at the bars */
    float row = fabsf(fmodf((y + 1.0f) * 1.5f, 1.0f) - 0.5f) * 2.0f;
    return (1.0f - ramp(0.84f, 0.92f, column)) * (1.0f - ramp(0.80f, 0.90f, row));
}

/* A furnished room of 4 x 3 x 5 m, seen from its middle: one large window on the
 * left, a smaller one behind the viewer, a warm lamp at the ceiling. */
static gloss_radiance window(const float d[3])
{
    static const float half[3] = {2.0f, 1.5f, 2.5f};
    float t = 1e9f;
    int wall = 0;
    for (int a = 0; a < 3; a++) {
        float hit = half[a] / fmaxf(fabsf(d[a]), 1e-6f);
        if (hit < t) {
            t = hit;
            wall = a;
        }
    }
    const float p[3] = {d[0] * t, d[1] * t, d[2] * t};
    /* what the large window lights falls off with distance from it */
    float near = (p[0] + 2.0f) * (p[0] + 2.0f) + (p[2] - 0.9f) * (p[2] - 0.9f);
    float lit = 0.30f + 1.7f / (1.0f + near);
    gloss_rgb c = gloss_rgb_make(0.42f, 0.37f, 0.30f) * lit;
    gloss_rgb key = {0};
    if (wall == 1 && d[1] < 0.0f) { /* boards */
        float board = noise(floorf(p[0] * 6.0f) * 3.1f, 0.4f * p[2], 0.5f);
        c = gloss_rgb_make(0.22f, 0.12f, 0.06f) * (lit * (0.5f + board));
    } else if (wall == 1) { /* white ceiling with a lamp and a beam */
        float r = sqrtf((p[0] - 0.7f) * (p[0] - 0.7f) + (p[2] - 0.3f) * (p[2] - 0.3f));
        c = gloss_rgb_make(0.60f, 0.58f, 0.53f) * (fabsf(p[2] - 1.2f) < 0.12f ? 0.2f * lit : lit);
        c = mix(c, gloss_rgb_make(12.0f, 8.0f, 4.0f), 1.0f - ramp(0.18f, 0.24f, r));
    } else if (wall == 0 && d[0] < 0.0f) {
        float glass = panes((p[2] - 0.9f) / 1.1f, (p[1] - 0.2f) / 0.95f);
        key = view_outside(d[1]) * glass;
        c *= 1.0f - glass;
    } else if (wall == 2 && d[2] > 0.0f) {
        float glass = panes((p[0] - 0.9f) / 0.55f, (p[1] - 0.25f) / 0.75f);
        c = mix(c, view_outside(d[1]) * 0.8f, glass);
    } else if (p[1] < 0.3f && fabsf(wall == 0 ? p[2] : p[0]) < 0.9f) { /* a dark shelf */
        c = gloss_rgb_make(0.10f, 0.05f, 0.035f) * (0.5f + noise(9 * p[2] + 9 * p[0], 4 * p[1], 1));
    }
    return (gloss_radiance){c, key};
}

/* Under trees: sky and sun flecks through leaves, trunks, a floor of litter. */
static gloss_radiance forest(const float d[3])
{
    float fine = cloud(d, 11, 11, 11, 3), coarse = cloud(d, 3, 3, 3, 2);
    gloss_rgb leaves = mix(gloss_rgb_make(0.02f, 0.06f, 0.015f),
                           gloss_rgb_make(0.22f, 0.38f, 0.07f), ramp(0.25f, 0.8f, fine));
    float open = 0.55f * fine + 0.45f * coarse + 0.10f * fmaxf(d[1], 0.0f);
    float gap = ramp(0.585f, 0.635f, open) * ramp(-0.02f, 0.2f, d[1]);
    gloss_rgb c = mix(leaves, gloss_rgb_make(4.6f, 5.0f, 5.0f), gap);
    gloss_rgb litter = mix(gloss_rgb_make(0.05f, 0.035f, 0.02f),
                           gloss_rgb_make(0.22f, 0.15f, 0.07f), cloud(d, 14, 14, 14, 3));
    c = mix(litter, c, ramp(-0.15f, -0.05f, d[1]));
    float turn = atan2f(d[0], d[2]) * 4.5f + 0.3f * d[1];
    float trunk = ramp(0.60f, 0.68f, noise(turn * 1.3f, 0.15f * d[1], 3.0f) * 0.7f +
                                         noise(turn * 3.1f, 0.1f * d[1], 9.0f) * 0.4f);
    trunk *= (1.0f - ramp(0.45f, 0.75f, d[1])) * ramp(-0.2f, -0.12f, d[1]);
    c = mix(c, gloss_rgb_make(0.045f, 0.035f, 0.028f), trunk);
    float sun[3];
    direction(sun, 25.0f, 62.0f);
    float fleck = ramp(0.955f, 0.985f, dot(d, sun)) * ramp(0.45f, 0.6f, fine);
    return (gloss_radiance){c, gloss_rgb_make(30.0f, 28.0f, 20.0f) * fleck};
}

static const struct {
    const char *name;
    gloss_radiance (*radiance)(const float d[3]);
} LIGHTS[GLOSS_LIGHTS] = {
    {"overcast", overcast}, {"sunny", sunny},   {"sunset", sunset},
    {"studio", studio},     {"window", window}, {"forest", forest},
};

const char *gloss_light_name(int light)
{
    assert(light >= 0 && light < GLOSS_LIGHTS);
    return LIGHTS[light].name;
}

gloss_radiance gloss_light_radiance(int light, const float d[3])
{
    assert(light >= 0 && light < GLOSS_LIGHTS);
    return LIGHTS[light].radiance(d);
}
