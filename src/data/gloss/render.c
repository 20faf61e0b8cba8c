/* One picture: rays from a perspective camera meet the height field, each hit is
 * shaded with a Lambertian term (irradiance table, ambient occlusion, shadow of the
 * key light) and a GGX lobe with Schlick's Fresnel term (prefiltered table, occlusion
 * of the reflected ray by the horizon); several samples per pixel, each
 * tone-mapped before they are averaged so that a highlight cannot alias. */
#include "data/gloss/render.h"

#include <assert.h>
#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "data/gloss/envmap.h"
#include "data/gloss/relief.h"

enum { SRGB_STEPS = 4096, METER_SIDE = 20, SAMPLES_MAX = 64 };

static const float CAMERA_DISTANCE = 4.0f; /* half picture widths */
static const float FRAME = 0.96f;          /* half width of what the picture shows */
static const float LEAN_DEG = 32.0f;       /* elevation of the surface's normal */
static const float TALLEST_RMS = 0.12f;   /* of a relief with bump = 1 */
static const float DEGREE = 0.017453292f;

struct gloss_renderer {
    gloss_envmap lights[GLOSS_LIGHTS];
    float split_sum[GLOSS_SPLIT_SIDE][GLOSS_SPLIT_SIDE][2];
    uint8_t srgb[SRGB_STEPS + 1]; /* display value of linear k / SRGB_STEPS */
};

struct gloss_scratch {
    gloss_relief relief;
};

/* ---- scenes */

/* Elements of the scene's stream, one per property. */
enum { DRAW_BUMP, DRAW_WAVELENGTH, DRAW_PERSISTENCE, DRAW_SKEW, DRAW_SPECULAR, DRAW_SPECULAR_2,
       DRAW_ROUGHNESS, DRAW_ROUGHNESS_2, DRAW_HUE, DRAW_SATURATION, DRAW_VALUE, DRAW_YAW,
       DRAW_TILT, DRAW_BRIGHTNESS };

enum { STREAM_PROPERTIES = 0, /* 1 and up: octaves of the relief */ STREAM_DESIGN = 16 };

static double between(double low, double high, double unit)
{
    return low + (high - low) * unit;
}

void gloss_scene_draw(gloss_scene *s, uint64_t seed, int64_t number)
{
    enum { BLOCK = 2 * GLOSS_LIGHTS };
    assert(number >= 1 && number <= GLOSS_SCENES_MAX);
    int64_t order[BLOCK];
    rng_stream design = {seed, RNG_RENDER, (uint32_t)((number - 1) / BLOCK), STREAM_DESIGN};
    rng_permutation(order, BLOCK, &design);
    int cell = (int)order[(number - 1) % BLOCK];

    const rng_stream stream = {seed, RNG_RENDER, 0, STREAM_PROPERTIES};
    uint32_t scene = (uint32_t)number;
#define UNIT(element) ((double)rng_unit(&stream, scene, element))
    /* sums of two draws: each category has a mode in its middle */
    double specular = 0.5 * (UNIT(DRAW_SPECULAR) + UNIT(DRAW_SPECULAR_2));
    double roughness = 0.5 * (UNIT(DRAW_ROUGHNESS) + UNIT(DRAW_ROUGHNESS_2));
    int glossy = cell % 2;
    *s = (gloss_scene){
        .seed = seed,
        .number = number,
        .gloss_cat = glossy,
        .light = cell / 2,
        .bump = between(0.4, 1.0, UNIT(DRAW_BUMP)),
        .wavelength = between(0.6, 1.1, UNIT(DRAW_WAVELENGTH)),
        .persistence = between(0.10, 0.28, UNIT(DRAW_PERSISTENCE)),
        .skew = between(-0.25, 0.25, UNIT(DRAW_SKEW)),
        .specular = glossy ? between(0.55, 1.0, specular) : between(0.02, 0.28, specular),
        .roughness = glossy ? between(0.02, 0.26, roughness) : between(0.50, 0.85, roughness),
        .hue = UNIT(DRAW_HUE),
        .saturation = between(0.15, 0.85, UNIT(DRAW_SATURATION)),
        .value = between(0.25, 0.85, UNIT(DRAW_VALUE)),
        .yaw_deg = between(-25.0, 25.0, UNIT(DRAW_YAW)),
        .tilt_deg = between(8.0, 26.0, UNIT(DRAW_TILT)),
        .brightness = between(0.34, 0.52, UNIT(DRAW_BRIGHTNESS)),
    };
#undef UNIT
}

