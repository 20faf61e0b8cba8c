/* Ticks, scales, inline SVG and the three file formats. */
#include "base/file.h"
#include "base/mem.h"
#include "data/pictures/image.h"
#include "report/axes.h"
#include "report/labels.h"
#include "report/marks.h"
#include "report/png_file.h"
#include "base/strbuf.h"
#include "sweetspot/trend.h"
#include "support/check.h"

/* L* of CIE 1976 of an sRGB colour: what is left of it in grey. */
static double lightness(colour c)
{
    const double v[] = {c.r, c.g, c.b}, share[] = {0.2126, 0.7152, 0.0722};
    double y = 0;
    for (int i = 0; i < 3; i++) y += share[i] * (v[i] <= 0.04045 ? v[i] / 12.92 : pow((v[i] + 0.055) / 1.055, 2.4));
    return 116 * cbrt(y) - 16;
}

static void the_first_three_series_differ_in_grey(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < i; j++) assert_true(fabs(lightness(series_colour(i)) - lightness(series_colour(j))) > 9);
}

static void ticks_are_round_and_inside_the_range(void **state)
{
    (void)state;
    double first, step;
    assert_int_equal(axes_ticks(&first, &step, 0, 1, 6), 6);
    check_near(step, 0.2, 1e-12, 1);
    assert_int_equal(axes_ticks(&first, &step, 0.83, 0.97, 6), 5);
    check_near(first, 0.85, 1e-9, 1);
    check_near(step, 0.025, 1e-9, 1);
    const double ranges[][2] = {{-3, 17}, {1e-9, 2e-9}, {-1e6, 3e6}, {0.1, 0.10001}, {5, 5}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        double lo = ranges[i][0], hi = ranges[i][1];
        int n = axes_ticks(&first, &step, lo, hi, 6);
        assert_in_range(n, 1, 6);
        assert_true(first >= lo - 1e-6 * fabs(lo));
        assert_true(first + (n - 1) * step <= hi + 1e-6 * fabs(hi));
    }
}

static void ranges_widen_within_what_a_metric_can_be(void **state)
{
    (void)state;
    double lo = 0.5, hi = 1;
    axes_pad(&lo, &hi, 0, 1);
    check_near(lo, 0.47, 1e-12, 1);
    assert_true(hi == 1);
    lo = INFINITY;
    hi = -INFINITY; /* no data */
    axes_pad(&lo, &hi, -INFINITY, INFINITY);
    assert_true(isfinite(lo) && hi > lo);
    lo = hi = 0;
    axes_pad(&lo, &hi, 0, INFINITY);
    assert_true(lo == 0 && hi > 0);
}

static void axes_map_data_to_the_box_linearly_or_by_logarithm(void **state)
{
    (void)state;
    axes a = {.left = 10, .top = 20, .width = 100, .height = 50, .x1 = 2, .y0 = 1, .y1 = 100};
    check_near(axes_x(&a, 1), 60, 1e-12, 1);
    check_near(axes_y(&a, 1), 70, 1e-12, 1);
    a.log_y = true;
    check_near(axes_y(&a, 10), 45, 1e-12, 1);
}

static jem_status draw_example(draw *d, const void *ctx)
{
    const double x[] = {0, 0.5, 1}, y[] = {0.2, NAN, 0.4};
    axes a = {.left = 40,
              .top = 30,
              .width = 200,
              .height = 100,
              .x1 = 1,
              .y1 = 1,
              .x_is_alpha = true,
              .title = ctx,
              .x_label = "α",
              .y_label = "y < 1"};
    axes_draw(d, &a);
    axes_reference(d, &a, 0.5);
    axes_curve(d, &a, x, y, 3, 1, alpha_colour(0.3));
    draw_disc(d, NAN, 3, 2, INK, INK);
    return JEM_OK;
}

static void inline_figures_share_a_page_without_sharing_ids(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f7-", 300, 200, draw_example, "title"));
    assert_ptr_equal(strstr(svg, "<svg"), svg);
    assert_non_null(strstr(svg, "viewBox=\"0 0 300 200\""));
    assert_null(strstr(svg, "<?xml"));
    assert_null(strstr(svg, "nan"));
    assert_non_null(strstr(svg, "var(--ink)")); /* the scheme reaches the drawing */
    assert_non_null(strstr(svg, "var(--grid)"));
    int ids = 0;
    for (const char *p = svg; (p = strstr(p, " id=\"")); p++, ids++)
        assert_memory_equal(p, " id=\"f7-", 8);
    assert_int_equal(ids, 1); /* the curve's box */
    assert_non_null(strstr(svg, "url(#f7-c0)"));
    mem_free(svg);
}

