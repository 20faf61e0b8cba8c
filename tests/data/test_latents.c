/* Folders of latents: made with a stand-in for the autoencoder, read as a data set, and what
 * happens when they are damaged, cut short or of another make. */
#include "base/mem.h"
#include "data/shards/encode.h"
#include "data/dataset.h"
#include "pictures.h"
#include "share_check.h"
#include "support/folder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

enum { SIDE = 8, LATENT = 4 * 2 * 2 };

/* Counts its calls; stops or fails at one of them. */
typedef struct fake {
    int calls, stop_at, nan_at;
    volatile sig_atomic_t stop;
} fake;

/* Latent channel c: the means over quarters of the picture's channel c % 3, plus c. */
static jem_status encode(void *ctx, const float *x, int64_t n, float *mean)
{
    fake *f = ctx;
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < LATENT; k++) {
            const int c = k / 4, top = k / 2 % 2 * 4, left = k % 2 * 4;
            float sum = 0;
            for (int y = 0; y < 16; y++)
                sum += x[((i * 3 + c % 3) * SIDE + top + y / 4) * SIDE + left + y % 4];
            mean[i * LATENT + k] = sum / 16 + (float)c;
        }
    f->calls++;
    if (f->calls == f->stop_at) f->stop = 1;
    if (f->calls == f->nan_at) mean[0] = NAN;
    return JEM_OK;
}

/* A picture of `level`, brighter by 50 on its right half. */
static void write_halves(const char *name, int level)
{
    unsigned char rows[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        rows[i] = (unsigned char)(level + (i / 3 % SIDE >= SIDE / 2 ? 50 : 0));
    bytes b = png_bytes(SIDE, SIDE, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, rows, SIDE * 3);
    write_file(folder, name, b.data, b.size);
    free(b.data);
}

static char source[128], out[128];

/* 7 training pictures of 2 classes, 2 validation pictures. */
static void make_pictures(void)
{
    static const char *const dirs[] = {"in", "in/train", "in/val", "in/train/a", "in/train/b",
                                       "in/val/a", "in/val/b"};
    char name[64];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "in/train/%s/%d.png", i < 4 ? "a" : "b", i);
        write_halves(name, 20 * i);
    }
    write_halves("in/val/a/0.png", 150);
    write_halves("in/val/b/0.png", 160);
    snprintf(source, sizeof source, "%s/in", folder);
    snprintf(out, sizeof out, "%s/latents", folder);
}

static latent_job job_of(const imagenet *m, fake *f)
{
    latent_job j = {.source = source, .out = out, .images = m, .kernel = IMAGE_BICUBIC,
                    .encode = encode, .encoder = f, .batch = 2, .per_shard = 3, .threads = 2,
                    .stop = &f->stop,
                    .format = {.vae = "0123456789abcdef0123456789abcdef", .scale = 0.5,
                               .picture = SIDE, .channels = 4, .height = 2, .width = 2,
                               .flip = true, .dtype = JEM_F32}};
    return j;
}

/* Encodes with the changes in `j` (NULL: none). */
static jem_status run(fake *f, void (*change)(latent_job *j))
{
    imagenet m = IMAGENET_INIT;
    shard_index x = SHARD_INDEX_INIT;
    check_ok(imagenet_list(&m, source, NULL, false));
    latent_job j = job_of(&m, f);
    if (change) change(&j);
    jem_status st = latent_encode(&x, &j);
    shard_index_clear(&x);
    imagenet_clear(&m);
    return st;
}

static data_options options_of(void)
{
    data_options o = {.size = 0};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    snprintf(o.kind, sizeof o.kind, "latents");
    snprintf(o.path, sizeof o.path, "%s", out);
    o.val_fraction = 0;
    o.crop = false;
    o.noise_std = 0;
    return o;
}

static float unit(int level)
{
    return ((float)level / 255.0f - 0.5f) / 0.5f;
}

/* The pictures are made and encoded; what loads them. */
static data_options encode_pictures(void)
{
    fake f = {.calls = 0};
    make_pictures();
    check_ok(run(&f, NULL));
    return options_of();
}

