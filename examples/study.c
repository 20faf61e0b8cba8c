/* A small study on a folder of npy files: an alpha at both ends and in between, then what its runs reached, and its
 * scores if it has some already (jem eval, jem bench).
 *
 *   study DATA STUDY                                                         (jem/study.h) */
#include <jem/study.h>
#include <stdio.h>

static void watch(void *ctx, const jem_study_run *runs, int64_t count, double eta_s)
{
    int64_t *finished = ctx, now = 0;
    (void)eta_s;
    for (int64_t i = 0; i < count; i++) now += runs[i].state == JEM_RUN_FINISHED;
    if (now != *finished) printf("%lld of %lld runs are finished\n", (long long)now, (long long)count);
    *finished = now;
}

static void show_scores(const char *study)
{
    jem_table t = JEM_TABLE_INIT;
    if (jem_table_read(&t, &study, 1) != JEM_OK) return; /* nobody has scored it */
    for (int64_t i = 0; i < t.count; i++)
        printf("%s %s at alpha %g: %g\n", t.rows[i].benchmark, t.rows[i].metric, t.rows[i].alpha, t.rows[i].value);
    jem_table_clear(&t);
}

int main(int argc, char **argv)
{
    static const double alphas[] = {0, 0.5, 1};
    char path[4200];
    int64_t finished = -1;

    if (argc != 3) {
        fprintf(stderr, "usage: study DATA STUDY\n");
        return JEM_EUSAGE;
    }
    snprintf(path, sizeof path, "data.path=%s", argv[1]);
    const char *set[] = {"data.kind=npy", path, "model.name=wrn-10-1", "model.pool=adaptive", "sampler.steps=3",
                         "sampler.buffer_size=40", "train.batch=8", "train.iterations=4"};
    jem_sweep_options o = JEM_SWEEP_INIT;
    o.set = set, o.set_count = 8;
    o.alphas = alphas, o.alpha_count = 3;
    o.watch = watch, o.watch_ctx = &finished;
    jem_status st = jem_sweep(NULL, argv[2], &o); /* the same call goes on where it stopped */

    jem_study_runs runs = JEM_STUDY_RUNS_INIT;
    if (st == JEM_OK) st = jem_study_runs_read(&runs, argv[2]);
    for (int64_t i = 0; i < runs.count; i++)
        printf("%s: %lld iterations\n", runs.rows[i].name, (long long)runs.rows[i].status.iteration);
    jem_study_runs_clear(&runs);
    if (st == JEM_OK) show_scores(argv[2]);
    else fprintf(stderr, "%s\n", jem_error_message());
    return (int)st;
}
