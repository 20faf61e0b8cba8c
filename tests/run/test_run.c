/* Runs as folders: resuming, refusing, surviving. */
#include "run/run_rig.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "run/checkpoint_store.h"
#include "support/warnings.h"
#include "tensor/safetensors.h"

static volatile sig_atomic_t stop_later;

static void request_stop(int number)
{
    (void)number;
    stop_later = 1; /* on this thread: no other one gets signals */
}

/* stop_later becomes 1 after so many milliseconds, wherever the training is then. */
static void stop_in(int ms)
{
    const struct itimerval t = {{0, 0}, {ms / 1000, ms % 1000 * 1000}};
    stop_later = 0;
    signal(SIGALRM, request_stop);
    setitimer(ITIMER_REAL, &t, NULL);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    check_ok(train(r, r->a, false, NULL));
    check_ok(options_assign(config_groups(&r->cfg), "engine.threads=1"));
    check_ok(train(r, r->b, false, NULL));
    same_run(r);
    rig_free(r);
}

/* Trains r->b to its end, stopped and resumed on the way; returns how often. */
static int train_with_breaks(rig *r)
{
    int breaks = 0;
    double patience_ms = 2;
    jem_status st;
    do {
        stop_in((int)patience_ms);
        st = train(r, r->b, breaks > 0, &stop_later);
        breaks += st == JEM_EINTERRUPTED;
        patience_ms *= 1.2; /* a slow machine gets somewhere, too */
    } while (st == JEM_EINTERRUPTED);
    check_ok(st);
    return breaks;
}

static void interrupt_and_free(rig *r)
{
    check_ok(train(r, r->a, false, NULL));
    for (int tries = 1; train_with_breaks(r) <= 2; tries++) {
        same_run(r);
        if (tries == 10) fail_msg("a busy machine: the thread that stops it always came late");
        check_tmp_remove(r->b);
    }
    same_run(r);
    rig_free(r);
}

static void interrupt_anywhere(const char *const *more)
{
    interrupt_and_free(rig_new(more));
}

static void a_run_interrupted_anywhere_ends_the_same(void **state)
{
    (void)state;
    interrupt_anywhere((const char *[]){"train.ema=0.9", "train.log_every=4", NULL});
}

/* Momentum, sharpness, starts by class, two sizes of batches and chains in training mode. */
static void a_sada_run_interrupted_anywhere_ends_the_same(void **state)
{
    (void)state;
    interrupt_anywhere((const char *[]){TINY_SADA, "train.log_every=4", NULL});
}

/* Without chains or labels; its own dropout and noise, averaged weights, the lowest validation NLL. */
static void a_pixelvae_interrupted_anywhere_ends_the_same(void **state)
{
    (void)state;
    interrupt_anywhere((const char *[]){TINY_PIXELVAE, "train.ema=0.9", "train.log_every=4", NULL});
}

/* Running statistics, Adam with its L2 term, black borders. */
static void a_classifier_of_cifar_interrupted_anywhere_ends_the_same(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"alpha=0", "data.pad=zero", "train.weight_decay=1e-4", "train.warmup=0",
                                      "train.schedule=multistep", "train.milestones=[0.5]", "train.epochs=6",
                                      "train.patience=2", NULL});
    check_ok(model_spec_name(&r->cfg.model, network_list, "resnet-8"));
    interrupt_and_free(r);
}

static void starts_by_class_are_fitted_once(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){TINY_SADA, "train.log_every=4", NULL});
    char path[256];
    check_ok(train(r, r->a, false, NULL));
    check_fails(train(r, r->b, false, &stop_now), JEM_EINTERRUPTED, "saved");
    uint64_t kept = number_of_file(r->b, "starts.safetensors");
    check_fails(train(r, r->b, true, &stop_now), JEM_EINTERRUPTED, "saved");
    assert_int_equal(number_of_file(r->b, "starts.safetensors"), kept);

    snprintf(path, sizeof path, "%s/starts.safetensors", r->b);
    check_ok(file_write(path, "damage", 6));
    warnings_listen();
    check_fails(train(r, r->b, true, &stop_now), JEM_EINTERRUPTED, "saved");
    log_set_sink(NULL);
    assert_non_null(strstr(warnings, "starts.safetensors"));
    assert_non_null(strstr(warnings, "fitted anew"));
    identity_same_file(r->a, r->b, "starts.safetensors");

    snprintf(path, sizeof path, "%s/checkpoints", r->b); /* as if killed before its first one */
    check_tmp_remove(path);
    check_ok(train(r, r->b, true, NULL));
    same_run(r);
    rig_free(r);
}