static void pictures_become_a_data_set(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    float x[LATENT];
    const data_options o = encode_pictures();
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 7);
    assert_int_equal(s.val->n, 0);
    assert_int_equal(s.test->n, 2);
    assert_int_equal(s.train->classes, 2);
    assert_string_equal(s.train->class_names[1], "b");
    assert_true(s.train->channels == 4 && s.train->height == 2 && s.train->width == 2);
    for (int64_t i = 0; i < 7; i++) {
        assert_int_equal(s.train->labels[i], i >= 4);
        check_ok(dataset_floats(x, s.train, &i, 1));
        check_near(x[0], 0.5f * unit((int)(20 * i)), 1e-5, 0.1);
        check_near(x[1], 0.5f * unit((int)(20 * i + 50)), 1e-5, 0.1);
        check_near(x[13], 0.5f * (unit((int)(20 * i + 50)) + 3), 1e-5, 0.1);
    }
    assert_true(dataset_bytes(s.train) <= 7 * 32); /* the latents, 128 bytes a row, stay in their files */
    splits_free(&s);
}

static void batches_take_the_mirrored_pictures_latents(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    batcher b;
    float x[7 * LATENT];
    int32_t y[7];
    int mirrored = 0;
    const data_options o = encode_pictures();
    check_ok(data_load(&s, &o, 1));
    check_ok(batcher_init(&b, s.train, &o, 7, 5, false));
    for (int64_t it = 0; it < 20; it++) {
        int seen = 0;
        check_ok(batcher_get(&b, it, x, y));
        for (int i = 0; i < 7; i++) {
            const float dark = fminf(x[i * LATENT], x[i * LATENT + 1]);
            const int level = (int)lrintf((dark / 0.5f * 0.5f + 0.5f) * 255);
            assert_int_equal(level % 20, 0);
            assert_int_equal(y[i], level >= 80);
            mirrored += x[i * LATENT] > x[i * LATENT + 1];
            seen |= 1 << level / 20;
        }
        assert_int_equal(seen, 127);
    }
    assert_true(mirrored > 40 && mirrored < 100);
    batcher_clear(&b);
    splits_free(&s);
}

static void ranks_share_the_batches_of_latents(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    const data_options o = encode_pictures();
    check_ok(data_load(&s, &o, 1));
    check_shares(s.train, o, 2, 3, false); /* of 7 one is left over */
    check_shares(s.train, o, 3, 2, true);
    check_shares(s.train, o, 7, 1, false);
    splits_free(&s);
}

static void without_flip(latent_job *j)
{
    j->format.flip = false;
    j->format.dtype = JEM_F16;
}

static void latents_without_mirrored_ones_need_flip_off(void **state)
{
    (void)state;
    fake f = {.calls = 0};
    splits s = {NULL, NULL, NULL};
    batcher b;
    float x[LATENT];
    make_pictures();
    data_options o = options_of();
    check_ok(run(&f, without_flip));
    check_ok(data_load(&s, &o, 1));
    check_fails(batcher_init(&b, s.train, &o, 7, 5, false), JEM_EDATA, "set data.flip to false");
    o.flip = false;
    check_ok(batcher_init(&b, s.train, &o, 7, 5, false));
    batcher_clear(&b);
    check_ok(dataset_floats(x, s.train, &(int64_t){6}, 1));
    check_near(x[1], 0.5f * unit(170), 1e-3, 0.1); /* half precision */
    splits_free(&s);
}

/* The bytes of every file in the folder of latents, as one hash. */
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

static void a_stopped_encoding_goes_on_to_the_same_files(void **state)
{
    (void)state;
    fake whole = {.calls = 0};
    make_pictures();
    check_ok(run(&whole, NULL));
    const uint64_t hash = folder_hash();
    for (int at = 1; at < whole.calls; at += 3) {
        fake f = {.stop_at = at}, rest = {.calls = 0}, nothing = {.calls = 0};
        check_tmp_remove(out);
        check_fails(run(&f, NULL), JEM_EINTERRUPTED, "of 9 pictures are done");
        assert_int_equal(f.calls, at);
        check_ok(run(&rest, NULL));
        assert_true(rest.calls <= whole.calls);
        assert_true(folder_hash() == hash);
        check_ok(run(&nothing, NULL)); /* finished is finished */
        assert_int_equal(nothing.calls, 0);
    }
}