static jem_status draw_words(draw *d, const void *ctx)
{
    const text_style upwards = {.size = 11, .h = CENTRE, .bold = true, .upwards = true, .ink = MUTED};
    draw_text(d, 30, 100, upwards, ctx);
    draw_text(d, 200, 50, style_of(20, RIGHT, MIDDLE, INK), "mm");
    return JEM_OK;
}

static double number_behind(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    assert_non_null(at);
    return strtod(at + strlen(words), NULL);
}

static void texts_stay_text_as_wide_as_they_were_measured(void **state)
{
    (void)state;
    char folder[64], stem[96], path[128], *svg, *bytes;
    size_t size;
    check_ok(draw_inline(&svg, "f", 300, 200, draw_words, "<b>α & \"β\"</b>"));
    assert_non_null(strstr(svg, ">&lt;b&gt;α &amp; &quot;β&quot;&lt;/b&gt;</text>"));
    assert_non_null(strstr(svg, "<text transform=\"rotate(-90 30 100)\" x=\"30\" y=\"100\" font-size=\"11\" "
                                "font-weight=\"bold\" text-anchor=\"middle\" textLength=\""));
    const char *second = strstr(svg, "<text x=\"200\" y=\"57.2\" font-size=\"20\" text-anchor=\"end\"");
    assert_non_null(second);
    check_near(number_behind(second, "textLength=\""), 2 * 20 * 0.833, 0.01, 1); /* two m of the sans */
    assert_null(strstr(svg, "font-family")); /* the page has one */
    mem_free(svg);
    check_tmp(folder, sizeof folder);
    snprintf(stem, sizeof stem, "%s/words", folder);
    check_ok(draw_files(stem, 300, 200, draw_words, "α"));
    snprintf(path, sizeof path, "%s.svg", stem);
    check_ok(file_read(&bytes, &size, path, 0));
    assert_non_null(strstr(bytes, ">mm</text>"));
    assert_non_null(strstr(bytes, "font-family=\"-apple-system"));
    assert_null(strstr(bytes, "var("));
    mem_free(bytes);
    snprintf(path, sizeof path, "%s.pdf", stem);
    check_ok(file_read(&bytes, &size, path, 0));
    assert_non_null(memmem(bytes, size, "/FontFile", 9)); /* embedded */
    mem_free(bytes);
    check_tmp_remove(folder);
}

static void files_come_in_three_formats_and_repeat_bit_for_bit(void **state)
{
    (void)state;
    static const char *const magic[][2] = {{"svg", "<?xml"}, {"pdf", "%PDF"}, {"png", "\x89PNG"}};
    char folder[64], stem[96], path[128];
    check_tmp(folder, sizeof folder);
    snprintf(stem, sizeof stem, "%s/figure", folder);
    char *before[3];
    size_t size[3];
    for (int round = 0; round < 2; round++) {
        check_ok(draw_files(stem, 300, 200, draw_example, "title"));
        for (int i = 0; i < 3; i++) {
            char *bytes;
            size_t n;
            snprintf(path, sizeof path, "%s.%s", stem, magic[i][0]);
            check_ok(file_read(&bytes, &n, path, 0));
            assert_memory_equal(bytes, magic[i][1], strlen(magic[i][1]));
            /* no time of day may get into a file */
            if (i == 1) assert_non_null(memmem(bytes, n, "(20000101", 9));
            if (round) {
                assert_int_equal(n, size[i]);
                assert_memory_equal(bytes, before[i], n);
                mem_free(bytes);
                mem_free(before[i]);
            } else {
                before[i] = bytes;
                size[i] = n;
            }
        }
    }
    picture *p;
    check_ok(picture_read(&p, path));
    assert_true(picture_width(p) == 600 && picture_height(p) == 400);
    picture_free(p);
    snprintf(path, sizeof path, "%s.svg", stem);
    check_fails(picture_read(&p, path), JEM_EDATA, "not a readable PNG");
    check_tmp_remove(folder);
}

