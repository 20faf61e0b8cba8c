/* Listing ImageNet's layouts and decoding ahead. */
#include "data/pictures/stream.h"
#include "data/sources/imagenet.h"
#include "pictures.h"
#include "support/folder.h"

/* Two training classes with two pictures each, a val folder to be filled. */
static void make_train(void)
{
    static const char *const folders[] = {"train", "train/n00000002", "train/n00000001", "val"};
    for (int i = 0; i < 4; i++) make_dir(folder, folders[i]);
    write_flat_png(folder, "train/n00000001/a.JPEG", 12, 10, 10, 0, 0);
    write_flat_png(folder, "train/n00000001/b.png", 12, 10, 20, 0, 0);
    write_flat_png(folder, "train/n00000002/c.jpeg", 12, 10, 30, 0, 0);
    write_flat_png(folder, "train/n00000002/d.jpg", 12, 10, 40, 0, 0);
    write_text(folder, "train/n00000002/readme.txt", "no picture");
}

static void make_flat_val(void)
{
    write_flat_png(folder, "val/ILSVRC2012_val_00000001.JPEG", 9, 9, 1, 2, 3);
    write_flat_png(folder, "val/ILSVRC2012_val_00000002.JPEG", 9, 9, 1, 2, 3);
    write_flat_png(folder, "val/ILSVRC2012_val_00000003.JPEG", 9, 9, 1, 2, 3);
}

static void classes_are_numbered_by_sorted_names(void **state)
{
    (void)state;
    imagenet m = IMAGENET_INIT;
    make_train();
    make_dir(folder, "val/n00000002");
    write_flat_png(folder, "val/n00000002/x.png", 9, 9, 1, 2, 3);
    check_ok(imagenet_list(&m, folder, NULL, false));
    assert_int_equal(m.class_count, 2);
    assert_string_equal(m.classes[0], "n00000001");
    assert_false(m.wordnet); /* that takes a thousand */
    assert_int_equal(m.train.n, 4);
    assert_non_null(strstr(m.train.paths[0], "/train/n00000001/a.JPEG"));
    assert_int_equal(m.train.labels[0], 0);
    assert_int_equal(m.train.labels[3], 1);
    assert_int_equal(m.val.n, 1);
    assert_int_equal(m.val.labels[0], 1); /* a class of val alone keeps its number */
    check_ok(imagenet_try_pictures(&m));
    imagenet_clear(&m);
}

static void a_flat_val_folder_reads_every_kind_of_label_file(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } files[] = {
        {"val_labels.txt", "ILSVRC2012_val_00000003.JPEG n00000001\nILSVRC2012_val_00000001.JPEG "
                           "n00000002\nILSVRC2012_val_00000002.JPEG n00000001\n"},
        {"val.txt", "ILSVRC2012_val_00000001.JPEG 1\nILSVRC2012_val_00000002.JPEG 0\r\n"
                    "ILSVRC2012_val_00000003.JPEG 0\nILSVRC2012_val_00000004.JPEG 0\n\n"},
        {"LOC_val_solution.csv",
         "ImageId,PredictionString\nILSVRC2012_val_00000001,n00000002 85 1 499 272\n"
         "ILSVRC2012_val_00000002,n00000001 1 2 3 4 \nILSVRC2012_val_00000003,n00000001 1 2 3 4\n"},
        {"imagenet_2012_validation_synset_labels.txt", "n00000002\nn00000001\nn00000001\n"},
    };
    make_train();
    make_flat_val();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        imagenet m = IMAGENET_INIT;
        char path[256];
        write_text(folder, files[i].name, files[i].text);
        check_ok(imagenet_list(&m, folder, NULL, false));
        assert_int_equal(m.val.n, 3);
        for (int k = 0; k < 3; k++) assert_int_equal(m.val.labels[k], k == 0);
        imagenet_clear(&m);
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        check_ok(imagenet_list(&m, folder, path, false));
        imagenet_clear(&m);
        assert_int_equal(remove(path), 0);
    }
}

static void wrong_label_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"n00000002\nn00000009\nn00000001\n", "labels:2: 'n00000009' is no class"},
        {"490\n361\n171\n", "labels:1: '490' is a number without a file's name"},
        {"ILSVRC2012_val_00000001 2\n", "labels:1: '2' is no class"},
        {"ILSVRC2012_val_00000001 1\n", "no class for"},
        {"n00000002\nn00000002\nn00000002\nn00000002\n", "more lines than the 3 pictures"},
        {"n00000002\nn00000001\n", "no class for"},
        {"n00000002\nx n00000001\n", "labels:2: a name and a class"},
        {"", "no class for"},
    };
    imagenet m = IMAGENET_INIT;
    char path[256];
    make_train();
    make_flat_val();
    check_fails(imagenet_list(&m, folder, NULL, false), JEM_EDATA, "no file that says their classes");
    snprintf(path, sizeof path, "%s/labels", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(folder, "labels", cases[i][0]);
        check_fails(imagenet_list(&m, folder, path, false), JEM_EDATA, cases[i][1]);
    }
}

