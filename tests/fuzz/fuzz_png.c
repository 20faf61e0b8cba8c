/* PNG.  Checksums are switched off in libpng, or hardly any change of a file would come
 * further than to the first of them. */
#include <png.h>
#include <string.h>

#include "data/image.h"
#include "fuzz.h"

#define PATH "fuzz.png"

png_structp __real_png_create_read_struct(png_const_charp version, png_voidp ctx,
                                          png_error_ptr error, png_error_ptr warning);
png_structp __wrap_png_create_read_struct(png_const_charp version, png_voidp ctx,
                                          png_error_ptr error, png_error_ptr warning);

png_structp __wrap_png_create_read_struct(png_const_charp version, png_voidp ctx,
                                          png_error_ptr error, png_error_ptr warning)
{
    png_structp png = __real_png_create_read_struct(version, ctx, error, warning);

    if (!png) return png;
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
    return png;
}

/* Every case begins as a PNG does: what does not is not for this reader. */
void fuzz_one(const uint8_t *data, size_t size)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static uint8_t file[1 << 16];
    image m = IMAGE_INIT;

    if (size < sizeof signature || size > sizeof file) return;
    memcpy(file, data, size);
    memcpy(file, signature, sizeof signature);
    fuzz_file(PATH, file, size);
    if (fuzz_refused(image_read(&m, PATH), PATH)) {
        fuzz_expect(!m.pixels);
        return;
    }
    fuzz_expect(m.channels == 3 && m.height > 0 && m.width > 0);
    fuzz_touch(m.pixels, (size_t)(m.height * m.width * m.channels));
    image_clear(&m);
}
