/* JPEG, baseline and progressive. */
#include <string.h>

#include "data/image.h"
#include "fuzz.h"

#define PATH "fuzz.jpg"

/* Every case begins as a JPEG does: what does not is not for this reader. */
void fuzz_one(const uint8_t *data, size_t size)
{
    static const uint8_t start[3] = {0xff, 0xd8, 0xff};
    static uint8_t file[1 << 16];
    image m = IMAGE_INIT;

    if (size < sizeof start || size > sizeof file) return;
    memcpy(file, data, size);
    memcpy(file, start, sizeof start);
    fuzz_file(PATH, file, size);
    if (fuzz_refused(image_read(&m, PATH), PATH)) {
        fuzz_expect(!m.pixels);
        return;
    }
    fuzz_expect(m.channels == 3 && m.height > 0 && m.width > 0);
    fuzz_touch(m.pixels, (size_t)(m.height * m.width * m.channels));
    image_clear(&m);
}
