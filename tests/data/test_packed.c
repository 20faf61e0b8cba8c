/* Folders of packed pictures: the same pictures as kind folder reads, whatever stopped the packing; and
 * what happens when they are damaged, cut short or of another make. */
#include "base/mem.h"
#include "data/dataset.h"
#include "data/pictures/image.h"
#include "data/shards/pack.h"
#include "pictures.h"
#include "share_check.h"
#include "support/folder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

enum { SIDE = 16, ROW = 3 * SIDE * SIDE, TRAIN = 11, PER_SHARD = 4 };

static char source[128], out[128];

/* 11 training pictures of 2 classes and 2 to test, of several sizes and colour models. */
static void make_pictures(void)
{
    static const char *const dirs[] = {"in", "in/train", "in/val", "in/train/a", "in/train/b",
                                       "in/val/a", "in/val/b"};
    char name[64];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < TRAIN + 2; i++) {
        if (i < TRAIN)
            snprintf(name, sizeof name, "in/train/%s/%02d.JPEG", i < 6 ? "a" : "b", i);
        else
            snprintf(name, sizeof name, "in/val/%s/%02d.JPEG", i == TRAIN ? "a" : "b", i);
        bytes b = jpeg_bytes(30 + 7 * i, 90 - 5 * i, i % 4 == 1 ? 1 : i % 4 == 2 ? 4 : 3); /* grey, CMYK */
        write_file(folder, name, b.data, b.size);
        free(b.data);
    }
    snprintf(source, sizeof source, "%s/in", folder);
    snprintf(out, sizeof out, "%s/packed", folder);
}

/* Stops when so many pictures are done in this call; 0: never. */
typedef struct stopper {
    int64_t at, told;
    volatile sig_atomic_t stop;
} stopper;

static void look(void *ctx, int64_t done, int64_t pictures)
{
    stopper *s = ctx;
    assert_int_equal(pictures, TRAIN + 2);
    assert_true(done <= pictures);
    if (++s->told == s->at) s->stop = 1;
}

static jem_status pack(stopper *s, void (*change)(picture_packing *q))
{
    shard_index x = SHARD_INDEX_INIT;
    picture_packing q = {.folder = source, .labels = NULL, .out = out, .side = SIDE, .kernel = IMAGE_BILINEAR,
                         .skip_damaged = false, .per_shard = PER_SHARD, .threads = 3, .stop = &s->stop,
                         .watch = {look, s}};
    if (change) change(&q);
    jem_status st = pictures_pack(&x, &q);
    shard_index_clear(&x);
    return st;
}

static data_options options_of(const char *kind, const char *path)
{
    data_options o = {.size = 0};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    snprintf(o.kind, sizeof o.kind, "%s", kind);
    snprintf(o.path, sizeof o.path, "%s", path);
    o.val_fraction = 0.2;
    return o;
}

/* The pictures are made and packed; what loads them. */
static data_options pack_pictures(void)
{
    stopper s = {.at = 0};
    make_pictures();
    check_ok(pack(&s, NULL));
    assert_int_equal(s.told, TRAIN + 2);
    return options_of("packed", out);
}

static void check_same_images(const dataset *a, const dataset *b)
{
    float x[ROW], y[ROW];
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->classes, b->classes);
    for (int64_t i = 0; i < a->n; i++) {
        assert_int_equal(a->labels[i], b->labels[i]);
        check_ok(dataset_floats(x, a, &i, 1));
        check_ok(dataset_floats(y, b, &i, 1));
        assert_memory_equal(x, y, sizeof x);
    }
}

/* Two epochs of batches with crops, flips and noise. */
static void check_same_batches(const dataset *a, const dataset *b, const data_options *o)
{
    enum { BATCH = 4 };
    float x[BATCH * ROW], y[BATCH * ROW];
    int32_t u[BATCH], v[BATCH];
    batcher p, q;
    check_ok(batcher_init(&p, a, o, BATCH, 5, false));
    check_ok(batcher_init(&q, b, o, BATCH, 5, false));
    for (int64_t it = 0; it < 2 * batcher_per_epoch(&p); it++) {
        check_ok(batcher_get(&p, it, x, u));
        check_ok(batcher_get(&q, it, y, v));
        assert_memory_equal(x, y, sizeof x);
        assert_memory_equal(u, v, sizeof u);
    }
    batcher_clear(&p);
    batcher_clear(&q);
}

