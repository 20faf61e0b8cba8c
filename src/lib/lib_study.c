/* jem/study.h over study/, record/grid.h and report/score_rows.h. */
#include "jem/study.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "lib/lib_call.h"
#include "lib/lib_train_data.h"
#include "record/grid.h"
#include "report/score_rows.h"
#include "study/slurm.h"
#include "study/sweep_grid.h"
#include "study/sweep_status.h"
#include "sweetspot/declaration.h"

_Static_assert((int)JEM_RUN_FAILED == (int)SWEEP_FAILED, "jem_run_state follows sweep_state");

/* ---- runs */

static jem_study_run tell_run(const sweep_run *r)
{
    jem_train_status s = {.epoch = NAN, .images_per_s = NAN, .eta_s = NAN, .val_accuracy = NAN, .verdict = "",
                          .reason = r->reason};
    if (r->reported) {
        s.iteration = r->now.iteration;
        s.iterations = r->now.iterations;
        s.epoch = r->now.epoch;
        s.images_per_s = r->now.images_per_s;
        s.eta_s = r->now.eta_s;
        s.val_accuracy = r->now.val_accuracy;
        s.verdict = verdict_name(r->now.verdict);
        s.rescues = r->now.rescues;
    }
    return (jem_study_run){r->name, r->alpha, r->seed, (jem_run_state)r->state, s};
}

void jem_study_runs_clear(jem_study_runs *r)
{
    if (!r) return;
    mem_free(r->rows);
    mem_free(r->owner);
    *r = (jem_study_runs)JEM_STUDY_RUNS_INIT;
}

jem_status jem_study_runs_read(jem_study_runs *out, const char *folder)
{
    LIB_CALL;
    jem_status st;
    jem_study_runs made = JEM_STUDY_RUNS_INIT;
    sweep_run *runs = NULL;
    int count = 0;

    HOST_NEED(out);
    if (!folder) return jem_error(JEM_EUSAGE, "%s: study is NULL", __func__);
    TRY(sweep_status_read(&runs, &count, folder));
    made.owner = runs;
    slurm_add_states(runs, count, folder);
    TRY(MEM_NEW(made.rows, count));
    for (int i = 0; i < count; i++) made.rows[i] = tell_run(&runs[i]);
    made.count = count;
    *out = made;
    made = (jem_study_runs)JEM_STUDY_RUNS_INIT;
done:
    jem_study_runs_clear(&made);
    return st;
}

/* ---- folders */

/* What a jem_folders owns. */
typedef struct folder_list {
    char **paths;
    int count;
} folder_list;

void jem_folders_clear(jem_folders *f)
{
    folder_list *own = f ? f->owner : NULL;
    if (!f) return;
    if (own) strings_free(own->paths, own->count);
    mem_free(own);
    mem_free(f->paths);
    *f = (jem_folders)JEM_FOLDERS_INIT;
}

jem_status jem_grid_studies(jem_folders *out, const char *folder)
{
    LIB_CALL;
    jem_status st;
    jem_folders made = JEM_FOLDERS_INIT;
    folder_list *own = NULL;

    HOST_NEED(out);
    HOST_NEED(folder);
    TRY(MEM_NEW(own, 1));
    made.owner = own;
    TRY(grid_studies(&own->paths, &own->count, folder));
    TRY(MEM_NEW(made.paths, own->count));
    for (int i = 0; i < own->count; i++) made.paths[i] = own->paths[i];
    made.count = own->count;
    *out = made;
    made = (jem_folders)JEM_FOLDERS_INIT;
done:
    jem_folders_clear(&made);
    return st;
}

/* ---- a sweep */

enum { USUAL_ALPHAS = 11, ALPHAS_MOST = 1001, SEEDS_MOST = 1000, SLOTS_MOST = 4096 };
static const double news_s = 1;

/* Of one call, while it runs. */
typedef struct sweeping {
    const jem_sweep_options *o;
    double *alphas; /* [count] */
    int64_t *seeds; /* [count] */
    int count;
    const char **set; /* [set_count] the caller's, then those of arrays */
    int set_count;
    char *data_path;
    jem_study_run *told; /* [of the study that is trained] */
    double told_s;
} sweeping;