/* Linear reflectance of a hue, saturation and value given as display colours. */
static gloss_rgb albedo_of(const gloss_scene *s)
{
    gloss_rgb c = {0};
    for (int k = 0; k < 3; k++) {
        double x = fmod(s->hue * 6.0 + (double)((6 - 2 * k) % 6), 6.0);
        double pure = fmin(fmax(fabs(x - 3.0) - 1.0, 0.0), 1.0);
        c[k] = (float)pow(s->value * (1.0 - s->saturation * (1.0 - pure)), 2.2);
    }
    return c;
}

/* ---- renderer and scratch */

static void srgb_table(uint8_t table[SRGB_STEPS + 1])
{
    for (int k = 0; k <= SRGB_STEPS; k++) {
        double x = (double)k / SRGB_STEPS;
        double y = x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1.0 / 2.4) - 0.055;
        table[k] = (uint8_t)lround(255.0 * y);
    }
}

jem_status gloss_renderer_new(gloss_renderer **out)
{
    jem_status st;
    gloss_renderer *r = NULL;

    TRY(MEM_NEW(r, 1));
    for (int k = 0; k < GLOSS_LIGHTS; k++) TRY(gloss_envmap_init(&r->lights[k], k));
    gloss_split_sum(r->split_sum);
    srgb_table(r->srgb);
    *out = r;
    r = NULL;
done:
    gloss_renderer_free(r);
    return st;
}

void gloss_renderer_free(gloss_renderer *r)
{
    if (!r) return;
    for (int k = 0; k < GLOSS_LIGHTS; k++) gloss_envmap_clear(&r->lights[k]);
    mem_free(r);
}

jem_status gloss_scratch_new(gloss_scratch **out)
{
    jem_status st;
    gloss_scratch *s = NULL;

    TRY(MEM_NEW(s, 1));
    TRY(gloss_relief_init(&s->relief));
    *out = s;
    s = NULL;
done:
    gloss_scratch_free(s);
    return st;
}

void gloss_scratch_free(gloss_scratch *s)
{
    if (!s) return;
    gloss_relief_clear(&s->relief);
    mem_free(s);
}

/* ---- the view of one scene */

/* What shading needs, in the surface frame. */
typedef struct view {
    const gloss_envmap *light;
    const gloss_relief *relief;
    float eye[3], forward[3], up[3]; /* right is the x axis */
    float world[3][3];               /* world = rows . surface */
    float key[3];                    /* direction of the key light */
    gloss_rgb albedo, f0, f90;
    gloss_rgb enclosed;              /* what a reflected ray meets on the surface itself */
    float alpha2;                    /* squared GGX alpha of the material */
    float slope_noise;               /* squared slope step between cells -> GGX alpha^2 */
    float split_sum[GLOSS_SPLIT_SIDE][2];
    int march_steps;
} view;

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void to_world(float w[3], const view *v, const float d[3])
{
    for (int k = 0; k < 3; k++) w[k] = dot(v->world[k], d);
}

