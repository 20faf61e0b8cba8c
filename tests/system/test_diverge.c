/* Twenty-odd trainings that are known to diverge: each is noticed soon after it goes
 * wrong, rolled back, changed, logged, and given up with the last good state intact and no
 * NaN in any file.  And trainings that are well, which nobody may call diverged. */
#include "faulty_objective.h"
#include "train/tiny.h"

#include <dirent.h>

#include "run/checkpoint_store.h"
#include "run/metrics.h"
#include "train/objective_eq8.h"

enum { TRIES = 2, NOTICED_WITHIN = 50, LENGTH = 150, SETTINGS = 20 };

typedef struct ill {
    const char *name;
    int fault;
    const char *set[SETTINGS]; /* beside those of tiny_config */
} ill;

/* Settings of JEM++, for `set`. */
#define JEMPP                                                                                 \
    "model.norm=batch", "sampler.update=clamped", "sampler.decay=constant",                   \
        "sampler.noise_std=0", "sampler.batch_norm=batch", "sampler.start=class_gaussian",    \
        "sampler.buffer_size=39", "train.loss=sum", "train.optimizer=sgd",                    \
        "train.weight_decay=4e-4", "train.schedule=multistep"

static const ill ills[] = {
    {"rate 0.1", 0, {"train.lr=0.1"}},
    {"rate 1", 0, {"train.lr=1"}},
    {"rate 100", 0, {"train.lr=100"}},
    {"rate 1000 without Adam's epsilon", 0, {"train.lr=1000", "train.adam_eps=1e-20"}},
    {"rate 0.1, classifier", 0, {"alpha=0", "train.lr=0.1"}},
    {"rate 1, classifier", 0, {"alpha=0", "train.lr=1"}},
    {"rate 0.1, energy model", 0, {"alpha=1", "train.lr=0.1"}},
    {"rate 0.1, shared batch", 0, {"train.lr=0.1", "train.share_batch=true"}},
    {"rate 0.1, class-conditional", 0,
     {"train.lr=0.1", "sampler.class_conditional=true", "sampler.buffer_size=39"}},
    {"rate 0.1, ActNorm", 0, {"train.lr=0.1", "model.norm=act"}},
    {"batch norm, rate 100", 0, {"train.lr=100", "model.norm=batch"}},
    {"batch norm, energy model, rate 10", 0, {"alpha=1", "train.lr=10", "model.norm=batch"}},
    {"long memory of gradients, short of squares", 0,
     {"alpha=0.25", "train.lr=0.05", "train.beta1=0.999", "train.beta2=0.9"}},
    {"no memory of squares", 0, {"train.beta1=0.999", "train.beta2=0"}},
    {"no memory of squares, energy model", 0, {"alpha=1", "train.lr=0.01", "train.beta2=0"}},
    {"one chain step, energies run away", 0, {"alpha=1", "train.lr=0.03", "sampler.steps=1"}},
    {"steps of 1e6", 0, {"sampler.step_size=1e6", "sampler.clip=false"}},
    {"steps of 1e5", 0, {"sampler.step_size=1e5", "sampler.clip=false"}},
    {"noise of 10", 0, {"sampler.noise_std=10", "sampler.clip=false"}},
    {"noise of 1000", 0, {"sampler.noise_std=1000", "sampler.clip=false"}},
    {"Langevin steps of 100", 0,
     {"alpha=1", "sampler.update=langevin", "sampler.step_size=100", "sampler.clip=false"}},
    {"sign of l_G", FAULT_SIGN_G, {"train.lr=3e-3"}},
    {"sign of l_G, energy model", FAULT_SIGN_G, {"alpha=1", "train.lr=3e-3"}},
    {"sign of l_D", FAULT_SIGN_D, {"train.lr=3e-3"}},
    {"sign of l_D, classifier", FAULT_SIGN_D, {"alpha=0", "train.lr=3e-3"}},
    {"SADA-JEM, rate 100", 0, {TINY_SADA, "train.lr=100"}},
    {"JEM++, rate 100", 0, {JEMPP, "train.lr=100"}},
    {"both signs", FAULT_SIGN_G | FAULT_SIGN_D, {"train.lr=3e-3"}},
};
enum { ILLS = sizeof ills / sizeof ills[0] };

