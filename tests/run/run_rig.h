/* A folder for two small runs, A and B, their data and settings. */
#ifndef RUN_RUN_RIG_H
#define RUN_RUN_RIG_H

#include <sys/stat.h>

#include "run/checkpoint_store.h"
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

static inline const char *newest_checkpoint(const char *dir)
{
    static char path[512];
    char *found = NULL;
    check_ok(checkpoint_newest(&found, dir));
    snprintf(path, sizeof path, "%s", found + strlen(dir) + 1);
    mem_free(found);
    return path;
}

/* metrics.csv without its last two columns, which are times. */
static inline char *rows_without_times(const char *dir)
{
    size_t size;
    char *text = tiny_read(dir, "metrics.csv", &size), *out = text, *line = text;
    while (*line) {
        char *end = strchr(line, '\n'), *cut = end;
        for (int commas = 0; commas < 2; commas += *cut == ',') cut--;
        memmove(out, line, (size_t)(cut - line));
        out += cut - line;
        *out++ = '\n';
        line = end + 1;
    }
    *out = '\0';
    return text;
}

static inline void same_run(const rig *r)
{
    identity_same_file(r->a, r->b, "best.safetensors");
    identity_same_file(r->a, r->b, newest_checkpoint(r->a));
    char *a = rows_without_times(r->a), *b = rows_without_times(r->b);
    assert_string_equal(a, b);
    mem_free(a);
    mem_free(b);
}

static inline uint64_t number_of_file(const char *dir, const char *name)
{
    char path[256];
    struct stat s;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(stat(path, &s), 0);
    return (uint64_t)s.st_ino;
}

/* A rate of 0 that never learns: the first validation stays the best, and the rate falls for the last
 * time in the middle of epoch 6 of 12. */
#define HOPELESS                                                                                \
    "alpha=0", "train.lr=0", "train.epochs=12", "train.schedule=multistep",                     \
        "train.milestones=[0.25, 0.48]", "train.patience=2"

#endif
