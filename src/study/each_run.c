/* Runs of a study: see each_run.h. */
#include "study/each_run.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/grid.h"
#include "run/run.h"

static jem_status each_run_of_study(const char *path, run_fn fn, void *ctx, failures *f)
{
    jem_status st;
    char **names = NULL, *folder = NULL;
    int count = 0;

    TRY(dir_list(&names, &count, path));
    for (int i = 0; i < count; i++) {
        mem_free(folder);
        folder = NULL;
        TRY(str_format(&folder, "%s/%s", path, names[i]));
        if (!run_is(folder)) continue;
        f->of++;
        st = fn(ctx, folder);
        if (failure_ends_all(st)) goto done;
        if (st != JEM_OK) failures_note(f, names[i], st, jem_error_message());
        st = JEM_OK;
    }
done:
    mem_free(folder);
    strings_free(names, count);
    return st;
}

jem_status each_run(const char *path, run_fn fn, void *ctx, failures *f)
{
    jem_status st;
    char **studies = NULL;
    int count = 0;

    if (run_is(path)) return fn(ctx, path);
    if (!dir_exists(path))
        return jem_error(JEM_EDATA, "%s: no such folder; give a run or a study", path);
    TRY(grid_studies(&studies, &count, path));
    for (int i = 0; i < count; i++) /* of a grid some may not have begun */
        if (dir_exists(studies[i])) TRY(each_run_of_study(studies[i], fn, ctx, f));
    if (f->of == 0)
        st = jem_error(JEM_EDATA, "%s: neither a run nor a folder of runs; make one with jem "
                       "train or jem sweep", path);
done:
    strings_free(studies, count);
    return st;
}

static jem_status count_one(void *ctx, const char *folder)
{
    int64_t *count = ctx;
    (void)folder;
    ++*count;
    return JEM_OK;
}

jem_status each_run_count(int64_t *count, const char *path)
{
    failures none = FAILURES_INIT;
    *count = 0;
    const jem_status st = each_run(path, count_one, count, &none);
    return st == JEM_EDATA ? JEM_OK : st; /* that there is none is said by who wants them */
}