static void unfinished_latents_are_not_trained_on(void **state)
{
    (void)state;
    fake f = {.stop_at = 8};
    splits s = {NULL, NULL, NULL};
    make_pictures();
    const data_options o = options_of();
    check_fails(run(&f, NULL), JEM_EINTERRUPTED, "6 of 9");
    check_fails(data_load(&s, &o, 1), JEM_EDATA, "only 6 of 7 pictures of its part train");
}

static void skip_damaged(latent_job *j)
{
    j->skip_damaged = true;
}

static void damaged_pictures_stop_or_are_left_out(void **state)
{
    (void)state;
    fake f = {.calls = 0};
    splits s = {NULL, NULL, NULL};
    shard_index x = SHARD_INDEX_INIT;
    make_pictures();
    const data_options o = options_of();
    write_text(folder, "in/train/a/1.png", "no picture");
    check_fails(run(&f, NULL), JEM_EDATA, "in/train/a/1.png: neither PNG nor JPEG");
    check_ok(run(&f, skip_damaged));
    check_ok(shard_index_read(&x, out));
    assert_int_equal(x.parts[SHARD_TRAIN].skipped_count, 1);
    assert_string_equal(x.parts[SHARD_TRAIN].skipped[0].file, "train/a/1.png");
    assert_non_null(strstr(x.parts[SHARD_TRAIN].skipped[0].reason, "neither PNG nor JPEG"));
    shard_index_clear(&x);
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 6);
    assert_int_equal(s.train->labels[2], 0);
    assert_int_equal(s.train->labels[3], 1);
    splits_free(&s);
}

static void an_encoder_that_makes_nan_is_stopped(void **state)
{
    (void)state;
    fake f = {.nan_at = 3};
    make_pictures();
    check_fails(run(&f, NULL), JEM_EDATA, "the latent of picture 2 holds nan");
}

static void other_vae(latent_job *j) { j->format.vae[0] = 'f'; }
static void other_scale(latent_job *j) { j->format.scale = 0.18215; }
static void other_size(latent_job *j) { j->format.picture = 16; }
static void no_flip(latent_job *j) { j->format.flip = false; }

static void other_settings_or_pictures_are_refused(void **state)
{
    (void)state;
    fake f = {.calls = 0};
    make_pictures();
    check_ok(run(&f, NULL));
    check_fails(run(&f, other_vae), JEM_EUSAGE, "made with another autoencoder");
    check_fails(run(&f, other_scale), JEM_EUSAGE, "another latent scale");
    check_fails(run(&f, other_size), JEM_EUSAGE, "pictures of another size");
    check_fails(run(&f, no_flip), JEM_EUSAGE, "mirrored");
    write_halves("in/train/b/new.png", 3);
    check_fails(run(&f, NULL), JEM_EUSAGE, "other pictures");
}

/* ---- noise */

static void with_noise(latent_job *j) { j->noise = 5; }
static void more_noise(latent_job *j) { j->noise = 6; }

static void pictures_of_noise_follow_and_have_no_mirror_image(void **state)
{
    (void)state;
    fake f = {.calls = 0};
    shard_index x = SHARD_INDEX_INIT;
    shard_set *s = NULL;
    const rng_stream stream = {0, RNG_CHAIN_START, 0, 0};
    make_pictures();
    check_ok(run(&f, with_noise));
    check_ok(shard_index_read(&x, out));
    assert_int_equal(x.parts[SHARD_NOISE].images, 5);
    assert_int_equal(x.parts[SHARD_NOISE].shard_count, 2);
    check_ok(shard_set_open(&s, &x, SHARD_NOISE, out));
    assert_int_equal(shard_set_count(s), 5);
    for (uint32_t i = 0; i < 5; i++) {
        float picture[3 * SIDE * SIDE], want[LATENT], got[LATENT];
        rng_fill_uniform(picture, 3 * SIDE * SIDE, -1, 1, &stream, i);
        check_ok(encode(&f, picture, 1, want));
        check_ok(shard_set_row(s, i, false, got));
        for (int k = 0; k < LATENT; k++) check_near(got[k], 0.5 * (double)want[k], 1e-6, 0.1);
    }
    shard_set_free(s);
    shard_index_clear(&x);
}