static void a_stop_while_validating_leaves_that_for_later(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.epochs=1", "train.checkpoint_every=2", NULL});
    int breaks = 0;
    double patience_ms = 1;
    jem_status st = JEM_EINTERRUPTED;
    splits_free(&r->data);
    r->data = tiny_splits(24, 600); /* validation takes longer than the rest */
    check_ok(train(r, r->a, false, NULL));
    for (; st == JEM_EINTERRUPTED; patience_ms *= 1.2) {
        stop_in((int)patience_ms);
        st = train(r, r->b, breaks > 0, &stop_later);
        breaks++;
    }
    check_ok(st);
    same_run(r);
    rig_free(r);
}

static void a_killed_run_repeats_from_its_checkpoint_and_drops_later_rows(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.log_every=1", NULL});
    char path[256];
    FILE *f;
    check_ok(train(r, r->a, false, NULL));
    check_fails(train(r, r->b, false, &stop_now), JEM_EINTERRUPTED, "jem resume");
    snprintf(path, sizeof path, "%s/metrics.csv", r->b);
    f = fopen(path, "a"); /* what a run leaves that went on and was killed while writing */
    fputs("2,0.6,0.5,1,1,1,1,1,1,1,1,1,1,1,1,1,1,,,,,,,,,,9,9\n3,1,0.", f);
    fclose(f);
    check_ok(train(r, r->b, true, NULL));
    same_run(r);
    rig_free(r);
}

static void a_finished_run_is_left_as_it_is(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.epochs=1", NULL});
    run_info info;
    check_ok(train(r, r->a, false, NULL));
    size_t n, m;
    char *before = tiny_read(r->a, "run.json", &n);
    check_ok(train(r, r->a, false, NULL));
    check_ok(train(r, r->a, true, NULL));
    char *after = tiny_read(r->a, "run.json", &m);
    assert_string_equal(before, after);
    check_ok(run_read_info(&info, r->a));
    assert_int_equal(info.status, RUN_FINISHED);
    assert_int_equal(info.iteration, 3);
    assert_int_equal(info.data_hash, 4711);
    assert_string_equal(info.selected_by, "val_accuracy");
    mem_free(before);
    mem_free(after);
    rig_free(r);
}