static void folders_that_do_not_fit_are_named(void **state)
{
    (void)state;
    imagenet m = IMAGENET_INIT;
    check_fails(imagenet_list(&m, folder, NULL, false), JEM_EDATA, "no class folders");
    check_fails(imagenet_list(&m, "/nowhere", NULL, false), JEM_EDATA, "/nowhere");
    make_train();
    make_dir(folder, "val/n00000003");
    write_flat_png(folder, "val/n00000003/x.png", 9, 9, 1, 2, 3);
    check_fails(imagenet_list(&m, folder, NULL, false), JEM_EDATA,
                "class 'n00000003' is not among the 2 of the training pictures");
    make_dir(folder, "train/n00000003");
    check_fails(imagenet_list(&m, folder, NULL, false), JEM_EDATA, "n00000003: the class folder holds no");
    write_text(folder, "train/n00000003/x.png", "text");
    check_ok(imagenet_list(&m, folder, NULL, false));
    check_fails(imagenet_try_pictures(&m), JEM_EDATA, "n00000003/x.png: neither PNG nor JPEG");
    imagenet_clear(&m);
}

static void any_class_folders_are_a_training_set(void **state)
{
    (void)state;
    imagenet m = IMAGENET_INIT;
    make_dir(folder, "cat");
    make_dir(folder, "dog");
    write_flat_png(folder, "cat/1.png", 9, 9, 1, 2, 3);
    write_flat_png(folder, "dog/1.png", 9, 9, 1, 2, 3);
    check_ok(imagenet_list(&m, folder, NULL, false));
    assert_int_equal(m.train.n, 2);
    assert_int_equal(m.val.n, 0);
    imagenet_clear(&m);
}

static void the_second_part_has_many_names(void **state)
{
    (void)state;
    imagenet m = IMAGENET_INIT;
    make_train();
    make_dir(folder, "test");
    make_dir(folder, "test/n00000001");
    write_flat_png(folder, "test/n00000001/x.png", 9, 9, 1, 2, 3);
    check_ok(imagenet_list(&m, folder, NULL, false));
    assert_string_equal(m.second, "test"); /* val is empty */
    imagenet_clear(&m);
    make_dir(folder, "validation");
    make_dir(folder, "validation/n00000002");
    write_flat_png(folder, "validation/n00000002/x.png", 9, 9, 1, 2, 3);
    check_ok(imagenet_list(&m, folder, NULL, false));
    assert_string_equal(m.second, "validation");
    assert_int_equal(m.val.labels[0], 1);
    imagenet_clear(&m);
    check_ok(imagenet_list(&m, folder, NULL, true));
    assert_string_equal(m.second, "test");
    imagenet_clear(&m);
    make_dir(folder, "test/other");
    write_flat_png(folder, "test/other/x.png", 9, 9, 1, 2, 3);
    check_fails(imagenet_list(&m, folder, NULL, true), JEM_EDATA, "class 'other' is not among the 2");
}

/* ---- streams */

static void pictures_come_in_order_whatever_thread_decodes_them(void **state)
{
    (void)state;
    enum { N = 40, SIZE = 8 };
    char *paths[N], names[N][128];
    uint8_t planar[3 * SIZE * SIZE];
    for (int i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.png", i);
        write_flat_png(folder, name, 10 + i, 40, i, 2 * i, 5 * i);
        snprintf(names[i], sizeof names[i], "%s/%s", folder, name);
        paths[i] = names[i];
    }
    write_text(folder, "7.png", "damaged");
    assert_int_equal(remove(paths[9]), 0);
    for (int threads = 1; threads <= 3; threads += 2) {
        image_stream *s = NULL;
        check_ok(image_stream_new(&s, paths, N, SIZE, IMAGE_BICUBIC, threads, 4));
        for (int i = 0; i < N; i++) {
            if (i == 7 || i == 9) {
                check_fails(image_stream_next(s, planar), JEM_EDATA, names[i]);
                continue;
            }
            check_ok(image_stream_next(s, planar));
            assert_int_equal(planar[0], i);
            assert_int_equal(planar[SIZE * SIZE + 3], 2 * i);
            assert_int_equal(planar[3 * SIZE * SIZE - 1], 5 * i);
        }
        image_stream_free(s);
    }
}

static void a_stream_can_be_left_at_any_time(void **state)
{
    (void)state;
    char path[128], *paths[3] = {path, path, path};
    uint8_t planar[3 * 4 * 4];
    write_flat_png(folder, "x.png", 9, 9, 1, 2, 3);
    snprintf(path, sizeof path, "%s/x.png", folder);
    for (int taken = 0; taken < 3; taken++) {
        image_stream *s = NULL;
        check_ok(image_stream_new(&s, paths, 3, 4, IMAGE_BILINEAR, 2, 1));
        for (int i = 0; i < taken; i++) check_ok(image_stream_next(s, planar));
        image_stream_free(s);
    }
    image_stream_free(NULL);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(classes_are_numbered_by_sorted_names),
        IN_FOLDER(a_flat_val_folder_reads_every_kind_of_label_file),
        IN_FOLDER(wrong_label_files_are_refused_with_their_line),
        IN_FOLDER(folders_that_do_not_fit_are_named),
        IN_FOLDER(any_class_folders_are_a_training_set),
        IN_FOLDER(the_second_part_has_many_names),
        IN_FOLDER(pictures_come_in_order_whatever_thread_decodes_them),
        IN_FOLDER(a_stream_can_be_left_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