static void place_camera(view *v, const gloss_scene *s)
{
    float tilt = (float)s->tilt_deg * DEGREE, lean = LEAN_DEG * DEGREE;
    float yaw = (float)s->yaw_deg * DEGREE;
    const float down[3] = {0.0f, -sinf(tilt), cosf(tilt)};
    for (int k = 0; k < 3; k++) {
        v->eye[k] = CAMERA_DISTANCE * down[k];
        v->forward[k] = -down[k];
    }
    v->up[0] = 0.0f;
    v->up[1] = cosf(tilt);
    v->up[2] = sinf(tilt);
    /* surface axes in the world before the yaw: x, (0, cos, -sin), (0, sin, cos) */
    const float axes[3][3] = {{1.0f, 0.0f, 0.0f},
                              {0.0f, cosf(lean), sinf(lean)},
                              {0.0f, -sinf(lean), cosf(lean)}};
    for (int k = 0; k < 3; k++) {
        v->world[0][k] = cosf(yaw) * axes[0][k] + sinf(yaw) * axes[2][k];
        v->world[1][k] = axes[1][k];
        v->world[2][k] = -sinf(yaw) * axes[0][k] + cosf(yaw) * axes[2][k];
    }
}

static void set_material(view *v, const gloss_scene *s, const gloss_renderer *r)
{
    float specular = (float)s->specular, roughness = (float)s->roughness;
    float f0 = 0.32f * specular * sqrtf(specular), f90 = smaller(6.0f * f0, 1.0f);
    v->albedo = albedo_of(s);
    v->f0 = gloss_rgb_make(f0, f0, f0);
    v->f90 = gloss_rgb_make(f90, f90, f90);
    v->alpha2 = roughness * roughness * roughness * roughness;
    float row = roughness * (float)(GLOSS_SPLIT_SIDE - 1);
    int k = (int)row < GLOSS_SPLIT_SIDE - 2 ? (int)row : GLOSS_SPLIT_SIDE - 2;
    for (int c = 0; c < GLOSS_SPLIT_SIDE; c++)
        for (int i = 0; i < 2; i++) {
            float a = r->split_sum[k][c][i], b = r->split_sum[k + 1][c][i];
            v->split_sum[c][i] = a + (b - a) * (row - (float)k);
        }
}

/* Everything about a scene that does not depend on the pixel; draws its relief. */
static void view_init(view *v, const gloss_renderer *r, const gloss_scene *s, gloss_relief *relief)
{
    *v = (view){.light = &r->lights[s->light], .relief = relief};
    place_camera(v, s);
    set_material(v, s, r);
    for (int k = 0; k < 3; k++) /* the inverse of a rotation is its transpose */
        v->key[k] = v->world[0][k] * v->light->key_direction[0] +
                    v->world[1][k] * v->light->key_direction[1] +
                    v->world[2][k] * v->light->key_direction[2];
    const gloss_relief_shape shape = {.rms = TALLEST_RMS * (float)s->bump,
                                      .wavelength = (float)s->wavelength,
                                      .persistence = (float)s->persistence,
                                      .skew = (float)s->skew};
    gloss_relief_draw(relief, &shape, s->seed, (uint32_t)s->number);
    gloss_relief_look_around(relief, v->key, v->light->key_softness);
    /* steps of about eight cells along the surface, at the steepest ray */
    float slant = tanf((float)s->tilt_deg * DEGREE + atanf(FRAME / CAMERA_DISTANCE));
    v->march_steps = 2 + (int)((relief->high - relief->low) * slant / 0.12f);

    float normal[3];
    to_world(normal, v, (const float[3]){0.0f, 0.0f, 1.0f});
    gloss_rgb received = gloss_envmap_diffuse(v->light, normal) +
                         v->light->key_irradiance * (0.7f * fmaxf(v->key[2], 0.0f));
    v->enclosed = v->albedo * received * 0.8f + v->f0 * v->light->mean;
}

/* ---- rays and shading */

/* A place on a square grid of n samples over the field: cell and fractions. */
typedef struct grid_point {
    int cell; /* index of the lower left sample */
    float x, y;
} grid_point;