static void a_folder_of_another_run_is_refused_and_stays_intact(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.epochs=1", NULL});
    size_t n, m;
    check_ok(train(r, r->a, false, NULL));
    char *before = tiny_read(r->a, newest_checkpoint(r->a), &n);
    check_ok(options_assign(config_groups(&r->cfg), "alpha=0.7"));
    check_fails(train(r, r->a, false, NULL), JEM_EUSAGE, "alpha is 0.5 there and 0.7 here");
    check_fails(train(r, r->a, true, NULL), JEM_EUSAGE, "another run");
    char *after = tiny_read(r->a, newest_checkpoint(r->a), &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    mem_free(before);
    mem_free(after);
    rig_free(r);
}

static void folders_with_other_files_and_unfinished_runs_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    static const char *const others[] = {".bashrc", "Thumbs.db", "thesis.tex"};
    char path[256];
    check_ok(dir_make(r->a));
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", r->a, others[i]);
        check_ok(file_write(path, "x", 1));
        check_fails(train(r, r->a, false, NULL), JEM_EUSAGE, others[i]);
        check_fails(train(r, path, false, NULL), JEM_EUSAGE, "is a file");
        check_ok(file_remove(path));
    }
    /* killed while it wrote its first file */
    check_ok(dir_make(r->b));
    snprintf(path, sizeof path, "%s/jem-0123456789abcdef.tmp", r->b);
    check_ok(file_write(path, "x", 1));
    check_fails(train(r, r->b, false, &stop_now), JEM_EINTERRUPTED, "jem resume");
    assert_false(file_exists(path));
    check_fails(train(r, r->b, false, NULL), JEM_EUSAGE, "jem resume");
    rig_free(r);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    struct rlimit old, small;
    size_t n, m;

    check_ok(train(r, r->a, false, NULL));
    check_fails(train(r, r->b, false, &stop_now), JEM_EINTERRUPTED, "saved");
    char *before = tiny_read(r->b, newest_checkpoint(r->b), &n);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 100000; /* room for the log, not for weights */
    setrlimit(RLIMIT_FSIZE, &small);
    jem_status st = train(r, r->b, true, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(st, JEM_EIO);
    assert_non_null(strstr(jem_error_message(), r->b));
    char *after = tiny_read(r->b, newest_checkpoint(r->b), &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    check_ok(train(r, r->b, true, NULL));
    same_run(r);
    mem_free(before);
    mem_free(after);
    rig_free(r);
}

static void a_run_beyond_rescue_keeps_its_checkpoint_and_says_why(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.lr=100", "train.warmup=0", "train.epochs=30",
                                      "train.checkpoint_every=1", "rescue.tries=2",
                                      "rescue.rules=noise,rate", NULL});
    run_info info;
    size_t n;
    check_fails(train(r, r->a, false, NULL), JEM_EDIVERGED, r->a);
    check_ok(run_read_info(&info, r->a));
    assert_int_equal(info.status, RUN_DIVERGED);
    assert_true(strlen(info.message) > 10);
    assert_int_equal(info.rescue.count, 2);
    assert_non_null(strstr(info.rescue.events[1].change, "train.lr"));
    mem_free(tiny_read(r->a, newest_checkpoint(r->a), &n));
    check_fails(train(r, r->a, true, NULL), JEM_EDIVERGED, "has ended");
    rig_free(r);
}

/* Diverges in its first iterations; a hundredth of the rate is fine. */
static void a_rescued_run_ends_well_and_the_same_when_interrupted(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.lr=100", "train.warmup=0", "train.epochs=4",
                                      "train.checkpoint_every=2", "rescue.tries=3",
                                      "rescue.rules=rate", "rescue.rate_factor=1e-3", NULL});
    run_info info, again;
    double patience_ms = 2;
    bool begun = false;
    jem_status st;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_read_info(&info, r->a));
    assert_int_equal(info.status, RUN_FINISHED);
    assert_true(info.rescue.count > 0);
    do {
        stop_in((int)patience_ms);
        st = train(r, r->b, begun, &stop_later);
        patience_ms *= 1.3;
        begun = true;
    } while (st == JEM_EINTERRUPTED);
    check_ok(st);
    same_run(r);
    check_ok(run_read_info(&again, r->b));
    assert_int_equal(info.rescue.count, again.rescue.count);
    assert_string_equal(info.rescue.events[0].change, again.rescue.events[0].change);
    rig_free(r);
}

static void a_run_that_is_being_trained_is_left_alone(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    dir_held *lock;
    bool busy;
    check_fails(train(r, r->a, false, &stop_now), JEM_EINTERRUPTED, "saved");
    check_ok(dir_lock(&lock, &busy, r->a));
    assert_false(busy);
    check_fails(train(r, r->a, true, NULL), JEM_EUSAGE, "another process");
    dir_unlock(lock);
    check_ok(train(r, r->a, true, NULL));
    rig_free(r);
}

