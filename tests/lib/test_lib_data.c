/* jem_data_check: what folders hold, of images and of benchmarks, and what is not whole; jem_data_pack. */
#include "support/folder.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "data/pictures.h"
#include "jem/jem.h"

static void images_are_counted_by_class(void **state)
{
    (void)state;
    char set[128], lost[256];
    jem_render_options o = JEM_RENDER_INIT;
    jem_check_options small = JEM_CHECK_INIT;
    jem_data_facts f = JEM_DATA_FACTS_INIT;

    snprintf(set, sizeof set, "%s/set", folder);
    o.n = 12, o.side = 16, o.threads = 1;
    check_ok(jem_data_render(set, &o));
    check_ok(jem_data_check(&f, NULL, set, NULL));
    assert_string_equal(f.kind, "gloss"); /* told by its files, though a benchmark is called so, too */
    assert_true(f.whole && !f.benchmark && f.noise == 0);
    assert_string_equal(f.trouble, "");
    assert_int_equal(f.train + f.val + f.test, 12);
    assert_true(f.channels == 3 && f.height == 16 && f.width == 16);
    assert_int_equal(f.classes, 2);
    assert_int_equal(f.class_images[0] + f.class_images[1], 12);
    assert_non_null(f.class_names[0]);
    assert_non_null(strstr(f.text, "images   12 ("));
    jem_data_facts_clear(&f);
    assert_null(f.kind);

    small.side = 8;
    check_ok(jem_data_check(&f, "gloss", set, &small));
    assert_int_equal(f.height, 8);
    jem_data_facts_clear(&f);

    snprintf(lost, sizeof lost, "%s/scene_log.csv", set);
    check_ok(file_write(lost, "name\n", 5));
    check_ok(jem_data_check(&f, NULL, set, NULL));
    assert_false(f.whole);
    assert_non_null(strstr(f.trouble, "scene_log.csv"));
    assert_int_equal(f.train, 0);
    jem_data_facts_clear(&f);
}

/* People's judgements: each image has 51 of its class. */
static void put_people(void)
{
    enum { IMAGES = 10000, CLASSES = 10 };
    char path[128];
    strbuf labels = STRBUF_INIT;
    jem_tensor t = JEM_TENSOR_INIT;

    check_ok(jem_tensor_init(&t, JEM_I64, 2, (int64_t[]){IMAGES, CLASSES}));
    strbuf_add(&labels, "index\tlabel\tclass\tofficial_name\tjpeg\n");
    for (int i = 0; i < IMAGES; i++) {
        ((int64_t *)t.data)[i * CLASSES + i % CLASSES] = 51;
        plain_printf(&labels, "%d\t%d\tc%d\tn%d.png\tn%d.jpg\n", i, i % CLASSES, i % CLASSES, i, i);
    }
    snprintf(path, sizeof path, "%s/cifar10h-counts.npy", folder);
    check_ok(jem_npy_write(path, &t));
    snprintf(path, sizeof path, "%s/test-images.tsv", folder);
    check_ok(file_write(path, labels.data, labels.used));
    strbuf_clear(&labels);
    jem_tensor_clear(&t);
}

static void a_benchmark_s_folder_says_what_it_holds(void **state)
{
    (void)state;
    jem_data_facts f = JEM_DATA_FACTS_INIT;
    jem_data_part_facts part = JEM_DATA_PART_FACTS_INIT;

    check_ok(jem_data_check(&f, "cifar10h", folder, NULL));
    assert_true(f.benchmark && !f.whole && f.classes == 0);
    check_ok(jem_data_part_at(&part, &f, 0));
    assert_string_equal(part.name, "cifar10h-counts.npy");
    assert_true(part.state == JEM_PART_MISSING && part.images == 0);
    check_fails(jem_data_part_at(&part, &f, 3), JEM_EUSAGE, "part 3 of 3");
    check_fails(jem_data_part_at(&part, &f, -1), JEM_EUSAGE, "part -1 of 3");
    assert_string_equal(f.kind, "cifar10h");
    assert_non_null(strstr(f.trouble, "cifar10h-counts.npy"));
    assert_non_null(strstr(f.text, "cifar10h-counts.npy is missing: needed")); /* what was found is kept */
    jem_data_facts_clear(&f);

    put_people();
    check_ok(jem_data_check(&f, "cifar10h", folder, NULL));
    assert_true(f.benchmark && f.whole);
    assert_string_equal(f.trouble, "");
    assert_non_null(strstr(f.text, "510000 judgements of 10000 images"));
    check_ok(jem_data_part_at(&part, &f, 1)); /* behind the probabilities, which only check the counts */
    assert_string_equal(part.name, "cifar10h");
    assert_true(part.state == JEM_PART_WHOLE && part.images == 10000 && part.published_images == 10000);
    assert_non_null(strstr(f.text, part.line));
    check_fails(jem_data_part_at(&part, &f, 2), JEM_EUSAGE, "part 2 of 2");
    jem_data_facts_clear(&f);
    check_fails(jem_data_part_at(&part, &f, 0), JEM_EUSAGE, "part 0 of 0");
}