static void configure(config *c, const char *const *more)
{
    static const char *const set[] = {
        "alpha=0.5", "train.warmup=0", "train.iterations=150", "train.checkpoint_every=10",
        "train.log_every=5", "train.eval_every=1000", "rescue.tries=2"};
    const char *all[16 + SETTINGS] = {NULL};
    size_t n = sizeof set / sizeof set[0];
    memcpy(all, set, sizeof set);
    for (size_t i = 0; i < SETTINGS && more[i]; i++) all[n + i] = more[i];
    tiny_config(c, all);
    check_ok(config_check(c));
}

/* ---- noticing */

/* Does it visibly go wrong?  (Healthy trainings stay below a tenth of these.) */
static bool goes_wrong(const step_report *r)
{
    const eq8_result l = eq8_report_of(&r->own).loss;
    return fabs(l.lse_pos - l.lse_neg) > 200 || l.loss_d > 40;
}

static void check_noticed(const ill *i)
{
    static config c;
    splits data = tiny_splits(48, 6);
    model *m = NULL;
    trainer t;
    health_state h = {.last = 0};
    step_report r;
    jem_status st = JEM_OK;
    int64_t wrong = 0;

    configure(&c, i->set);
    injected_fault = i->fault;
    check_ok(model_new(&m, &c.model, &c.engine));
    check_ok(trainer_init(&t, &c, &data, m));
    while (st == JEM_OK && t.iteration < LENGTH) {
        st = trainer_step(&r, &t);
        if (st != JEM_OK) break;
        if (wrong == 0 && goes_wrong(&r)) wrong = t.iteration;
        st = health_step(&h, eq8_rules, &c.health, &r.own, t.iteration);
    }
    if (st != JEM_EDIVERGED) fail_msg("%s: not noticed in %d iterations", i->name, LENGTH);
    int64_t late = wrong > 0 ? t.iteration - wrong : 0;
    print_message("  %-44s iteration %3lld, %2lld after it began\n", i->name,
                  (long long)t.iteration, (long long)late);
    assert_true(late <= NOTICED_WITHIN);
    trainer_clear(&t);
    model_free(m);
    splits_free(&data);
}

static void every_divergence_is_noticed_soon(void **state)
{
    (void)state;
    for (int i = 0; i < ILLS; i++) check_noticed(&ills[i]);
}

/* ---- handling */

static void check_text_file(const char *path)
{
    char *text = NULL;
    size_t size;
    check_ok(file_read(&text, &size, path, 0));
    for (size_t k = 0; k + 2 < size; k++)
        if (strncmp(text + k, ",nan", 4) == 0 || strncmp(text + k, ",-nan", 5) == 0 ||
            strncmp(text + k, ",inf", 4) == 0 || strncmp(text + k, ",-inf", 5) == 0)
            fail_msg("%s holds %.5s", path, text + k);
    mem_free(text);
}

static void check_tensors(const char *path)
{
    safetensors *f = NULL;
    check_ok(safetensors_open(&f, path));
    for (int i = 0; i < safetensors_count(f); i++) {
        jem_tensor t = safetensors_view(f, i);
        if (t.dtype != JEM_F32 && t.dtype != JEM_F64) continue;
        int64_t n = 1;
        for (int k = 0; k < t.ndim; k++) n *= t.shape[k];
        for (int64_t k = 0; k < n; k++) {
            float s;
            double v;
            if (t.dtype == JEM_F32) {
                memcpy(&s, (const char *)t.data + k * (int64_t)sizeof s, sizeof s);
                v = (double)s;
            } else {
                memcpy(&v, (const char *)t.data + k * (int64_t)sizeof v, sizeof v);
            }
            if (!isfinite(v))
                fail_msg("%s: %s holds %g", path, safetensors_name(f, i), v);
        }
    }
    safetensors_close(f);
}

