/* The reference steps against numbers small enough to compute by hand. */
#include "backend/ref_rig.h"

#define COUNT(a) (int64_t)(sizeof(a) / sizeof *(a))

static void check_values(const double *got, const double *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= 1e-6 * fmax(1.0, fabs(want[i]))))
            fail_msg("element %d is %.9g instead of %.9g", (int)i, got[i], want[i]);
}

/* Each case runs in both precisions, with each block. */
#define FOR_EACH_FORMAT(r, images, blocks)                          \
    for (int pass = 0; pass < 2 * (blocks); pass++)                 \
        for (rig *r = rig_new(pass % 2 ? JEM_F32 : JEM_F64, pass / 2 ? 16 : 1, images); r; \
             rig_free(r), r = NULL)

static void convolution_pads_with_zeros(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const double want[] = {12.5, 21.5, 16.5, 27.5, 45.5, 33.5, 24.5, 39.5, 28.5};
    double y[9];
    FOR_EACH_FORMAT(r, 1, 1) {
        op o = rig_conv((shape){1, 3, 3}, 1, 3, 1, 1);
        for (int i = 0; i < 9; i++) r->params[o.weight + i] = 1;
        r->params[o.bias] = 0.5;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 9);
    }
}

static void convolution_correlates_and_does_not_flip(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 10, 20, 30, 40};
    /* 2x2 kernels, no padding: y = 1*1 + 2*2 + 3*3 + 4*4 + 5*10 + 6*20 + 7*30 + 8*40 */
    double y[1], want[] = {730};
    FOR_EACH_FORMAT(r, 1, 1) {
        op o = rig_conv((shape){2, 2, 2}, 1, 2, 1, 0);
        for (int i = 0; i < 8; i++) r->params[o.weight + i] = i + 1;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 1);
    }
}

static void strided_convolution_takes_every_second_position(void **state)
{
    (void)state;
    double x[25], y[9];
    const double want[] = {0, 2, 4, 10, 12, 14, 20, 22, 24}; /* centre tap only */
    for (int i = 0; i < 25; i++) x[i] = i;
    FOR_EACH_FORMAT(r, 1, 1) {
        op o = rig_conv((shape){1, 5, 5}, 1, 3, 2, 1);
        assert_int_equal(o.dst.h, 3);
        r->params[o.weight + 4] = 1;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 9);
    }
}

static void fused_convolution_adds_and_then_rectifies(void **state)
{
    (void)state;
    const double x[] = {1, -1, 2, 0};
    const double want[] = {3.5, -0.1, 0, 0.5}; /* lrelu(2x + 0.5 + previous) */
    FOR_EACH_FORMAT(r, 1, 1) {
        double y[] = {1, 1, -4.5, 0};
        op o = rig_conv((shape){1, 2, 2}, 1, 1, 1, 0);
        r->params[o.weight] = 2;
        r->params[o.bias] = 0.5;
        r->accumulate = r->lrelu = true;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 4);
        assert_true(r->mask[0] && !r->mask[1] && !r->mask[2] && r->mask[3]);
    }
}

static void linear_flattens_channel_major(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6, -1, 0, 0, 0, 0, 1}; /* 2 images of 3x1x2 */
    const double want[] = {91.25, -2.25, 5.25, 5.25};
    double y[4];
    FOR_EACH_FORMAT(r, 2, 2) {
        op o = rig_linear((shape){3, 1, 2}, 2);
        for (int i = 0; i < 6; i++) r->params[o.weight + i] = i + 1;
        r->params[o.weight + 6 + 0] = -5;
        r->params[o.weight + 6 + 5] = 0.5;
        r->params[o.bias] = 0.25;
        r->params[o.bias + 1] = -0.25;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 4);
    }
}

static void lrelu_scales_what_is_not_positive(void **state)
{
    (void)state;
    const double x[] = {-1, 0, 2}, dy[] = {10, 10, 10};
    const double want[] = {-0.2, 0, 2}, want_dx[] = {2, 2, 10};
    double y[3];
    FOR_EACH_FORMAT(r, 1, 2) {
        op o = rig_op(OP_LRELU, (shape){3, 1, 1}, (shape){3, 1, 1});
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 3);
        rig_backward_data(r, &o, y, dy, x); /* the slope at exactly 0 is 0.2 */
        check_values(y, want_dx, 3);
    }
}