static void packed_pictures_are_those_of_the_folder_to_the_bit(void **state)
{
    (void)state;
    splits packed = {NULL, NULL, NULL}, whole = {NULL, NULL, NULL};
    const data_options o = pack_pictures();
    data_options same = options_of("folder", source);
    same.size = SIDE;
    check_ok(data_load(&packed, &o, 1));
    check_ok(data_load(&whole, &same, 1));
    assert_int_equal(packed.train->n + packed.val->n, TRAIN);
    assert_string_equal(packed.train->class_names[1], "b");
    assert_true(dataset_is_8bit(packed.train) && !dataset_latents(packed.train));
    check_same_images(packed.train, whole.train);
    check_same_images(packed.val, whole.val);
    check_same_images(packed.test, whole.test);
    check_same_batches(packed.train, whole.train, &o);
    assert_int_equal(dataset_bytes(packed.train), packed.train->n * 24); /* pictures stay in files */
    assert_int_equal(dataset_file_bytes(packed.train), packed.train->n * ROW);
    assert_int_equal(dataset_file_bytes(whole.train), 0);
    splits_free(&packed);
    splits_free(&whole);
}

static void bicubic(picture_packing *q) { q->kernel = IMAGE_BICUBIC; }

static void pictures_in_8_bits_are_as_they_were_resized(void **state)
{
    (void)state;
    stopper none = {.at = 0};
    splits s = {NULL, NULL, NULL};
    image m = IMAGE_INIT, square = IMAGE_INIT;
    uint8_t want[ROW], got[ROW];
    char path[256];
    make_pictures();
    check_ok(pack(&none, bicubic));
    data_options o = options_of("packed", out);
    o.val_fraction = 0;
    check_ok(data_load(&s, &o, 1));
    snprintf(path, sizeof path, "%s/train/a/02.JPEG", source);
    check_ok(image_read(&m, path));
    check_ok(image_resize_square_by(&square, &m, SIDE, IMAGE_BICUBIC));
    image_to_planar(want, &square);
    check_ok(shard_set_picture(s.train->shards, 2, got));
    assert_memory_equal(got, want, sizeof want);
    image_clear(&m);
    image_clear(&square);
    splits_free(&s);
}

static void ranks_share_the_batches(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    data_options o = pack_pictures();
    o.val_fraction = 0;
    check_ok(data_load(&s, &o, 1));
    check_shares(s.train, o, 2, 3, false);
    check_shares(s.train, o, 5, 2, true);
    splits_free(&s);
}

/* ---- stopped */

/* The bytes of every file in the folder, as one hash. */
static uint64_t folder_hash(void)
{
    char **names = NULL, path[512];
    int count = 0;
    uint64_t hash = 14695981039346656037u;
    check_ok(dir_list(&names, &count, out));
    for (int i = 0; i < count; i++) {
        char *data = NULL;
        size_t size = 0;
        snprintf(path, sizeof path, "%s/%s", out, names[i]);
        check_ok(file_read(&data, &size, path, 0));
        for (size_t k = 0; k < size; k++) hash = (hash ^ (uint8_t)data[k]) * 1099511628211u;
        mem_free(data);
    }
    strings_free(names, count);
    return hash;
}

static void one_thread(picture_packing *q) { q->threads = 1; }

static void a_stopped_packing_goes_on_to_the_same_files(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    stopper whole = {.at = 0};
    make_pictures();
    check_ok(pack(&whole, one_thread));
    const uint64_t hash = folder_hash();
    for (int64_t at = 1; at < TRAIN + 2; at += 3) {
        stopper first = {.at = at}, rest = {.at = 0}, nothing = {.at = 0};
        check_tmp_remove(out);
        check_fails(pack(&first, NULL), JEM_EINTERRUPTED, "of 13 pictures are done");
        const data_options o = options_of("packed", out);
        check_fails(data_load(&s, &o, 1), JEM_EDATA, "are packed: run the same jem data pack again");
        check_ok(pack(&rest, NULL));
        assert_int_equal(rest.told, TRAIN + 2 - at / PER_SHARD * PER_SHARD);
        assert_true(folder_hash() == hash);
        check_ok(pack(&nothing, NULL)); /* finished is finished */
        assert_int_equal(nothing.told, 0);
    }
}

