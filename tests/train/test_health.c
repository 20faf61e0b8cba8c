/* Verdicts: each reached by a report made for it, and the state that outlives a
 * checkpoint. */
#include "support/check.h"

#include "base/mem.h"
#include "train/config.h"
#include "train/objective_eq8.h"

typedef struct rig {
    health_options o;
    health_state s;
    eq8_report r;       /* a healthy hybrid step */
    replay_buffer replay;
} rig;

static const shape image = {3, 4, 4};

static jem_status took(rig *g, const eq8_report *r, int64_t iteration)
{
    objective_report own;
    memcpy(&own, r, sizeof *r);
    return health_step(&g->s, eq8_rules, &g->o, &own, iteration);
}

static health_report assess(rig *g)
{
    health_report h;
    objective_report own;
    memcpy(&own, &g->r, sizeof g->r);
    health_assess(&h, &g->s, eq8_rules, &g->o, &own);
    return h;
}

static rig *rig_new(void)
{
    static config cfg;
    rig *g = NULL;
    sampler_options o = {.buffer_size = 300};
    check_ok(MEM_NEW(g, 1));
    check_ok(config_defaults(&cfg, &config_builtin));
    g->o = cfg.health;
    g->r = (eq8_report){.loss = {1.5, -0.3, 5, 12, 0.4, 0.1, 4.0, 3.7, 0.6},
                        .chain = {2.6, 0.01},
                        .diffusion = 2.5,
                        .lse_min = -2,
                        .lse_max = 9,
                        .buffer_age = NAN,
                        .buffer_diversity = NAN};
    check_ok(replay_buffer_init(&g->replay, &o, image, 0, &chain_start_uniform, 5));
    return g;
}

static void rig_free(rig *g)
{
    replay_buffer_clear(&g->replay);
    mem_free(g);
}

static void expect(rig *g, verdict v, const char *reason)
{
    g->r.buffer_diversity = replay_buffer_diversity(&g->replay);
    const health_report h = assess(g);
    assert_string_equal(verdict_name(h.verdict), verdict_name(v));
    assert_int_equal(g->s.last, v);
    if (!strstr(h.reason, reason)) fail_msg("reason '%s' lacks '%s'", h.reason, reason);
    assert_null(strpbrk(h.reason, ",\"\n"));
    assert_int_equal(h.reason[0] == '\0', v == VERDICT_HEALTHY);
}

static void a_healthy_training_is_called_healthy(void **state)
{
    (void)state;
    rig *g = rig_new();
    for (int i = 1; i <= 200; i++) check_ok(took(g, &g->r, i));
    expect(g, VERDICT_HEALTHY, "");
    rig_free(g);
}

static void a_classifier_is_judged_by_what_it_has(void **state)
{
    (void)state;
    rig *g = rig_new();
    g->r = (eq8_report){.loss = {0.4, NAN, 2, NAN, 1, NAN, NAN, NAN, 0.9},
                        .chain = {NAN, NAN}, .diffusion = NAN, .lse_min = -3, .lse_max = 12,
                        .buffer_age = NAN, .buffer_diversity = NAN};
    for (int i = 1; i <= 200; i++) check_ok(took(g, &g->r, i));
    assert_int_equal(assess(g).verdict, VERDICT_HEALTHY);
    g->r.loss.loss_d = 15;
    assert_int_equal(assess(g).verdict, VERDICT_DRIFTING);
    rig_free(g);
}

static void a_loss_an_energy_or_a_gradient_beyond_its_limit_diverges_at_once(void **state)
{
    (void)state;
    static const struct {
        size_t field;
        double value;
        const char *reason;
    } cases[] = {
        {offsetof(eq8_report, loss.loss_g), 10001, "l_G ="},
        {offsetof(eq8_report, loss.loss_g), -10001, "l_G ="},
        {offsetof(eq8_report, loss.loss_g), HUGE_VAL, "l_G = inf"},
        {offsetof(eq8_report, loss.loss_d), 10001, "l_D ="},
        {offsetof(eq8_report, lse_max), 100001, "energies from"},
        {offsetof(eq8_report, lse_min), -100001, "energies from"},
        {offsetof(eq8_report, loss.g_d), 1.1e7, "|grad l_D|"},
        {offsetof(eq8_report, loss.g_g), 1.1e7, "|grad l_G|"},
    };
    rig *g = rig_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        eq8_report bad = g->r;
        memcpy((char *)&bad + cases[i].field, &cases[i].value, sizeof(double));
        check_ok(took(g, &g->r, 7));
        check_fails(took(g, &bad, 8), JEM_EDIVERGED, cases[i].reason);
        check_fails(took(g, &bad, 8), JEM_EDIVERGED, "in iteration 8:");
        eq8_report good = g->r;
        g->r = bad;
        expect(g, VERDICT_DIVERGED, cases[i].reason);
        g->r = good;
    }
    rig_free(g);
}