static void sweeping_clear(sweeping *s)
{
    mem_free(s->alphas);
    mem_free(s->seeds);
    mem_free(s->told);
    mem_free(s->set);
    mem_free(s->data_path);
}

static jem_status begin_watch(void *ctx, const sweep_run *runs, int count)
{
    sweeping *s = ctx;
    (void)runs;
    mem_free(s->told);
    s->told = NULL;
    s->told_s = -INFINITY;
    return MEM_NEW(s->told, count);
}

static void watch(void *ctx, const sweep_run *runs, int count, double eta_s, bool changed)
{
    sweeping *s = ctx;
    lib_call plain;
    if (!s->o->watch || (!changed && clock_s() - s->told_s < news_s)) return;
    for (int i = 0; i < count; i++) s->told[i] = tell_run(&runs[i]);
    s->told_s = clock_s();
    lib_call_back_begin(&plain);
    s->o->watch(s->o->watch_ctx, s->told, count, eta_s);
    lib_call_back_end(&plain);
}

static jem_status check_count(int64_t n, int64_t least, int64_t most, const char *what, const char *function)
{
    if (n >= least && n <= most) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: %s = %lld; choose %lld to %lld", function, what, (long long)n, (long long)least,
                     (long long)most);
}

static jem_status take_grid(sweeping *s, const char *function)
{
    jem_status st;
    const jem_sweep_options *o = s->o;
    const int64_t count = o->alphas ? o->alpha_count : USUAL_ALPHAS;

    TRY(check_count(count, 1, ALPHAS_MOST, "o->alpha_count", function));
    TRY(check_count(o->seeds, 0, SEEDS_MOST, "o->seeds", function));
    if (!o->alphas && o->seeds_at)
        return jem_error(JEM_EUSAGE, "%s: o->seeds_at says how often each of o->alphas, which is NULL", function);
    TRY(MEM_NEW(s->alphas, count));
    TRY(MEM_NEW(s->seeds, count));
    for (int64_t i = 0; i < count; i++) {
        s->alphas[i] = o->alphas ? o->alphas[i] : (double)i / (USUAL_ALPHAS - 1);
        s->seeds[i] = o->seeds_at ? o->seeds_at[i] : o->seeds > 0 ? o->seeds : 1;
        if (!(s->alphas[i] >= 0 && s->alphas[i] <= 1))
            return jem_error(JEM_EUSAGE, "%s: o->alphas[%lld] = %g; choose 0 to 1", function, (long long)i, s->alphas[i]);
        TRY(check_count(s->seeds[i], 1, SEEDS_MOST, "a number of o->seeds_at", function));
    }
    s->count = (int)count;
done:
    return st;
}

/* Arrays become a folder, and that a setting; nothing is kept where settings are wrong. */
static jem_status take_settings(sweeping *s, const char *config_path, const char *study_folder, const char *function)
{
    jem_status st;
    const jem_sweep_options *o = s->o;
    char *folder = NULL;
    config *c = NULL;

    TRY(MEM_NEW(s->set, o->set_count + 2));
    for (; s->set_count < o->set_count; s->set_count++) s->set[s->set_count] = o->set[s->set_count];
    if (!o->data) goto done;
    TRY(MEM_NEW(c, 1));
    TRY(config_load(c, &config_builtin, config_path, s->set, s->set_count));
    TRY(lib_keep_data(&folder, o->data, study_folder, function));
    TRY(str_format(&s->data_path, "data.path=%s", folder));
    s->set[s->set_count++] = "data.kind=npy";
    s->set[s->set_count++] = s->data_path;
done:
    mem_free(folder);
    mem_free(c);
    return st;
}

static jem_status take_rescue(sweep_rescue *out, const char *word, const char *function)
{
    *out = !word                        ? SWEEP_RESCUE_AS_BEGUN
           : strcmp(word, "study") == 0 ? SWEEP_RESCUE_STUDY
                                        : SWEEP_RESCUE_RUN;
    if (!word || *out == SWEEP_RESCUE_STUDY || strcmp(word, "run") == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: o->rescue is \"study\" or \"run\", not \"%s\"", function, word);
}

