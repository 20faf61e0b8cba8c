/* Chunks of PNG files (png_file.h): a header is believed only as far as deflate could have packed
 * what it promises, and only chunks that drawing needs are kept. */
#include "report/png_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

/* A chunk: length (4 bytes, big endian), name (4), content, checksum (4). */
enum { SIGNATURE = 8, LENGTH = 4, NAME = 4, CHECKSUM = 4, AROUND = LENGTH + NAME + CHECKSUM };
enum { SIDE_MOST = 32767, PIXELS_MOST = 15 << 20, DEFLATE_MOST = 1032, LARGEST_FILE = 1 << 28 };

static uint32_t number_at(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool is_needed(const char *name)
{
    static const char *const needed[] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (memcmp(name, needed[i], NAME) == 0) return true;
    return false;
}

size_t png_pixels(const char *data)
{
    const char *header = data + SIGNATURE + LENGTH + NAME;
    return (size_t)number_at(header) * number_at(header + 4);
}

/* A pixel takes a bit at least. */
static jem_status check_size(const char *header, size_t size, const char *path)
{
    const uint64_t width = number_at(header), height = number_at(header + 4);

    if (width > 0 && height > 0 && width <= SIDE_MOST && height <= SIDE_MOST &&
        width * height <= PIXELS_MOST && width * height / 8 <= (uint64_t)size * DEFLATE_MOST)
        return JEM_OK;
    return jem_error(JEM_EDATA,
                     "%s: a picture of %llu x %llu pixels in %zu bytes; expected sides of 1 to %d "
                     "pixels, %d in all, and no more than a file of this size can hold",
                     path, (unsigned long long)width, (unsigned long long)height, size, SIDE_MOST,
                     PIXELS_MOST);
}

jem_status png_file_clean(char *data, size_t *size, const char *name)
{
    static const char signature[] = "\x89PNG\r\n\x1a\n";
    const size_t n = *size;
    size_t at = SIGNATURE, kept = SIGNATURE;

    if (n < SIGNATURE + AROUND + 8 || memcmp(data, signature, SIGNATURE) != 0 ||
        memcmp(data + SIGNATURE + LENGTH, "IHDR", NAME) != 0)
        return jem_error(JEM_EDATA, "%s: not a readable PNG file (it has no header)", name);
    jem_status st = check_size(data + SIGNATURE + LENGTH + NAME, n, name);
    if (st != JEM_OK) return st;
    while (n - at >= AROUND && number_at(data + at) <= n - at - AROUND) {
        const size_t chunk = AROUND + (size_t)number_at(data + at);
        if (is_needed(data + at + LENGTH)) {
            memmove(data + kept, data + at, chunk);
            kept += chunk;
        }
        at += chunk;
    }
    *size = kept;
    return JEM_OK;
}

jem_status png_file_read(char **data, size_t *size, const char *path)
{
    jem_status st;
    char *bytes = NULL;
    size_t n;

    TRY(file_read(&bytes, &n, path, LARGEST_FILE));
    TRY(png_file_clean(bytes, &n, path));
    *data = bytes;
    *size = n;
    bytes = NULL;
done:
    mem_free(bytes);
    return st;
}
