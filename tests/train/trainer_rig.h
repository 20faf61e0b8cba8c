/* A trainer on tiny data, for tests of single steps. */
#ifndef TRAIN_TRAINER_RIG_H
#define TRAIN_TRAINER_RIG_H

#include "train/tiny.h"

#include "train/objective_eq8.h"

typedef struct rig {
    config cfg;
    splits data;
    model *m;
    trainer t;
} rig;

static inline rig *rig_new(int64_t images, const char *const *more)
{
    rig *r = NULL;
    check_ok(MEM_NEW(r, 1));
    r->data = tiny_splits(images, 6);
    tiny_config(&r->cfg, more);
    check_ok(model_new(&r->m, &r->cfg.model, &r->cfg.engine));
    check_ok(trainer_init(&r->t, &r->cfg, &r->data, r->m));
    return r;
}

static inline void rig_free(rig *r)
{
    trainer_clear(&r->t);
    model_free(r->m);
    splits_free(&r->data);
    mem_free(r);
}

static inline step_report steps(rig *r, int count)
{
    step_report s = {.lr = 0};
    for (int i = 0; i < count; i++) check_ok(trainer_step(&s, &r->t));
    return s;
}

/* What the last of them said. */
static inline eq8_report eq8_steps(rig *r, int count)
{
    const step_report s = steps(r, count);
    return eq8_report_of(&s.own);
}

#endif