jem_status jem_sweep(const char *config_path, const char *folder, const jem_sweep_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_sweep_options o = JEM_SWEEP_INIT;
    sweeping s = {.o = &o};
    sweep_rescue rescue;
    const measures *known[MEASURES_MAX + 1];

    if (!folder) return jem_error(JEM_EUSAGE, "%s: study is NULL", __func__);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_SWEEP_INIT"));
    TRY(lib_check_texts(o.set, o.set_count, "o->set", __func__));
    TRY(lib_check_texts(o.grid, o.grid_count, "o->grid", __func__));
    TRY(take_grid(&s, __func__));
    TRY(take_rescue(&rescue, o.rescue, __func__));
    TRY(check_count(o.slots, 0, SLOTS_MOST, "o->slots", __func__));
    benchmark_meanings(known, benchmark_list);
    TRY(declaration_check(o.declared, folder, known));
    TRY(take_settings(&s, config_path, folder, __func__));
    TRY(sweep_studies(&(sweep_request){.lists = &config_builtin,
                                       .plan = {.config_path = config_path,
                                                .set = s.set,
                                                .set_count = s.set_count,
                                                .alphas = s.alphas,
                                                .alpha_count = s.count,
                                                .seeds = s.seeds},
                                       .out = folder,
                                       .declared = o.declared,
                                       .slots = o.slots > 0 ? o.slots : 1,
                                       .rescue = rescue,
                                       .launcher = &launcher_threads,
                                       .stop = o.stop,
                                       .watch = {.ctx = &s, .begin = begin_watch, .update = watch}},
                      o.grid, o.grid_count));
done:
    sweeping_clear(&s);
    return st;
}

/* ---- scores */

/* What a jem_table owns: the rows borrow from the folders' paths, too. */
typedef struct table_source {
    score_rows rows;
    char **folders;
    int count;
} table_source;

void jem_table_clear(jem_table *t)
{
    table_source *own = t ? t->owner : NULL;
    if (!t) return;
    if (own) {
        score_rows_clear(&own->rows);
        strings_free(own->folders, own->count);
    }
    mem_free(own);
    mem_free(t->rows);
    *t = (jem_table)JEM_TABLE_INIT;
}

static jem_table_row table_row(const score_rows *all, const score_row *r)
{
    const score *s = r->score;
    return (jem_table_row){.benchmark = s->benchmark,
                           .metric = s->metric,
                           .dataset = s->dataset,
                           .condition = s->condition,
                           .model = r->model,
                           .alpha = r->alpha,
                           .seed = r->seed,
                           .value = s->value,
                           .low = s->low,
                           .high = s->high,
                           .n = s->n,
                           .reference = r->reference,
                           .at_chance = r->at_chance == CHANCE_UNKNOWN ? -1 : r->at_chance == CHANCE_AT,
                           .folder = score_row_folder(all, r)};
}

jem_status jem_table_read(jem_table *out, const char *const *folders, int64_t count)
{
    LIB_CALL;
    jem_status st;
    jem_table made = JEM_TABLE_INIT;
    table_source *own = NULL;
    const measures *known[MEASURES_MAX + 1];

    HOST_NEED(out);
    HOST_NEED(folders);
    TRY(check_count(count, 1, INT32_MAX, "count", __func__));
    TRY(lib_check_texts(folders, (int)count, "folders", __func__));
    benchmark_meanings(known, benchmark_list);
    TRY(MEM_NEW(own, 1));
    own->rows = (score_rows)SCORE_ROWS_INIT;
    made.owner = own;
    TRY(grid_studies_of_all(&own->folders, &own->count, folders, (int)count));
    TRY(score_rows_read(&own->rows, (const char *const *)own->folders, own->count, known));
    TRY(MEM_NEW(made.rows, own->rows.count));
    for (int64_t i = 0; i < own->rows.count; i++) made.rows[i] = table_row(&own->rows, &own->rows.rows[i]);
    made.count = own->rows.count;
    *out = made;
    made = (jem_table)JEM_TABLE_INIT;
done:
    jem_table_clear(&made);
    return st;
}