static grid_point locate(float x, float y, int n)
{
    float scale = (float)(n - 1) / (2.0f * GLOSS_RELIEF_HALF), most = (float)(n - 1) - 0.001f;
    float gx = (x + GLOSS_RELIEF_HALF) * scale, gy = (y + GLOSS_RELIEF_HALF) * scale;
    gx = gx < 0.0f ? 0.0f : gx > most ? most : gx;
    gy = gy < 0.0f ? 0.0f : gy > most ? most : gy;
    int i = (int)gx, j = (int)gy;
    return (grid_point){j * n + i, gx - (float)i, gy - (float)j};
}

/* A plane [GLOSS_RELIEF_SIDE]^2 at the point; `corner` is its value at g.cell. */
static float bilinear(const float *corner, grid_point g)
{
    const float *above = corner + GLOSS_RELIEF_SIDE;
    float low = corner[0] + (corner[1] - corner[0]) * g.x;
    float high = above[0] + (above[1] - above[0]) * g.x;
    return low + (high - low) * g.y;
}

/* How far the ray from the eye is above the surface at distance t. */
static float gap_at(const view *v, const float d[3], float t)
{
    grid_point g = locate(v->eye[0] + t * d[0], v->eye[1] + t * d[1], GLOSS_RELIEF_SIDE);
    return v->eye[2] + t * d[2] - bilinear(v->relief->height + g.cell, g);
}

/* p <- first place where the ray from the eye along `d` (d[2] < 0) is below the
 * surface: equal steps through the slab that holds the relief, then two secants. */
static void intersect(float p[3], const view *v, const float d[3])
{
    const gloss_relief *r = v->relief;
    float t = (r->high - v->eye[2]) / d[2];
    float step = (r->low - r->high) / d[2] / (float)v->march_steps;
    float above = gap_at(v, d, t), below = 0.0f;
    for (int k = 0; k < v->march_steps; k++) {
        t += step;
        below = gap_at(v, d, t);
        if (below <= 0.0f) break;
        above = below;
    }
    if (below < 0.0f && above > 0.0f) {
        float near = t - step, far = t;
        float middle = near + step * above / (above - below), gap = gap_at(v, d, middle);
        if (gap > 0.0f) {
            near = middle;
            above = gap;
        } else {
            far = middle;
            below = gap;
        }
        t = near + (far - near) * above / (above - below);
    }
    for (int k = 0; k < 3; k++) p[k] = v->eye[k] + t * d[k];
}

/* What is visible from a point: bilinear between cells. */
static gloss_visibility look(const gloss_relief *r, const float p[3])
{
    grid_point g = locate(p[0], p[1], GLOSS_HORIZON_SIDE);
    const gloss_visibility *a = r->visibility + g.cell, *b = a + GLOSS_HORIZON_SIDE;
    float w00 = (1.0f - g.x) * (1.0f - g.y), w01 = g.x * (1.0f - g.y);
    float w10 = (1.0f - g.x) * g.y, w11 = g.x * g.y;
    gloss_visibility v;
    for (int k = 0; k < GLOSS_HORIZONS / 4; k++)
        v.horizon[k] = a[0].horizon[k] * w00 + a[1].horizon[k] * w01 + b[0].horizon[k] * w10 +
                       b[1].horizon[k] * w11;
    v.open_key = a[0].open_key * w00 + a[1].open_key * w01 + b[0].open_key * w10 +
                 b[1].open_key * w11;
    return v;
}

/* Share of the lobe around `d` that clears the horizon. */
static float clearance(const gloss_visibility *v, const float d[3], float roughness)
{
    /* the angle measured along a diamond agrees with the true one at every 45 degrees */
    float around = fabsf(d[0]) + fabsf(d[1]);
    float turn = around > 1e-6f ? d[1] / around : 0.0f;
    turn = d[0] < 0.0f ? 2.0f - turn : turn < 0.0f ? 4.0f + turn : turn;
    float place = turn * 2.0f;
    int k = (int)place;
    float f = place - (float)k, soft = 0.10f + 0.6f * roughness;
    int a = k & 7, b = (k + 1) & 7;
    float h = v->horizon[a >> 2][a & 3] * (1.0f - f) + v->horizon[b >> 2][b & 3] * f;
    float share = 0.5f + (d[2] - h) / soft;
    return share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share;
}

