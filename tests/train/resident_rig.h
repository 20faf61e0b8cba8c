/* Steps and states of two trainers, one on a device, beside each other. */
#ifndef TRAIN_RESIDENT_RIG_H
#define TRAIN_RESIDENT_RIG_H

#include "train/trainer_rig.h"

static inline void near(const char *what, double a, double b, double allowed)
{
    if (isnan(a) && isnan(b)) return;
    if (!(fabs(a - b) <= allowed * fmax(1, fabs(b)))) fail_msg("%s: %.9g instead of %.9g", what, a, b);
}

static inline void near_all(const char *what, const float *a, const float *b, int64_t n, double allowed)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < n; i++) {
        error += pow((double)a[i] - (double)b[i], 2);
        norm += pow((double)b[i], 2);
    }
    if (!(error <= allowed * allowed * norm))
        fail_msg("%s: relative error %.3g, allowed %.3g", what, sqrt(error / norm), allowed);
}

static inline void compare_reports(const step_report *there, const step_report *here, double allowed)
{
    const eq8_report a = eq8_report_of(&there->own), b = eq8_report_of(&here->own);
    near("l_D", a.loss.loss_d, b.loss.loss_d, allowed);
    near("l_G", a.loss.loss_g, b.loss.loss_g, allowed);
    near("|grad l_D|", a.loss.g_d, b.loss.g_d, allowed);
    near("|grad l_G|", a.loss.g_g, b.loss.g_g, allowed);
    near("c", a.loss.c, b.loss.c, 10 * allowed);
    near("cosine", a.loss.cosine, b.loss.cosine, 10 * allowed);
    near("LSE(x+)", a.loss.lse_pos, b.loss.lse_pos, allowed);
    near("LSE(x-)", a.loss.lse_neg, b.loss.lse_neg, allowed);
    near("accuracy", a.loss.accuracy, b.loss.accuracy, 0);
    near("movement", a.chain.movement, b.chain.movement, allowed);
    near("clipped", a.chain.clipped, b.chain.clipped, 1e-2);
    near("diffusion", a.diffusion, b.diffusion, 0);
    near("lowest LSE", a.lse_min, b.lse_min, allowed);
    near("highest LSE", a.lse_max, b.lse_max, allowed);
}

/* Running statistics apart, which what the passes before the last one say is a small part of. */
static inline void compare_running(rig *a, rig *b, double allowed)
{
    const int64_t n = running_list(NULL, model_graph(a->m));
    int64_t *at = NULL;
    float *of[2] = {NULL, NULL};
    if (n == 0) return;
    check_ok(MEM_NEW(at, n));
    running_list(at, model_graph(a->m));
    for (int k = 0; k < 2; k++) {
        check_ok(MEM_NEW(of[k], n));
        for (int64_t i = 0; i < n; i++) of[k][i] = model_params(k ? b->m : a->m)[at[i]];
    }
    near_all("running statistics", of[0], of[1], n, allowed);
    mem_free(at);
    mem_free(of[0]);
    mem_free(of[1]);
}

static inline void compare_states(rig *a, rig *b, double allowed)
{
    const int64_t n = a->t.optimizer.n;
    check_ok(trainer_fetch(&a->t, TRAINER_ALL));
    near_all("weights", model_params(a->m), model_params(b->m), n, allowed);
    compare_running(a, b, allowed / 3);
    near_all("first moments", a->t.optimizer.m, b->t.optimizer.m, n, 20 * allowed);
    if (a->t.optimizer.v)
        near_all("second moments", a->t.optimizer.v, b->t.optimizer.v, n, 20 * allowed);
    if (a->t.ema) near_all("averages", a->t.ema, b->t.ema, n, allowed);
    if (!trainer_samples(&a->t)) return;
    assert_memory_equal(trainer_samples(&a->t)->age, trainer_samples(&b->t)->age,
                        (size_t)trainer_samples(&a->t)->size * sizeof *trainer_samples(&a->t)->age);
    near_all("buffer", trainer_samples(&a->t)->images, trainer_samples(&b->t)->images,
             trainer_samples(&a->t)->size * model_input_count(a->m), allowed);
}

#endif