static void noise_comes_later_or_in_parts_to_the_same_files(void **state)
{
    (void)state;
    fake whole = {.calls = 0}, pictures = {.calls = 0}, none = {.calls = 0};
    make_pictures();
    check_ok(run(&whole, with_noise));
    const uint64_t hash = folder_hash();
    check_fails(run(&none, more_noise), JEM_EUSAGE, "another number of noise pictures");
    check_ok(run(&none, NULL)); /* what is there is enough */
    assert_int_equal(none.calls, 0);
    check_tmp_remove(out);
    check_ok(run(&pictures, NULL));
    fake f = {.stop_at = 2}, rest = {.calls = 0};
    check_fails(run(&f, with_noise), JEM_EINTERRUPTED, "12 of 14 pictures are done");
    check_ok(run(&rest, with_noise));
    assert_int_equal(f.calls + rest.calls, whole.calls - pictures.calls);
    assert_true(folder_hash() == hash);
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

static void every_flipped_bit_and_every_cut_is_found(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    const data_options o = encode_pictures();
    for (size_t at = 0; at < 1500; at += 37) {
        spoil("train-00001.safetensors", at, 1 << at % 8, false);
        check_fails(data_load(&s, &o, 1), JEM_EDATA, "train-00001.safetensors");
        spoil("train-00001.safetensors", at, 1 << at % 8, false);
    }
    check_ok(data_load(&s, &o, 1));
    splits_free(&s);
    for (size_t at = 700; at > 0; at = at / 2) {
        spoil("train-00001.safetensors", at, 0, true);
        check_fails(data_load(&s, &o, 1), JEM_EDATA, "train-00001.safetensors");
    }
}

/* Reads rows 3 to 5, which are shard 1. */
static jem_status read_second_shard(const dataset *d)
{
    float x[3 * LATENT];
    return dataset_floats(x, d, (const int64_t[]){3, 4, 5}, 3);
}

/* Overwrites the file where it lies, so that nothing but its bytes changes. */
static void overwrite(const char *name, int64_t at, const void *data, size_t size)
{
    char path[512];
    struct stat before;
    snprintf(path, sizeof path, "%s/%s", out, name);
    const int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &before), 0);
    assert_int_equal(pwrite(fd, data, size, at), size);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(close(fd), 0);
}

static void an_open_shard_that_changes_is_an_error_and_no_signal(void **state)
{
    (void)state;
    static const char name[] = "train-00001.safetensors", zeros[128] = "";
    splits s = {NULL, NULL, NULL};
    batcher b;
    char path[512], *good = NULL;
    size_t size = 0;
    float x[7 * LATENT];
    const data_options o = encode_pictures();
    check_ok(data_load(&s, &o, 1));
    check_ok(batcher_init(&b, s.train, &o, 7, 5, false));
    snprintf(path, sizeof path, "%s/%s", out, name);
    check_ok(file_read(&good, &size, path, 0));
    const int64_t first = (int64_t)size - 3 * 2 * LATENT * 4 - 3 * 2 * 4; /* byte of its latents */
    char place[64];
    snprintf(place, sizeof place, "the 64 bytes at byte %" PRId64 " have hash ", first + 128);
    check_ok(read_second_shard(s.train));

    overwrite(name, first + 128, zeros, 128); /* row 1 of 3 and its mirror image */
    check_fails(read_second_shard(s.train), JEM_EDATA, place);
    check_fails(batcher_get(&b, 0, x, NULL), JEM_EDATA, path);
    check_fails(dataset_midpoint(x, s.train, 0, 4), JEM_EDATA, path);
    check_ok(dataset_midpoint(x, s.train, 0, 3));
    overwrite(name, 0, good, size);
    check_ok(read_second_shard(s.train));

    assert_int_equal(truncate(path, first + 150), 0);
    char cut[96];
    snprintf(cut, sizeof cut, "ends at byte %" PRId64 ", the latent at byte %" PRId64
                                  " has 64 bytes", first + 150, first + 128);
    check_fails(dataset_floats(x, s.train, &(int64_t){4}, 1), JEM_EDATA, cut);
    check_fails(batcher_get(&b, 0, x, NULL), JEM_EDATA, "jem data encode wrote");
    assert_int_equal(truncate(path, 0), 0);
    check_fails(read_second_shard(s.train), JEM_EDATA, "ends at byte 0, the latent at byte ");
    overwrite(name, 0, good, size);
    check_ok(batcher_get(&b, 0, x, NULL));

    check_ok(file_write(path, "x", 1)); /* a new file of this name: the old one is still open */
    check_ok(batcher_get(&b, 0, x, NULL));
    batcher_clear(&b);
    splits_free(&s);
    mem_free(good);
}