/* Normal at p, and how much GGX alpha^2 the bending of the surface between two
 * samples adds (after Kaplanyan et al. 2016: slopes within the footprint act as roughness). */
static float normal_at(float n[3], const view *v, const float p[3])
{
    grid_point g = locate(p[0], p[1], GLOSS_RELIEF_SIDE);
    const float *sx = v->relief->slope_x + g.cell, *sy = v->relief->slope_y + g.cell;
    float xx = sx[1] - sx[0], xy = sx[GLOSS_RELIEF_SIDE] - sx[0];
    float yx = sy[1] - sy[0], yy = sy[GLOSS_RELIEF_SIDE] - sy[0];
    float x = bilinear(sx, g), y = bilinear(sy, g);
    float scale = 1.0f / sqrtf(x * x + y * y + 1.0f);
    n[0] = -x * scale;
    n[1] = -y * scale;
    n[2] = scale;
    return v->slope_noise * (xx * xx + xy * xy + yx * yx + yy * yy) * scale * scale;
}

/* Radiance that leaves the surface at p against the unit ray direction d. */
static gloss_rgb shade(const view *v, const float p[3], const float d[3])
{
    float n[3], mirror[3], world[3];
    float alpha2 = smaller(v->alpha2 + normal_at(n, v, p), 1.0f);
    float roughness = sqrtf(sqrtf(alpha2));
    float facing = -dot(n, d);
    for (int k = 0; k < 3; k++) mirror[k] = d[k] + 2.0f * facing * n[k];
    gloss_visibility visible = look(v->relief, p);
    float open = visible.open_key[0];

    /* light bounced between neighbouring slopes brightens hollows in the
     * surface's own colour: sum of the geometric series */
    to_world(world, v, n);
    const gloss_rgb one = {1.0f, 1.0f, 1.0f, 1.0f};
    gloss_rgb tint = one * open / (one - v->albedo * (1.0f - open));
    gloss_rgb diffuse = gloss_envmap_diffuse(v->light, world) * tint;
    float toward = dot(n, v->key);
    if (toward > 0.0f) diffuse += v->light->key_irradiance * (toward * visible.open_key[1]);

    float column = smaller(facing > 0.0f ? facing : 0.0f, 0.999f) * (float)(GLOSS_SPLIT_SIDE - 1);
    int c = (int)column;
    float f = column - (float)c;
    float scale = v->split_sum[c][0] + (v->split_sum[c + 1][0] - v->split_sum[c][0]) * f;
    float offset = v->split_sum[c][1] + (v->split_sum[c + 1][1] - v->split_sum[c][1]) * f;
    gloss_rgb reflectance = v->f0 * scale + v->f90 * offset;

    to_world(world, v, mirror);
    float clear = clearance(&visible, mirror, roughness);
    gloss_rgb specular = gloss_envmap_specular(v->light, world, roughness) * clear +
                         v->enclosed * (open * (1.0f - clear));
    return v->albedo * (one - reflectance) * diffuse + reflectance * specular;
}

/* Radiance towards the eye from picture position (x, y) in [-1, 1]^2, y up. */
static gloss_rgb trace(const view *v, float x, float y)
{
    const float k = FRAME / CAMERA_DISTANCE;
    float d[3] = {k * x, v->forward[1] + k * y * v->up[1], v->forward[2] + k * y * v->up[2]};
    float p[3], scale = 1.0f / sqrtf(dot(d, d));
    for (int c = 0; c < 3; c++) d[c] *= scale;
    intersect(p, v, d);
    return shade(v, p, d);
}

/* ---- the picture */

