/* PNG and JPEG in and out, every colour model, and files that are not right. */
#include "data/pictures/image.h"
#include "pictures.h"

static image random_image(int64_t height, int64_t width, int64_t channels)
{
    image m = IMAGE_INIT;
    uint32_t s = 12345;
    check_ok(image_init(&m, height, width, channels));
    for (int64_t i = 0; i < height * width * channels; i++) {
        s = s * 1664525u + 1013904223u;
        m.pixels[i] = (uint8_t)(s >> 24);
    }
    return m;
}

static void a_png_reads_back_as_it_was_written(void **state)
{
    char dir[64], path[128];
    image m = random_image(13, 7, 3), back = IMAGE_INIT;
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/a.png", dir);
    check_ok(image_write_png(&m, path));
    check_ok(image_read(&back, path));
    assert_int_equal(back.height, 13);
    assert_int_equal(back.width, 7);
    assert_int_equal(back.channels, 3);
    assert_memory_equal(back.pixels, m.pixels, 13 * 7 * 3);
    image_clear(&m);
    image_clear(&back);
    check_tmp_remove(dir);
}

static void grey_and_alpha_pictures_read_back_as_rgb(void **state)
{
    char dir[64], path[128];
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/a.png", dir);
    for (int64_t channels = 1; channels <= 4; channels += 3) {
        image m = random_image(5, 6, channels), back = IMAGE_INIT;
        check_ok(image_write_png(&m, path));
        check_ok(image_read(&back, path));
        for (int64_t i = 0; i < 5 * 6; i++)
            for (int64_t c = 0; c < 3; c++)
                assert_int_equal(back.pixels[3 * i + c],
                                 m.pixels[channels * i + (channels == 1 ? 0 : c)]);
        image_clear(&m);
        image_clear(&back);
    }
    check_tmp_remove(dir);
}

static void sixteen_bits_are_cut_to_eight(void **state)
{
    const unsigned char rows[] = {0x12, 0xff, 0x80, 0x00}; /* two grey pixels */
    bytes b = png_bytes(2, 1, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, rows, 4);
    image m = IMAGE_INIT;
    (void)state;
    check_ok(image_decode(&m, b.data, b.size, "grey16"));
    assert_memory_equal(m.pixels, ((const uint8_t[]){0x12, 0x12, 0x12, 0x80, 0x80, 0x80}), 6);
    image_clear(&m);
    free(b.data);
}

static void palettes_and_single_bits_expand(void **state)
{
    const unsigned char two_bit[] = {0x1b}; /* 0 1 2 3 */
    const unsigned char one_bit[] = {0x80};
    bytes b = png_bytes(4, 1, 2, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, two_bit, 1);
    image m = IMAGE_INIT;
    (void)state;
    check_ok(image_decode(&m, b.data, b.size, "palette"));
    assert_memory_equal(m.pixels, ((const uint8_t[]){0, 0, 255, 1, 2, 254, 2, 4, 253, 3, 6, 252}),
                        12);
    image_clear(&m);
    free(b.data);
    b = png_bytes(2, 1, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, one_bit, 1);
    check_ok(image_decode(&m, b.data, b.size, "bits"));
    assert_memory_equal(m.pixels, ((const uint8_t[]){255, 255, 255, 0, 0, 0}), 6);
    image_clear(&m);
    free(b.data);
}

static void interlaced_pictures_are_put_together(void **state)
{
    image src = random_image(11, 9, 3), m = IMAGE_INIT;
    bytes b = png_bytes(9, 11, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, src.pixels, 27);
    (void)state;
    check_ok(image_decode(&m, b.data, b.size, "interlaced"));
    assert_memory_equal(m.pixels, src.pixels, 11 * 9 * 3);
    image_clear(&m);
    image_clear(&src);
    free(b.data);
}

static void every_truncation_of_a_png_is_an_error(void **state)
{
    image src = random_image(11, 9, 3), m = IMAGE_INIT;
    bytes b = png_bytes(9, 11, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, src.pixels, 27);
    (void)state;
    for (size_t size = 0; size < b.size; size++)
        check_fails(image_decode(&m, b.data, size, "cut.png"), JEM_EDATA, "cut.png");
    check_fails(image_decode(&m, b.data, b.size - 20, "cut.png"), JEM_EDATA, "ends early");
    assert_null(m.pixels);
    image_clear(&src);
    free(b.data);
}

static void flipped_bits_never_crash_the_decoders(void **state)
{
    image src = random_image(11, 9, 3), m = IMAGE_INIT;
    bytes files[] = {png_bytes(9, 11, 8, PNG_COLOR_TYPE_RGB, 0, src.pixels, 27),
                     jpeg_bytes(24, 20, 3)};
    (void)state;
    for (int f = 0; f < 2; f++) {
        for (size_t i = 0; i < files[f].size; i++)
            for (int bit = 0; bit < 8; bit += 3) {
                files[f].data[i] ^= (unsigned char)(1 << bit);
                if (image_decode(&m, files[f].data, files[f].size, "bent") == JEM_OK)
                    image_clear(&m);
                files[f].data[i] ^= (unsigned char)(1 << bit);
            }
        free(files[f].data);
    }
    image_clear(&src);
}

