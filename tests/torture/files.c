/* Writing: every file that jem replaces is the old or the new one, whatever fails. */
#include "base/file.h"
#include "base/mem.h"
#include "base/options.h"
#include "data/pictures/image.h"
#include "jem/tensor.h"
#include "record/record.h"
#include "tensor/safetensors.h"
#include "torture/scenario.h"

static const char old_text[] = "what was there before";
enum { NEW_SIZE = 150000 }; /* more than the writer's buffer */

static jem_status write_text(const char *dir)
{
    jem_status st;
    char *text = NULL;
    st = MEM_NEW(text, NEW_SIZE);
    if (st != JEM_OK) return st;
    memset(text, 'n', NEW_SIZE);
    st = file_write(in(dir, "text"), text, NEW_SIZE);
    mem_free(text);
    return st;
}

static void old_file(const char *dir)
{
    check_ok(file_write(in(dir, "text"), old_text, strlen(old_text)));
}

static void text_is_old_or_new(const char *dir, bool done)
{
    char *text;
    size_t size;
    check_ok(file_read(&text, &size, in(dir, "text"), 0));
    if (done || size == NEW_SIZE) {
        assert_int_equal(size, NEW_SIZE);
        for (size_t i = 0; i < size; i++) assert_int_equal(text[i], 'n');
    } else {
        assert_string_equal(text, old_text);
    }
    mem_free(text);
}

/* ---- a copy in the place of a file */

static void old_and_other(const char *dir)
{
    old_file(dir);
    check_ok(file_write(in(dir, "other"), "new", 3));
}

static jem_status copy_file(const char *dir)
{
    return file_copy(in(dir, "other"), in(dir, "text"));
}

static void copy_is_old_or_new(const char *dir, bool done)
{
    char *text;
    size_t size;
    check_ok(file_read(&text, &size, in(dir, "text"), 0));
    if (done || size == 3)
        assert_string_equal(text, "new");
    else
        assert_string_equal(text, old_text);
    mem_free(text);
}

/* ---- arrays */

static jem_status save_tensors(const char *path, float value)
{
    jem_status st;
    safetensors_writer *w = NULL;
    float data[6] = {value, value, value, value, value, value};
    const int64_t dims[2] = {2, 3};

    st = safetensors_writer_new(&w);
    if (st == JEM_OK) st = safetensors_writer_metadata(w, "jem.name", "torture");
    if (st == JEM_OK) st = safetensors_writer_add(w, "a", JEM_F32, 2, dims, data);
    if (st == JEM_OK) st = safetensors_writer_add(w, "b", JEM_F32, 2, dims, data);
    if (st == JEM_OK) st = safetensors_writer_save(w, path);
    safetensors_writer_free(w);
    return st;
}

static void old_tensors(const char *dir)
{
    check_ok(save_tensors(in(dir, "x.safetensors"), 1));
}

static jem_status write_tensors(const char *dir)
{
    return save_tensors(in(dir, "x.safetensors"), 2);
}

static void tensors_are_old_or_new(const char *dir, bool done)
{
    safetensors *f = NULL;
    float x[6];
    check_ok(safetensors_open(&f, in(dir, "x.safetensors")));
    check_ok(safetensors_read_f32(f, "b", x, 2, (const int64_t[]){2, 3}));
    assert_true(x[5] == 2 || (!done && x[5] == 1));
    safetensors_close(f);
}

static jem_status save_npy(const char *path, float value)
{
    float data[3] = {value, value, value};
    jem_tensor t = {.dtype = JEM_F32, .ndim = 1, .shape = {3}, .data = data};
    return jem_npy_write(path, &t);
}

static void old_npy(const char *dir)
{
    check_ok(save_npy(in(dir, "x.npy"), 1));
}

static jem_status write_npy(const char *dir)
{
    return save_npy(in(dir, "x.npy"), 2);
}

static void npy_is_old_or_new(const char *dir, bool done)
{
    jem_tensor t = JEM_TENSOR_INIT;
    check_ok(jem_npy_read(&t, in(dir, "x.npy")));
    float x = ((float *)t.data)[2];
    assert_true(x == 2 || (!done && x == 1));
    jem_tensor_clear(&t);
}

