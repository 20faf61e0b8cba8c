/* Rendered sets as folders: same bytes from any threads, resumed, never mixed. */
#include "support/check.h"

#include "base/file.h"
#include "base/mem.h"
#include "data/dataset.h"
#include "data/gloss/render.h"

enum { SCENES = 24, SIZE = 16, PATH_ROOM = 200 };

static void in(char path[PATH_ROOM], const char *dir, const char *name)
{
    int length = snprintf(path, PATH_ROOM, "%s/%s", dir, name);
    assert_true(length > 0 && length < PATH_ROOM);
}

static jem_status render_until(const char *dir, int64_t n, uint64_t seed, int threads,
                               const volatile sig_atomic_t *stop)
{
    pool *p = NULL;
    check_ok(pool_new(&p, threads));
    jem_status st = gloss_render_set(&(gloss_set_call){.dir = dir, .n = n, .size = SIZE, .seed = seed,
                                                       .threads = p, .stop = stop});
    pool_free(p);
    return st;
}

static jem_status render(const char *dir, int64_t n, uint64_t seed, int threads)
{
    return render_until(dir, n, seed, threads, NULL);
}

static void check_same_file(const char *a, const char *b)
{
    char *x, *y;
    size_t m, n;
    check_ok(file_read(&x, &m, a, 0));
    check_ok(file_read(&y, &n, b, 0));
    assert_int_equal(m, n);
    assert_memory_equal(x, y, n);
    mem_free(x);
    mem_free(y);
}

static void threads_do_not_change_a_byte(void **state)
{
    (void)state;
    char tmp[64], a[PATH_ROOM], b[PATH_ROOM], name[64], x[PATH_ROOM], y[PATH_ROOM];
    check_tmp(tmp, sizeof tmp);
    in(a, tmp, "one");
    in(b, tmp, "three");
    check_ok(render(a, SCENES, 5, 1));
    check_ok(render(b, SCENES, 5, 3));
    for (int k = 0; k <= SCENES; k++) {
        snprintf(name, sizeof name, k ? "rgb/rgb_scene%06d.png" : "scene_log.csv", k);
        in(x, a, name);
        in(y, b, name);
        check_same_file(x, y);
    }
    in(x, a, "scene_log.csv.partial");
    assert_false(file_exists(x));
    check_tmp_remove(tmp);
}

static void the_gloss_reader_reads_it(void **state)
{
    (void)state;
    char tmp[64], dir[PATH_ROOM];
    data_options o = {.size = 0};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};
    splits s = {NULL, NULL, NULL};
    check_tmp(tmp, sizeof tmp);
    in(dir, tmp, "set");
    check_ok(render(dir, SCENES, 5, 2));
    check_ok(options_defaults(groups));
    check_ok(options_set(groups, "data.kind", "gloss", "test"));
    check_ok(options_set(groups, "data.path", dir, "test"));
    check_ok(options_set(groups, "data.val_fraction", "0", "test"));
    check_ok(options_set(groups, "data.test_fraction", "0.25", "test"));
    check_ok(data_load(&s, &o, 0));
    assert_int_equal(s.train->n + s.test->n, SCENES);
    assert_int_equal(s.train->classes, 2);
    assert_int_equal(s.train->height, SIZE);
    assert_non_null(dataset_column(s.train, "light"));
    const double *bump = dataset_column(s.test, "bump");
    assert_non_null(bump);
    for (int64_t i = 0; i < s.test->n; i++) { /* scene order: the last quarter is the test */
        gloss_scene scene;
        gloss_scene_draw(&scene, 5, s.train->n + i + 1);
        assert_int_equal(s.test->labels[i], scene.gloss_cat);
        assert_true(fabs(bump[i] - scene.bump) < 1e-4);
    }
    splits_free(&s);
    check_tmp_remove(tmp);
}

static void an_interrupted_render_continues_and_a_finished_one_rests(void **state)
{
    (void)state;
    char tmp[64], whole[PATH_ROOM], half[PATH_ROOM], x[PATH_ROOM], y[PATH_ROOM];
    struct stat before, after;
    check_tmp(tmp, sizeof tmp);
    in(whole, tmp, "whole");
    in(half, tmp, "half");
    check_ok(render(whole, SCENES, 5, 2));
    check_ok(render(half, SCENES, 5, 2));
    in(x, half, "scene_log.csv");
    in(y, half, "scene_log.csv.partial");
    assert_int_equal(rename(x, y), 0); /* as a killed render leaves it */
    in(x, half, "rgb/rgb_scene000024.png");
    assert_int_equal(unlink(x), 0);
    in(y, half, "rgb/rgb_scene000001.png");
    assert_int_equal(stat(y, &before), 0);
    check_ok(render(half, SCENES, 5, 2));
    assert_int_equal(stat(y, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* was there: not rendered again */
    in(y, whole, "rgb/rgb_scene000024.png");
    check_same_file(x, y);
    in(x, half, "scene_log.csv");
    assert_int_equal(stat(x, &before), 0);
    check_ok(render(half, SCENES, 5, 2));
    assert_int_equal(stat(x, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    check_tmp_remove(tmp);
}

static void a_stopped_render_says_so_and_goes_on(void **state)
{
    (void)state;
    char tmp[64], dir[PATH_ROOM], x[PATH_ROOM];
    const volatile sig_atomic_t stop = 1;
    check_tmp(tmp, sizeof tmp);
    in(dir, tmp, "set");
    check_fails(render_until(dir, SCENES, 5, 2, &stop), JEM_EINTERRUPTED, "goes on");
    in(x, dir, "scene_log.csv");
    assert_false(file_exists(x));
    check_ok(render(dir, SCENES, 5, 2));
    assert_true(file_exists(x));
    check_tmp_remove(tmp);
}

static void a_folder_of_something_else_is_refused_and_kept(void **state)
{
    (void)state;
    char tmp[64], dir[PATH_ROOM], x[PATH_ROOM], y[PATH_ROOM];
    check_tmp(tmp, sizeof tmp);
    in(dir, tmp, "set");
    check_ok(render(dir, 2, 5, 1));
    check_fails(render(dir, 3, 5, 1), JEM_EUSAGE, "another render");
    check_fails(render(dir, 2, 6, 1), JEM_EUSAGE, "another render");
    in(x, dir, "rgb/rgb_scene000003.png");
    assert_false(file_exists(x));
    in(x, dir, "scene_log.csv");
    in(y, dir, "scene_log.csv.partial");
    assert_int_equal(rename(x, y), 0);
    check_fails(render(dir, 2, 6, 1), JEM_EUSAGE, "another render");
    check_fails(render(tmp, 2, 5, 1), JEM_EUSAGE, "not a render");
    check_fails(render(dir, 0, 5, 1), JEM_EUSAGE, "1 to");
    check_tmp_remove(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(the_gloss_reader_reads_it),
        cmocka_unit_test(an_interrupted_render_continues_and_a_finished_one_rests),
        cmocka_unit_test(a_stopped_render_says_so_and_goes_on),
        cmocka_unit_test(a_folder_of_something_else_is_refused_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
