/* Evaluates a run and prints its scores.
 *
 *   eval RUN                                                         (jem/eval.h) */
#include <jem/eval.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static const char *const set[] = {"eval.limit=20", "eval.samples=4"}; /* quick; leave out for all */
    jem_eval_options o = JEM_EVAL_INIT;
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;

    if (argc != 2) {
        fprintf(stderr, "usage: eval RUN\n");
        return JEM_EUSAGE;
    }
    o.set = set;
    o.set_count = 2;
    const jem_status st = jem_eval(&scores, argv[1], &o);
    if (st != JEM_OK) {
        fprintf(stderr, "%s\n", jem_error_message());
        return (int)st;
    }
    for (int64_t i = 0; i < scores.count; i++) {
        const jem_bench_score *s = &scores.rows[i];
        printf("%-16s %-16s %-24s %10.4f  [%.4f, %.4f]\n", s->benchmark, s->metric, s->condition ? s->condition : "-",
               s->value, s->low, s->high);
    }
    jem_bench_scores_clear(&scores);
    return 0;
}