/* No file of the run holds a NaN or an infinity. */
static void check_files(const char *folder)
{
    struct dirent *e;
    DIR *d = opendir(folder);
    assert_non_null(d);
    while ((e = readdir(d))) {
        char path[1024];
        struct stat sb;
        size_t length = strlen(e->d_name);
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        assert_int_equal(stat(path, &sb), 0);
        if (S_ISDIR(sb.st_mode))
            check_files(path);
        else if (length > 12 && strcmp(e->d_name + length - 12, ".safetensors") == 0)
            check_tensors(path);
        else if (length > 4 && strcmp(e->d_name + length - 4, ".csv") == 0)
            check_text_file(path);
    }
    closedir(d);
}

/* The newest state to roll back to, if the run lived long enough for one, loads into a
 * new trainer, dates from before the trouble and can make a step. */
static void check_last_good_state(const char *folder, config *c, const splits *data)
{
    model *m = NULL;
    trainer t;
    checkpoint_state s = {0};
    bool found;
    check_ok(model_new(&m, &c->model, &c->engine));
    check_ok(trainer_init(&t, c, data, m));
    check_ok(checkpoint_roll_back(&t, &s, &found, folder, INT64_MAX));
    if (found) {
        step_report r;
        assert_true(t.iteration > 0 && s.health.last != VERDICT_DIVERGED);
        assert_false(health_in_doubt(&s.health, eq8_rules));
        check_ok(trainer_step(&r, &t));
    }
    trainer_clear(&t);
    model_free(m);
}

static void check_handled(const ill *i)
{
    static config c;
    char folder[64], out[96];
    splits data = tiny_splits(48, 6);
    run_info info;

    configure(&c, i->set);
    injected_fault = i->fault;
    check_tmp(folder, sizeof folder);
    snprintf(out, sizeof out, "%s/run", folder);
    train_request r = {.cfg = &c, .out = out, .data = &data};
    jem_status st = train_run(&r);
    if (st != JEM_EDIVERGED && st != JEM_OK)
        fail_msg("%s: status %d: %s", i->name, st, jem_error_message());
    if (st == JEM_EDIVERGED) assert_non_null(strstr(jem_error_message(), out));

    check_ok(run_read_info(&info, out));
    print_message("  %-44s %s after %d rescues\n", i->name, run_status_name(info.status),
                  info.rescue.count);
    assert_int_equal(info.status, st == JEM_OK ? RUN_FINISHED : RUN_DIVERGED);
    assert_in_range(info.rescue.count, st == JEM_OK ? 1 : TRIES, TRIES);
    assert_int_equal(info.message[0] != '\0', st != JEM_OK);
    for (int k = 0; k < info.rescue.count; k++) {
        const rescue_event *e = &info.rescue.events[k];
        assert_true(e->back_to <= e->iteration && e->back_to % 10 == 0);
        assert_true(e->reason[0] && e->change[0]);
    }
    check_files(out);
    check_last_good_state(out, &c, &data);
    check_tmp_remove(folder);
    splits_free(&data);
}

static void every_divergence_is_rolled_back_changed_and_logged(void **state)
{
    (void)state;
    for (int i = 0; i < ILLS; i++) check_handled(&ills[i]);
}

static void without_tries_the_first_divergence_ends_the_training(void **state)
{
    (void)state;
    static config c;
    char folder[64], out[96];
    splits data = tiny_splits(48, 6);
    run_info info;
    configure(&c, (const char *[SETTINGS]){"train.lr=1", "rescue.tries=0"});
    injected_fault = FAULT_NONE;
    check_tmp(folder, sizeof folder);
    snprintf(out, sizeof out, "%s/run", folder);
    train_request r = {.cfg = &c, .out = out, .data = &data};
    check_fails(train_run(&r), JEM_EDIVERGED, "diverged");
    check_ok(run_read_info(&info, out));
    assert_int_equal(info.rescue.count, 0);
    check_files(out);
    check_tmp_remove(folder);
    splits_free(&data);
}

