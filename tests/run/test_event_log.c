/* What a training leaves for TensorBoard.  With a folder as argument the program only
 * writes a run there, for scripts/check_tensorboard.py. */
#include "base/file.h"
#include "base/mem.h"
#include "data/pictures/image.h"
#include "record/tf_records.h"
#include "run/event_log.h"
#include "run/log_rig.h"
#include "support/folder.h"

enum { SIDE = 5, PIXELS = 3 * SIDE * SIDE };

/* Entry i is grey of brightness i / (size - 1). */
static replay_buffer buffer_new(int64_t size)
{
    replay_buffer r = REPLAY_BUFFER_INIT;
    r.size = size;
    r.image = (shape){3, SIDE, SIDE};
    check_ok(MEM_NEW(r.images, size * PIXELS));
    for (int64_t i = 0; i < size * PIXELS; i++)
        r.images[i] = (float)(2.0 * (double)(i / PIXELS) / (double)(size - 1) - 1);
    return r;
}

/* ---- a run of two sessions and a roll-back */

typedef struct writer {
    metrics_log csv;
    event_log *events;
    replay_buffer replay;
    double attempt; /* tells repeated rows from those they replace */
} writer;

static void write_row(writer *w, int64_t iteration)
{
    const health_report h = {(verdict)(iteration / 10 % 5), "why not"};
    metrics_row r = log_rig_row(iteration, &h);
    bool validated = iteration % 20 == 0;
    eq8_report e = eq8_report_of(&r.mean.own);
    e.loss.loss_d += w->attempt;
    e.lse_min -= w->attempt;
    e.loss.loss_g = NAN;
    eq8_report_put(&r.mean.own, &e);
    if (validated) r.val_accuracy = 1 / (w->attempt + (double)iteration);
    check_ok(metrics_write(&w->csv, &r));
    check_ok(event_log_row(w->events, &r));
    if (validated) check_ok(event_log_images(w->events, &w->replay, iteration));
}

static void begin_session(writer *w, const char *run, int64_t iteration)
{
    char path[512];
    snprintf(path, sizeof path, "%s/metrics.csv", run);
    check_ok(metrics_open(&w->csv, path, &objective_eq8, iteration));
    check_ok(event_log_open(&w->events, run, &objective_eq8, iteration, 140));
    w->attempt += 0.25;
}

/* Ends like a process killed in the middle of an event. */
static void end_session(writer *w, const char *run)
{
    char path[512], **names;
    int count;
    metrics_close(&w->csv);
    event_log_close(w->events);
    snprintf(path, sizeof path, "%s/events", run);
    check_ok(dir_list(&names, &count, path));
    snprintf(path, sizeof path, "%s/events/%s", run, names[count - 1]);
    FILE *f = fopen(path, "ab");
    assert_non_null(f);
    fwrite("\x80\0\0\0\0\0", 1, 6, f);
    fclose(f);
    strings_free(names, count);
}

static void write_run(const char *run)
{
    writer w = {.csv = METRICS_LOG_INIT, .replay = buffer_new(100)};
    int64_t i;
    check_ok(dir_make(run));
    begin_session(&w, run, 0);
    for (i = 10; i <= 70; i += 10) write_row(&w, i);
    end_session(&w, run); /* the last checkpoint was that of iteration 40 */
    begin_session(&w, run, 40);
    for (i = 50; i <= 120; i += 10) write_row(&w, i);
    check_ok(metrics_truncate(&w.csv, 80)); /* diverged, and back to 80 */
    check_ok(event_log_rewind(w.events, 80));
    w.attempt += 0.25;
    for (i = 90; i <= 100; i += 10) write_row(&w, i);
    end_session(&w, run);
    begin_session(&w, run, 100); /* interrupted in good order */
    for (i = 110; i <= 140; i += 10) write_row(&w, i);
    metrics_close(&w.csv);
    event_log_close(w.events);
    mem_free(w.replay.images);
}

/* ---- tests */

/* The events of the only file. */
static tf_records only_file(void)
{
    char path[512], **names;
    int count;
    tf_records r;
    snprintf(path, sizeof path, "%s/events", folder);
    check_ok(dir_list(&names, &count, path));
    assert_int_equal(count, 1);
    snprintf(path, sizeof path, "%s/events/%s", folder, names[0]);
    tf_records_read(&r, path);
    strings_free(names, count);
    return r;
}

static bool holds(const tf_records *r, int i, const char *text)
{
    return memmem(r->data[i], r->length[i], text, strlen(text)) != NULL;
}

static void a_row_becomes_one_event_with_the_numbers_that_apply(void **state)
{
    (void)state;
    event_log *l;
    metrics_row row = log_rig_row(20, NULL);
    check_ok(event_log_open(&l, folder, &objective_eq8, 12, 20));
    check_ok(event_log_row(l, &row));
    event_log_close(l);
    tf_records r = only_file();
    assert_int_equal(r.count, 3);
    tf_records_equal(&r, 1, "\x10\x0d\x3a\x02\x08\x01", 6); /* START at 13 */
    metrics_column columns[METRICS_COLUMNS];
    assert_int_equal(metrics_columns(columns, &objective_eq8), 26);
    for (int i = 0; i < 26; i++) {
        const char *tag = columns[i].tag;
        bool applies = strncmp(tag, "validation/", 11) != 0 && strcmp(tag, "health/verdict") != 0 &&
                       strncmp(tag, "chain/buffer", 12) != 0;
        if (holds(&r, 2, tag) != applies) fail_msg("%s", tag);
    }
    mem_free(r.file);
}