/* What is in the folder, names and contents, as one text; owned. */
static char *everything_in(const char *folder)
{
    char command[256], *text = NULL;
    size_t n;
    snprintf(command, sizeof command, "cd '%s' && ls -A1R . >../listing && "
             "find . -type f -exec cat {} + >>../listing", folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s/../listing", folder);
    check_ok(file_read(&text, &n, command, 0));
    return text;
}

/* Of two trainings begun at once on one folder one has the lock, and has not written yet. */
static void the_second_of_two_starts_changes_nothing(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    dir_held *lock;
    bool busy;
    check_ok(dir_make(r->a));
    check_ok(dir_lock(&lock, &busy, r->a));
    char *before = everything_in(r->a);
    check_fails(train(r, r->a, false, NULL), JEM_EUSAGE, "another process");
    char *after = everything_in(r->a);
    assert_string_equal(before, after);
    mem_free(before);
    mem_free(after);
    dir_unlock(lock);

    check_fails(train(r, r->a, false, &stop_now), JEM_EINTERRUPTED, "saved");
    check_ok(dir_lock(&lock, &busy, r->a));
    before = everything_in(r->a);
    check_ok(options_assign(config_groups(&r->cfg), "train.lr=5e-4"));
    check_fails(train(r, r->a, false, NULL), JEM_EUSAGE, "another process");
    after = everything_in(r->a);
    assert_string_equal(before, after);
    mem_free(before);
    mem_free(after);
    dir_unlock(lock);
    rig_free(r);
}

static void a_start_that_fails_leaves_no_folder_behind(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.batch=64", NULL});
    check_fails(train(r, r->a, false, NULL), JEM_EDATA, "batch");
    assert_false(dir_exists(r->a));
    check_ok(dir_make(r->a)); /* one that was there stays */
    check_fails(train(r, r->a, false, NULL), JEM_EDATA, "batch");
    assert_true(dir_exists(r->a));
    rig_free(r);
}

static void a_run_on_a_share_of_each_batch_resumes_and_says_so(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.batch=4", "data.ranks=2", "data.rank=1", NULL});
    run_info info;
    check_ok(train(r, r->a, false, NULL));
    check_fails(train(r, r->b, false, &stop_now), JEM_EINTERRUPTED, "saved");
    check_ok(train(r, r->b, true, NULL));
    same_run(r);
    check_ok(run_read_info(&info, r->a));
    assert_true(info.rank == 1 && info.ranks == 2);
    assert_int_equal(info.iterations, 2 * 24 / (2 * 4));
    check_ok(options_assign(config_groups(&r->cfg), "data.rank=0"));
    check_fails(train(r, r->a, true, NULL), JEM_EUSAGE, "data.rank is 1 there and 0 here");
    rig_free(r);
}

static void changed_data_stop_a_resumed_run(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    check_fails(train(r, r->a, false, &stop_now), JEM_EINTERRUPTED, "saved");
    r->data.train->hash = 1;
    check_fails(train(r, r->a, true, NULL), JEM_EDATA, "training images");
    rig_free(r);
}

static void a_broken_checkpoint_is_reported(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    char path[700], *bytes;
    size_t n;
    check_fails(train(r, r->a, false, &stop_now), JEM_EINTERRUPTED, "saved");
    snprintf(path, sizeof path, "%s/%s", r->a, newest_checkpoint(r->a));
    bytes = tiny_read(r->a, newest_checkpoint(r->a), &n);
    check_ok(file_write(path, bytes, n / 2));
    check_fails(train(r, r->a, true, NULL), JEM_EDATA, "checkpoints");
    mem_free(bytes);
    rig_free(r);
}

static void a_run_without_hope_ends_the_same_when_interrupted(void **state)
{
    (void)state;
    interrupt_anywhere((const char *[]){HOPELESS, "train.eval_every=3", NULL});
}

static void one_class_is_nothing_to_learn(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"alpha=0", NULL});
    r->data.train->classes = r->data.val->classes = r->cfg.model.classes = 1;
    memset(r->data.train->labels, 0, (size_t)r->data.train->n * sizeof *r->data.train->labels);
    memset(r->data.val->labels, 0, (size_t)r->data.val->n * sizeof *r->data.val->labels);
    check_fails(train(r, r->a, false, NULL), JEM_EDATA, "all of one class, 0,");
    assert_false(dir_exists(r->a));
    check_ok(options_assign(config_groups(&r->cfg), "alpha=1"));
    check_ok(train(r, r->a, false, NULL));
    rig_free(r);
}

/* Eight images of 1x1 in the last of three stages leave batch norm enough, a single one does not. */
static void a_batch_norm_needs_two_values(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"alpha=0", "data.crop=false", "train.batch=1", NULL});
    dataset *d = r->data.train;
    check_ok(model_spec_name(&r->cfg.model, network_list, "resnet-8"));
    /* the top left 4x4 pixels of each picture and channel are a picture of their own */
    d->height = d->width = r->data.val->height = r->data.val->width = 4;
    r->cfg.model.height = r->cfg.model.width = 4;
    check_fails(train(r, r->a, false, NULL), JEM_EUSAGE, "one value per channel");
    assert_false(dir_exists(r->a));
    r->cfg.train.batch = 8;
    check_ok(train(r, r->a, false, NULL));
    rig_free(r);
}

