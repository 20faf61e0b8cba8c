/* The operations of an autoencoder, step by step, against values computed by PyTorch 1.13 in
 * double (torch.autograd.functional.jvp and vjp), and in every precision and block. */
#include "backend/ref_rig.h"

/* The rig's numbers, times `scale`. */
static double *filled(double *v, int64_t n, uint32_t seed, double scale)
{
    rig_fill(v, n, seed);
    for (int64_t i = 0; i < n; i++) v[i] *= scale;
    return v;
}

static void expect(const char *what, const double *got, const double *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= 1e-10))
            fail_msg("%s[%d]: %.12g, PyTorch has %.12g", what, (int)i, got[i], want[i]);
}

/* dst <- derivative of the op at x along u. */
static void rig_tangent(rig *r, const op *o, double *dst, const double *u, const double *x,
                        bool silu)
{
    step s = {.kind = STEP_TANGENT, .op = *o, .silu = silu, .dst = rig_slot(r, 0, o->dst),
              .src = rig_slot(r, 1, o->src), .src2 = rig_slot(r, 2, o->src)};
    step_io io = {0};
    rig_pack(r, s.dst, NULL);
    rig_pack(r, s.src, u);
    rig_pack(r, s.src2, x);
    rig_run(r, &s, &io);
    rig_unpack(r, s.dst, dst);
}

/* A forward or backward step of silu(norm(x)). */
static void rig_norm_silu(rig *r, const op *o, step_kind kind, double *dst, const double *src,
                          const double *x)
{
    step s = {.kind = kind, .op = *o, .silu = true, .dst = rig_slot(r, 0, o->dst),
              .src = rig_slot(r, 1, o->src), .src2 = rig_slot(r, x ? 2 : -1, o->src)};
    step_io io = {0};
    rig_pack(r, s.dst, NULL);
    rig_pack(r, s.src, src);
    if (x) rig_pack(r, s.src2, x);
    rig_run(r, &s, &io);
    rig_unpack(r, s.dst, dst);
}

static op group_norm(shape s, int64_t groups, double eps)
{
    op o = rig_norm(s, NORM_GROUP);
    o.groups = groups;
    o.eps = eps;
    return o;
}

static const int64_t blocks[] = {1, 2, 3, 4};

/* Two images of four channels in two groups, 2x3 each; the second image's channels 1 and 2. */
static void group_norm_has_pytorchs_values(void **state)
{
    (void)state;
    static const double value[] = {
        0.52627386835, 1.02050905019, 1.27636943422, 0.958619162755, 0.636501966636,
        1.34787946851, -0.475976177479, -0.209109234171, -0.694153354023, -0.486269940618,
        -0.659940735956, -0.270134542766};
    static const double tangent[] = {
        0.000105179399998, -0.425187530334, 0.420654133816, 0.733463857467, -0.215098221126,
        -0.191995600778, 0.0261419310328, -0.085380800416, -0.0157913526667, 0.0318638123631,
        0.118036500133, 0.121456164254};
    static const double gradient[] = {
        0.138136270988, -0.382395104684, -0.197638795096, 0.148350124603, -0.168656606296,
        -0.473558960066, 0.235818390477, -0.0918905157401, 0.00401269991783, 0.289049688606,
        0.329444804356, -0.0543939421708};
    const op o = group_norm((shape){4, 2, 3}, 2, 1e-6);
    double x[48], u[48], dy[48], y[48];

    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        rig *r = rig_new(JEM_F64, blocks[b], 2);
        rig_fill(r->params, RIG_PARAMS, 9);
        rig_forward(r, &o, y, filled(x, 48, 1, 1), NULL);
        expect("value", y + 30, value, 12);
        rig_tangent(r, &o, y, filled(u, 48, 2, 1), x, false);
        expect("tangent", y + 30, tangent, 12);
        rig_backward_data(r, &o, y, filled(dy, 48, 3, 1), x);
        expect("gradient", y + 30, gradient, 12);
        rig_free(r);
    }
}