static void elementwise_steps_work_in_place(void **state)
{
    (void)state;
    const double x[] = {-1, 3, -5, 7};
    const double once[] = {-0.2, 3, -1, 7}, twice[] = {-0.4, 6, -2, 14};
    const double back[] = {-0.08, 6, -0.4, 14};
    double y[4];
    FOR_EACH_FORMAT(r, 1, 2) {
        const shape s = {2, 1, 2};
        step_io io = {0};
        step p = {.kind = STEP_FORWARD, .op = rig_op(OP_LRELU, s, s), .dst = rig_slot(r, 1, s),
                  .src = rig_slot(r, 1, s), .src2 = rig_slot(r, -1, s)};
        rig_pack(r, p.src, x);
        rig_run(r, &p, &io);
        rig_unpack(r, p.dst, y);
        check_values(y, once, 4);
        p.kind = STEP_ACCUMULATE;
        rig_run(r, &p, &io);
        rig_unpack(r, p.dst, y);
        check_values(y, twice, 4);
        p.kind = STEP_BACKWARD_DATA;
        rig_run(r, &p, &io);
        rig_unpack(r, p.dst, y);
        check_values(y, back, 4);
    }
}

static void add_sums_its_sources(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3}, b[] = {-4, 5, 0.5}, want[] = {-3, 7, 3.5};
    const double rectified[] = {-0.6, 7, 3.5};
    double y[3];
    FOR_EACH_FORMAT(r, 1, 2) {
        op o = rig_op(OP_ADD, (shape){3, 1, 1}, (shape){3, 1, 1});
        rig_forward(r, &o, y, a, b);
        check_values(y, want, 3);
        r->lrelu = true;
        rig_forward(r, &o, y, a, b);
        check_values(y, rectified, 3);
    }
}

static void pool_ignores_what_fills_no_window(void **state)
{
    (void)state;
    double x[2 * 15], y[4], dx[30];
    for (int i = 0; i < 30; i++) x[i] = i;
    /* 3x5 in windows of 2x2: columns 0-1 and 2-3 of rows 0-1 */
    const double want[] = {3, 5, 18, 20}, dy[] = {4, 8, 0, 0};
    FOR_EACH_FORMAT(r, 1, 2) {
        op o = rig_pool((shape){2, 3, 5}, 2, 2, 0.25f);
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 4);
        rig_backward_data(r, &o, dx, dy, x);
        const double want_dx[15] = {1, 1, 2, 2, 0, 1, 1, 2, 2};
        check_values(dx, want_dx, 15);
    }
}

static void concat_elu_doubles_the_channels(void **state)
{
    (void)state;
    const double x[] = {2, -1, 0};
    const double want[] = {2, exp(-1) - 1, 0, exp(-2) - 1, 1, 0};
    double y[6];
    FOR_EACH_FORMAT(r, 1, 2) {
        op o = rig_concat_elu((shape){3, 1, 1});
        rig_forward(r, &o, y, x, NULL);
        check_values(y, want, 6);
    }
}

static void batch_norm_uses_batch_statistics_in_training_and_running_ones_after(void **state)
{
    (void)state;
    const double x[] = {1, 3, 10, 10, 5, 7, 10, 10}; /* 2 images, 2 channels, 1x2 */
    const double rstd = 1 / sqrt(5 + 1e-5);          /* channel 0: mean 4, variance 5 */
    const double trained[] = {-3 * rstd * 2 + 1, -rstd * 2 + 1, 0.5, 0.5,
                              rstd * 2 + 1,      3 * rstd * 2 + 1, 0.5, 0.5};
    const double rest = 2 / sqrt(4 + 1e-5), one = 1 / sqrt(1 + 1e-5);
    const double evaluated[] = {1, 2 * rest + 1, 10 * one + 0.5, 10 * one + 0.5,
                                4 * rest + 1, 6 * rest + 1, 10 * one + 0.5, 10 * one + 0.5};
    double y[8];
    FOR_EACH_FORMAT(r, 2, 2) {
        op o = rig_norm((shape){2, 1, 2}, NORM_BATCH);
        r->params[o.weight] = 2;
        r->params[o.weight + 1] = 1;
        r->params[o.bias] = 1;
        r->params[o.bias + 1] = 0.5;
        r->params[o.mean] = 1;
        r->params[o.var] = 4;
        r->params[o.var + 1] = 1;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, trained, 8);
        const double mean[] = {4, 10}, var[] = {5.0 * 4 / 3, 0}; /* unbiased */
        check_values(r->stats + o.mean, mean, 2);
        check_values(r->stats + o.var, var, 2);
        r->train = false;
        r->stats[o.mean] = -1;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, evaluated, 8);
        assert_true(r->stats[o.mean] == -1);
    }
}