static jem_status draw_untrained(draw *d, const void *value)
{
    const axes a = {.left = 40, .top = 30, .width = 200, .height = 100, .x1 = 1, .y0 = 0.5, .y1 = 1};
    double x, y;
    char text[UNTRAINED_TEXT];
    axes_untrained(d, &a, 1, *(const double *)value, 0, &x, &y);
    if (axes_beyond(&a, 1, *(const double *)value, &x, &y, text))
        draw_text(d, x - 9, y, style_of(TICK_SIZE, RIGHT, MIDDLE, MUTED), text);
    assert_true(x <= 240 && y >= 30 && y <= 130);
    return JEM_OK;
}

static void an_untrained_end_beyond_the_range_stands_at_the_edge_with_its_value(void **state)
{
    (void)state;
    char *svg;
    const double within = 0.75, below = 0.4071;
    check_ok(draw_inline(&svg, "f", 300, 200, draw_untrained, &within));
    assert_non_null(strstr(svg, "<circle cx=\"240\" cy=\"80\""));
    assert_null(strstr(svg, "<text"));
    mem_free(svg);
    check_ok(draw_inline(&svg, "f", 300, 200, draw_untrained, &below));
    assert_non_null(strstr(svg, "<polygon points=\"240,130 ")); /* the arrow's tip, on the edge */
    assert_non_null(strstr(svg, ">0.407</text>"));
    mem_free(svg);
}

static jem_status draw_named_lines(draw *d, const void *ctx)
{
    label_list *l = &(label_list){.left = 40, .right = 240, .top = 30, .bottom = 130};
    (void)ctx;
    label_reserve(l, 180, 60, 60, 40); /* around the line's right end */
    label_along(d, l, 80, "chance");
    label_along(d, l, 31, "human");
    label_along(d, l, 500, "elsewhere");
    return JEM_OK;
}

static void names_of_lines_keep_off_marks(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f", 300, 200, draw_named_lines, NULL));
    assert_null(strstr(svg, "elsewhere"));
    const double x = number_behind(svg, "<text x=\""), width = number_behind(svg, "textLength=\"");
    assert_true(x + width <= 180 && x + width > 170); /* no farther than needed */
    const char *human = strstr(svg, "chance</text>");
    assert_non_null(human);
    assert_true(number_behind(human, " y=\"") > 34); /* below its line: above is the box's end */
    mem_free(svg);
}

static jem_status draw_beside_band(draw *d, const void *ctx)
{
    label_list *l = &(label_list){.left = 40, .right = 240, .top = 30, .bottom = 130};
    (void)ctx;
    label_reserve_band(l, 120, (const double[]){80, 80}, 240, (const double[]){40, 120}); /* it widens to the right */
    label_along(d, l, 80, "chance");
    return JEM_OK;
}

static jem_status draw_far_from_its_line(draw *d, const void *ctx)
{
    label_list *l = &(label_list){.left = 40, .right = 240, .top = 30, .bottom = 130};
    label_reserve(l, 40, ctx ? 50 : 30, 200, 80);
    label_along(d, l, 80, "chance");
    label_along(d, l, 80, "");
    return JEM_OK;
}

static void names_of_lines_keep_off_bands_and_go_where_there_is_room(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f", 300, 200, draw_beside_band, NULL));
    const double x = number_behind(svg, "<text x=\""), width = number_behind(svg, "textLength=\"");
    assert_true(x + width <= 140 && x + width > 120); /* where it is not yet as high as the name */
    mem_free(svg);
    check_ok(draw_inline(&svg, "f", 300, 200, draw_far_from_its_line, NULL));
    const char *name = strstr(svg, "<text x=");
    assert_non_null(name);
    assert_true(number_behind(name, " y=\"") > 110);
    assert_null(strstr(name + 1, "<text"));
    assert_non_null(strstr(svg, "<path d=\"M")); /* from the line to its name */
    mem_free(svg);
    check_ok(draw_inline(&svg, "f", 300, 200, draw_far_from_its_line, "below as well"));
    name = strstr(svg, "<text x=");
    assert_non_null(name);
    assert_true(number_behind(name, " y=\"") < 50);
    mem_free(svg);
}