static void a_gap_that_is_mostly_wide_diverges(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        rig *g = rig_new();
        eq8_report fine = g->r;
        g->r.loss.lse_pos = g->r.loss.lse_neg + sign * 101;
        for (int i = 1; i <= 24; i++) check_ok(took(g, &g->r, i));
        for (int i = 25; i <= 28; i++) check_ok(took(g, &fine, i));
        for (int i = 29; i <= 32; i++) check_ok(took(g, &g->r, i));
        expect(g, VERDICT_DRIFTING, "health.drift_gap");
        check_fails(took(g, &g->r, 33), JEM_EDIVERGED, "health.gap_limit");
        expect(g, VERDICT_DIVERGED, "for 25 iterations");
        assert_true(health_in_doubt(&g->s, eq8_rules));
        for (int i = 34; i <= 99; i++) (void)took(g, &fine, i);
        assert_false(health_in_doubt(&g->s, eq8_rules));
        rig_free(g);
    }
}

static void labels_that_are_never_learned_diverge(void **state)
{
    (void)state;
    rig *g = rig_new();
    g->r.loss.loss_d = 21;
    for (int i = 1; i <= 24; i++) check_ok(took(g, &g->r, i));
    expect(g, VERDICT_DRIFTING, "health.drift_loss");
    check_fails(took(g, &g->r, 25), JEM_EDIVERGED, "health.loss_limit");
    rig_free(g);
}

static void energies_that_run_away_drift(void **state)
{
    (void)state;
    rig *g = rig_new();
    g->r.lse_min = -301;
    expect(g, VERDICT_DRIFTING, "health.drift_energy");
    g->r.lse_min = -299;
    expect(g, VERDICT_HEALTHY, "");
    rig_free(g);
}

static void samples_that_leave_the_range_of_images_drift(void **state)
{
    (void)state;
    rig *g = rig_new();
    for (int64_t i = 0; i < g->replay.size * shape_count(image); i++) g->replay.images[i] *= 6;
    expect(g, VERDICT_DRIFTING, "buffer diversity = 6");
    rig_free(g);
}

static void clipped_samples_saturate(void **state)
{
    (void)state;
    rig *g = rig_new();
    g->r.chain.clipped = 0.51;
    expect(g, VERDICT_SATURATING, "= 0.510");
    g->r.loss.lse_pos = 50; /* drifting too, which is less */
    expect(g, VERDICT_SATURATING, "health.saturation");
    rig_free(g);
}

static void a_buffer_of_like_images_has_collapsed(void **state)
{
    (void)state;
    rig *g = rig_new();
    int64_t size = shape_count(image);
    check_near(replay_buffer_diversity(&g->replay), 1, 1e-12, 1);
    /* every image becomes the mean of itself and nineteen times the first */
    for (int64_t i = g->replay.size - 1; i >= 0; i--)
        for (int64_t k = 0; k < size; k++)
            g->replay.images[i * size + k] = 0.95f * g->replay.images[k] +
                                             0.05f * g->replay.images[i * size + k];
    check_near(replay_buffer_diversity(&g->replay), 0.05, 1e-4, 1);
    g->r.chain.clipped = 0.9; /* saturating too, which is less */
    expect(g, VERDICT_COLLAPSED, "health.diversity");
    for (int64_t i = 0; i < g->replay.size; i++) g->replay.age[i] = (int32_t)(i % 3);
    check_near(replay_buffer_mean_age(&g->replay), 1, 1e-12, 1);
    rig_free(g);
}

