/* The built-in data set: pictures of bumpy surfaces, matte or glossy, under six
 * light fields, after the design of Storrs, Anderson & Fleming 2021 (Nature Human
 * Behaviour 5:1402): relief, colour, light and reflectance vary independently,
 * and the binary label says from which of two modes the reflectance was drawn.
 *
 * A scene is a pure function of (seed, number); a picture of (scene, size). */
#ifndef DATA_GLOSS_RENDER_H
#define DATA_GLOSS_RENDER_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "data/gloss/light.h"
#include "jem/status.h"

enum {
    GLOSS_SIZE_MIN = 8,
    GLOSS_SIZE_MAX = 1024,
    GLOSS_SCENES_MAX = 999999,
    GLOSS_VERSION = 1 /* raise it when the same scene would give another picture */
};

typedef struct gloss_scene {
    uint64_t seed;
    int64_t number;     /* from 1 */
    int gloss_cat;      /* 0 = low gloss, 1 = high gloss */
    int light;          /* below GLOSS_LIGHTS */
    double bump;        /* relief height, 0.4 .. 1 */
    double wavelength;  /* of the largest bumps, half picture widths */
    double persistence; /* strength of the finer bumps */
    double skew;        /* > 0: pointed peaks, < 0: pointed dents */
    double specular;    /* weight of the specular reflection, 0 .. 1 */
    double roughness;   /* of the specular reflection, 0 = mirror .. 1 */
    double hue, saturation, value; /* diffuse colour, 0 .. 1 each */
    double yaw_deg;     /* the light field turned about the vertical */
    double tilt_deg;    /* of the view from the surface's normal */
    double brightness;  /* mean display value the camera meters to, 0 .. 1 */
} gloss_scene;

/* Scene `number` (1 .. GLOSS_SCENES_MAX) of the set with `seed`.  Twelve scenes in
 * a row hold every pair of category and light once, in random order. */
void gloss_scene_draw(gloss_scene *s, uint64_t seed, int64_t number);

typedef struct gloss_renderer gloss_renderer;
/* Tables of the light fields, owned; shared by threads once made.  About 0.3 s. */
jem_status gloss_renderer_new(gloss_renderer **out);
void gloss_renderer_free(gloss_renderer *r); /* NULL is fine */

typedef struct gloss_scratch gloss_scratch;
/* Work space of one thread, owned. */
jem_status gloss_scratch_new(gloss_scratch **out);
void gloss_scratch_free(gloss_scratch *s); /* NULL is fine */

/* rgb [size][size][3] <- sRGB picture of the scene; size within GLOSS_SIZE_MIN ..
 * GLOSS_SIZE_MAX.  Threads may share `r`, each with a scratch of its own. */
void gloss_render(uint8_t *rgb, int64_t size, const gloss_renderer *r, const gloss_scene *s,
                  gloss_scratch *scratch);

typedef struct gloss_set_call {
    const char *dir;
    int64_t n, size;
    uint64_t seed;
    pool *threads;
    const volatile sig_atomic_t *stop; /* nonzero: stop soon; NULL: never */
} gloss_set_call;

/* Renders scenes 1 .. n into `dir` (made if missing): rgb/rgb_scene000001.png ...
 * and, once all pictures are there, scene_log.csv with one row per scene.  Until
 * then the log is called scene_log.csv.partial, so that an interrupted render
 * continues and a finished one is left alone when called again.
 * JEM_EUSAGE if n or size is out of range or `dir` holds anything else than
 * this very render; JEM_EIO if a file cannot be written; JEM_EINTERRUPTED: *stop was set. */
jem_status gloss_render_set(const gloss_set_call *call);

#endif