static jem_status draw_far_away(draw *d, const void *ctx)
{
    (void)ctx;
    const double places[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300};
    const text_style upwards = {.size = 12, .upwards = true, .ink = INK};
    for (int i = 0; i < 5; i++) {
        draw_text(d, places[i], 10, (text_style){.size = 12, .ink = INK}, "far");
        draw_text(d, 10, places[i], upwards, "away");
        draw_disc(d, places[i], places[i], 3, INK, INK);
        draw_segment(d, 10, 10, places[i], 10, 1, 0, INK);
        draw_rectangle(d, places[i], 10, places[i], 10, INK);
    }
    return JEM_OK;
}

static void what_lies_beyond_all_numbers_costs_no_figure(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f", 100, 100, draw_far_away, NULL));
    assert_non_null(strstr(svg, "</svg>"));
    mem_free(svg);
}

static jem_status draw_enlarged(draw *d, const void *p)
{
    draw_picture(d, p, 0, 0, 100, 100);
    return JEM_OK;
}

static void an_enlarged_picture_is_sharp_in_vector_files_too(void **state)
{
    (void)state;
    char folder[64], stem[96], path[128], *svg;
    picture *p;
    check_tmp(folder, sizeof folder);
    snprintf(stem, sizeof stem, "%s/small", folder);
    snprintf(path, sizeof path, "%s.png", stem);
    check_ok(draw_files(stem, 8, 8, draw_example, "small"));
    check_ok(picture_read(&p, path));
    assert_true(picture_width(p) == 16);
    check_ok(draw_inline(&svg, "f", 100, 100, draw_enlarged, p));
    assert_non_null(strstr(svg, "width=\"100\" height=\"100\""));
    assert_non_null(strstr(svg, "image-rendering:pixelated"));
    /* what is embedded is the file: its first 3 bytes, and all of them */
    const char *data = strstr(svg, "data:image/png;base64,iVBO");
    assert_non_null(data);
    char *file;
    size_t size;
    check_ok(png_file_read(&file, &size, path));
    assert_int_equal(strcspn(strchr(data, ',') + 1, "\""), (size + 2) / 3 * 4);
    mem_free(file);
    mem_free(svg);
    picture_free(p);
    check_tmp_remove(folder);
}

/* Two of a picture, 40 wide; again 20 wide. */
static jem_status draw_two(draw *d, const void *p)
{
    draw_picture(d, p, 0, 0, 40, 20);
    draw_picture(d, p, 50, 2.5, 40, 20);
    return JEM_OK;
}

static jem_status draw_two_small(draw *d, const void *p)
{
    draw_picture(d, p, 0, 0, 20, 10);
    draw_picture(d, p, 25, 1.5, 20, 10);
    return JEM_OK;
}

static jem_status draw_as_it_is(draw *d, const void *p)
{
    draw_picture(d, p, 0, 0, picture_width(p), picture_height(p));
    return JEM_OK;
}

static void a_picture_of_a_page_is_there_once_however_often_it_is_shown(void **state)
{
    (void)state;
    char folder[64], stem[96], path[128], *svg;
    picture *p;
    check_tmp(folder, sizeof folder);
    snprintf(stem, sizeof stem, "%s/small", folder);
    snprintf(path, sizeof path, "%s.png", stem);
    check_ok(draw_files(stem, 8, 8, draw_example, "small"));
    check_ok(picture_read(&p, path));
    check_ok(draw_inline(&svg, "f1w-", 100, 100, draw_two, p));
    assert_non_null(strstr(svg, "<g transform=\"translate(50 2.5) scale(0.4)\"><image id=\"f1w-p1\" width=\"100\" height=\"50\""));
    mem_free(svg);
    check_ok(draw_again(&svg, "f1n-", "f1w-", 50, 50, draw_two_small, p));
    assert_non_null(strstr(svg, "<use xlink:href=\"#f1w-p0\" transform=\"translate(0 0) scale(0.2)\"/>"));
    assert_non_null(strstr(svg, "<use xlink:href=\"#f1w-p1\" transform=\"translate(25 1.5) scale(0.2)\"/>"));
    assert_null(strstr(svg, "<image"));
    mem_free(svg);
    picture_free(p);
    check_tmp_remove(folder);
}

static jem_status draw_long(draw *d, const void *ctx)
{
    double x[40], y[40];
    (void)ctx;
    for (int i = 0; i < 40; i++) x[i] = 10 + 0.5 * i, y[i] = i == 20 ? NAN : 50 - 0.3 * i;
    draw_line(d, x, y, 40, 1, 0, INK);
    return JEM_OK;
}

