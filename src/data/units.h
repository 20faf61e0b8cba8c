/* Network units of an 8-bit level: u8/255, then (v - 0.5)/0.5, in float like
 * torchvision's ToTensor and Normalize. */
#ifndef DATA_UNITS_H
#define DATA_UNITS_H

static inline void units_table(float table[256])
{
    for (int u = 0; u < 256; u++) table[u] = ((float)u / 255.0f - 0.5f) / 0.5f;
}

#endif
