/* Pixels of 0 to 255 in the units that networks take, and back. */
#ifndef DATA_PICTURES_UNITS_H
#define DATA_PICTURES_UNITS_H

/* Warns if floats from `least` to `most` in the file `path` look like levels from 0 to 1 or 255. */
void units_check(double least, double most, const char *path);

/* Of each 8-bit level: u8/255, then (v - 0.5)/0.5, in float like torchvision's ToTensor and
 * Normalize. */
static inline void units_table(float table[256])
{
    for (int u = 0; u < 256; u++) table[u] = ((float)u / 255.0f - 0.5f) / 0.5f;
}

#endif
