/* The light fields under which the gloss renderer shows its surfaces: radiance
 * as a function of direction, in closed form, so that no file is needed.
 *
 * World frame: x right, y up, z towards the viewer. */
#ifndef DATA_GLOSS_LIGHT_H
#define DATA_GLOSS_LIGHT_H

enum { GLOSS_LIGHTS = 6 };

/* Four floats the compiler keeps in one register: red, green, blue, unused. */
typedef float gloss_rgb __attribute__((vector_size(16)));

static inline gloss_rgb gloss_rgb_make(float r, float g, float b)
{
    return (gloss_rgb){r, g, b, 0.0f};
}

/* Rec. 709 luminance of linear light. */
static inline float gloss_luminance(gloss_rgb c)
{
    return 0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2];
}

/* "overcast", "sunny", "sunset", "studio", "window", "forest". */
const char *gloss_light_name(int light);

/* The light's key source (sun, softbox, window) comes apart from the rest, because
 * the diffuse shading lets only the key cast shadows. */
typedef struct gloss_radiance {
    gloss_rgb rest, key;
} gloss_radiance;
/* Radiance from unit direction `d`, world frame (arbitrary units, overcast zenith = 1); `light` in
 * 0 .. GLOSS_LIGHTS - 1. */
gloss_radiance gloss_light_radiance(int light, const float d[3]);

#endif
