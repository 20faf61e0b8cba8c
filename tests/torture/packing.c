/* Packing pictures: whatever call fails, and in whatever thread, the same command afterwards ends with the files of a
 * packing that nothing disturbed. */
#include "base/file.h"
#include "data/pictures/image.h"
#include "data/shards/pack.h"
#include "support/identity.h"
#include "torture/scenario.h"

enum { SIDE = 8, PICTURES = 5 };

/* DIR/in/a and DIR/in/b; three files of shards. */
static void two_classes(const char *dir)
{
    check_ok(dir_make(in(dir, "in/a")));
    check_ok(dir_make(in(dir, "in/b")));
    for (int i = 0; i < PICTURES; i++) {
        char name[32];
        image m = IMAGE_INIT;
        snprintf(name, sizeof name, "in/%c/%d.png", i % 2 ? 'b' : 'a', i);
        check_ok(image_init(&m, SIDE, SIDE + i, 3));
        memset(m.pixels, 40 * i, (size_t)(SIDE * (SIDE + i) * 3));
        check_ok(image_write_png(&m, in(dir, name)));
        image_clear(&m);
    }
}

static jem_status pack_into(const char *dir, const char *out)
{
    shard_index x = SHARD_INDEX_INIT;
    const picture_packing q = {.folder = in(dir, "in"), .out = in(dir, out), .side = SIDE, .kernel = IMAGE_BILINEAR,
                               .per_shard = 2, .threads = 1};
    const jem_status st = pictures_pack(&x, &q);
    shard_index_clear(&x);
    return st;
}

static jem_status pack(const char *dir)
{
    return pack_into(dir, "packed");
}

static void goes_on_to_the_same_files(const char *dir, bool done)
{
    static const char *const files[] = {"index.json", "train-00000.safetensors", "train-00001.safetensors",
                                        "train-00002.safetensors"};
    if (!done) check_ok(pack_into(dir, "packed"));
    check_ok(pack_into(dir, "undisturbed"));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        identity_same_file(in(dir, "packed"), in(dir, "undisturbed"), files[i]);
}

const scenario packing_scenarios[] = {
    {"pictures are packed", two_classes, pack, goes_on_to_the_same_files, true},
    {NULL, NULL, NULL, NULL, false},
};
