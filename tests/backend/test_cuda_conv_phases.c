/* Phases of convolutions to the input (conv_phases.h): together they are the convolution, in plain loops. */
#include "support/check.h"

#include "backend/cuda/conv_phases.h"

/* One channel, one image. */
static conv_problem problem(int32_t kernel, int32_t stride, int32_t pad, int32_t pad_end, int32_t h, int32_t w)
{
    conv_problem p;
    memset(&p, 0, sizeof p);
    p.pass = CONV_TO_INPUT;
    p.h = h;
    p.w = w;
    p.kernel_h = p.kernel_w = kernel;
    p.stride = stride;
    p.pad[0] = p.pad[1] = pad;
    p.pad_end[0] = p.pad_end[1] = pad_end;
    p.p = (h + pad + pad_end - kernel) / stride + 1;
    p.q = (w + pad + pad_end - kernel) / stride + 1;
    return p;
}

/* Every number of dy and of the kernel is another one, and small enough that sums are exact. */
static double dy_at(const conv_problem *p, int32_t y, int32_t x)
{
    return y < 0 || y >= p->p || x < 0 || x >= p->q ? 0 : 1 + y * 331 + x * 17;
}

static double tap_at(const conv_problem *p, int32_t u, int32_t v)
{
    return 1 + u * p->kernel_w + v;
}

static double expected(const conv_problem *p, int32_t row, int32_t column)
{
    double sum = 0;
    for (int32_t u = 0; u < p->kernel_h; u++)
        for (int32_t v = 0; v < p->kernel_w; v++) {
            const int32_t y = row + p->pad[0] - u, x = column + p->pad[1] - v;
            if (y % p->stride == 0 && x % p->stride == 0)
                sum += tap_at(p, u, v) * dy_at(p, y / p->stride, x / p->stride);
        }
    return sum;
}

static double by_phase(const conv_problem *p, const conv_phases *all, const conv_phase *f, int32_t y, int32_t x)
{
    double sum = 0;
    for (int32_t i = 0; i < f->taps_h; i++)
        for (int32_t j = 0; j < f->taps_w; j++)
            sum += tap_at(p, f->first_h + all->step * i, f->first_w + all->step * j) *
                   dy_at(p, y + i - f->pad_h, x + j - f->pad_w);
    return sum;
}

/* All elements, and none by two phases. */
static void check_problem(const conv_problem *p)
{
    const conv_phases all = conv_phases_of(p);
    int32_t taps = 0;
    for (int32_t row = 0; row < p->h; row++)
        for (int32_t column = 0; column < p->w; column++) {
            double got = 0;
            int reached = 0;
            for (int32_t i = 0; i < all.count; i++) {
                const conv_phase *f = &all.list[i];
                if (row % all.stride != f->row || column % all.stride != f->column) continue;
                got += by_phase(p, &all, f, row / all.stride, column / all.stride);
                reached++;
            }
            assert_true(reached <= 1);
            assert_true(got == expected(p, row, column));
        }
    for (int32_t i = 0; i < all.count; i++) {
        assert_int_equal(all.list[i].tap0, taps);
        assert_true(i == 0 || all.list[i].taps_h * all.list[i].taps_w <= all.list[i - 1].taps_h * all.list[i - 1].taps_w);
        taps += all.list[i].taps_h * all.list[i].taps_w;
    }
    assert_int_equal(taps, p->kernel_h * p->kernel_w);
}

static void phases_are_the_convolution(void **state)
{
    (void)state;
    for (int32_t kernel = 1; kernel <= 7; kernel++)
        for (int32_t stride = 1; stride <= 2; stride++)
            for (int32_t pad = 0; pad < kernel; pad++)
                for (int32_t end = 0; end < kernel; end++)
                    for (int32_t side = 7; side <= 10; side++) {
                        const conv_problem p = problem(kernel, stride, pad, end, side, side + 1 + pad % 2);
                        check_problem(&p);
                    }
}

static void phases_of_the_sides_of_networks(void **state)
{
    static const int32_t sides[] = {224, 128, 112, 56, 32, 28, 27, 16, 15, 14, 13, 8, 7};
    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        const conv_problem all[] = {problem(3, 2, 1, 1, sides[i], sides[i]), problem(1, 2, 0, 0, sides[i], sides[i]),
                                    problem(3, 2, 0, 1, sides[i], sides[i]), problem(7, 2, 3, 3, sides[i], sides[i])};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) check_problem(&all[k]);
    }
}

static void a_convolution_of_three_by_three_has_phases_of_four_two_two_and_one_tap(void **state)
{
    const conv_problem wide = problem(3, 2, 1, 1, 32, 32), narrow = problem(1, 2, 0, 0, 32, 32);
    conv_phases f = conv_phases_of(&wide);
    (void)state;
    assert_int_equal(f.count, 4);
    assert_int_equal(f.list[0].taps_h * f.list[0].taps_w, 4);
    assert_int_equal(f.list[3].taps_h * f.list[3].taps_w, 1);
    f = conv_phases_of(&narrow);
    assert_int_equal(f.count, 1);
    assert_true(f.list[0].row == 0 && f.list[0].column == 0);
}

static void forward_is_one_phase_with_the_kernel_as_it_is(void **state)
{
    conv_problem p = problem(3, 1, 1, 1, 8, 8);
    (void)state;
    p.pass = CONV_FORWARD;
    const conv_phases f = conv_phases_of(&p);
    assert_true(f.count == 1 && f.step == 1 && f.list[0].first_h == 0 && f.list[0].first_w == 0);
    assert_true(f.list[0].taps_h == 3 && f.list[0].taps_w == 3 && f.list[0].pad_h == 1 && f.list[0].pad_w == 1);
}

/* Pixels of phases, counted through all images, against their images, rows and columns. */
static void pixels_of_phases_fill_the_map(void **state)
{
    enum { IMAGES = 3, ROWS = 5, COLUMNS = 7 };
    (void)state;
    for (int32_t stride = 1; stride <= 2; stride++)
        for (int32_t row = 0; row < stride; row++)
            for (int32_t column = 0; column < stride; column++)
                for (uint32_t i = 0; i < IMAGES * ROWS * COLUMNS; i++) {
                    const int64_t x = i % COLUMNS, y = i / COLUMNS % ROWS, n = i / COLUMNS / ROWS;
                    const int64_t at = (n * stride * ROWS + stride * y + row) * stride * COLUMNS + stride * x + column;
                    assert_int_equal(conv_phase_pixel(i, COLUMNS, stride, row, column), at);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_are_the_convolution),
        cmocka_unit_test(phases_of_the_sides_of_networks),
        cmocka_unit_test(a_convolution_of_three_by_three_has_phases_of_four_two_two_and_one_tap),
        cmocka_unit_test(forward_is_one_phase_with_the_kernel_as_it_is),
        cmocka_unit_test(pixels_of_phases_fill_the_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