static void eight_by_eight_entries_from_the_whole_buffer_are_shown(void **state)
{
    (void)state;
    event_log *l;
    replay_buffer replay = buffer_new(1000);
    image m = IMAGE_INIT;
    check_ok(event_log_open(&l, folder, &objective_eq8, 0, 10));
    check_ok(event_log_images(l, &replay, 5));
    event_log_close(l);
    tf_records r = only_file();
    assert_int_equal(r.count, 3);
    const uint8_t *png = memmem(r.data[2], r.length[2], "\x89PNG", 4);
    assert_non_null(png);
    check_ok(image_decode(&m, png, r.length[2] - (size_t)(png - r.data[2]), "grid"));
    assert_true(m.width == 8 * (SIDE + 2) - 2 && m.height == m.width);
    for (int64_t i = 0; i < 64; i++) {
        int64_t y = i / 8 * (SIDE + 2), x = i % 8 * (SIDE + 2);
        double want = 255 * (double)(i * 1000 / 64) / 999;
        check_near(m.pixels[(y * m.width + x) * 3], want, 0.6, 1);
    }
    image_clear(&m);
    mem_free(r.file);
    mem_free(replay.images);
}

static void small_buffers_and_large_pictures_make_smaller_grids(void **state)
{
    (void)state;
    event_log *l;
    replay_buffer few = buffer_new(3), none = REPLAY_BUFFER_INIT, large = REPLAY_BUFFER_INIT;
    large.size = 70;
    large.image = (shape){3, 2, 300};
    check_ok(MEM_NEW(large.images, large.size * 1800));
    check_ok(event_log_open(&l, folder, &objective_eq8, 0, 10));
    check_ok(event_log_images(l, &none, 4)); /* alpha = 0 */
    check_ok(event_log_images(l, &few, 5));
    check_ok(event_log_images(l, &large, 6));
    event_log_close(l);
    tf_records r = only_file();
    assert_int_equal(r.count, 4);
    assert_true(holds(&r, 2, "\x08\x05\x10\x13\x18\x03")); /* 5 x 19 */
    assert_true(holds(&r, 3, "\x08\x0a\x10\x88\x07\x18\x03")); /* three rows of three: 10 x 904 */
    mem_free(r.file);
    mem_free(few.images);
    mem_free(large.images);
}

/* Rows, validations and pictures at every iteration of [from, to]. */
static void write_all(event_log *l, int64_t from, int64_t to)
{
    replay_buffer few = buffer_new(3);
    for (int64_t i = from; i <= to; i++) {
        metrics_row row = log_rig_row(i, NULL);
        check_ok(event_log_row(l, &row));
        row.val_accuracy = 0.5;
        check_ok(event_log_row(l, &row));
        check_ok(event_log_images(l, &few, i));
    }
    mem_free(few.images);
}

static void a_long_training_writes_no_more_than_a_short_one(void **state)
{
    (void)state;
    enum { LAST = 1000000 }; /* a row every 200, a picture every 10,000 */
    event_log *l;
    check_ok(event_log_open(&l, folder, &objective_eq8, 0, LAST));
    write_all(l, 1, 2000);
    write_all(l, 10000, 10001);
    check_ok(event_log_rewind(l, 9000)); /* what is written anew begins a spacing of its own */
    write_all(l, 9001, 9002);
    write_all(l, LAST, LAST);
    event_log_close(l);
    tf_records r = only_file();
    int pictures = 0;
    for (int i = 0; i < r.count; i++) pictures += holds(&r, i, "replay_buffer");
    assert_int_equal(pictures, 4); /* 1, 10001, 9001 and the last */
    assert_int_equal(r.count, 2 + 2 * (10 + 1) + 1 + 2 * (1 + 1) + pictures);
    assert_true(holds(&r, r.count - 1, "\x10\xc0\x84\x3d")); /* iteration 1000000 */
    mem_free(r.file);
}

static void without_a_log_nothing_is_written(void **state)
{
    (void)state;
    metrics_row row = log_rig_row(20, NULL);
    replay_buffer few = buffer_new(3);
    check_ok(event_log_row(NULL, &row));
    check_ok(event_log_images(NULL, &few, 1));
    check_ok(event_log_rewind(NULL, 1));
    event_log_close(NULL);
    mem_free(few.images);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        in_folder(a_row_becomes_one_event_with_the_numbers_that_apply),
        in_folder(eight_by_eight_entries_from_the_whole_buffer_are_shown),
        in_folder(small_buffers_and_large_pictures_make_smaller_grids),
        in_folder(a_long_training_writes_no_more_than_a_short_one),
        in_folder(without_a_log_nothing_is_written),
    };
    if (argc == 2) {
        write_run(argv[1]);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