static void oversized_pictures_are_refused_by_their_size(void **state)
{
    static const unsigned char row[3 * 20000];
    bytes b = png_bytes(20000, 1, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, row, sizeof row);
    image m = IMAGE_INIT;
    (void)state;
    check_fails(image_decode(&m, b.data, b.size, "wide.png"), JEM_EDATA, "wide.png: 20000 x 1");
    check_fails(image_decode(&m, b.data, b.size, "wide.png"), JEM_EDATA, "16384");
    free(b.data);
}

/* Files of a few kilobytes that libpng and libjpeg would give a gigabyte or minutes. */
static void what_a_file_promises_is_weighed_against_its_size(void **state)
{
    static const struct {
        const char *name, *error;
    } bombs[] = {
        {"png/805-megabytes", "promises 16384 x 16384 pixels in"},
        {"png/805-megabytes-interlaced", "promises 16384 x 16384 pixels in"},
        {"png/64-megabytes-1-bit", "4730 x 4730 pixels take 64 MiB to decode"},
        {"jpeg/805-megabytes", "promises 16384 x 16384 pixels in"},
        {"jpeg/805-megabytes-progressive", "promises 16384 x 16384 pixels in"},
        {"jpeg/400-scans", "more than 100 scans"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        char path[512];
        image m = IMAGE_INIT;
        snprintf(path, sizeof path, JEM_SOURCE_DIR "/tests/fuzz/corpus/%s", bombs[i].name);
        check_fails(image_read(&m, path), JEM_EDATA, bombs[i].error);
        assert_null(m.pixels);
    }
}

static void texts_and_profiles_in_a_png_are_skipped(void **state)
{
    image m = IMAGE_INIT;
    (void)state;
    check_ok(image_read(&m, JEM_SOURCE_DIR "/tests/fuzz/corpus/png/bomb-in-text"));
    assert_int_equal(m.width, 4);
    image_clear(&m);
}

static void jpegs_decode_to_rgb_close_to_what_was_coded(void **state)
{
    (void)state;
    for (int components = 1; components <= 3; components += 2) {
        bytes b = jpeg_bytes(24, 20, components);
        image m = IMAGE_INIT;
        check_ok(image_decode(&m, b.data, b.size, "a.jpg"));
        assert_int_equal(m.height, 20);
        assert_int_equal(m.width, 24);
        assert_int_equal(m.channels, 3);
        for (int64_t i = 0; i < 20 * 24 * 3; i++) {
            int64_t y = i / 72, x = i % 72 / 3, c = components == 1 ? 0 : i % 3;
            check_near(m.pixels[i], 80 + 3 * y + 2 * x + 20 * c, 1.0, 12.0);
        }
        image_clear(&m);
        free(b.data);
    }
}

static void every_truncation_of_a_jpeg_is_an_error(void **state)
{
    bytes b = jpeg_bytes(24, 20, 3);
    image m = IMAGE_INIT;
    (void)state;
    for (size_t size = 0; size < b.size; size++)
        check_fails(image_decode(&m, b.data, size, "cut.jpg"), JEM_EDATA, "cut.jpg");
    check_fails(image_decode(&m, b.data, b.size / 2, "cut.jpg"), JEM_EDATA, "truncated");
    assert_null(m.pixels);
    free(b.data);
}

static void grey_is_what_pillow_calls_l(void **state)
{
    static uint8_t pixels[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 200, 100, 50, 12, 250, 99};
    static const uint8_t wanted[] = {76, 150, 29, 2, 124, 162};
    const image m = {2, 3, 3, pixels};
    image grey = IMAGE_INIT;
    bool coloured = false;
    (void)state;
    check_ok(image_to_grey(&grey, &m, &coloured));
    assert_true(grey.height == 2 && grey.width == 3 && grey.channels == 1 && coloured);
    assert_memory_equal(grey.pixels, wanted, sizeof wanted);
    image_clear(&grey);
    uint8_t levels[256 * 3];
    for (int i = 0; i < 256 * 3; i++) levels[i] = (uint8_t)(i / 3);
    coloured = false;
    check_ok(image_to_grey(&grey, &(image){16, 16, 3, levels}, &coloured));
    assert_false(coloured);
    for (int i = 0; i < 256; i++) assert_int_equal(grey.pixels[i], i);
    image_clear(&grey);
}

/* 8 x 6 pictures of four inks: Pillow's, and as Photoshop writes them (YCCK, halved chroma).  What
 * Pillow 13 makes of them: Image.open(f).convert("RGB"). */
static void cmyk_jpegs_become_what_pillow_makes_of_them(void **state)
{
    static const uint8_t cmyk[] = {
        1, 255, 55, 30, 246, 55, 61, 236, 55, 90, 227, 55, 121, 215, 55, 149, 206, 55, 181, 196,
        55, 210, 186, 55, 1, 219, 80, 28, 210, 80, 57, 200, 80, 85, 192, 80, 114, 182, 80, 140,
        172, 80, 170, 164, 80, 198, 153, 80, 1, 191, 101, 26, 183, 101, 54, 174, 101, 79, 166,
        101, 107, 155, 101, 131, 147, 101, 160, 139, 101, 185, 130, 101, 1, 161, 120, 25, 152,
        120, 50, 144, 120, 74, 137, 120, 100, 127, 120, 123, 119, 120, 150, 111, 120, 174, 103,
        120, 1, 134, 132, 23, 126, 132, 46, 119, 132, 68, 111, 132, 92, 103, 132, 113, 96, 132,
        138, 88, 132, 160, 81, 132, 1, 110, 146, 21, 103, 146, 43, 96, 146, 64, 89, 146, 86, 81,
        146, 106, 75, 146, 128, 67, 146, 149, 60, 146
    };
    static const uint8_t ycck[] = {
        10, 33, 41, 34, 62, 74, 43, 81, 104, 61, 105, 144, 87, 131, 192, 102, 156, 184, 119, 190,
        130, 115, 196, 91, 16, 39, 51, 32, 60, 77, 47, 84, 110, 63, 107, 142, 78, 123, 168, 101,
        155, 168, 96, 166, 104, 110, 188, 89, 18, 43, 64, 31, 61, 85, 48, 87, 117, 61, 107, 138,
        75, 126, 148, 88, 148, 136, 84, 157, 86, 104, 183, 83, 16, 43, 69, 31, 63, 92, 42, 81,
        116, 56, 101, 129, 73, 127, 129, 65, 128, 94, 80, 153, 77, 94, 171, 75, 18, 46, 78, 32,
        63, 98, 41, 79, 120, 52, 99, 122, 63, 121, 103, 58, 123, 70, 73, 147, 67, 88, 166, 72,
        19, 46, 78, 28, 58, 93, 38, 75, 113, 49, 93, 112, 46, 100, 75, 58, 119, 63, 61, 129, 52,
        81, 152, 66
    };
    static const struct {
        const char *name;
        const uint8_t *rgb;
    } cases[] = {{"real-cmyk-pillow", cmyk}, {"real-ycck", ycck}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char path[512];
        image m = IMAGE_INIT;
        snprintf(path, sizeof path, JEM_SOURCE_DIR "/tests/fuzz/corpus/jpeg/%s", cases[i].name);
        check_ok(image_read(&m, path));
        assert_true(m.width == 8 && m.height == 6 && m.channels == 3);
        assert_memory_equal(m.pixels, cases[i].rgb, sizeof cmyk);
        image_clear(&m);
    }
}

static void every_truncation_of_a_cmyk_jpeg_is_an_error(void **state)
{
    bytes b = jpeg_bytes(24, 20, 4);
    image m = IMAGE_INIT;
    (void)state;
    for (size_t size = 0; size < b.size; size += 5)
        check_fails(image_decode(&m, b.data, size, "cut.jpg"), JEM_EDATA, "cut.jpg");
    free(b.data);
}

static void other_files_are_told_apart_by_content(void **state)
{
    char dir[64], path[128];
    image m = IMAGE_INIT;
    (void)state;
    check_tmp(dir, sizeof dir);
    write_text(dir, "a.png", "GIF89a and more");
    snprintf(path, sizeof path, "%s/a.png", dir);
    check_fails(image_read(&m, path), JEM_EDATA, "neither PNG nor JPEG");
    write_text(dir, "a.png", "");
    check_fails(image_read(&m, path), JEM_EDATA, "empty");
    bytes b = jpeg_bytes(8, 8, 3); /* a wrong extension does not matter */
    write_file(dir, "a.png", b.data, b.size);
    check_ok(image_read(&m, path));
    image_clear(&m);
    free(b.data);
    snprintf(path, sizeof path, "%s/none.png", dir);
    check_fails(image_read(&m, path), JEM_EDATA, "none.png");
    check_tmp_remove(dir);
}

static void a_failed_write_leaves_no_file(void **state)
{
    image m = random_image(4, 4, 3);
    (void)state;
    assert_int_not_equal(image_write_png(&m, "/nonexistent-folder/a.png"), JEM_OK);
    assert_non_null(strstr(jem_error_message(), "/nonexistent-folder/a.png"));
    image_clear(&m);
}

static void published_pictures_decode(void **state)
{
    char path[1024];
    image a = IMAGE_INIT, b = IMAGE_INIT;
    int64_t squared = 0;
    (void)state;
    check_data(path, sizeof path, "samples/lpips/ex_ref.png");
    check_ok(image_read(&a, path));
    check_data(path, sizeof path, "samples/lpips/ex_p0.png");
    check_ok(image_read(&b, path));
    assert_int_equal(a.height, 64);
    for (int64_t i = 0; i < a.height * a.width * 3; i++) {
        int64_t d = a.pixels[i] - b.pixels[i];
        squared += d * d;
    }
    assert_int_equal(squared, 12531626); /* metrics.json, samples/lpips */
    image_clear(&a);
    image_clear(&b);
    check_data(path, sizeof path, "samples/imagenet-val/ILSVRC2012_val_00007272.JPEG");
    check_ok(image_read(&a, path));
    assert_true(a.height > 64 && a.width > 64 && a.channels == 3);
    image_clear(&a);
}

static void planes_and_floats_convert_both_ways(void **state)
{
    uint8_t pixels[] = {0, 1, 2, 3, 4, 5}, planar[6];
    const float values[] = {-1.0f, 1.0f, 0.0f, -5.0f, 7.0f, NAN};
    image m = {1, 2, 3, pixels};
    (void)state;
    image_to_planar(planar, &m);
    assert_memory_equal(planar, ((const uint8_t[]){0, 3, 1, 4, 2, 5}), 6);
    image_from_floats(&m, values);
    assert_memory_equal(pixels, ((const uint8_t[]){0, 128, 255, 255, 0, 0}), 6);
}

static void all_levels_survive_the_way_to_floats_and_back(void **state)
{
    float values[256];
    uint8_t pixels[256];
    image m = {16, 16, 1, pixels};
    (void)state;
    for (int u = 0; u < 256; u++) values[u] = ((float)u / 255.0f - 0.5f) / 0.5f;
    image_from_floats(&m, values);
    for (int u = 0; u < 256; u++) assert_int_equal(pixels[u], u);
}

static void a_grid_places_zoomed_tiles_with_white_gaps(void **state)
{
    const float x[] = {-1.0f, 1.0f, 0.0f}; /* three 1 x 1 pictures */
    image g = IMAGE_INIT;
    (void)state;
    check_ok(image_grid(&g, x, 3, 1, 1, 1, 2, 2));
    assert_int_equal(g.height, 6);
    assert_int_equal(g.width, 6);
    assert_int_equal(g.channels, 1);
    assert_int_equal(g.pixels[0], 0);
    assert_int_equal(g.pixels[7], 0);       /* zoomed */
    assert_int_equal(g.pixels[2], 255);     /* gap */
    assert_int_equal(g.pixels[4], 255);     /* second picture */
    assert_int_equal(g.pixels[4 * 6], 128); /* third, next row */
    assert_int_equal(g.pixels[5 * 6 + 5], 255);
    image_clear(&g);
    check_fails(image_grid(&g, x, 3, 1, 1, 1, 0, 2), JEM_EUSAGE, "column");
    check_fails(image_grid(&g, x, 1, 2, 1, 1, 1, 1), JEM_EUSAGE, "channels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_png_reads_back_as_it_was_written),
        cmocka_unit_test(grey_and_alpha_pictures_read_back_as_rgb),
        cmocka_unit_test(sixteen_bits_are_cut_to_eight),
        cmocka_unit_test(palettes_and_single_bits_expand),
        cmocka_unit_test(interlaced_pictures_are_put_together),
        cmocka_unit_test(every_truncation_of_a_png_is_an_error),
        cmocka_unit_test(flipped_bits_never_crash_the_decoders),
        cmocka_unit_test(oversized_pictures_are_refused_by_their_size),
        cmocka_unit_test(what_a_file_promises_is_weighed_against_its_size),
        cmocka_unit_test(texts_and_profiles_in_a_png_are_skipped),
        cmocka_unit_test(jpegs_decode_to_rgb_close_to_what_was_coded),
        cmocka_unit_test(every_truncation_of_a_jpeg_is_an_error),
        cmocka_unit_test(grey_is_what_pillow_calls_l),
        cmocka_unit_test(cmyk_jpegs_become_what_pillow_makes_of_them),
        cmocka_unit_test(every_truncation_of_a_cmyk_jpeg_is_an_error),
        cmocka_unit_test(other_files_are_told_apart_by_content),
        cmocka_unit_test(a_failed_write_leaves_no_file),
        cmocka_unit_test(published_pictures_decode),
        cmocka_unit_test(planes_and_floats_convert_both_ways),
        cmocka_unit_test(all_levels_survive_the_way_to_floats_and_back),
        cmocka_unit_test(a_grid_places_zoomed_tiles_with_white_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