/* A filmic curve: steep in the middle, so that shading keeps its contrast, and
 * with a long shoulder for highlights (Narkowicz 2016, fit to ACES), scaled so that it
 * tends to 1 and needs no clamp. */
static gloss_rgb tone_map(gloss_rgb c)
{
    return c * (c * 2.43f + 0.029f) / (c * (c * 2.43f + 0.59f) + 0.14f);
}

/* The exposure at which a coarse view of the scene has the mean display value
 * `target`: matte and glossy pictures are equally bright by construction. */
static float meter(const view *v, const gloss_renderer *r, double target)
{
    gloss_rgb seen[METER_SIDE * METER_SIDE];
    for (int i = 0; i < METER_SIDE * METER_SIDE; i++) {
        float x = ((float)(i % METER_SIDE) + 0.5f) * 2.0f / METER_SIDE - 1.0f;
        float y = ((float)(i / METER_SIDE) + 0.5f) * 2.0f / METER_SIDE - 1.0f;
        seen[i] = trace(v, x, y);
    }
    float low = -8.0f, high = 10.0f; /* stops */
    for (int round = 0; round < 12; round++) {
        float middle = 0.5f * (low + high), exposure = exp2f(middle), sum = 0.0f;
        for (int i = 0; i < METER_SIDE * METER_SIDE; i++) {
            gloss_rgb c = tone_map(seen[i] * exposure) * (float)SRGB_STEPS;
            sum += gloss_luminance(gloss_rgb_make(r->srgb[(int)c[0]], r->srgb[(int)c[1]],
                                                  r->srgb[(int)c[2]]));
        }
        if (sum < (float)target * 255.0f * METER_SIDE * METER_SIDE)
            low = middle;
        else
            high = middle;
    }
    return exp2f(0.5f * (low + high));
}

/* Samples per pixel: enough that a picture of any size rests on at least 128 x 128,
 * and never fewer than two where reflections are sharp. */
static int sample_count(int64_t size, double roughness)
{
    int64_t n = (128 * 128 + size * size - 1) / (size * size), least = roughness < 0.4 ? 2 : 1;
    return (int)(n < least ? least : n > SAMPLES_MAX ? SAMPLES_MAX : n);
}

/* Hammersley points: even in x, y and both together. */
static void sample_places(float places[SAMPLES_MAX][2], int n)
{
    for (int k = 0; k < n; k++) {
        float sum = 0.5f / (float)n, digit = 0.5f;
        for (int i = k; i; i >>= 1, digit *= 0.5f)
            if (i & 1) sum += digit;
        places[k][0] = ((float)k + 0.5f) / (float)n;
        places[k][1] = sum < 1.0f ? sum : sum - 1.0f;
    }
}

void gloss_render(uint8_t *rgb, int64_t size, const gloss_renderer *r, const gloss_scene *s,
                  gloss_scratch *scratch)
{
    assert(size >= GLOSS_SIZE_MIN && size <= GLOSS_SIZE_MAX);
    view v;
    float places[SAMPLES_MAX][2];
    int samples = sample_count(size, s->roughness);
    view_init(&v, r, s, &scratch->relief);
    sample_places(places, samples);
    float pixel = 2.0f / (float)size;
    float cell = 2.0f * GLOSS_RELIEF_HALF / (float)(GLOSS_RELIEF_SIDE - 1);
    v.slope_noise = 0.2f * pixel * pixel / ((float)samples * cell * cell);
    float exposure = meter(&v, r, s->brightness);
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < size; j++) {
            gloss_rgb sum = {0};
            for (int k = 0; k < samples; k++)
                sum += tone_map(trace(&v, ((float)j + places[k][0]) * pixel - 1.0f,
                                      1.0f - ((float)i + places[k][1]) * pixel) * exposure);
            for (int c = 0; c < 3; c++)
                rgb[(i * size + j) * 3 + c] = r->srgb[(int)(sum[c] / (float)samples * SRGB_STEPS)];
        }
}
