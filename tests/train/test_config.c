/* Settings: the study's defaults, the files in configs/, and mistakes in them. */
#include "support/check.h"
#include "support/wrn_spec.h"

#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "train/config.h"
#include "train/schedule.h"

static config *config_of(const char *const *assignments)
{
    config *c = NULL;
    check_ok(MEM_NEW(c, 1));
    check_ok(config_defaults(c, &config_builtin));
    for (int i = 0; assignments && assignments[i]; i++)
        check_ok(options_assign(config_groups(c), assignments[i]));
    return c;
}

static void defaults_are_those_of_the_study(void **state)
{
    (void)state;
    config *c = config_of(NULL);
    assert_string_equal(c->model.name, "wrn-28-10");
    assert_int_equal(wrn_settings_of(&c->model)->norm, NORM_NONE);
    assert_int_equal(c->sampler.steps, 20);
    check_near(c->sampler.step_size, 1, 0, 1);
    assert_int_equal(c->sampler.decay, DECAY_LINEAR);
    assert_int_equal(c->sampler.update, UPDATE_ALGORITHM1);
    assert_true(c->sampler.clip);
    assert_int_equal(c->sampler.buffer_size, 10000);
    check_near(c->sampler.reinit_prob, 0.05, 1e-12, 0);
    assert_int_equal(c->train.batch, 64);
    check_near(c->train.lr, 1e-4, 1e-12, 0);
    assert_int_equal(c->train.warmup, 1000);
    check_near(c->train.optimizer.beta2, 0.999, 1e-12, 0);
    assert_false(c->train.share_batch);
    check_near(c->data.noise_std, 0.05, 1e-12, 0);
    check_near(c->data.val_fraction, 0.05, 1e-12, 0);
    mem_free(c);
}

static void every_file_in_configs_loads(void **state)
{
    (void)state;
    char **names = NULL, path[512];
    int count = 0;
    config *c = config_of(NULL);
    check_ok(dir_list(&names, &count, JEM_SOURCE_DIR "/configs"));
    assert_true(count >= 5);
    for (int i = 0; i < count; i++) {
        graph *g = NULL;
        snprintf(path, sizeof path, "%s/configs/%s", JEM_SOURCE_DIR, names[i]);
        check_ok(config_load(c, &config_builtin, path, NULL, 0));
        c->model.classes = 2;
        c->model.channels = 3;
        c->model.height = c->model.width = 128;
        check_ok(model_spec_build(&g, &c->model));
        graph_free(g);
    }
    strings_free(names, count);
    mem_free(c);
}

static void wrong_settings_are_refused_by_name(void **state)
{
    (void)state;
    config *c = config_of(NULL);
    const option_group *g = config_groups(c);
    check_fails(options_assign(g, "alpha=1.2"), JEM_EUSAGE, "alpha");
    check_fails(options_assign(g, "alpha=nan"), JEM_EUSAGE, "alpha");
    check_fails(options_assign(g, "train.batch=many"), JEM_EUSAGE, "train.batch");
    check_fails(options_assign(g, "train.schedule=step"), JEM_EUSAGE, "cosine");
    check_fails(options_assign(g, "train.learning_rat=1"), JEM_EUSAGE, "train.");
    check_fails(options_assign(g, "sampler.stpes=3"), JEM_EUSAGE, "sampler.steps");
    check_fails(options_assign(g, "data.ranks=0"), JEM_EUSAGE, "data.ranks");
    mem_free(c);
}