static void a_picture_that_is_cut_keeps_its_left_upper_part(void **state)
{
    (void)state;
    char folder[64], path[128], *bytes;
    unsigned char rgb[4 * 6 * 3];
    size_t size;
    picture *p;
    image back = IMAGE_INIT;
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (unsigned char)(3 * i);
    const image m = {4, 6, 3, rgb};
    check_tmp(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/whole.png", folder);
    check_ok(image_write_png(&m, path));
    check_ok(picture_read(&p, path));
    check_ok(picture_cut(p, 3, 2));
    assert_true(picture_width(p) == 3 && picture_height(p) == 2);
    check_ok(draw_pixels(&bytes, &size, 3, 2, draw_as_it_is, p));
    check_ok(image_decode(&back, bytes, size, "cut"));
    for (int y = 0; y < 2; y++) assert_memory_equal(back.pixels + 9 * y, rgb + 18 * y, 9);
    check_ok(picture_cut(p, 30, 20)); /* no larger than it is */
    assert_true(picture_width(p) == 3 && picture_height(p) == 2);
    image_clear(&back);
    mem_free(bytes);
    picture_free(p);
    check_tmp_remove(folder);
}

static void a_long_line_goes_by_steps_from_where_it_begins(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f", 100, 100, draw_long, NULL));
    assert_non_null(strstr(svg, "d=\"M10 50l.5-.3l.5-.3"));
    assert_non_null(strstr(svg, "-.3M20.5 43.7l.5-.3")); /* behind the gap */
    mem_free(svg);
}

static jem_status draw_histogram(draw *d, const void *ctx)
{
    const axes a = {.width = 100, .height = 100, .x1 = 5, .y1 = 1};
    const double lo[] = {0, 1, 2, 3, 4}, hi[] = {1, 2, 3, 4, 5}, y[] = {0.5, 0.5, 0, 0, 1};
    (void)ctx;
    axes_steps(d, &a, lo, hi, y, 5, INK);
    return JEM_OK;
}

static void a_histogram_is_an_area_and_an_outline_that_leaves_out_its_foot(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f", 100, 100, draw_histogram, NULL));
    assert_non_null(strstr(svg, "<polygon points=\"0,100 0,100 0,50 40,50 40,100 80,100 80,0 100,0 100,100 100,100 \""));
    assert_non_null(strstr(svg, "<path d=\"M0 100L0 50L40 50L40 100M80 100L80 0L100 0L100 100\""));
    assert_null(strstr(strstr(svg, "<path") + 1, "<path"));
    mem_free(svg);
}

/* Counts points of the curve: 10,000 within 100 units. */
static jem_status draw_dense(draw *d, const void *ctx)
{
    static double x[10000], y[10000];
    const axes a = {.width = 100, .height = 100, .x1 = 1, .y1 = 1};
    (void)ctx;
    for (int i = 0; i < 10000; i++) x[i] = i / 1e4, y[i] = i == 5000 ? 1 : i == 7000 ? 0 : 0.5;
    axes_curve(d, &a, x, y, 10000, 1, INK);
    return JEM_OK;
}

static void a_curve_has_no_more_points_than_can_be_seen(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f", 100, 100, draw_dense, NULL));
    assert_in_range(strlen(svg), 100, 5000);
    assert_non_null(strstr(svg, "50 0"));   /* the peak and */
    assert_non_null(strstr(svg, "70 100")); /* the valley are left */
    mem_free(svg);
}

/* Bytes of the picture in an SVG drawing, in base64. */
static size_t picture_bytes(const char *svg)
{
    const char *data = strstr(svg, "data:image/");
    assert_non_null(data);
    return strcspn(data, "\"");
}

static void a_page_has_its_pictures_with_a_palette_and_no_finer_than_it_shows_them(void **state)
{
    (void)state;
    char folder[64], path[128], path_of_blocks[128], *page, *file, *small;
    static unsigned char noise[400 * 400 * 3];
    unsigned random = 1;
    size_t size;
    picture *p, *blocks;
    for (size_t i = 0; i < sizeof noise; i++) {
        random = random * 1664525u + 1013904223u;
        noise[i] = (unsigned char)(random >> 24);
    }
    const image m = {400, 400, 3, noise};
    check_tmp(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/noise.png", folder);
    snprintf(path_of_blocks, sizeof path_of_blocks, "%s/blocks.png", folder);
    check_ok(image_write_png(&m, path));
    check_ok(picture_read(&p, path));
    snprintf(path, sizeof path, "%s/drawn.svg", folder);
    check_ok(draw_file(path, 100, 100, draw_enlarged, p));
    check_ok(file_read(&file, &size, path, 0));
    check_ok(draw_inline(&page, "f", 100, 100, draw_enlarged, p));
    for (size_t i = 0; i < sizeof noise; i++) /* as if 50 x 50 had been magnified */
        noise[i] = noise[i / 1200 / 8 * 8 * 1200 + i % 1200 / 3 / 8 * 24 + i % 3];
    check_ok(image_write_png(&m, path_of_blocks));
    check_ok(picture_read(&blocks, path_of_blocks));
    check_ok(draw_inline(&small, "g", 100, 100, draw_enlarged, blocks));
    assert_in_range(picture_bytes(small), 1000, 50 * 50 * 4 / 3 + 1500); /* a byte for each block, and the palette */
    assert_true(picture_bytes(file) > 400 * 400 * 3);       /* the whole of it */
    assert_in_range(picture_bytes(page), 5000, 125 * 125 * 4 / 3 + 1500); /* at most a byte for each of 125 x 125 pixels */
    mem_free(file);
    mem_free(page);
    mem_free(small);
    picture_free(p);
    picture_free(blocks);
    check_tmp_remove(folder);
}

static void hostile_pictures_are_refused_or_left_their_texts(void **state)
{
    (void)state;
    /* 1 x 1 pixel, with a text between header and content */
    static const char head[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\0\0\0\0\x3a\x7e\x9b\x55";
    static const char text[] = "\0\0\0\4tEXtk\0ab\x12\x34\x56\x78";
    static const char rest[] = "\0\0\0\nIDAT\x78\xda\x63\xf8\xf\0\1\1\1\0\x1c\xb0\x8c\x99"
                               "\0\0\0\0IEND\xae\x42\x60\x82";
    char folder[64], path[96], file[256], *data;
    size_t n = 0, size;
    picture *p;

    check_tmp(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/p.png", folder);
    memcpy(file, head, sizeof head - 1), n += sizeof head - 1;
    memcpy(file + n, text, sizeof text - 1), n += sizeof text - 1;
    memcpy(file + n, rest, sizeof rest - 1), n += sizeof rest - 1;
    check_ok(file_write(path, file, n));
    check_ok(png_file_read(&data, &size, path));
    assert_int_equal(size, n - (sizeof text - 1));
    assert_memory_equal(data + sizeof head - 1, rest, sizeof rest - 1);
    mem_free(data);
    check_ok(picture_read(&p, path));
    assert_true(picture_width(p) == 1);
    picture_free(p);
    for (size_t cut = 0; cut < n; cut += 5) { /* no chunk is read beyond the end */
        check_ok(file_write(path, file, cut));
        assert_int_not_equal(picture_read(&p, path), JEM_OK);
    }
    memcpy(file + 16, "\0\0\x7f\xff\0\0\x7f\xff", 8);
    check_ok(file_write(path, file, n));
    check_fails(picture_read(&p, path), JEM_EDATA, "p.png: a picture of 32767 x 32767 pixels");
    memcpy(file + 16, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    check_ok(file_write(path, file, n));
    check_fails(picture_read(&p, path), JEM_EDATA, "4294967295 x 4294967295 pixels");
    check_tmp_remove(folder);
}

static void strings_from_files_are_escaped_for_where_they_go(void **state)
{
    (void)state;
    strbuf t = STRBUF_INIT;
    html_printf(&t, "<a href=\"%s\">%d %5s</a>", "<a href='x\">&", 7, "\xce\xb1\x1b\n\t\xff");
    assert_string_equal(t.data, "<a href=\"&lt;a href=&#39;x&quot;&gt;&amp;\">7 "
                                "\xce\xb1\\x1b\n\t\\xff</a>");
    strbuf_clear(&t);
    plain_printf(&t, "%s\t%s\n", "<a\tb\nc", "\x1b[31m");
    assert_string_equal(t.data, "<a\\x09b\\x0ac\t\\x1b[31m\n");
    strbuf_clear(&t);
    for (int i = 0; i < 1000; i++) html_printf(&t, "%d,", i % 10);
    assert_int_equal(t.used, 2000);
    assert_int_equal(strlen(t.data), 2000);
    strbuf_clear(&t);
}

static jem_status draw_noted(draw *d, const void *note)
{
    draw_note(d, &(draw_subject){0.5, 2, "<buffer>"}, note);
    draw_disc(d, 20, 20, 3, INK, INK);
    draw_unnote(d);
    return JEM_OK;
}

static jem_status draw_anonymous(draw *d, const void *ctx)
{
    (void)ctx;
    draw_note(d, &(draw_subject){NAN, -1, NULL}, NULL);
    draw_disc(d, 20, 20, 3, INK, INK);
    draw_unnote(d);
    return JEM_OK;
}

static void a_note_goes_with_its_mark(void **state)
{
    (void)state;
    char *svg;
    check_ok(draw_inline(&svg, "f", 40, 40, draw_noted, "α = 0.5: 0.840 </title><script>"));
    assert_non_null(strstr(svg, "<g data-alpha=\"0.5\" data-seed=\"2\" data-sheet=\"&lt;buffer&gt;\"><title>α = 0.5: 0.840 &lt;/title&gt;&lt;script&gt;</title>\n<circle"));
    assert_non_null(strstr(svg, "/>\n</g>\n</svg>"));
    mem_free(svg);
    check_ok(draw_inline(&svg, "f", 40, 40, draw_anonymous, NULL));
    assert_non_null(strstr(svg, "<g>\n<circle"));
    mem_free(svg);
}

static jem_status draw_foreign(draw *d, const void *ctx)
{
    draw_text(d, 10, 10, style_of(9, LEFT, BASELINE, INK), ctx);
    return JEM_OK;
}

static void names_that_are_no_text_are_drawn_all_the_same(void **state)
{
    (void)state;
    char *svg, *same;
    check_ok(draw_inline(&svg, "f", 200, 50, draw_foreign, "a\xff\x1b<"));
    check_ok(draw_inline(&same, "f", 200, 50, draw_foreign, "a\\xff\\x1b<"));
    assert_string_equal(svg, same);
    mem_free(svg);
    mem_free(same);
}

static void numbers_keep_three_digits_that_mean_something(void **state)
{
    (void)state;
    static const struct {
        double x;
        const char *text;
    } cases[] = {{0.91249, "0.912"},
                 {43.219, "43.22"},
                 {183.04, "183.0"},
                 {1830.4, "1830"},
                 {-0.5, "−0.500"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[40];
        trend_number(out, sizeof out, cases[i].x);
        assert_string_equal(out, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round_and_inside_the_range),
        cmocka_unit_test(ranges_widen_within_what_a_metric_can_be),
        cmocka_unit_test(axes_map_data_to_the_box_linearly_or_by_logarithm),
        cmocka_unit_test(inline_figures_share_a_page_without_sharing_ids),
        cmocka_unit_test(texts_stay_text_as_wide_as_they_were_measured),
        cmocka_unit_test(files_come_in_three_formats_and_repeat_bit_for_bit),
        cmocka_unit_test(an_untrained_end_beyond_the_range_stands_at_the_edge_with_its_value),
        cmocka_unit_test(names_of_lines_keep_off_marks),
        cmocka_unit_test(names_of_lines_keep_off_bands_and_go_where_there_is_room),
        cmocka_unit_test(a_picture_that_is_cut_keeps_its_left_upper_part),
        cmocka_unit_test(what_lies_beyond_all_numbers_costs_no_figure),
        cmocka_unit_test(a_picture_of_a_page_is_there_once_however_often_it_is_shown),
        cmocka_unit_test(an_enlarged_picture_is_sharp_in_vector_files_too),
        cmocka_unit_test(a_long_line_goes_by_steps_from_where_it_begins),
        cmocka_unit_test(a_histogram_is_an_area_and_an_outline_that_leaves_out_its_foot),
        cmocka_unit_test(a_curve_has_no_more_points_than_can_be_seen),
        cmocka_unit_test(a_page_has_its_pictures_with_a_palette_and_no_finer_than_it_shows_them),
        cmocka_unit_test(hostile_pictures_are_refused_or_left_their_texts),
        cmocka_unit_test(strings_from_files_are_escaped_for_where_they_go),
        cmocka_unit_test(names_that_are_no_text_are_drawn_all_the_same),
        cmocka_unit_test(a_note_goes_with_its_mark),
        cmocka_unit_test(the_first_three_series_differ_in_grey),
        cmocka_unit_test(numbers_keep_three_digits_that_mean_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
