/* A run folder with checkpoints: which are kept and resumed, the thread that writes them, and what
 * happens when operations fail. */
#include "run/checkpoint_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

#include "run/checkpoint_files.h"

/* ---- every change of a folder passes here: a test may look at it, or refuse it */

static void (*before_change)(void);
/* The call that fails, counted down; 0: none.  The writing thread passes here, too. */
static _Atomic int refuse_in;

static bool refused(void)
{
    if (before_change) before_change();
    if (refuse_in == 0 || --refuse_in > 0) return false;
    errno = ENOSPC;
    return true;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (refused()) return -1;
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int unlinkat(int dir, const char *path, int flags)
{
    if (before_change) before_change();
    return (int)syscall(SYS_unlinkat, dir, path, flags);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

/* ---- the folder */

static void put(rig *r, checkpoint_writer *w, int64_t iteration, bool scheduled)
{
    rig_set(r, iteration);
    r->state.scheduled = scheduled;
    r->info.iteration = iteration;
    check_ok(checkpoint_writer_put(w, &r->state, &r->info));
    check_ok(checkpoint_writer_wait(w));
}

/* "10 20s best-10": states (s: of a signal) and weights that are there. */
static const char *there(const rig *r)
{
    static char text[256];
    checkpoint_files l = CHECKPOINT_FILES_INIT;
    text[0] = '\0';
    check_ok(checkpoint_files_list(&l, r->run));
    for (int i = 0; i < l.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%lld%s", i ? " " : "",
                 l.items[i].best ? "best-" : "", (long long)l.items[i].iteration,
                 l.items[i].best || l.items[i].scheduled ? "" : "s");
    checkpoint_files_clear(&l);
    return text;
}

static void two_scheduled_ones_and_a_later_one_of_a_signal_are_kept(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    checkpoint_writer *w = NULL;
    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    put(r, w, 5, false);
    put(r, w, 8, false);
    assert_string_equal(there(r), "8s");
    put(r, w, 10, true);
    assert_string_equal(there(r), "10");
    put(r, w, 20, true);
    put(r, w, 25, false);
    put(r, w, 26, false);
    assert_string_equal(there(r), "10 20 26s");
    put(r, w, 30, true);
    assert_string_equal(there(r), "20 30");
    put(r, w, 30, false); /* nothing new since the scheduled one */
    assert_string_equal(there(r), "20 30");
    put(r, w, 24, true); /* after a roll-back: 30 belongs to the past */
    assert_string_equal(there(r), "20 24");
    checkpoint_writer_free(w);
    rig_free(r);
}

static void selected_weights_stay_while_a_checkpoint_refers_to_them(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    checkpoint_writer *w = NULL;
    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    for (int64_t it = 10; it <= 50; it += 10) {
        rig_set(r, it);
        if (it != 30) check_ok(best_save(r->run, r->m, model_params(r->m), it, NULL));
        if (it != 30) r->state.best.iteration = it;
        if (it < 50) put(r, w, it, true);
    }
    assert_string_equal(there(r), "best-20 30 40 best-40 best-50");
    r->state.best.iteration = 40; /* written while 50 is selected, whose state is to come */
    put(r, w, 45, true);
    assert_string_equal(there(r), "40 best-40 45 best-50");
    check_ok(best_restore(r->run, 40, NULL));
    size_t na, nb;
    char *a = tiny_read(r->run, "best.safetensors", &na);
    char *b = tiny_read(r->run, "checkpoints/best-000000040.safetensors", &nb);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    mem_free(a);
    mem_free(b);
    check_ok(best_restore(r->run, 40, NULL)); /* once more: nothing is left behind */
    check_ok(best_restore(r->run, 0, NULL));
    assert_false(rig_has(r, "best.safetensors"));
    checkpoint_writer_free(w);
    rig_free(r);
}

static void damaged_selected_weights_are_made_again_from_their_copy(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    const char *best = rig_path(r, "best.safetensors");
    const char *copy = rig_path(r, "checkpoints/best-000000010.safetensors");
    char *path = NULL, *bytes;
    size_t n;

    rig_set(r, 10);
    check_ok(best_save(r->run, r->m, model_params(r->m), 10, NULL));
    bytes = tiny_read(r->run, "best.safetensors", &n);
    check_ok(file_write(copy, bytes, n)); /* another file now, as after copying the run */
    warnings_listen();
    rig_flip(best, 5000, 3);
    check_ok(best_find(&path, r->run, 10));
    assert_string_equal(path, copy);
    rig_heard("best.safetensors");
    check_ok(best_restore(r->run, 10, NULL));
    check_ok(file_write(copy, bytes, n));
    rig_flip(copy, 5000, 3);
    check_ok(best_restore(r->run, 10, NULL));
    rig_heard("made again");
    mem_free(path);
    check_ok(best_find(&path, r->run, 10));
    assert_string_equal(path, best);
    rig_flip(copy, 5000, 3); /* two files: one of them is whole */
    check_ok(best_restore(r->run, 10, NULL));
    rig_flip(copy, 5000, 3);
    rig_flip(best, 5000, 3);
    check_fails(best_restore(r->run, 10, NULL), JEM_EDATA, "best-000000010");
    check_fails(best_restore(r->run, 11, NULL), JEM_EDATA, "best-000000011");
    log_set_sink(NULL);
    mem_free(path);
    mem_free(bytes);
    rig_free(r);
}

static void the_newest_whole_checkpoint_is_resumed_and_damaged_ones_are_named(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    checkpoint_writer *w = NULL;
    bool found = true;
    char *path = NULL;

    check_ok(checkpoint_resume(&r->t, &r->state, &found, r->run));
    assert_false(found);
    check_fails(checkpoint_newest(&path, r->run), JEM_EDATA, "jem resume");
    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    put(r, w, 10, true);
    put(r, w, 20, true);
    put(r, w, 25, false);
    check_ok(checkpoint_resume(&r->t, &r->state, &found, r->run));
    assert_true(found && rig_holds(r, 25) && !r->state.scheduled);

    warnings_listen();
    rig_flip(rig_path(r, "checkpoints/000000025.safetensors"), 90000, 1);
    rig_flip(rig_path(r, "checkpoints/000000020.safetensors"), 12, 1); /* in the header */
    check_ok(checkpoint_newest(&path, r->run));
    assert_string_equal(path, rig_path(r, "checkpoints/000000010.safetensors"));
    warnings_listen();
    check_ok(checkpoint_resume(&r->t, &r->state, &found, r->run));
    assert_true(found && rig_holds(r, 10));
    rig_heard("000000025.safetensors");
    rig_heard("000000020.safetensors");
    assert_string_equal(there(r), "10 20s 25s"); /* until it is sure that the training goes on */
    check_ok(checkpoint_clean(r->run, 10));
    assert_string_equal(there(r), "10");
    assert_true(rig_has(r, "checkpoints/000000025.safetensors.damaged"));

    rig_flip(rig_path(r, "checkpoints/000000010.safetensors"), 90000, 1);
    rig_set(r, 77);
    check_fails(checkpoint_resume(&r->t, &r->state, &found, r->run), JEM_EDATA, "none of the 1");
    assert_true(rig_holds(r, 77));
    assert_string_equal(there(r), "10"); /* where it was */
    rig_flip(rig_path(r, "checkpoints/000000010.safetensors"), 90000, 1);
    check_ok(rename(rig_path(r, "checkpoints/000000010.safetensors"),
                    rig_path(r, "checkpoints/000000011.safetensors")) == 0
                 ? JEM_OK : JEM_EIO);
    check_fails(checkpoint_resume(&r->t, &r->state, &found, r->run), JEM_EDATA, "none of the 1");
    rig_heard("renamed");
    log_set_sink(NULL);
    mem_free(path);
    checkpoint_writer_free(w);
    rig_free(r);
}

static void a_roll_back_takes_scheduled_ones_and_removes_what_came_after(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    checkpoint_writer *w = NULL;
    bool found;

    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    put(r, w, 5, false);
    check_ok(checkpoint_roll_back(&r->t, &r->state, &found, r->run, INT64_MAX));
    assert_false(found);
    assert_string_equal(there(r), "5s");
    rig_set(r, 10);
    check_ok(best_save(r->run, r->m, model_params(r->m), 10, NULL));
    r->state.best.iteration = 10;
    put(r, w, 10, true);
    put(r, w, 20, true);
    check_ok(best_save(r->run, r->m, model_params(r->m), 23, NULL));
    put(r, w, 25, false);
    check_ok(checkpoint_roll_back(&r->t, &r->state, &found, r->run, INT64_MAX));
    assert_true(found && rig_holds(r, 20));
    assert_string_equal(there(r), "10 best-10 20");
    check_ok(checkpoint_roll_back(&r->t, &r->state, &found, r->run, 10));
    assert_false(found);
    assert_true(rig_holds(r, 20));
    warnings_listen();
    rig_flip(rig_path(r, "checkpoints/000000020.safetensors"), 90000, 1);
    check_ok(checkpoint_roll_back(&r->t, &r->state, &found, r->run, INT64_MAX));
    log_set_sink(NULL);
    rig_heard("000000020");
    assert_true(found && rig_holds(r, 10));
    assert_string_equal(there(r), "10 best-10");
    checkpoint_writer_free(w);
    rig_free(r);
}

/* ---- between any two operations, and when they fail */

static rig *watched;
static int copies;

/* Files never change, so links are as good as copies. */
static void copy_run(void)
{
    char command[512];
    void (*hook)(void) = before_change;
    before_change = NULL;
    snprintf(command, sizeof command, "cp -rl '%s' '%s/copy-%d'", watched->run, watched->dir,
             copies++);
    assert_int_equal(system(command), 0);
    before_change = hook;
}

static void a_copy_taken_between_any_two_operations_can_be_resumed(void **state)
{
    (void)state;
    rig *r = watched = rig_new((const char *[]){"sampler.buffer_size=3", NULL});
    checkpoint_writer *w = NULL;
    bool found;

    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    put(r, w, 10, true);
    put(r, w, 20, true);
    copies = 0;
    before_change = copy_run;
    put(r, w, 30, true);
    rig_set(r, 40);
    check_ok(best_save(r->run, r->m, model_params(r->m), 40, NULL));
    r->state.best.iteration = 40;
    put(r, w, 40, true);
    before_change = NULL;
    assert_in_range(copies, 8, 100);
    for (int i = 0; i < copies; i++) {
        char copy[128];
        snprintf(copy, sizeof copy, "%s/copy-%d", r->dir, i);
        warnings_listen();
        check_ok(checkpoint_resume(&r->t, &r->state, &found, copy));
        assert_string_equal(warnings, "");
        assert_true(found && r->t.iteration >= 20 && rig_holds(r, r->t.iteration));
        check_ok(best_restore(copy, r->state.best.iteration, NULL));
    }
    log_set_sink(NULL);
    checkpoint_writer_free(w);
    rig_free(r);
}

static void a_write_that_fails_is_reported_and_the_old_files_stay(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    checkpoint_writer *w = NULL;
    bool found;

    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    put(r, w, 10, true);
    put(r, w, 20, true);
    for (int call = 1; call <= 2; call++) { /* the checkpoint, run.json */
        rig_set(r, 30);
        refuse_in = call;
        check_ok(checkpoint_writer_put(w, &r->state, &r->info));
        check_fails(checkpoint_writer_wait(w), JEM_EIO, call == 1 ? "000000030" : "run.json");
        check_ok(checkpoint_writer_wait(w)); /* told once */
        assert_int_equal(refuse_in, 0);
        assert_string_equal(there(r), call == 1 ? "10 20" : "10 20 30");
    }
    rig_set(r, 40);
    check_ok(checkpoint_writer_put(w, &r->state, &r->info));
    refuse_in = 0;
    check_ok(checkpoint_writer_wait(w));
    check_ok(checkpoint_resume(&r->t, &r->state, &found, r->run));
    assert_true(found && rig_holds(r, 40));
    checkpoint_writer_free(w);

    /* a file where the folder should be */
    check_tmp_remove(rig_path(r, "checkpoints"));
    check_ok(file_write(rig_path(r, "checkpoints"), "", 0));
    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    check_ok(checkpoint_writer_put(w, &r->state, &r->info));
    check_fails(checkpoint_writer_put(w, &r->state, &r->info), JEM_EIO, "in the way");
    checkpoint_writer_free(w);
    checkpoint_writer_free(NULL);
    rig_free(r);
}

/* The first change of the folder takes its time, and is then noted. */
static _Atomic bool slow, written;

static void take_time(void)
{
    const struct timespec t = {0, 300000000};
    if (!slow) return;
    slow = false;
    nanosleep(&t, NULL);
    written = true;
}

/* The file holds the state that was put, whatever of it the step changes, and when. */
static void a_step_waits_before_it_changes_what_is_being_written(void **state)
{
    (void)state;
    const char *const settings[][4] = {{"train.ema=0.9", "train.warmup=0", NULL},
                                       {"train.sharpness=plain", "train.warmup=0", NULL},
                                       {"model.norm=act", "train.warmup=0", NULL}};
    before_change = take_time;
    for (int i = 0; i < 3; i++) {
        rig *r = rig_new(settings[i]);
        checkpoint_writer *w = NULL;
        step_report did;
        float *before = NULL, *now = model_params(r->m);
        const size_t bytes = (size_t)model_params_count(r->m) * sizeof *now;

        check_ok(MEM_NEW(before, model_params_count(r->m)));
        memcpy(before, now, bytes);
        check_ok(checkpoint_writer_new(&w, &r->t, r->run));
        written = false;
        slow = true;
        check_ok(checkpoint_writer_put(w, &r->state, &r->info));
        check_ok(trainer_step(&did, &r->t));
        assert_true(written);
        assert_true(memcmp(before, now, bytes) != 0);
        check_ok(checkpoint_writer_wait(w));
        check_ok(checkpoint_load(&r->t, &r->state, rig_path(r, "checkpoints/000000000.safetensors")));
        assert_memory_equal(before, now, bytes);
        checkpoint_writer_free(w);
        check_ok(trainer_step(&did, &r->t)); /* for nobody */
        mem_free(before);
        rig_free(r);
    }
    before_change = NULL;
}

static void leftovers_of_interrupted_writes_are_removed(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    char mine[64], parents[64];

    snprintf(mine, sizeof mine, "run.json.tmp-%ld", (long)getpid());
    snprintf(parents, sizeof parents, "run.json.tmp-%ld", (long)getppid());
    const char *const gone[] = {"jem-0123456789abcdef.tmp", "checkpoints/jem-fedcba9876543210.tmp",
                                "best.safetensors.tmp-999999999",
                                "checkpoints/000000010.safetensors.tmp-999999999", mine};
    const char *const stay[] = {parents, "notes.tmp-", "notes.tmp-1x", "checkpoints/notes",
                                "jem-0123456789abcde.tmp", "jem-0123456789abcdeg.tmp"};
    const size_t gones = sizeof gone / sizeof *gone, stays = sizeof stay / sizeof *stay;
    check_ok(dir_make(rig_path(r, "checkpoints")));
    for (size_t i = 0; i < gones; i++) check_ok(file_write(rig_path(r, gone[i]), "x", 1));
    for (size_t i = 0; i < stays; i++) check_ok(file_write(rig_path(r, stay[i]), "x", 1));
    check_ok(checkpoint_clean(r->run, 0));
    for (size_t i = 0; i < gones; i++) assert_false(rig_has(r, gone[i]));
    for (size_t i = 0; i < stays; i++) assert_true(rig_has(r, stay[i]));
    rig_free(r);
}

/* ---- run.json */

static void run_json_lists_events_and_files_and_holds_no_nan(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    checkpoint_writer *w = NULL;
    run_info back;
    size_t n;

    r->info.best = (best_epoch){10, 0.5, NAN};
    r->info.wall_s = INFINITY;
    snprintf(r->info.message, sizeof r->info.message, "caf\xc3");
    r->info.rescue = rescue_none();
    rescue_next(&r->info.rescue, &r->cfg.rescue, &r->cfg, 9, 4, "why");
    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    rig_set(r, 10);
    check_ok(best_save(r->run, r->m, model_params(r->m), 10, NULL));
    r->state.best.iteration = 10;
    put(r, w, 10, true);
    char *text = tiny_read(r->run, "run.json", &n);
    assert_null(strcasestr(text, "nan"));
    assert_null(strcasestr(text, "inf"));
    check_ok(run_read_info(&back, r->run));
    assert_true(isnan(back.best.score) && isnan(back.wall_s));
    assert_string_equal(back.message, "caf\\xc3");
    assert_int_equal(back.rescue.count, 1);
    assert_string_equal(back.rescue.events[0].reason, "why");
    assert_string_equal(back.rescue.events[0].change, r->info.rescue.events[0].change);
    assert_int_equal(back.file_count, 3);
    assert_string_equal(back.files[0].name, "checkpoints/000000010.safetensors");
    assert_string_equal(back.files[2].name, "best.safetensors");
    for (int i = 0; i < 3; i++) {
        safetensors *f = NULL;
        int64_t bytes;
        check_ok(safetensors_open(&f, rig_path(r, back.files[i].name)));
        assert_string_equal(safetensors_checksum(f), back.files[i].checksum);
        check_ok(file_size(&bytes, rig_path(r, back.files[i].name)));
        assert_int_equal(bytes, back.files[i].bytes);
        assert_int_equal(back.files[i].iteration, 10);
        safetensors_close(f);
    }
    mem_free(text);
    checkpoint_writer_free(w);
    rig_free(r);
}

static void a_damaged_run_json_does_not_stop_a_resume(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    run_claim claim;
    check_ok(run_write_info(&r->info, r->run));
    warnings_listen();
    check_ok(file_write(rig_path(r, "run.json"), "{\"status\": \"fin", 15));
    check_ok(run_claim_folder(&claim, r->run, &r->cfg));
    assert_int_equal(claim, RUN_UNFINISHED);
    rig_heard("run.json");
    log_set_sink(NULL);
    check_ok(file_remove(rig_path(r, "run.json")));
    check_ok(run_claim_folder(&claim, r->run, &r->cfg));
    assert_int_equal(claim, RUN_UNFINISHED);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_scheduled_ones_and_a_later_one_of_a_signal_are_kept),
        cmocka_unit_test(selected_weights_stay_while_a_checkpoint_refers_to_them),
        cmocka_unit_test(damaged_selected_weights_are_made_again_from_their_copy),
        cmocka_unit_test(the_newest_whole_checkpoint_is_resumed_and_damaged_ones_are_named),
        cmocka_unit_test(a_roll_back_takes_scheduled_ones_and_removes_what_came_after),
        cmocka_unit_test(a_copy_taken_between_any_two_operations_can_be_resumed),
        cmocka_unit_test(a_write_that_fails_is_reported_and_the_old_files_stay),
        cmocka_unit_test(a_step_waits_before_it_changes_what_is_being_written),
        cmocka_unit_test(leftovers_of_interrupted_writes_are_removed),
        cmocka_unit_test(run_json_lists_events_and_files_and_holds_no_nan),
        cmocka_unit_test(a_damaged_run_json_does_not_stop_a_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