/* Every refusal of config_check, and what lies just beside it. */
static void settings_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *set[4], *message; /* NULL: nothing is wrong */
    } cases[] = {
        {{NULL}, NULL},
        {{"sampler.clip_min=2"}, "sampler.clip_min = 2 must be below sampler.clip_max = 1"},
        {{"sampler.clip_min=1"}, "sampler.clip_min = 1 must be below"},
        {{"sampler.clip_min=2", "sampler.clip=false"}, NULL},
        {{"data.rank=1"}, "data.rank = 1 must be below data.ranks = 1: ranks are counted from 0"},
        {{"data.rank=4", "data.ranks=4"}, "data.rank = 4 must be below data.ranks = 4"},
        {{"data.rank=3", "data.ranks=4"}, NULL},
        {{"train.share_batch=true", "train.generative_batch=32"},
         "train.generative_batch = 32 must be train.batch = 64 or 0"},
        {{"train.share_batch=true", "train.generative_batch=64"}, NULL},
        {{"alpha=1", "train.select=accuracy"}, "at alpha = 1 no labels are learned"},
        {{"alpha=0", "train.select=fd-pix"}, "at alpha = 0 there are no samples"},
        {{"alpha=1", "train.select=fid"}, "set train.fid_weights"},
        {{"alpha=0.5", "train.select=fd-pix"}, NULL},
        {{"train.share_batch=true", "data.augment_generative=false"},
         "data.augment_generative = false needs share_batch = false"},
        {{"data.augment_generative=false"}, NULL},
        {{"train.weight_decay=5e-4"}, NULL},
        {{"train.weight_decay=5e-4", "train.optimizer=sgd"}, NULL},
        {{"sampler.batch_norm=batch", "model.dropout=0.1"}, "set model.dropout to 0"},
        {{"sampler.batch_norm=batch"}, NULL},
        {{"rescue.rules=noise, rates"}, "rescue.rules: unknown rule 'rates'; did you mean 'rate'?"},
        {{"rescue.rules=rate,energy_l2"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        config *c = config_of(cases[i].set);
        if (cases[i].message)
            check_fails(config_check(c), JEM_EUSAGE, cases[i].message);
        else
            check_ok(config_check(c));
        mem_free(c);
    }
}

static void a_saved_config_loads_as_the_same_and_assignments_win(void **state)
{
    (void)state;
    char dir[64], path[128], difference[4096];
    config *a = config_of((const char *[]){"alpha=0.3", "train.lr=0.00123456789",
                                           "sampler.milestones=[0.25]", NULL});
    config *b = config_of(NULL);
    file_writer w = FILE_WRITER_INIT;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/config.yaml", dir);
    check_ok(file_writer_open(&w, path));
    check_ok(options_save(config_groups(a), &w));
    check_ok(file_writer_commit(&w));
    check_ok(config_load(b, &config_builtin, path, NULL, 0));
    check_ok(config_difference(a, b, difference, sizeof difference));
    assert_string_equal(difference, "");
    check_ok(config_load(b, &config_builtin, path, (const char *[]){"alpha=0.4", "engine.threads=7"}, 2));
    check_ok(config_difference(a, b, difference, sizeof difference));
    assert_string_equal(difference, "alpha is 0.3 there and 0.4 here");
    check_fails(config_load(b, &config_builtin, path, (const char *[]){"sampler.clip_min=2"}, 1), JEM_EUSAGE, path);
    mem_free(a);
    mem_free(b);
    check_tmp_remove(dir);
}

/* Keys that change no result may differ between the sessions of a run. */
static void paths_logs_and_threads_are_no_difference(void **state)
{
    (void)state;
    char difference[4096];
    config *a = config_of(NULL);
    config *b = config_of((const char *[]){"data.path=elsewhere", "train.log_every=7",
                                           "train.event_files=false", "train.max_minutes=3",
                                           "engine.threads=3", "engine.device=cuda", NULL});
    check_ok(config_difference(a, b, difference, sizeof difference));
    assert_string_equal(difference, "");
    check_ok(options_assign(config_groups(b), "train.checkpoint_every=9"));
    check_ok(config_difference(a, b, difference, sizeof difference));
    assert_string_equal(difference, "train.checkpoint_every is 0 there and 9 here");
    mem_free(a);
    mem_free(b);
}

static void relative_paths_become_absolute(void **state)
{
    (void)state;
    char here[512], wanted[600], *cwd = getcwd(NULL, 0);
    config *c = config_of((const char *[]){"data.path=some/data", NULL});
    check_tmp(here, sizeof here);
    snprintf(wanted, sizeof wanted, "%s/some/data", here);
    assert_int_equal(chdir(here), 0);
    check_ok(config_absolute_paths(c));
    assert_string_equal(c->data.path, wanted);
    check_ok(config_absolute_paths(c));
    assert_string_equal(c->data.path, wanted);
    check_ok(options_assign(config_groups(c), "data.path="));
    check_ok(config_absolute_paths(c));
    assert_string_equal(c->data.path, "");
    assert_int_equal(chdir("/"), 0);
    check_ok(options_assign(config_groups(c), "data.path=x"));
    check_ok(config_absolute_paths(c));
    assert_string_equal(c->data.path, "/x");

    snprintf(wanted, sizeof wanted, "%s/latin-\xe9", here); /* YAML is UTF-8 */
    check_ok(dir_make(wanted));
    assert_int_equal(chdir(wanted), 0);
    check_ok(options_assign(config_groups(c), "data.path=x"));
    check_ok(config_absolute_paths(c));
    assert_string_equal(c->data.path, "x");
    assert_int_equal(chdir(cwd), 0);
    check_tmp_remove(here);
    free(cwd);
    mem_free(c);
}

static void the_rate_warms_up_and_falls_as_a_cosine(void **state)
{
    (void)state;
    train_options o = {.lr = 2, .warmup = 100, .schedule = SCHEDULE_COSINE};
    check_near(schedule_lr(&o, 0, 300), 0, 0, 1);
    check_near(schedule_lr(&o, 50, 300), 1, 1e-12, 0);
    check_near(schedule_lr(&o, 100, 300), 2, 1e-12, 0);
    check_near(schedule_lr(&o, 200, 300), 1, 1e-12, 0);
    assert_true(schedule_lr(&o, 299, 300) < 1e-3);
    o.schedule = SCHEDULE_CONSTANT;
    check_near(schedule_lr(&o, 299, 300), 2, 0, 1);
    o.warmup = 0;
    check_near(schedule_lr(&o, 0, 300), 2, 0, 1);
}

static void an_exponential_rate_shrinks_by_one_factor_before_every_iteration(void **state)
{
    (void)state;
    train_options o = {.lr = 2, .warmup = 10, .schedule = SCHEDULE_EXPONENTIAL, .lr_decay = 0.5};
    check_near(schedule_lr(&o, 5, 300), 1, 1e-12, 0);
    check_near(schedule_lr(&o, 10, 300), 2, 1e-12, 0);
    check_near(schedule_lr(&o, 13, 300), 0.125, 1e-12, 0);
    o.warmup = 0;
    check_near(schedule_lr(&o, 0, 300), 1, 1e-12, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_study),
        cmocka_unit_test(every_file_in_configs_loads),
        cmocka_unit_test(wrong_settings_are_refused_by_name),
        cmocka_unit_test(settings_that_contradict_each_other_are_refused),
        cmocka_unit_test(a_saved_config_loads_as_the_same_and_assignments_win),
        cmocka_unit_test(paths_logs_and_threads_are_no_difference),
        cmocka_unit_test(relative_paths_become_absolute),
        cmocka_unit_test(the_rate_warms_up_and_falls_as_a_cosine),
        cmocka_unit_test(an_exponential_rate_shrinks_by_one_factor_before_every_iteration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