/* A shard that a kill left without its line in the index is written over. */
static void a_shard_that_nobody_knows_is_written_again(void **state)
{
    (void)state;
    stopper first = {.at = 6}, rest = {.at = 0};
    char path[256];
    (void)pack_pictures();
    const uint64_t hash = folder_hash();
    check_tmp_remove(out);
    check_fails(pack(&first, NULL), JEM_EINTERRUPTED, "4 of 13");
    snprintf(path, sizeof path, "%s/train-00001.safetensors", out);
    check_ok(file_write(path, "half", 4));
    check_ok(pack(&rest, NULL));
    assert_true(folder_hash() == hash);
}

/* ---- what cannot be packed */

static void skip_damaged(picture_packing *q) { q->skip_damaged = true; }
static void other_size(picture_packing *q) { q->side = 32; }
static void too_small(picture_packing *q) { q->side = 7; }

static void damaged_pictures_stop_or_are_left_out(void **state)
{
    (void)state;
    stopper s = {.at = 0};
    splits d = {NULL, NULL, NULL};
    make_pictures();
    write_text(folder, "in/train/a/01.JPEG", "no picture");
    check_fails(pack(&s, NULL), JEM_EDATA, "in/train/a/01.JPEG: neither PNG nor JPEG");
    check_fails(pack(&s, NULL), JEM_EDATA, "where damaged pictures are to be skipped, it is left out");
    check_ok(pack(&s, skip_damaged));
    data_options o = options_of("packed", out);
    o.val_fraction = 0;
    check_ok(data_load(&d, &o, 1));
    assert_int_equal(d.train->n, TRAIN - 1);
    assert_int_equal(d.train->labels[4], 0);
    assert_int_equal(d.train->labels[5], 1);
    splits_free(&d);
}

static void remove_below(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_tmp_remove(path);
}

static void other_settings_pictures_or_sets_are_refused(void **state)
{
    (void)state;
    stopper s = {.at = 0};
    (void)pack_pictures();
    check_fails(pack(&s, other_size), JEM_EUSAGE, "holds pictures made with pictures of another size");
    check_fails(pack(&s, bicubic), JEM_EUSAGE, "another resizing (--resize)");
    check_fails(pack(&s, too_small), JEM_EUSAGE, "side of the pictures = 7: choose 8 to 4096");
    remove_below("in/val");
    check_fails(pack(&s, NULL), JEM_EUSAGE, "other pictures or labels");
}

static void unwatched(picture_packing *q) { q->watch.tell = NULL; }

/* It has no labels to learn, and all that a density needs: trainings decide (cli/test_data_pack). */
static void one_class_is_packed(void **state)
{
    (void)state;
    stopper s = {.at = 0};
    splits d = {NULL, NULL, NULL};
    make_pictures();
    snprintf(source, sizeof source, "%s/in/train/a", folder);
    check_fails(pack(&s, NULL), JEM_EDATA, "in/train/a");
    assert_false(dir_exists(out));
    remove_below("in/train/b");
    remove_below("in/val/b");
    snprintf(source, sizeof source, "%s/in", folder);
    check_ok(pack(&s, unwatched)); /* fewer pictures than the others */
    const data_options o = options_of("packed", out);
    check_ok(data_load(&d, &o, 1));
    assert_int_equal(d.train->classes, 1);
    assert_true(d.train->n > 0 && d.train->labels[0] == 0);
    splits_free(&d);
}

/* ---- damage */

static void spoil(const char *name, size_t at, int mask, bool cut)
{
    char path[512], *data = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s", out, name);
    check_ok(file_read(&data, &size, path, 0));
    data[at % size] = (char)(data[at % size] ^ mask);
    check_ok(file_write(path, data, cut ? at % size : size));
    mem_free(data);
}

