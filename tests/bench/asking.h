/* A benchmark run as the program runs it, for the tests of single benchmarks. */
#ifndef BENCH_ASKING_H
#define BENCH_ASKING_H

#include "support/check.h"

#include "base/mem.h"
#include "bench/benchmarks.h"
#include "jem/tensor.h"

enum { ASKING_OPTIONS = 16384 }; /* bytes of the largest struct of a benchmark's keys */

typedef struct asking {
    bench_options common;
    union {
        char bytes[ASKING_OPTIONS];
        double align;
    } own;
    option_group groups[3];
    score_list scores;
    bench_request request;
    const benchmark *bench;
} asking;

/* Defaults with 200 rounds; `set` is "name.key=value" or NULL. */
static inline void asking_begin(asking *a, const benchmark *b, const subject *who, const char *data,
                                const char *set)
{
    memset(a, 0, sizeof *a);
    assert_true(b->options_size <= ASKING_OPTIONS);
    a->bench = b;
    a->groups[0] = (option_group){"bench", bench_option_table, &a->common};
    if (b->options) a->groups[1] = (option_group){b->name, b->options, &a->own};
    check_ok(options_defaults(a->groups));
    check_ok(options_assign(a->groups, "bench.rounds=200"));
    if (set) check_ok(options_assign(a->groups, set));
    a->scores = (score_list)SCORE_LIST_INIT;
    a->request = (bench_request){.subject = who,
                                 .data = data,
                                 .common = &a->common,
                                 .options = &a->own,
                                 .command = "jem bench",
                                 .scores = &a->scores};
}

static inline void asking_end(asking *a) { score_list_clear(&a->scores); }

/* The whole call, for those that fail. */
static inline jem_status asking_status(const benchmark *b, const subject *who, const char *data,
                                       const char *set)
{
    asking a;
    asking_begin(&a, b, who, data, set);
    jem_status st = b->run(&a.request);
    asking_end(&a);
    return st;
}

/* The one score with these keys; NULL as condition: it has none. */
static inline const score *asking_find(const asking *a, const char *metric, const char *condition,
                                       const char *who)
{
    for (int64_t i = 0; i < a->scores.count; i++) {
        const score *s = &a->scores.scores[i];
        const bool same_condition = condition ? s->condition && !strcmp(s->condition, condition)
                                              : s->condition == NULL;
        if (!strcmp(s->metric, metric) && same_condition && s->model && !strcmp(s->model, who))
            return s;
    }
    return NULL;
}

static inline const score *asking_score(const asking *a, const char *metric, const char *condition,
                                        const char *who)
{
    const score *s = asking_find(a, metric, condition, who);
    if (!s)
        fail_msg("no score %s, condition %s, of %s", metric, condition ? condition : "-", who);
    return s;
}

/* The same metrics with the same values, bit for bit, and the same intervals. */
static inline void asking_same_scores(const score_list *a, const score_list *b)
{
    assert_true(a->count == b->count);
    for (int64_t i = 0; i < a->count; i++) {
        const score *p = &a->scores[i], *q = &b->scores[i];
        assert_string_equal(p->metric, q->metric);
        assert_memory_equal(&p->value, &q->value, sizeof p->value);
        assert_true((p->low == q->low && p->high == q->high) || (isnan(p->low) && isnan(q->low)));
    }
}

/* npy of doubles: [n], or [n][k] for dims 2. */
static inline void asking_write_array(const char *path, const double *x, int dims, int64_t n, int64_t k)
{
    jem_tensor t = JEM_TENSOR_INIT;
    const int64_t sizes[] = {n, k};
    check_ok(jem_tensor_init(&t, JEM_F64, dims, sizes));
    memcpy(t.data, x, (size_t)(n * (dims > 1 ? k : 1)) * sizeof *x);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* Who hears the lines of a check, those of its parts, too; hear NULL: nobody. */
typedef struct asking_ear {
    void (*hear)(void *ctx, const char *line);
    void *ctx;
} asking_ear;

static inline void asking_remark(void *ctx, const char *line)
{
    const asking_ear *ear = ctx;
    if (ear->hear) ear->hear(ear->ctx, line);
}

static inline jem_status asking_part(void *ctx, const bench_part *part)
{
    assert_true(part->name && part->name[0] && part->line);
    if (part->line[0]) asking_remark(ctx, part->line);
    return JEM_OK;
}

static inline jem_status asking_check(const benchmark *b, const char *folder, void (*hear)(void *ctx, const char *line),
                                      void *ctx)
{
    asking_ear ear = {hear, ctx};
    return b->check(folder, &(const bench_finder){asking_part, asking_remark, &ear});
}

#endif