/* ---- pictures */

static jem_status save_picture(const char *path, uint8_t value)
{
    image m = IMAGE_INIT;
    jem_status st = image_init(&m, 5, 4, 3);
    if (st != JEM_OK) return st;
    memset(m.pixels, value, 5 * 4 * 3);
    st = image_write_png(&m, path);
    image_clear(&m);
    return st;
}

static void old_picture(const char *dir)
{
    check_ok(save_picture(in(dir, "x.png"), 1));
}

static jem_status write_picture(const char *dir)
{
    return save_picture(in(dir, "x.png"), 2);
}

static void picture_is_old_or_new(const char *dir, bool done)
{
    image m = IMAGE_INIT;
    check_ok(image_read(&m, in(dir, "x.png")));
    assert_true(m.pixels[59] == 2 || (!done && m.pixels[59] == 1));
    image_clear(&m);
}

/* ---- scores, tables and trials of a run */

static jem_status save_scores(const char *dir, double value)
{
    score_list list = SCORE_LIST_INIT;
    score s = SCORE_INIT;
    s.benchmark = "accuracy";
    s.metric = "top1";
    s.value = value;
    jem_status st = score_list_append(&list, &s);
    if (st == JEM_OK) st = score_list_save(&list, dir);
    score_list_clear(&list);
    return st;
}

static void old_scores(const char *dir)
{
    check_ok(save_scores(dir, 1));
}

static jem_status write_scores(const char *dir)
{
    return save_scores(dir, 2);
}

static void scores_are_old_or_new(const char *dir, bool done)
{
    score_list list = SCORE_LIST_INIT;
    check_ok(score_list_load(&list, dir));
    assert_int_equal(list.count, 1);
    assert_true(list.scores[0].value == 2 || (!done && list.scores[0].value == 1));
    score_list_clear(&list);
}

static void nothing(const char *dir)
{
    (void)dir;
}

static jem_status write_records(const char *dir)
{
    jem_status st;
    table t = TABLE_INIT;
    trial_list list = TRIAL_LIST_INIT;
    const char *const names[] = {"low", "high"};
    const double row[] = {1, 2};
    const trial one = {.subj = "wrn", .imagename = "a,b"};

    st = table_init(&t, 2, names);
    if (st == JEM_OK) st = table_append(&t, row);
    if (st == JEM_OK) st = table_save(&t, dir, "reliability");
    if (st == JEM_OK) st = trial_list_append(&list, &one);
    if (st == JEM_OK) st = trial_list_save(&list, dir, "gloss");
    table_clear(&t);
    trial_list_clear(&list);
    return st;
}

static void records_are_whole_or_absent(const char *dir, bool done)
{
    table t = TABLE_INIT;
    trial_list list = TRIAL_LIST_INIT;
    bool both = file_exists(in(dir, "scores/reliability.tsv")) &&
                file_exists(in(dir, "trials/gloss.csv"));

    assert_true(both || !done);
    if (file_exists(in(dir, "scores/reliability.tsv"))) {
        check_ok(table_read(&t, in(dir, "scores/reliability.tsv"), '\t'));
        assert_int_equal(t.rows, 1);
    }
    if (file_exists(in(dir, "trials/gloss.csv"))) {
        check_ok(trial_list_read(&list, in(dir, "trials/gloss.csv")));
        assert_int_equal(list.count, 1);
    }
    table_clear(&t);
    trial_list_clear(&list);
}

const scenario file_scenarios[] = {
    {"a file is replaced", old_file, write_text, text_is_old_or_new, false},
    {"a copy replaces a file", old_and_other, copy_file, copy_is_old_or_new, false},
    {"tensors are saved", old_tensors, write_tensors, tensors_are_old_or_new, false},
    {"an array is saved", old_npy, write_npy, npy_is_old_or_new, false},
    {"a picture is saved", old_picture, write_picture, picture_is_old_or_new, false},
    {"scores are saved", old_scores, write_scores, scores_are_old_or_new, false},
    {"a table and trials are saved", nothing, write_records, records_are_whole_or_absent, false},
    {NULL, NULL, NULL, NULL, false},
};