/* Where not all files can stay open. */
static void a_shard_that_is_opened_for_each_row_is_the_same(void **state)
{
    (void)state;
    char path[512], kept[512], checksum[SHARD_CHECKSUM_SIZE];
    float x[2][LATENT];
    fake f = {.calls = 0};
    const data_options o = encode_pictures();
    imagenet m = IMAGENET_INIT;
    shard_file s = SHARD_FILE_INIT;
    shard_index index = SHARD_INDEX_INIT;
    (void)o;
    check_ok(imagenet_list(&m, source, NULL, false));
    const shard_format format = job_of(&m, &f).format;
    check_ok(shard_index_read(&index, out));
    snprintf(checksum, sizeof checksum, "%s", index.parts[SHARD_TRAIN].shards[1].checksum);
    snprintf(path, sizeof path, "%s/train-00001.safetensors", out);
    snprintf(kept, sizeof kept, "%s/train-00000.safetensors", out);
    check_ok(shard_file_open(&s, path, &format, checksum, false));
    assert_int_equal(s.fd, -1);
    check_ok(shard_file_read(&s, 5, x[0]));
    check_ok(shard_file_read(&s, 5, x[1]));
    assert_memory_equal(x[0], x[1], sizeof x[0]);
    assert_int_equal(rename(kept, path), 0); /* another shard in its place */
    check_fails(shard_file_read(&s, 5, x[1]), JEM_EDATA, "the 64 bytes at byte");
    assert_int_equal(remove(path), 0);
    check_fails(shard_file_read(&s, 5, x[1]), JEM_EDATA, "cannot open: No such file");
    shard_file_clear(&s);
    shard_index_clear(&index);
    imagenet_clear(&m);
}

static void rename_in_out(const char *from, const char *to)
{
    char a[512], b[512];
    snprintf(a, sizeof a, "%s/%s", out, from);
    snprintf(b, sizeof b, "%s/%s", out, to);
    assert_int_equal(rename(a, b), 0);
}

