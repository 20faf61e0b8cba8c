/* JPEG files, baseline and progressive, through image_decode. */
#include "picture.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    static const uint8_t start[3] = {0xff, 0xd8, 0xff};

    fuzz_picture("fuzz.jpg", start, sizeof start, data, size);
}