static void other_norms_group_as_they_should(void **state)
{
    (void)state;
    const double x[] = {1, 3, 5, 7};  /* 1 image, 2 channels, 1x2 */
    const double i1 = 1 / sqrt(1 + 1e-5), l1 = 1 / sqrt(5 + 1e-5);
    const double instance[] = {-2 * i1, 2 * i1, 1 - 3 * i1, 1 + 3 * i1};
    const double layer[] = {-6 * l1, -2 * l1, 1 + 3 * l1, 1 + 9 * l1};
    const double act[] = {2, 6, 18, 24}; /* weight * (x + bias) */
    double y[4];
    FOR_EACH_FORMAT(r, 1, 2) {
        op o = rig_norm((shape){2, 1, 2}, NORM_INSTANCE);
        r->params[o.weight] = 2;
        r->params[o.weight + 1] = 3;
        r->params[o.bias + 1] = 1;
        for (int train = 0; train < 2; train++) {
            r->train = train;
            o.norm = NORM_INSTANCE;
            rig_forward(r, &o, y, x, NULL);
            check_values(y, instance, 4);
            o.norm = NORM_LAYER;
            rig_forward(r, &o, y, x, NULL);
            check_values(y, layer, 4);
            o.norm = NORM_ACT;
            rig_forward(r, &o, y, x, NULL);
            check_values(y, act, 4);
        }
    }
}

static void dropout_is_a_function_of_image_and_element(void **state)
{
    (void)state;
    double x[3 * 30], y[3 * 30];
    for (int i = 0; i < COUNT(x); i++) x[i] = i + 1;
    FOR_EACH_FORMAT(r, 3, 2) {
        op o = rig_op(OP_DROPOUT, (shape){5, 2, 3}, (shape){5, 2, 3});
        o.rate = 0.25f;
        o.id = 9;
        r->image0 = 100;
        rig_forward(r, &o, y, x, NULL);
        rng_stream stream = r->dropout;
        stream.sub = 9;
        for (uint32_t i = 0; i < COUNT(x); i++) {
            const bool keep = rng_u32(&stream, 100 + i / 30, i % 30) >= 1u << 30;
            check_near(y[i], keep ? x[i] / 0.75 : 0.0, 1e-6, 1.0);
        }
        rig_backward_data(r, &o, y, x, x); /* the same elements survive */
        for (uint32_t i = 0; i < COUNT(x); i++) {
            const bool keep = rng_u32(&stream, 100 + i / 30, i % 30) >= 1u << 30;
            check_near(y[i], keep ? x[i] / 0.75 : 0.0, 1e-6, 1.0);
        }
        r->train = false;
        rig_forward(r, &o, y, x, NULL);
        check_values(y, x, COUNT(x));
    }
}