static void shards_that_are_missing_or_of_another_set_are_named(void **state)
{
    (void)state;
    splits s = {NULL, NULL, NULL};
    const data_options o = encode_pictures();
    rename_in_out("train-00000.safetensors", "kept");
    check_fails(data_load(&s, &o, 1), JEM_EDATA, "train-00000.safetensors: cannot open");
    rename_in_out("train-00001.safetensors", "train-00000.safetensors");
    rename_in_out("kept", "train-00001.safetensors");
    check_fails(data_load(&s, &o, 1), JEM_EDATA, "its checksum is not the one in the set's index");
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
        {"\"jem latents 1\"", "\"jem latents 2\"", "'format'"},
        {"\"vae\": \"01", "\"vae\": \"0", "'vae' is missing or not a hash"},
        {"\"latent_scale\": 0.5", "\"latent_scale\": -1.5", "'latent_scale'"},
        {"\"latent_scale\": 0.5", "\"latent_scale\": 0.25", "jem.latent_scale is 0.5"},
        {"\"channels\": 4", "\"channels\": 4000000000", "'channels'"},
        {"\"channels\": 4", "\"channels\": 5", "another type or shape"},
        {"\"width\": 2", "\"width\": -2", "'width'"},
        {"\"flip\": true", "\"flip\": 1", "'flip'"},
        {"\"flip\": true", "\"flip\": false", "another type or shape"},
        {"\"dtype\": \"f32\"", "\"dtype\": \"f64\"", "'dtype'"},
        {"\"images\": 7", "\"images\": 6", "'done'"},
        {"\"rows\": 3", "\"rows\": 2", "'done'"},
        {"\"rows\": 3", "\"rows\": 9223372036854775807", "'rows'"},
        {"\"file\": \"train-00000", "\"file\": \"../train-00000", "index.json: shard '../train-00000"},
        {"\"file\": \"train-00000", "\"file\": \"\\u001b[2Jtrain-00000", "shard '\\x1b[2Jtrain-00000"},
        {"\"classes\": [", "\"classes\": [1,", "'classes'"},
        {"\"b\"\n", "\"b\", \"a\"\n", ""}, /* more classes than labels do no harm */
        {"\"train\"", "\"rain\"", "'shards' is missing"},
        {"{", "[{", "index.json"},
    };
    splits s = {NULL, NULL, NULL};
    char path[512], *good = NULL;
    size_t size = 0;
    const data_options o = encode_pictures();
    snprintf(path, sizeof path, "%s/index.json", out);
    check_ok(file_read(&good, &size, path, 0));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        replace_in_index(cases[i][0], cases[i][1]);
        if (cases[i][2][0])
            check_fails(data_load(&s, &o, 1), JEM_EDATA, cases[i][2]);
        else
            check_ok(data_load(&s, &o, 1));
        splits_free(&s);
        check_ok(file_write(path, good, size));
    }
    mem_free(good);
    assert_int_equal(remove(path), 0);
    check_fails(data_load(&s, &o, 1), JEM_EDATA, "index.json");
}

static void splits_share_their_files_and_their_hash_names_them(void **state)
{
    (void)state;
    fake f = {.calls = 0};
    splits s = {NULL, NULL, NULL}, again = {NULL, NULL, NULL};
    make_pictures();
    data_options o = options_of();
    o.val_fraction = 0.4;
    check_ok(run(&f, NULL));
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 4);
    assert_int_equal(s.val->n, 3);
    check_ok(data_load(&again, &o, 1));
    assert_true(s.train->hash == again.train->hash && s.train->hash != s.val->hash);
    splits_free(&again);
    check_tmp_remove(out);
    check_ok(run(&f, other_vae)); /* the same numbers by another network */
    check_ok(data_load(&again, &o, 1));
    assert_true(s.train->hash != again.train->hash);
    splits_free(&again);
    o.size = 4;
    check_fails(data_load(&again, &o, 1), JEM_EUSAGE, "data.size = 4 does not apply");
    float x[LATENT]; /* the removed files are still open */
    check_ok(dataset_floats(x, s.val, &(int64_t){2}, 1));
    splits_free(&s);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(pictures_become_a_data_set),
        IN_FOLDER(batches_take_the_mirrored_pictures_latents),
        IN_FOLDER(ranks_share_the_batches_of_latents),
        IN_FOLDER(latents_without_mirrored_ones_need_flip_off),
        IN_FOLDER(a_stopped_encoding_goes_on_to_the_same_files),
        IN_FOLDER(unfinished_latents_are_not_trained_on),
        IN_FOLDER(damaged_pictures_stop_or_are_left_out),
        IN_FOLDER(an_encoder_that_makes_nan_is_stopped),
        IN_FOLDER(other_settings_or_pictures_are_refused),
        IN_FOLDER(pictures_of_noise_follow_and_have_no_mirror_image),
        IN_FOLDER(noise_comes_later_or_in_parts_to_the_same_files),
        IN_FOLDER(every_flipped_bit_and_every_cut_is_found),
        IN_FOLDER(an_open_shard_that_changes_is_an_error_and_no_signal),
        IN_FOLDER(a_shard_that_is_opened_for_each_row_is_the_same),
        IN_FOLDER(shards_that_are_missing_or_of_another_set_are_named),
        IN_FOLDER(a_hostile_index_is_refused),
        IN_FOLDER(splits_share_their_files_and_their_hash_names_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