/* Parts of sets: one is missing, one is not as it was published. */
static void parts_say_what_is_there_and_what_was_published(void **state)
{
    (void)state;
    jem_data_facts f = JEM_DATA_FACTS_INIT;
    jem_data_part_facts part = JEM_DATA_PART_FACTS_INIT;
    char path[300], text[400];
    static const char header[] = "subj,session,trial,rt,object_response,category,condition,imagename\n";
    snprintf(path, sizeof path, "%s/raw-data/edge", folder);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/raw-data/edge/edge_subject-01_session_1.csv", folder);
    snprintf(text, sizeof text, "%ssubject-01,1,1,0.5,cat,cat,0,0001_cl_dnn_0_cat_00_edge-cat1.png\n", header);
    check_ok(file_write(path, text, strlen(text)));
    check_ok(jem_data_check(&f, "model-vs-human", folder, NULL));
    assert_true(f.benchmark && !f.whole);
    int missing = 0, others = 0;
    for (int64_t i = 0; i < 17; i++) {
        check_ok(jem_data_part_at(&part, &f, i));
        missing += part.state == JEM_PART_MISSING;
        if (strcmp(part.name, "edge") != 0) continue;
        others++;
        assert_true(part.state == JEM_PART_UNPUBLISHED || part.state == JEM_PART_DAMAGED);
        assert_true(part.published_images == 160 && part.published_people == 10);
    }
    assert_true(missing == 16 && others == 1);
    jem_data_facts_clear(&f);
}

/* Stops at the third picture. */
static void stop_at_third(void *ctx, int64_t done, int64_t pictures)
{
    assert_int_equal(pictures, 8);
    if (done == 3) *(volatile sig_atomic_t *)ctx = 1;
}

static void pictures_are_packed_and_load(void **state)
{
    (void)state;
    volatile sig_atomic_t stop = 0;
    char in[128], out[128], name[64];
    jem_pack_options o = JEM_PACK_INIT;
    jem_data_options from = JEM_DATA_OPTIONS_INIT;
    jem_data_facts f = JEM_DATA_FACTS_INIT;
    jem_data packed = JEM_DATA_INIT, whole = JEM_DATA_INIT;

    snprintf(in, sizeof in, "%s/in", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    make_dir(folder, "in");
    make_dir(folder, "in/a");
    make_dir(folder, "in/b");
    for (int i = 0; i < 8; i++) {
        bytes b = jpeg_bytes(20 + i, 30 - i, 3);
        snprintf(name, sizeof name, "in/%s/%d.jpg", i % 2 ? "a" : "b", i);
        write_file(folder, name, b.data, b.size);
        free(b.data);
    }
    o.side = 12, o.per_shard = 2, o.threads = 2;
    o.stop = &stop, o.watch = stop_at_third, o.watch_ctx = (void *)(uintptr_t)&stop;
    check_fails(jem_data_pack(in, out, &o), JEM_EINTERRUPTED, "2 of 8 pictures are done");
    stop = 0;
    o.watch = NULL;
    check_ok(jem_data_pack(in, out, &o));
    check_ok(jem_data_check(&f, NULL, out, NULL));
    assert_true(f.whole && f.height == 12 && f.classes == 2);
    assert_string_equal(f.kind, "packed");
    jem_data_facts_clear(&f);
    from.kind = "packed", from.path = out;
    check_ok(jem_data_load(&packed, &from));
    from.kind = "folder", from.path = in, from.side = 12;
    check_ok(jem_data_load(&whole, &from));
    assert_memory_equal(packed.images.shape, whole.images.shape, 4 * sizeof *whole.images.shape);
    assert_memory_equal(packed.images.data, whole.images.data,
                        (size_t)jem_tensor_count(&whole.images) * sizeof(float));
    jem_data_clear(&packed);
    jem_data_clear(&whole);

    o.bicubic = true;
    check_fails(jem_data_pack(in, out, &o), JEM_EUSAGE, "another resizing");
    o.side = 5;
    check_fails(jem_data_pack(in, out, &o), JEM_EUSAGE, "choose 8 to 4096");
    check_fails(jem_data_pack(NULL, out, NULL), JEM_EUSAGE, "folder is NULL");
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    jem_data_facts f = JEM_DATA_FACTS_INIT;
    jem_check_options o = JEM_CHECK_INIT;

    check_fails(jem_data_check(&f, "nonsense", folder, NULL), JEM_EUSAGE, "'nonsense' is unknown");
    check_fails(jem_data_check(&f, NULL, NULL, NULL), JEM_EUSAGE, "path is NULL");
    o.side = -1;
    check_fails(jem_data_check(&f, "folder", folder, &o), JEM_EUSAGE, "data.size");
    assert_null(f.owner);
    jem_data_facts_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(images_are_counted_by_class, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_benchmark_s_folder_says_what_it_holds, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(pictures_are_packed_and_load, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(parts_say_what_is_there_and_what_was_published, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(mistakes_are_refused, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