static void group_norm_with_silu_has_pytorchs_values(void **state)
{
    (void)state;
    static const double value[] = {
        0.330822928034, 0.750147367712, 0.99790536995, 0.692933311561, 0.416248288725,
        1.0699234456, -0.18239537607, -0.0936626095071, -0.231229268781, -0.185158302242,
        -0.224876735787, -0.1169342377};
    static const double tangent[] = {
        7.90398745168e-05, -0.397043082773, 0.420461902007, 0.671042423035, -0.171648358785,
        -0.194764066365, 0.00707666709344, -0.03382807679, -0.00282515570807, 0.00847952081069,
        0.0227224505116, 0.0445206832834};
    static const double gradient[] = {
        0.167113837167, -0.334115299677, -0.20883647961, 0.165767086718, -0.0768821488214,
        -0.502492511849, 0.0292745318704, -0.0944209691713, 0.00882007284017, 0.0439287407527,
        0.0635980949499, -0.0756255138679};
    const op o = group_norm((shape){4, 2, 3}, 2, 1e-6);
    double x[48], u[48], dy[48], y[48];

    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        rig *r = rig_new(JEM_F64, blocks[b], 2);
        rig_fill(r->params, RIG_PARAMS, 9);
        rig_norm_silu(r, &o, STEP_FORWARD, y, filled(x, 48, 1, 1), NULL);
        expect("value", y + 30, value, 12);
        rig_tangent(r, &o, y, filled(u, 48, 2, 1), x, true);
        expect("tangent", y + 30, tangent, 12);
        rig_norm_silu(r, &o, STEP_BACKWARD_DATA, y, filled(dy, 48, 3, 1), x);
        expect("gradient", y + 30, gradient, 12);
        rig_free(r);
    }
}

/* Two channels, six positions, scores that are far from equal; the second image, of the
 * gradient its channels 1, 3 and 5: of queries, keys and values one each. */
static void attention_has_pytorchs_values(void **state)
{
    (void)state;
    static const double value[] = {
        0.170653780647, 0.664385227089, 0.612310237673, 0.512740467251, 0.604466057984,
        0.703616036646, 2.13656234292, 1.62872947196, 1.69702459828, 1.51449567645,
        1.68155528255, 1.26555063789};
    static const double tangent[] = {
        -1.15042142343, -0.667401681204, -0.733648393326, -0.564713981967, -0.686040848559,
        -0.482576755627, 0.635899251751, 0.111144120159, -0.0933890153402, 0.11818948323,
        -0.0740038278469, 0.506617289569};
    static const double gradient[] = {
        0.0209395553555, 0.141124411972, 0.00866999004065, 0.340075623692, -0.00709595110308,
        -0.0871375532748, -0.00967078723731, 0.0421138718723, 0.3088463644, -0.2606278045,
        0.0575763125794, -0.138237957114, -0.0278780232006, -1.24997992646, -0.137772941231,
        -0.216281139714, -0.0152468427858, -0.0353490983735};
    const op o = rig_op(OP_ATTENTION, (shape){6, 2, 3}, (shape){2, 2, 3});
    double x[72], u[72], dy[24], y[72];
    rig *r = rig_new(JEM_F64, 1, 2);

    rig_forward(r, &o, y, filled(x, 72, 4, 3), NULL);
    expect("value", y + 12, value, 12);
    rig_tangent(r, &o, y, filled(u, 72, 5, 1), x, false);
    expect("tangent", y + 12, tangent, 12);
    rig_backward_data(r, &o, y, filled(dy, 24, 6, 1), x);
    for (int i = 0; i < 3; i++) expect("gradient", y + 36 + 6 + 12 * i, gradient + 6 * i, 6);
    rig_free(r);
}

