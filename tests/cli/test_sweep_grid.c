/* jem sweep --grid: a study for each value of a setting, and what other commands make of their folder. */
#include "cli/program.h"
#include "support/identity.h"

static char dir[64];

#define GRID "sweep %D/c.yaml --set data.path=%D/set --alpha 0,0.5 "

static int make_data(void **state)
{
    (void)state;
    static const char config[] =
        "model: {name: wrn-10-1, pool: adaptive}\n"
        "data: {kind: gloss, size: 16, val_fraction: 0.1, test_fraction: 0.2, crop: false}\n"
        "sampler: {steps: 2, buffer_size: 20}\n"
        "train: {batch: 8, iterations: 12, lr: 1e-3, warmup: 4, log_every: 4, checkpoint_every: 6}\n";
    char path[128];
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    check_ok(file_write(path, config, sizeof config - 1));
    program_works(dir, "data render --n 60 --size 32 --seed 4 --threads 1 -o %D/set");
    program_works(dir, GRID "--grid sampler.steps=1,3 --out %D/grid");
    return 0;
}

static int remove_data(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void said(const char *file, const char *text) { program_said(dir, file, text); }

static void each_study_is_the_one_that_the_setting_alone_makes(void **state)
{
    (void)state;
    char a[128], b[128];
    program_works(dir, GRID "--set sampler.steps=3 --out %D/alone");
    snprintf(a, sizeof a, "%s/grid/steps-3/alpha-0.50-seed-1", dir);
    snprintf(b, sizeof b, "%s/alone/alpha-0.50-seed-1", dir);
    identity_same_file(a, b, "best.safetensors");
    said("grid/steps-1/config.yaml", "  steps: 1\n");
    said("grid/grid.json", "sampler.steps=1");
    program_works(dir, "sweep --status %D/grid");
    said("out", "grid/steps-1\n");
    said("out", "grid/steps-3\n");
    said("out", "2 finished\n");
}

static void reports_and_tables_group_by_the_setting(void **state)
{
    (void)state;
    program_works(dir, "eval %D/grid");
    assert_true(program_made(dir, "grid/steps-3/alpha-0.00-seed-1/scores/evaluated.txt"));
    program_works(dir, "table %D/grid -o %D/table.csv");
    said("table.csv", "steps-1");
    said("table.csv", "steps-3");
    program_works(dir, "report %D/grid");
    said("grid/report.html", "A line for each study of the grid");
    said("grid/figures/grid-classification.tsv", "classification\taccuracy\tsteps-1\t0\t");
    said("grid/figures/grid-classification.tsv", "classification\taccuracy\tsteps-3\t0.5\t");
    program_works(dir, "report %D/grid --figure grid-classification -o %D/one.svg");
    said("one.svg", ">steps-3</text>");
}

static void a_later_grid_adds_values_and_keeps_the_others(void **state)
{
    (void)state;
    program_works(dir, GRID "--grid sampler.steps=2 --out %D/grid");
    said("grid/grid.json", "sampler.steps=1");
    said("grid/grid.json", "sampler.steps=2");
    assert_true(program_made(dir, "grid/steps-2/alpha-0.50-seed-1/best.safetensors"));
    program_fails(dir, GRID "--grid train.lr=1e-3,1e-4 --out %D/grid", JEM_EUSAGE, "is a grid of other settings");
    program_fails(dir, GRID "--grid sampler.steps=1,3 --out %D/alone", JEM_EUSAGE, "is no grid");
}

static void best_sets_stand_beside_each_other(void **state)
{
    (void)state;
    program_works(dir, "sweep %D/c.yaml --set data.path=%D/set --alpha 0,0.5,1 --grid sampler.steps=1,3 --out %D/grid");
    program_works(dir, "eval %D/grid");
    program_works(dir, "report %D/grid --figure grid-sweetspots -o %D/spots.svg");
    said("spots.svg", ">steps-3</text>");
    program_works(dir, "report %D/grid");
    said("grid/report.html", "Where along α each study of the grid is best");
    said("grid/figures/grid-sweetspots.tsv", "classification\ttest accuracy\tsteps-1\t");
    said("grid/figures/grid-sweetspots.tsv", "classification\ttest accuracy\tsteps-3\t");
}

static void a_value_brings_settings_along(void **state)
{
    (void)state;
    program_works(dir, GRID "--grid model.name=wrn-10-1+train.lr=1e-4+model.pool=sum,convnext-micro --out %D/nets");
    said("nets/name-wrn-10-1+lr-1e-4+pool-sum/config.yaml", "  pool: sum\n");
    said("nets/name-wrn-10-1+lr-1e-4+pool-sum/config.yaml", "  lr: 0.0001\n");
    said("nets/name-convnext-micro/config.yaml", "  lr: 0.001\n");
    said("nets/grid.json", "model.name=wrn-10-1+train.lr=1e-4+model.pool=sum");
    assert_true(program_made(dir, "nets/name-convnext-micro/alpha-0.50-seed-1/best.safetensors"));
    program_works(dir, "eval %D/nets");
    program_works(dir, "report %D/nets");
    said("nets/figures/grid-classification.tsv", "accuracy\twrn-10-1\t0\t");
    said("nets/figures/grid-classification.tsv", "accuracy\tconvnext-micro\t0.5\t");
}

static void several_settings_make_all_combinations_for_slurm_too(void **state)
{
    (void)state;
    program_works(dir, GRID "--grid model.name=wrn-10-1,wrn-16-1 --grid sampler.steps=1,3 --slurm=write "
                       "--slurm-arg=--mem=1G --slurm-arg=--time=9 --out %D/wide");
    said("wide/name-wrn-10-1_steps-1/slurm/tasks", "1 alpha-0.50-seed-1");
    said("wide/name-wrn-16-1_steps-3/config.yaml", "name: \"wrn-16-1\"");
    said("wide/name-wrn-16-1_steps-1/slurm/array.sh", "wide/name-wrn-16-1_steps-1");
    assert_true(program_made(dir, "wide/name-wrn-10-1_steps-3/slurm/submit.sh"));
}

static void mistakes_are_refused_before_anything_is_written(void **state)
{
    (void)state;
    char path[128];
    program_fails(dir, GRID "--grid sampler.steps --out %D/x", JEM_EUSAGE, "expected a setting and its values");
    program_fails(dir, GRID "--grid sampler.steps=1,,2 --out %D/x", JEM_EUSAGE, "expected a setting and its values");
    program_fails(dir, GRID "--grid sampler.steps=1+seed=3,2 --out %D/x", JEM_EUSAGE, "alphas and seeds are given for all");
    program_fails(dir, GRID "--grid sampler.steps=1+train.lrr=3,2 --out %D/x", JEM_EUSAGE, "train.lr");
    program_fails(dir, GRID "--grid alpha=0,1 --out %D/x", JEM_EUSAGE, "alphas and seeds are given for all studies");
    program_fails(dir, GRID "--grid sampler.steps=1 --grid sampler.steps=2 --out %D/x", JEM_EUSAGE, "already");
    program_fails(dir, GRID "--grid sampler.steps=1,1 --out %D/x", JEM_EUSAGE, "two studies would have the name steps-1");
    program_fails(dir, GRID "--grid sampler.steps=1,none --out %D/x", JEM_EUSAGE, "sampler.steps");
    program_fails(dir, GRID "--grid sampler.stepps=1,2 --out %D/x", JEM_EUSAGE, "sampler.steps");
    snprintf(path, sizeof path, "%s/x", dir);
    assert_false(dir_exists(path));
    program_works(dir, GRID "--grid sampler.steps=1,2 --slurm --dry-run --slurm-arg=--mem=1G --slurm-arg=--time=9 --out %D/x");
    assert_false(dir_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_study_is_the_one_that_the_setting_alone_makes),
        cmocka_unit_test(reports_and_tables_group_by_the_setting),
        cmocka_unit_test(a_later_grid_adds_values_and_keeps_the_others),
        cmocka_unit_test(best_sets_stand_beside_each_other),
        cmocka_unit_test(a_value_brings_settings_along),
        cmocka_unit_test(several_settings_make_all_combinations_for_slurm_too),
        cmocka_unit_test(mistakes_are_refused_before_anything_is_written),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
