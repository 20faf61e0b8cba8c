/* Pictures of a data set for FID: packed ones, which are read when they are asked for, are those in memory. */
#include <string.h>

#include "data/pictures.h"
#include "data/shards/pack.h"
#include "fid/fid_pictures.h"
#include "support/folder.h"

enum { SIDE = 8, PICTURES = 6 };

static jem_status load(splits *s, const char *kind, const char *path, int64_t side)
{
    data_options o = {.size = 0};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    snprintf(o.kind, sizeof o.kind, "%s", kind);
    snprintf(o.path, sizeof o.path, "%s", path);
    o.size = side;
    o.val_fraction = o.test_fraction = 0;
    return data_load(s, &o, 1);
}

static void packed_pictures_are_those_in_memory(void **state)
{
    (void)state;
    char in[128], out[128], name[64];
    shard_index x = SHARD_INDEX_INIT;
    splits packed = {NULL, NULL, NULL}, whole = {NULL, NULL, NULL};
    fid_pictures p, w;

    snprintf(in, sizeof in, "%s/in", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    make_dir(folder, "in");
    make_dir(folder, "in/a");
    make_dir(folder, "in/b");
    for (int i = 0; i < PICTURES; i++) {
        bytes b = jpeg_bytes(12 + i, 20 - i, 3);
        snprintf(name, sizeof name, "in/%s/%d.jpg", i % 2 ? "a" : "b", i);
        write_file(folder, name, b.data, b.size);
        free(b.data);
    }
    const picture_packing q = {.folder = in, .out = out, .side = SIDE, .kernel = IMAGE_BILINEAR, .per_shard = 4,
                               .threads = 1, .labels = NULL, .skip_damaged = false, .stop = NULL,
                               .watch = {NULL, NULL}};
    check_ok(pictures_pack(&x, &q));
    shard_index_clear(&x);
    check_ok(load(&packed, "packed", out, 0));
    check_ok(load(&whole, "folder", in, SIDE));
    check_ok(fid_pictures_of_data(&p, packed.train));
    check_ok(fid_pictures_of_data(&w, whole.train));
    assert_int_equal(p.n, PICTURES);
    for (int64_t i = 0; i < p.n; i++) {
        image a = IMAGE_INIT, b = IMAGE_INIT;
        check_ok(p.get(&a, &p, i));
        check_ok(w.get(&b, &w, i));
        assert_true(a.height == SIDE && a.width == SIDE && a.channels == 3);
        assert_memory_equal(a.pixels, b.pixels, SIDE * SIDE * 3);
        image_clear(&a);
        image_clear(&b);
    }
    splits_free(&packed);
    splits_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(packed_pictures_are_those_in_memory, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
