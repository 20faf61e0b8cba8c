/* A folder for two small runs, A and B, their data and settings. */
#ifndef RUN_RUN_RIG_H
#define RUN_RUN_RIG_H

#include "train/tiny.h"

typedef struct rig {
    char dir[64], a[128], b[128];
    splits data;
    config cfg;
} rig;

static rig *rig_new(const char *const *more)
{
    rig *r = NULL;
    check_ok(MEM_NEW(r, 1));
    check_tmp(r->dir, sizeof r->dir);
    snprintf(r->a, sizeof r->a, "%s/a", r->dir);
    snprintf(r->b, sizeof r->b, "%s/b", r->dir);
    r->data = tiny_splits(24, 6); /* three iterations per epoch */
    tiny_config(&r->cfg, more);
    return r;
}

static void rig_free(rig *r)
{
    splits_free(&r->data);
    check_tmp_remove(r->dir);
    mem_free(r);
}

static jem_status train(rig *r, const char *out, bool resume, const volatile sig_atomic_t *stop)
{
    train_request q = {
        .cfg = &r->cfg, .out = out, .data = &r->data, .resume = resume, .stop = stop};
    return train_run(&q);
}

static const volatile sig_atomic_t stop_now = 1;

#endif
