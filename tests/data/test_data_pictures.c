/* Folders of pictures by class, and the published layout of the gloss set. */
#include "base/log.h"
#include "data/dataset.h"
#include "pictures.h"

static char dir[64], last_line[512];

static void keep_line(log_level level, const char *line)
{
    (void)level;
    snprintf(last_line, sizeof last_line, "%s", line);
}

static int set_up(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    log_set_sink(keep_line);
    last_line[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_set_sink(NULL);
    check_tmp_remove(dir);
    return 0;
}

static data_options options(const char *kind)
{
    data_options o = {.sources = NULL};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};
    memset(&o, 0, sizeof o);
    check_ok(options_defaults(groups));
    snprintf(o.kind, sizeof o.kind, "%s", kind);
    snprintf(o.path, sizeof o.path, "%s", dir);
    o.val_fraction = o.test_fraction = 0;
    return o;
}

static void refuse(const data_options *o, jem_status code, const char *message)
{
    splits s = {NULL, NULL, NULL};
    check_fails(data_load(&s, o, 1), code, message);
    assert_null(s.train);
}

/* ---- folders */

static void two_classes(void)
{
    make_dir(dir, "dog");
    make_dir(dir, "cat");
    write_flat_png(dir, "dog/b.png", 6, 5, 10, 20, 30);
    write_flat_png(dir, "cat/2.PNG", 6, 5, 2, 0, 0);
    write_flat_png(dir, "cat/1.png", 6, 5, 1, 0, 0);
}

static void classes_and_files_come_in_sorted_order(void **state)
{
    data_options o = options("folder");
    splits s = {NULL, NULL, NULL};
    (void)state;
    two_classes();
    write_text(dir, "notes.txt", "not a class");
    write_text(dir, "cat/notes.txt", "not a picture");
    check_ok(data_load(&s, &o, 1));
    assert_non_null(strstr(last_line, "1 files that are not pictures ignored"));
    assert_int_equal(s.train->n, 3);
    assert_int_equal(s.train->channels, 3);
    assert_int_equal(s.train->height, 5);
    assert_int_equal(s.train->width, 6);
    assert_string_equal(s.train->class_names[0], "cat");
    assert_string_equal(s.train->class_names[1], "dog");
    assert_int_equal(s.train->labels[0], 0);
    assert_int_equal(s.train->labels[2], 1);
    assert_int_equal(s.train->pixels[0], 1);
    assert_int_equal(s.train->pixels[90], 2);
    assert_int_equal(s.train->pixels[180 + 30], 20); /* planar: the green plane */
    splits_free(&s);
}

static void train_and_test_folders_are_splits(void **state)
{
    data_options o = options("folder");
    splits s = {NULL, NULL, NULL};
    (void)state;
    make_dir(dir, "train");
    make_dir(dir, "test");
    make_dir(dir, "train/a");
    make_dir(dir, "train/b");
    make_dir(dir, "test/a");
    write_flat_png(dir, "train/a/1.png", 4, 4, 1, 1, 1);
    write_flat_png(dir, "train/b/1.png", 4, 4, 2, 2, 2);
    write_flat_png(dir, "test/a/1.png", 4, 4, 3, 3, 3);
    refuse(&o, JEM_EDATA, "class 1 is 'b' in train and 'nothing' in test");
    make_dir(dir, "test/b");
    bytes jpeg = jpeg_bytes(4, 4, 3);
    write_file(dir, "test/b/1.JPEG", jpeg.data, jpeg.size);
    free(jpeg.data);
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 2);
    assert_int_equal(s.test->n, 2);
    assert_int_equal(s.test->labels[1], 1);
    splits_free(&s);
}

static void an_empty_class_folder_is_refused(void **state)
{
    data_options o = options("folder");
    (void)state;
    refuse(&o, JEM_EDATA, "no class folders");
    two_classes();
    make_dir(dir, "emu");
    refuse(&o, JEM_EDATA, "emu: the class folder holds no .png, .jpg or .jpeg file");
}

static void pictures_of_other_sizes_need_data_size(void **state)
{
    data_options o = options("folder");
    splits s = {NULL, NULL, NULL};
    (void)state;
    two_classes();
    write_flat_png(dir, "dog/c.png", 8, 16, 7, 8, 9);
    refuse(&o, JEM_EDATA, "dog/c.png: 8 x 16 pixels, but");
    refuse(&o, JEM_EDATA, "set data.size");
    o.size = 4;
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 4);
    assert_int_equal(s.train->height, 4);
    assert_int_equal(s.train->width, 4);
    assert_int_equal(s.train->pixels[3 * 48], 7);
    assert_int_equal(s.train->pixels[3 * 48 + 47], 9);
    splits_free(&s);
}

static void an_unreadable_picture_is_named(void **state)
{
    data_options o = options("folder");
    (void)state;
    two_classes();
    write_text(dir, "dog/c.png", "\x89PNG\r\n\x1a\n but no more");
    refuse(&o, JEM_EDATA, "dog/c.png: damaged or truncated PNG");
    o.size = 4;
    refuse(&o, JEM_EDATA, "dog/c.png: damaged or truncated PNG");
}

static void a_missing_folder_is_named(void **state)
{
    data_options o = options("folder");
    (void)state;
    snprintf(o.path, sizeof o.path, "%s/none", dir);
    refuse(&o, JEM_EDATA, "none");
}

/* ---- gloss */

/* Scenes 1 .. count in rgb/, scene i filled with level i. */
static void write_scenes(int count)
{
    make_dir(dir, "rgb");
    for (int i = 1; i <= count; i++) {
        char name[64];
        snprintf(name, sizeof name, "rgb/rgb_scene%06d.png", i);
        write_flat_png(dir, name, 8, 8, i, i, i);
    }
}