static void check_saved(const char *const *set, const char *change)
{
    static config c;
    char folder[64], out[96];
    splits data = tiny_splits(48, 6);
    run_info info;
    configure(&c, set);
    injected_fault = FAULT_NONE;
    check_tmp(folder, sizeof folder);
    snprintf(out, sizeof out, "%s/run", folder);
    train_request r = {.cfg = &c, .out = out, .data = &data};
    check_ok(train_run(&r));
    check_ok(run_read_info(&info, out));
    assert_int_equal(info.status, RUN_FINISHED);
    assert_int_equal(info.rescue.count, 1);
    assert_string_equal(info.rescue.events[0].change, change);
    assert_non_null(strstr(info.rescue.events[0].reason, "training diverged in iteration"));
    assert_int_equal(info.rescue.events[0].back_to, 0);
    check_files(out);
    check_tmp_remove(folder);
    splits_free(&data);
}

static void one_change_can_save_a_training(void **state)
{
    (void)state;
    static const char *const plain[SETTINGS] = {"train.lr=0.1", "train.iterations=40",
                                                "rescue.rules=rate", "rescue.rate_factor=0.001"};
    static const char *const jempp[SETTINGS] = {JEMPP, "train.lr=100", "train.iterations=40",
                                                "rescue.rules=rate", "rescue.rate_factor=5e-4"};
    static const char *const sada[SETTINGS] = {TINY_SADA, "train.lr=100", "train.iterations=40",
                                               "rescue.rules=rate", "rescue.rate_factor=5e-4"};
    check_saved(plain, "train.lr 0.1 -> 0.0001");
    check_saved(jempp, "train.lr 100 -> 0.05");
    check_saved(sada, "train.lr 100 -> 0.05");
}

/* ---- what is well */

static void healthy_trainings_are_left_alone(void **state)
{
    (void)state;
    static const char *const alphas[] = {"alpha=0", "alpha=0.25", "alpha=0.5", "alpha=0.75",
                                         "alpha=1"};
    static const char *const kinds[][SETTINGS] = {
        {"train.lr=1.5e-3", "train.warmup=30", "train.label_smoothing=0.05"},
        {"train.lr=1e-4", "model.norm=batch", "train.share_batch=true", "data.noise_std=0.1"},
    };
    injected_fault = FAULT_NONE;
    for (int a = 0; a < 5; a++)
        for (int k = 0; k < 2; k++) {
            static config c;
            const char *set[SETTINGS] = {alphas[a], "sampler.steps=8", "train.iterations=100"};
            splits data = tiny_splits(48, 6);
            model *m = NULL;
            trainer t;
            health_state h = {.last = 0};
            step_report r;
            health_report report;
            metrics_window w = {0};
            for (int j = 0; kinds[k][j]; j++) set[3 + j] = kinds[k][j];
            configure(&c, set);
            check_ok(model_new(&m, &c.model, &c.engine));
            check_ok(trainer_init(&t, &c, &data, m));
            for (int i = 0; i < 100; i++) {
                check_ok(trainer_step(&r, &t));
                check_ok(health_step(&h, eq8_rules, &c.health, &r.own, t.iteration));
                metrics_window_add(&w, t.objective, &r);
            }
            metrics_window_mean(&r, t.objective, &w);
            t.objective->row(&r.own, &t);
            health_assess(&report, &h, eq8_rules, &c.health, &r.own);
            if (report.verdict != VERDICT_HEALTHY)
                fail_msg("%s, kind %d: %s: %s", alphas[a], k, verdict_name(report.verdict),
                         report.reason);
            trainer_clear(&t);
            model_free(m);
            splits_free(&data);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_divergence_is_noticed_soon),
        cmocka_unit_test(every_divergence_is_rolled_back_changed_and_logged),
        cmocka_unit_test(without_tries_the_first_divergence_ends_the_training),
        cmocka_unit_test(one_change_can_save_a_training),
        cmocka_unit_test(healthy_trainings_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