static void validating_averaged_weights_leaves_the_trained_ones_alone(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.ema=0.9", NULL});
    safetensors *f[2] = {NULL, NULL};
    char path[700];
    const char *const outs[] = {r->a, r->b};
    check_ok(train(r, r->a, false, NULL));
    check_ok(options_assign(config_groups(&r->cfg), "train.eval_every=2"));
    check_ok(train(r, r->b, false, NULL));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", outs[i], newest_checkpoint(outs[i]));
        check_ok(safetensors_open(&f[i], path));
    }
    for (int i = 0; i < safetensors_count(f[0]); i++) {
        if (strcmp(safetensors_name(f[0], i), "train.window") == 0) continue;
        jem_tensor a = safetensors_view(f[0], i), b = safetensors_view(f[1], i);
        assert_memory_equal(a.data, b.data,
                            (size_t)jem_tensor_count(&a) * jem_dtype_size(a.dtype));
    }
    safetensors_close(f[0]);
    safetensors_close(f[1]);
    rig_free(r);
}

static void a_run_can_be_opened_for_use(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.epochs=1", NULL});
    run *opened = NULL;
    float *images = NULL, logits[TINY_CLASSES];
    int64_t n;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_open(&opened, &config_builtin, r->a, (const char *[]){"engine.threads=1"}, 1));
    assert_int_equal(opened->info.classes, TINY_CLASSES);
    check_ok(run_replay(&images, &n, opened));
    assert_int_equal(n, 40);
    check_ok(model_evaluate(opened->m, images, 1, NULL, logits, NULL, NULL));
    assert_true(isfinite((double)logits[0]));
    mem_free(images);
    run_close(opened);
    check_fails(run_open(&opened, &config_builtin, r->a, (const char *[]){"alpha=1"}, 1), JEM_EUSAGE, "engine.*");
    check_fails(run_open(&opened, &config_builtin, r->dir, NULL, 0), JEM_EDATA, "config.yaml");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(a_run_interrupted_anywhere_ends_the_same),
        cmocka_unit_test(a_sada_run_interrupted_anywhere_ends_the_same),
        cmocka_unit_test(a_pixelvae_interrupted_anywhere_ends_the_same),
        cmocka_unit_test(a_classifier_of_cifar_interrupted_anywhere_ends_the_same),
        cmocka_unit_test(starts_by_class_are_fitted_once),
        cmocka_unit_test(a_stop_while_validating_leaves_that_for_later),
        cmocka_unit_test(a_killed_run_repeats_from_its_checkpoint_and_drops_later_rows),
        cmocka_unit_test(a_finished_run_is_left_as_it_is),
        cmocka_unit_test(a_folder_of_another_run_is_refused_and_stays_intact),
        cmocka_unit_test(folders_with_other_files_and_unfinished_runs_are_refused),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(a_run_beyond_rescue_keeps_its_checkpoint_and_says_why),
        cmocka_unit_test(a_rescued_run_ends_well_and_the_same_when_interrupted),
        cmocka_unit_test(a_run_that_is_being_trained_is_left_alone),
        cmocka_unit_test(the_second_of_two_starts_changes_nothing),
        cmocka_unit_test(a_start_that_fails_leaves_no_folder_behind),
        cmocka_unit_test(a_run_on_a_share_of_each_batch_resumes_and_says_so),
        cmocka_unit_test(changed_data_stop_a_resumed_run),
        cmocka_unit_test(a_broken_checkpoint_is_reported),
        cmocka_unit_test(a_run_without_hope_ends_the_same_when_interrupted),
        cmocka_unit_test(one_class_is_nothing_to_learn),
        cmocka_unit_test(a_batch_norm_needs_two_values),
        cmocka_unit_test(validating_averaged_weights_leaves_the_trained_ones_alone),
        cmocka_unit_test(a_run_can_be_opened_for_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