/* Every training picture. */
static jem_status read_all(const data_options *o)
{
    jem_status st;
    float *x = malloc(TRAIN * ROW * sizeof *x);
    splits s = {NULL, NULL, NULL};
    int64_t index[TRAIN];
    assert_non_null(x);
    for (int i = 0; i < TRAIN; i++) index[i] = i;
    st = data_load(&s, o, 1);
    if (st == JEM_OK) st = dataset_floats(x, s.train, index, s.train->n);
    splits_free(&s);
    free(x);
    return st;
}

/* In labels, numbers and hashes when the set is opened, in a picture when it is read. */
static void every_flipped_bit_and_every_cut_is_found(void **state)
{
    (void)state;
    static const char name[] = "train-00001.safetensors";
    char path[512];
    int64_t size = 0;
    data_options o = pack_pictures();
    o.val_fraction = 0;
    snprintf(path, sizeof path, "%s/%s", out, name);
    check_ok(file_size(&size, path));
    for (size_t at = 0; at < (size_t)size; at += 89) {
        shard_index x = SHARD_INDEX_INIT;
        spoil(name, at, 1 << at % 8, false);
        check_ok(shard_index_read(&x, out));
        check_fails(shard_part_verify(&x, SHARD_TRAIN, out), JEM_EDATA, name);
        shard_index_clear(&x);
        /* What says nothing of pictures, labels or places may pass. */
        if (read_all(&o) != JEM_OK) assert_non_null(strstr(jem_error_message(), name));
        spoil(name, at, 1 << at % 8, false);
    }
    check_ok(read_all(&o));
    for (size_t at = (size_t)size - 1; at > 0; at = at / 2) {
        spoil(name, at, 0, true);
        check_fails(read_all(&o), JEM_EDATA, name);
    }
}

static void a_bit_of_a_picture_is_found_when_it_is_read(void **state)
{
    (void)state;
    static const char name[] = "train-00001.safetensors";
    char path[512], wanted[64];
    int64_t size = 0;
    splits s = {NULL, NULL, NULL};
    batcher b;
    float x[4 * ROW];
    data_options o = pack_pictures();
    o.val_fraction = 0;
    snprintf(path, sizeof path, "%s/%s", out, name);
    check_ok(file_size(&size, path));
    const size_t place = (size_t)(size - PER_SHARD * ROW + ROW + 5); /* of the second picture; they come last */
    spoil(name, place, 4, false);
    check_ok(data_load(&s, &o, 1));
    check_ok(dataset_floats(x, s.train, (const int64_t[]){4, 6, 7}, 3)); /* its neighbours are whole */
    check_fails(dataset_floats(x, s.train, &(int64_t){5}, 1), JEM_EDATA, "have hash");
    snprintf(wanted, sizeof wanted, "the %d bytes at byte ", ROW);
    check_fails(dataset_floats(x, s.train, &(int64_t){5}, 1), JEM_EDATA, wanted);
    check_fails(dataset_floats(x, s.train, &(int64_t){5}, 1), JEM_EDATA,
                "put back the file that jem data pack wrote");
    check_ok(batcher_init(&b, s.train, &o, 4, 5, false));
    jem_status st = JEM_OK;
    for (int64_t it = 0; it < batcher_per_epoch(&b) + 1 && st == JEM_OK; it++) st = batcher_get(&b, it, x, NULL);
    assert_int_equal(st, JEM_EDATA);
    assert_non_null(strstr(jem_error_message(), name)); /* the thread's message arrives */
    spoil(name, place, 4, false);
    splits again = {NULL, NULL, NULL};
    check_ok(data_load(&again, &o, 1));
    check_ok(dataset_floats(x, again.train, &(int64_t){5}, 1));
    splits_free(&again);
    batcher_clear(&b);
    splits_free(&s);
}

