/* What the targets of PNG and JPEG share. */
#ifndef FUZZ_PICTURE_H
#define FUZZ_PICTURE_H

#include <string.h>

#include "data/pictures/image.h"
#include "fuzz.h"

/* Every case begins as such a file does, with `start`: what does not is not for this
 * reader. */
static inline void fuzz_picture(const char *path, const uint8_t *start, size_t n,
                                const uint8_t *data, size_t size)
{
    static uint8_t file[1 << 16];
    image m = IMAGE_INIT;

    if (size < n || size > sizeof file) return;
    memcpy(file, data, size);
    memcpy(file, start, n);
    fuzz_file(path, file, size);
    if (fuzz_refused(image_read(&m, path), path)) {
        fuzz_expect(!m.pixels);
        return;
    }
    fuzz_expect(m.channels == 3 && m.height > 0 && m.width > 0);
    fuzz_touch(m.pixels, (size_t)(m.height * m.width * m.channels));
    image_clear(&m);
}

#endif