static void chains_that_stand_still_have_collapsed(void **state)
{
    (void)state;
    rig *g = rig_new();
    g->r.chain.movement = 1.2; /* noise alone would move them by 2.5 */
    for (int i = 1; i <= 24; i++) check_ok(took(g, &g->r, i));
    expect(g, VERDICT_HEALTHY, "");
    check_ok(took(g, &g->r, 25));
    expect(g, VERDICT_COLLAPSED, "25 iterations");
    g->r.chain.movement = g->r.diffusion = 0; /* neither slope nor noise */
    check_ok(took(g, &g->r, 26));
    expect(g, VERDICT_COLLAPSED, "26 iterations");
    rig_free(g);
}

static void thresholds_are_settings(void **state)
{
    (void)state;
    static config cfg;
    rig *g = rig_new();
    check_ok(config_defaults(&cfg, &config_builtin));
    check_ok(options_assign(config_groups(&cfg), "health.drift_gap=0.2"));
    check_ok(options_assign(config_groups(&cfg), "health.patience=2"));
    g->o = cfg.health;
    expect(g, VERDICT_DRIFTING, "health.drift_gap = 0.2");
    g->r.loss.lse_neg = 400;
    check_ok(took(g, &g->r, 1));
    check_fails(took(g, &g->r, 2), JEM_EDIVERGED, "for 2 iterations");
    rig_free(g);
}

/* ---- in a checkpoint */

static jem_status save_and_restore(health_state *out, const char *path, const health_state *s)
{
    safetensors_writer *w = NULL;
    safetensors *f = NULL;
    int64_t room[HEALTH_COUNTS + 1];
    check_ok(safetensors_writer_new(&w));
    check_ok(health_save(s, eq8_rules, w, room));
    check_ok(safetensors_writer_save(w, path));
    check_ok(safetensors_open(&f, path));
    jem_status st = health_restore(out, eq8_rules, f);
    safetensors_writer_free(w);
    safetensors_close(f);
    return st;
}

static void the_state_comes_back_from_a_checkpoint(void **state)
{
    (void)state;
    char dir[64], path[96];
    health_state s = {{49, 3, 17}, VERDICT_SATURATING}, back = {.last = 0};
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/a.safetensors", dir);
    check_ok(save_and_restore(&back, path, &s));
    assert_memory_equal(&s, &back, sizeof s);
    check_fails(save_and_restore(&back, path, &(health_state){{-1, 0, 0}, 0}), JEM_EDATA,
                "impossible");
    check_fails(save_and_restore(&back, path, &(health_state){{0, 0, -1}, 0}), JEM_EDATA,
                "impossible");
    check_fails(save_and_restore(&back, path, &(health_state){{0, 0, 0}, 5}), JEM_EDATA,
                "impossible");
    assert_memory_equal(&s, &back, sizeof s);
    check_tmp_remove(dir);
}

static void a_checkpoint_without_it_is_refused(void **state)
{
    (void)state;
    char dir[64], path[96];
    safetensors_writer *w = NULL;
    safetensors *f = NULL;
    health_state back;
    int64_t dims[1] = {3}, values[3] = {0};
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/a.safetensors", dir);
    for (int wrong = 0; wrong < 2; wrong++) {
        check_ok(safetensors_writer_new(&w));
        check_ok(safetensors_writer_add(w, wrong ? "train.health" : "other", JEM_I64, 1, dims,
                                        values));
        check_ok(safetensors_writer_save(w, path));
        check_ok(safetensors_open(&f, path));
        check_fails(health_restore(&back, eq8_rules, f), JEM_EDATA, wrong ? "4 i64" : "missing");
        safetensors_writer_free(w);
        safetensors_close(f);
    }
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_training_is_called_healthy),
        cmocka_unit_test(a_classifier_is_judged_by_what_it_has),
        cmocka_unit_test(a_loss_an_energy_or_a_gradient_beyond_its_limit_diverges_at_once),
        cmocka_unit_test(a_gap_that_is_mostly_wide_diverges),
        cmocka_unit_test(labels_that_are_never_learned_diverge),
        cmocka_unit_test(energies_that_run_away_drift),
        cmocka_unit_test(samples_that_leave_the_range_of_images_drift),
        cmocka_unit_test(clipped_samples_saturate),
        cmocka_unit_test(a_buffer_of_like_images_has_collapsed),
        cmocka_unit_test(chains_that_stand_still_have_collapsed),
        cmocka_unit_test(thresholds_are_settings),
        cmocka_unit_test(the_state_comes_back_from_a_checkpoint),
        cmocka_unit_test(a_checkpoint_without_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
