/* A trainer whose state is set by hand, and a run folder for its checkpoints. */
#ifndef RUN_CHECKPOINT_RIG_H
#define RUN_CHECKPOINT_RIG_H

#include "train/tiny.h"

#include "run/checkpoint_store.h"
#include "run/run.h"
#include "train/objective_eq8.h"
#include "support/warnings.h"

typedef struct rig {
    char dir[64], run[128];
    splits data;
    config cfg;
    model *m;
    trainer t;
    checkpoint_state state;
    run_info info;
} rig;

static inline rig *rig_new(const char *const *more)
{
    rig *r = NULL;
    check_ok(MEM_NEW(r, 1));
    check_tmp(r->dir, sizeof r->dir);
    snprintf(r->run, sizeof r->run, "%s/run", r->dir);
    r->data = tiny_splits(24, 6);
    tiny_config(&r->cfg, more);
    check_ok(options_assign(config_groups(&r->cfg), "train.iterations=1000"));
    check_ok(model_new(&r->m, &r->cfg.model, &r->cfg.engine));
    check_ok(trainer_init(&r->t, &r->cfg, &r->data, r->m));
    check_ok(dir_make(r->run));
    check_ok(run_create(r->run, &r->cfg));
    r->state.data_hash = 4711;
    r->info = (run_info){.status = RUN_RUNNING, .alpha = r->cfg.alpha, .selected_by = "x"};
    return r;
}

static inline void rig_free(rig *r)
{
    trainer_clear(&r->t);
    model_free(r->m);
    splits_free(&r->data);
    check_tmp_remove(r->dir);
    mem_free(r);
}

static inline void rig_fill(float *x, int64_t n, int64_t iteration, uint32_t part)
{
    rng_stream s = {(uint64_t)iteration, RNG_TEST, part, 0};
    for (int64_t i = 0; x && i < n; i++) x[i] = rng_unit(&s, (uint32_t)i, 0) - 0.5f;
}

/* A state that depends on the iteration alone. */
static inline void rig_set(rig *r, int64_t iteration)
{
    trainer *t = &r->t;
    int64_t n = model_params_count(r->m);
    trainer_wait_for_reader(t);
    rig_fill(model_params(r->m), n, iteration, 0);
    rig_fill(t->optimizer.m, n, iteration, 1);
    rig_fill(t->optimizer.v, n, iteration, 2);
    rig_fill(t->ema, n, iteration, 3);
    const replay_buffer *replay = trainer_samples(t);
    rig_fill(replay->images, replay->size * shape_count(replay->image), iteration, 4);
    for (int64_t i = 0; i < replay->size; i++) replay->age[i] = (int32_t)(iteration + i);
    t->iteration = iteration;
    r->state.scheduled = true;
}

/* Does the trainer hold the moments and weights of rig_set(iteration)? */
static inline bool rig_holds(const rig *r, int64_t iteration)
{
    const trainer *t = &r->t;
    int64_t n = model_params_count(r->m), size = trainer_samples(t)->size * TINY_COUNT;
    const struct {
        const float *x;
        int64_t n;
    } parts[] = {{model_params(r->m), n}, {t->optimizer.m, n}, {t->optimizer.v, n}, {t->ema, n},
                 {trainer_samples(t)->images, size}};
    bool same = t->iteration == iteration;
    float *wanted = NULL;
    check_ok(MEM_NEW(wanted, n > size ? n : size));
    for (uint32_t p = 0; p < 5; p++) {
        if (!parts[p].x) continue;
        rig_fill(wanted, parts[p].n, iteration, p);
        same = same && memcmp(wanted, parts[p].x, (size_t)parts[p].n * sizeof *wanted) == 0;
    }
    for (int64_t i = 0; i < trainer_samples(t)->size; i++)
        same = same && trainer_samples(t)->age[i] == (int32_t)(iteration + i);
    mem_free(wanted);
    return same;
}

static inline const char *rig_path(const rig *r, const char *name)
{
    static char path[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", r->run, name);
    return path[turn];
}

static inline bool rig_has(const rig *r, const char *name)
{
    return file_exists(rig_path(r, name));
}

/* ---- what was said */

static inline void rig_heard(const char *text)
{
    if (!strstr(warnings, text)) fail_msg("'%s' lacks '%s'", warnings, text);
}

/* ---- damage */

static inline void rig_flip(const char *path, long offset, int bit)
{
    FILE *f = fopen(path, "r+b");
    int c;
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    c = fgetc(f);
    assert_true(c != EOF);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    assert_int_equal(fputc(c ^ (1 << bit), f), c ^ (1 << bit));
    assert_int_equal(fclose(f), 0);
}

#endif