static void replace_in_index(const char *from, const char *to)
{
    char path[512], *text = NULL, *changed, *at;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/index.json", out);
    check_ok(file_read(&text, &size, path, 0));
    at = strstr(text, from);
    assert_non_null(at);
    changed = malloc(size + strlen(to) + 1);
    assert_non_null(changed);
    sprintf(changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    check_ok(file_write(path, changed, strlen(changed)));
    free(changed);
    mem_free(text);
}

static void a_hostile_index_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"\"jem pictures 1\"", "\"jem pictures 2\"", "'format' is 'jem pictures 2'; this version of jem reads"},
        {"\"jem pictures 1\"", "\"jem latents 1\"", "'dtype'"},
        {"\"channels\": 3", "\"channels\": 4", "'channels' is missing or not 3"},
        {"\"width\": 16", "\"width\": 17", "'width'"},
        {"\"height\": 16", "\"height\": -16", "'height'"},
        {"\"picture\": 16", "\"picture\": 1e3", "'picture'"},
        {"\"resize\": \"bilinear\"", "\"resize\": \"nearest\"", "'resize' is missing or not bilinear or bicubic"},
        {"\"resize\": \"bilinear\"", "\"resize\": \"bicubic\"", "jem.resize is bilinear, the set's is bicubic"},
        {"\"images\": 11", "\"images\": 10", "'done'"},
        {"\"rows\": 4", "\"rows\": 3", "'done'"},
        {"\"file\": \"train-00000", "\"file\": \"../train-00000", "index.json: shard '../train-00000"},
        {"\"file\": \"train-00000", "\"file\": \"train-00009", "train-00009.safetensors: cannot open"},
        {"\"file\": \"train-00000", "\"file\": \"train-00001", "its checksum is not the one in the set's index"},
        {"\"a\",", "", "has label 1; there are 1 classes"},
        {"\"a\",\n  \"b\"", "", "'classes' is missing or not a list of names"},
        {"\"train\"", "\"rain\"", "'shards' is missing"},
        {"{", "[{", "index.json"},
    };
    char path[512], *good = NULL;
    size_t size = 0;
    data_options o = pack_pictures();
    o.val_fraction = 0;
    snprintf(path, sizeof path, "%s/index.json", out);
    check_ok(file_read(&good, &size, path, 0));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        replace_in_index(cases[i][0], cases[i][1]);
        check_fails(read_all(&o), JEM_EDATA, cases[i][2]);
        check_ok(file_write(path, good, size));
    }
    for (size_t cut = size - 1; cut > 0; cut /= 2) {
        check_ok(file_write(path, good, cut));
        check_fails(read_all(&o), JEM_EDATA, "index.json");
    }
    mem_free(good);
    assert_int_equal(remove(path), 0);
    check_fails(read_all(&o), JEM_EDATA, "index.json");
}

static void a_finished_shard_that_is_gone_is_missed(void **state)
{
    (void)state;
    stopper s = {.at = 0};
    char path[512];
    (void)pack_pictures();
    snprintf(path, sizeof path, "%s/train-00001.safetensors", out);
    assert_int_equal(remove(path), 0);
    check_fails(pack(&s, NULL), JEM_EDATA, "train-00001.safetensors: is gone, and the index says it is done");
    assert_int_equal(s.told, 0);
}

static void another_size_or_kind_is_refused(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    data_options o = pack_pictures();
    o.size = 64;
    check_fails(data_load(&s, &o, 1), JEM_EDATA,
                "its pictures are 16 x 16, data.size is 64: set data.size to 16 or 0, or pack with --size 64");
    o.size = SIDE;
    check_ok(data_load(&s, &o, 1));
    splits_free(&s);
    snprintf(o.kind, sizeof o.kind, "latents");
    check_fails(data_load(&s, &o, 1), JEM_EDATA, "holds pictures, not latents: set data.kind to packed");
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(packed_pictures_are_those_of_the_folder_to_the_bit),
        IN_FOLDER(pictures_in_8_bits_are_as_they_were_resized),
        IN_FOLDER(ranks_share_the_batches),
        IN_FOLDER(a_stopped_packing_goes_on_to_the_same_files),
        IN_FOLDER(a_shard_that_nobody_knows_is_written_again),
        IN_FOLDER(damaged_pictures_stop_or_are_left_out),
        IN_FOLDER(other_settings_pictures_or_sets_are_refused),
        IN_FOLDER(one_class_is_packed),
        IN_FOLDER(every_flipped_bit_and_every_cut_is_found),
        IN_FOLDER(a_bit_of_a_picture_is_found_when_it_is_read),
        IN_FOLDER(a_hostile_index_is_refused),
        IN_FOLDER(a_finished_shard_that_is_gone_is_missed),
        IN_FOLDER(another_size_or_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