static void silu_has_pytorchs_values(void **state)
{
    (void)state;
    static const double value[] = {
        -0.278187050106, -0.229136416303, 2.76005164837, 2.48589914796, -0.0443449499127,
        -0.0419570928174, -0.204994430023, -0.0501331921721, -0.04544176256, -0.108417856987,
        -0.181448077701, -0.253992351986};
    static const double slope[] = {
        0.0112406369734, -0.0949999234358, 1.09089625482, 1.09715790772, -0.0343664245088,
        -0.0326798789372, -0.0997055778649, 0.447166286837, -0.0351356030139, -0.0732678119555,
        0.272260850958, -0.0787178435541};
    const op o = rig_op(OP_SILU, (shape){3, 2, 2}, (shape){3, 2, 2});
    double x[12], y[12], one[12];

    for (int i = 0; i < 12; i++) one[i] = 1;
    rig *r = rig_new(JEM_F64, 2, 1);
    rig_forward(r, &o, y, filled(x, 12, 7, 5), NULL);
    expect("value", y, value, 12);
    rig_backward_data(r, &o, y, one, x);
    expect("slope", y, slope, 12);
    x[0] = -1e4; /* neither overflows nor gives NaN */
    x[1] = 1e4;
    rig_forward(r, &o, y, x, NULL);
    assert_true(y[0] == 0 && y[1] == 1e4);
    rig_backward_data(r, &o, y, one, x);
    assert_true(y[0] == 0 && y[1] == 1);
    rig_free(r);
}

/* One column of zeros on the right, one row at the bottom, 3x3 at stride 2: 5x4 to 2x2. */
static void padding_at_the_end_has_pytorchs_values(void **state)
{
    (void)state;
    static const double value[] = {
        -1.41253888265, 0.0689490304902, 1.06007379281, -1.43528699703, 1.20127884508,
        0.0991200986803, -0.301324172241, -1.03492378386, -0.0208323539638, 1.46517127122,
        -1.52582652976, -1.45797244357};
    op o = rig_conv((shape){2, 5, 4}, 3, 3, 2, 0);
    double x[80], y[24];

    o.pad_bottom = o.pad_right = 1;
    o.dst = (shape){3, 2, 2};
    rig *r = rig_new(JEM_F64, 1, 2);
    rig_fill(r->params, RIG_PARAMS, 9);
    rig_forward(r, &o, y, filled(x, 80, 8, 1), NULL);
    expect("value", y + 12, value, 12);
    rig_free(r);
}

static void upsampling_repeats_and_its_transpose_sums(void **state)
{
    (void)state;
    const op o = rig_op(OP_UPSAMPLE, (shape){2, 1, 2}, (shape){2, 2, 4});
    const double x[4] = {1, 2, 3, 4};
    const double want[16] = {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4};
    const double dy[16] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 1, 0, 0, 0, 0, 2}, dx[4] = {14, 22, 0, 3};
    double y[16];

    for (int64_t block = 1; block <= 2; block++) {
        rig *r = rig_new(JEM_F64, block, 1);
        rig_forward(r, &o, y, x, NULL);
        expect("value", y, want, 16);
        rig_backward_data(r, &o, y, dy, x);
        expect("gradient", y, dx, 4);
        rig_free(r);
    }
}

/* All scores equal: attention is the mean of the values, whatever their size; and scores so
 * large that exp would overflow select one position. */
static void attention_is_safe_at_its_extremes(void **state)
{
    (void)state;
    const op o = rig_op(OP_ATTENTION, (shape){3, 1, 3}, (shape){1, 1, 3});
    const double same[9] = {5, 5, 5, 7, 7, 7, 1, 2, 6}, far[9] = {1e3, 1e3, -1e3, 3, 2, 1, 1, 2, 6};
    const double mean[3] = {3, 3, 3}, chosen[3] = {1, 1, 6};
    double y[3];
    rig *r = rig_new(JEM_F64, 1, 1);

    rig_forward(r, &o, y, same, NULL);
    expect("equal scores", y, mean, 3);
    rig_forward(r, &o, y, far, NULL);
    expect("large scores", y, chosen, 3);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_norm_has_pytorchs_values),
        cmocka_unit_test(group_norm_with_silu_has_pytorchs_values),
        cmocka_unit_test(attention_has_pytorchs_values),
        cmocka_unit_test(silu_has_pytorchs_values),
        cmocka_unit_test(padding_at_the_end_has_pytorchs_values),
        cmocka_unit_test(upsampling_repeats_and_its_transpose_sums),
        cmocka_unit_test(attention_is_safe_at_its_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
