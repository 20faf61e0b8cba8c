/* A run's folder that is moved while it trains, and another run that is given its name: the training
 * stays in its folder, whenever that happens, and nothing of it lands in the other one. */
#include "run/run_rig.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/checkpoint_store.h"
#include "support/warnings.h"

/* Run A's new place; B is one that nobody moves. */
static const char *moved_to(const rig *r)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/moved", r->dir);
    return path;
}

/* ---- the moment: each time that a file gets its name the folder may be moved before */

static const rig *watched;
static _Atomic int moves_in; /* counted down; 0: no more.  The writing thread passes here, too. */
static bool removes;         /* instead of moving it */

/* What the other run has. */
static const char *const others[] = {"config.yaml", "run.json", "metrics.csv", "best.safetensors",
                                     "checkpoints/000000001.safetensors"};
enum { OTHERS = sizeof others / sizeof *others };

static void shell(const char *text, ...) JEM_PRINTF(1, 2);

static void shell(const char *text, ...)
{
    char command[512];
    va_list args;
    va_start(args, text);
    vsnprintf(command, sizeof command, text, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

static void move_run(void)
{
    if (removes) {
        shell("rm -r '%s'", watched->a);
        return;
    }
    shell("mv '%s' '%s' && mkdir -p '%s/checkpoints'", watched->a, moved_to(watched), watched->a);
    for (int i = 0; i < OTHERS; i++) shell("printf another >'%s/%s'", watched->a, others[i]);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (moves_in > 0 && --moves_in == 0) move_run();
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

/* The other run is what it was: these files, and no more. */
static void check_other(const rig *r)
{
    for (int i = 0; i < OTHERS; i++) {
        size_t n;
        char *text = tiny_read(r->a, others[i], &n);
        if (strcmp(text, "another") != 0) fail_msg("%s of the other run was written to", others[i]);
        mem_free(text);
    }
    shell("test $(find '%s' | wc -l) = %d", r->a, OTHERS + 2);
}

/* Trains, with the folder moved before the file number `at` gets its name; false if there are fewer. */
static bool moves_during(rig *r, int at, const jem_status expected, const volatile sig_atomic_t *stop)
{
    char *place = NULL;

    watched = r;
    moves_in = at;
    warnings_listen();
    jem_status st = train_run(&(train_request){.cfg = &r->cfg, .out = r->a, .data = &r->data, .stop = stop,
                                               .place = &place});
    log_set_sink(NULL);
    const bool moved = moves_in == 0;
    moves_in = 0;
    if (st != expected) fail_msg("moved at file %d: status %d: %s", at, st, jem_error_message());
    if (moved && st == JEM_OK) assert_string_equal(place, moved_to(r));
    if (!moved && st == JEM_OK) assert_string_equal(place, r->a);
    mem_free(place);
    return moved;
}

/* ---- */

static void a_moved_training_ends_where_it_lies_whenever_it_is_moved(void **state)
{
    (void)state;
    const char *const more[] = {"train.epochs=1", "train.checkpoint_every=2", NULL};
    rig *r = rig_new(more);
    int at = 1;
    check_ok(train(r, r->b, false, NULL));
    for (; moves_during(r, at, JEM_OK, NULL); at++) {
        check_other(r);
        assert_non_null(strstr(warnings, "lies in "));
        identity_same_file(r->b, moved_to(r), "best.safetensors");
        identity_same_file(r->b, moved_to(r), "first-epoch.safetensors");
        run_info info;
        check_ok(run_read_info(&info, moved_to(r)));
        assert_int_equal(info.status, RUN_FINISHED);
        shell("rm -r '%s' '%s'", r->a, moved_to(r));
    }
    assert_true(at > 8); /* so many files have been given their names */
    assert_string_equal(warnings, "");
    rig_free(r);
}

static void a_stopped_one_says_where_it_is_gone_on_with(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.epochs=1", NULL});
    check_ok(train(r, r->b, false, NULL));
    assert_true(moves_during(r, 2, JEM_EINTERRUPTED, &stop_now));
    check_other(r);
    char command[256];
    snprintf(command, sizeof command, "jem resume %s", moved_to(r));
    assert_non_null(strstr(jem_error_message(), command));
    check_ok(train(r, moved_to(r), true, NULL));
    identity_same_file(r->b, moved_to(r), "best.safetensors");
    rig_free(r);
}

/* A roll-back reads checkpoints: its own. */
static void a_diverging_one_rolls_back_to_its_own_checkpoints(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.lr=1000", "train.warmup=0", "rescue.tries=2",
                                      "train.checkpoint_every=1", "train.epochs=4", NULL});
    int at = 3;
    assert_true(moves_during(r, at, JEM_EDIVERGED, NULL));
    check_other(r);
    assert_non_null(strstr(jem_error_message(), moved_to(r)));
    run_info info;
    check_ok(run_read_info(&info, moved_to(r)));
    assert_int_equal(info.status, RUN_DIVERGED);
    rig_free(r);
}

static void a_removed_one_ends_with_a_reason_and_is_not_made_again(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.epochs=1", "train.checkpoint_every=1", NULL});
    removes = true;
    assert_true(moves_during(r, 3, JEM_EIO, NULL));
    removes = false;
    assert_non_null(strstr(jem_error_message(), r->a));
    assert_false(dir_exists(r->a));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moved_training_ends_where_it_lies_whenever_it_is_moved),
        cmocka_unit_test(a_stopped_one_says_where_it_is_gone_on_with),
        cmocka_unit_test(a_diverging_one_rolls_back_to_its_own_checkpoints),
        cmocka_unit_test(a_removed_one_ends_with_a_reason_and_is_not_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
