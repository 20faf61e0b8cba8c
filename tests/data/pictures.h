/* Picture files in memory for the tests, in colour models that jem itself does
 * not write. */
#ifndef TESTS_DATA_PICTURES_H
#define TESTS_DATA_PICTURES_H

#include <png.h>

#include <jpeglib.h>

#include "support/check.h"

typedef struct bytes {
    unsigned char *data;
    size_t size, room;
} bytes;

static inline void bytes_put(png_structp png, png_bytep src, size_t count)
{
    bytes *b = png_get_io_ptr(png);
    while (b->size + count > b->room) {
        b->room = 2 * b->room + 1024;
        b->data = realloc(b->data, b->room);
        assert_non_null(b->data);
    }
    memcpy(b->data + b->size, src, count);
    b->size += count;
}

/* A PNG of rows given as libpng takes them; palette entry i is (i, 2i, 255 - i). */
static inline bytes png_bytes(int width, int height, int depth, int colour, int interlace,
                              const unsigned char *rows, size_t row_bytes)
{
    bytes b = {NULL, 0, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_write_fn(png, &b, bytes_put, NULL);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, depth, colour, interlace,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (colour == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[4];
        for (int i = 0; i < 4; i++)
            palette[i] = (png_color){(png_byte)i, (png_byte)(2 * i), (png_byte)(255 - i)};
        png_set_PLTE(png, info, palette, 4);
    }
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < height; y++) png_write_row(png, rows + (size_t)y * row_bytes);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return b;
}

/* A JPEG of a smooth picture with 1, 3 or 4 (CMYK) components. */
static inline bytes jpeg_bytes(int width, int height, int components)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL, row[4 * 256];
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = components;
    jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < height; y++) {
        JSAMPROW line = row;
        for (int i = 0; i < width * components; i++)
            row[i] = (unsigned char)(80 + 3 * y + 2 * (i / components) + 20 * (i % components));
        jpeg_write_scanlines(&jpeg, &line, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (bytes){data, size, size};
}

static inline void write_file(const char *dir, const char *name, const void *data, size_t size)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (!f) fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static inline void write_text(const char *dir, const char *name, const char *text)
{
    write_file(dir, name, text, strlen(text));
}

static inline void make_dir(const char *dir, const char *name)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

/* An RGB PNG of one colour. */
static inline void write_flat_png(const char *dir, const char *name, int width, int height, int red,
                                  int green, int blue)
{
    unsigned char *rows = malloc((size_t)width * (size_t)height * 3);
    assert_non_null(rows);
    for (int i = 0; i < width * height; i++) {
        rows[3 * i] = (unsigned char)red;
        rows[3 * i + 1] = (unsigned char)green;
        rows[3 * i + 2] = (unsigned char)blue;
    }
    bytes b = png_bytes(width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, rows,
                        (size_t)width * 3);
    write_file(dir, name, b.data, b.size);
    free(b.data);
    free(rows);
}

#endif