static void gloss_scenes_join_pictures_and_rows(void **state)
{
    data_options o = options("gloss");
    splits s = {NULL, NULL, NULL};
    const double light[] = {0, 1, 0}, bump[] = {0.5, 0.25, 3};
    (void)state;
    write_scenes(4); /* scene 3 has no row, scene 5 no picture */
    write_text(dir, "scene_log.csv",
               "scene_num,gloss_cat,light,bump,more\n"
               "scene000002,0,\"kitchen, day\",0.25,x\nscene000001,1,church,0.5,x\n"
               "scene000005,1,church,1,x\nscene000004,1,church,3,x\n");
    o.size = 4;
    check_ok(data_load(&s, &o, 1));
    assert_non_null(strstr(last_line, "3 scenes; dropped 1 rows without picture and 1 pictures"));
    assert_int_equal(s.train->n, 3);
    assert_int_equal(s.train->classes, 2);
    assert_int_equal(s.train->height, 4);
    assert_int_equal(s.train->pixels[0], 1);
    assert_int_equal(s.train->pixels[48], 2);
    assert_int_equal(s.train->pixels[96], 4);
    assert_int_equal(s.train->labels[0], 1);
    assert_int_equal(s.train->labels[1], 0);
    assert_memory_equal(dataset_column(s.train, "light"), light, sizeof light);
    assert_memory_equal(dataset_column(s.train, "bump"), bump, sizeof bump);
    splits_free(&s);
}

static void gloss_splits_keep_the_order_of_scenes(void **state)
{
    data_options o = options("gloss");
    splits s = {NULL, NULL, NULL};
    char text[1000] = "scene_num,highgloss,where,relief\n";
    (void)state;
    write_scenes(20);
    for (int i = 1; i <= 20; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "scene%06d,%d,l%d,%d\n", i, i % 2, i % 6, i);
    }
    write_text(dir, "scene_log.csv", text);
    refuse(&o, JEM_EDATA, "no column 'gloss_cat' among: scene_num, highgloss, where, relief");
    strcpy(o.label, "highgloss");
    refuse(&o, JEM_EDATA, "set data.light");
    strcpy(o.light, "where");
    refuse(&o, JEM_EDATA, "set data.bump");
    strcpy(o.bump, "relief");
    o.test_fraction = 0.2;
    o.val_fraction = 0.25; /* of the 16 left */
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 12);
    assert_int_equal(s.val->n, 4);
    assert_int_equal(s.test->n, 4);
    assert_int_equal(s.train->pixels[0], 1);
    assert_int_equal(s.val->pixels[0], 13);
    assert_int_equal(s.test->pixels[0], 17);
    assert_true(dataset_column(s.test, "bump")[3] == 20);
    splits_free(&s);
}

static void faults_of_the_scene_log_name_their_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"scene_num,gloss_cat,light,bump\nscene000001,2,a,1\n",
         "scene_log.csv:2: gloss_cat is '2'; labels are 0 (matte) or 1 (glossy)"},
        {"scene_num,gloss_cat,light,bump\nscene000001,high,a,1\n",
         "scene_log.csv:2: column 'gloss_cat' holds 'high'"},
        {"scene_num,gloss_cat,light,bump\nscene000001,1,a,\n",
         "scene_log.csv:2: column 'bump' holds ''"},
        {"scene_num,gloss_cat,light,bump\nscene000001,1,a\n", "scene_log.csv:2: 3 fields"},
        {"scene_num,gloss_cat,light,bump\nfirst,1,a,1\n", "scene_log.csv:2: scene_num is 'first'"},
        {"scene_num,gloss_cat,light,bump\nscene000001,1,a,1\nscene000002,1,a,1\nscene000001,1,a,"
         "1\n",
         "scene_log.csv:4: scene 1 is listed again (first in line 2)"},
        {"scene_num,gloss_cat,light,bump\nscene000009,1,a,1\n", "none of 1 rows"},
        {"name,gloss_cat,light,bump\nscene000001,1,a,1\n", "no column 'scene_num'"},
    };
    data_options o = options("gloss");
    (void)state;
    refuse(&o, JEM_EDATA, "scene_log.csv");
    write_scenes(2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(dir, "scene_log.csv", cases[i].text);
        refuse(&o, JEM_EDATA, cases[i].message);
    }
}

static void pictures_without_or_with_the_same_scene_number_are_refused(void **state)
{
    data_options o = options("gloss");
    (void)state;
    write_scenes(1);
    write_text(dir, "scene_log.csv", "scene_num,gloss_cat,light,bump\nscene000001,1,a,1\n");
    write_flat_png(dir, "rgb/extra.png", 8, 8, 0, 0, 0);
    refuse(&o, JEM_EDATA, "extra.png: no scene number in the name");
    unlink(strcat(strcpy(last_line, dir), "/rgb/extra.png"));
    write_flat_png(dir, "rgb/scene1.png", 8, 8, 0, 0, 0);
    refuse(&o, JEM_EDATA, "the same scene as");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(classes_and_files_come_in_sorted_order),
        CASE(train_and_test_folders_are_splits),
        CASE(an_empty_class_folder_is_refused),
        CASE(pictures_of_other_sizes_need_data_size),
        CASE(an_unreadable_picture_is_named),
        CASE(a_missing_folder_is_named),
        CASE(gloss_scenes_join_pictures_and_rows),
        CASE(gloss_splits_keep_the_order_of_scenes),
        CASE(faults_of_the_scene_log_name_their_line),
        CASE(pictures_without_or_with_the_same_scene_number_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