static void load_fills_up_with_zeros_and_store_skips(void **state)
{
    (void)state;
    const double in[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const float in32[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const double want[] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0};
    FOR_EACH_FORMAT(r, 3, 2) {
        const shape s = {2, 1, 2};
        double got[12], out[12];
        float out32[12];
        for (int i = 0; i < 12; i++) out[i] = out32[i] = -1;
        const bool f64 = r->dtype == JEM_F64;
        step_io io = {.x = f64 ? (const void *)in : in32, .dx = f64 ? (void *)out : out32,
                      .count = 2};
        step p = {.kind = STEP_LOAD, .port = PORT_X, .op = rig_op(OP_INPUT, s, s),
                  .dst = rig_slot(r, 0, s), .src = rig_slot(r, -1, s), .src2 = rig_slot(r, -1, s)};
        rig_pack(r, p.dst, NULL);
        rig_run(r, &p, &io);
        rig_unpack(r, p.dst, got);
        check_values(got, want, 12);

        p.kind = STEP_STORE;
        p.port = PORT_DX;
        p.src = p.dst;
        p.dst.offset = -1;
        rig_run(r, &p, &io);
        for (int i = 0; i < 12; i++)
            assert_true((f64 ? out[i] : (double)out32[i]) == (i < 8 ? in[i] : -1));
        io.dx = NULL; /* not wanted */
        rig_run(r, &p, &io);
    }
}

static void copy_and_accumulate_convert_between_blocks(void **state)
{
    (void)state;
    double x[2 * 20], twice[40], y[40];
    rig_fill(x, COUNT(x), 3);
    for (int i = 0; i < COUNT(x); i++) twice[i] = 2 * x[i];
    FOR_EACH_FORMAT(r, 2, 1) {
        const shape s = {10, 1, 2};
        for (int k = 0; k < 2; k++) {
            step_io io = {0};
            step p = {.kind = STEP_COPY, .op = rig_op(OP_ADD, s, s), .dst = rig_slot(r, 0, s),
                      .src = rig_slot(r, 1, s), .src2 = rig_slot(r, -1, s)};
            p.dst.f.block = k ? 1 : 8;
            p.src.f.block = k ? 8 : 1;
            rig_pack(r, p.dst, NULL);
            rig_pack(r, p.src, x);
            rig_run(r, &p, &io);
            rig_unpack(r, p.dst, y);
            check_values(y, x, COUNT(x));
            p.kind = STEP_ACCUMULATE;
            rig_run(r, &p, &io);
            rig_unpack(r, p.dst, y);
            check_values(y, twice, COUNT(x));
        }
    }
}

static void the_descriptor_runs_with_the_parameters_it_was_given(void **state)
{
    (void)state;
    const shape s = {1, 1, 1};
    float arena[2] = {0, 4};
    const float first[] = {2, 1}, second[] = {3, 0};
    void *kernel = NULL, *bound = NULL;
    step p = {.kind = STEP_FORWARD, .op = rig_op(OP_LINEAR, s, s), .n = 1,
              .dst = {0, s, {JEM_F32, 1}}, .src = {sizeof(float), s, {JEM_F32, 1}},
              .src2 = {.offset = -1}, .mask_offset = -1};
    step_io io = {.count = 1};

    p.op.weight = 0;
    p.op.bias = 1;
    check_ok(backend_ref.kernel_new(&kernel, &p, NULL));
    check_ok(backend_ref.bound_new(&bound, kernel, (char *)arena, NULL));
    check_ok(backend_ref.kernel_load(kernel, first));
    check_ok(backend_ref.run(bound, &io, 0, 0));
    assert_true(arena[0] == 9);
    check_ok(backend_ref.kernel_load(kernel, second));
    check_ok(backend_ref.run(bound, &io, 0, 0));
    assert_true(arena[0] == 12);
    backend_ref.bound_free(bound);
    backend_ref.kernel_free(kernel);

    check_ok(backend_ref.supports(JEM_F64));
    check_fails(backend_ref.supports(JEM_BF16), JEM_EUSAGE, "bf16");
    assert_int_equal(backend_ref.mask_bytes((format){JEM_F32, 16}, (shape){3, 2, 2}, 2), 128);
}

static void backends_are_found_by_name(void **state)
{
    (void)state;
    const backend *b = NULL;
    check_ok(backend_find(&b, "ref"));
    assert_ptr_equal(b, &backend_ref);
    check_ok(backend_find(&b, "cpu"));
    assert_ptr_equal(b, &backend_cpu);
    check_fails(backend_find(&b, "abacus"), JEM_EUSAGE, "choose cpu");
    assert_ptr_equal(b, &backend_cpu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolution_pads_with_zeros),
        cmocka_unit_test(convolution_correlates_and_does_not_flip),
        cmocka_unit_test(strided_convolution_takes_every_second_position),
        cmocka_unit_test(fused_convolution_adds_and_then_rectifies),
        cmocka_unit_test(linear_flattens_channel_major),
        cmocka_unit_test(lrelu_scales_what_is_not_positive),
        cmocka_unit_test(elementwise_steps_work_in_place),
        cmocka_unit_test(add_sums_its_sources),
        cmocka_unit_test(pool_ignores_what_fills_no_window),
        cmocka_unit_test(concat_elu_doubles_the_channels),
        cmocka_unit_test(batch_norm_uses_batch_statistics_in_training_and_running_ones_after),
        cmocka_unit_test(other_norms_group_as_they_should),
        cmocka_unit_test(dropout_is_a_function_of_image_and_element),
        cmocka_unit_test(load_fills_up_with_zeros_and_store_skips),
        cmocka_unit_test(copy_and_accumulate_convert_between_blocks),
        cmocka_unit_test(the_descriptor_runs_with_the_parameters_it_was_given),
        cmocka_unit_test(backends_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
