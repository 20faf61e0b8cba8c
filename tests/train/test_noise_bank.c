/* Chains that begin at encoded noise: where starts come from, and what a run keeps of them. */
#include "support/folder.h"
#include "support/identity.h"
#include "train/latent_folder.h"

#include "base/file.h"
#include "base/mem.h"
#include "run/loop.h"
#include "train/noise_bank.h"

enum { SIDE = LATENT_SIDE, SIZE = LATENT_SIZE, IMAGES = 24, ENTRIES = 5 };

static char latents[128];

/* A folder of latents of two classes, with a bank of `entries` if there are any. */
static void write_latents(int64_t entries, float base)
{
    snprintf(latents, sizeof latents, "%s/latents", folder);
    latent_folder_write(latents, &latent_folder_plain, IMAGES, entries, base);
}

static void settings(config *c)
{
    static const char *const set[] = {
        "model.name=wrn-10-1", "model.pool=adaptive", "data.kind=latents", "data.crop=false",
        "data.flip=false", "sampler.steps=2", "sampler.buffer_size=40", "sampler.clip=false",
        "sampler.start=encoded_noise", "sampler.reinit_prob=0.5", "train.batch=8",
        "train.iterations=6", "train.lr=1e-3", "train.warmup=2", "engine.threads=2", NULL};
    check_ok(config_defaults(c, &config_builtin));
    for (int i = 0; set[i]; i++) check_ok(options_assign(config_groups(c), set[i]));
    snprintf(c->data.path, sizeof c->data.path, "%s", latents);
}

static void starts_are_entries_of_the_bank(void **state)
{
    (void)state;
    enum { DRAWS = 200 };
    config c;
    noise_bank b = NOISE_BANK_INIT;
    const rng_stream s = {1, RNG_TEST, 0, 0};
    float *x = NULL, one[SIZE];
    int seen = 0;

    write_latents(ENTRIES, 7);
    settings(&c);
    check_ok(noise_bank_read(&b, &c.data));
    assert_true(b.n == ENTRIES && b.channels == 4 && b.height == SIDE && b.width == SIDE);
    const chain_start start = noise_bank_start(&b);
    check_ok(MEM_NEW(x, DRAWS * SIZE));
    start.fill(start.ctx, x, DRAWS, SIZE, -1, &s, 0);
    for (uint32_t i = 0; i < DRAWS; i++) {
        const int entry = (int)lrintf(x[i * SIZE] - 7);
        assert_in_range(entry, 0, ENTRIES - 1);
        assert_memory_equal(x + i * SIZE, b.latents + entry * SIZE, sizeof one);
        seen |= 1 << entry;
        start.fill(start.ctx, one, 1, SIZE, -1, &s, i); /* the same however many at once */
        assert_memory_equal(one, x + i * SIZE, sizeof one);
    }
    assert_int_equal(seen, (1 << ENTRIES) - 1);
    mem_free(x);
    noise_bank_clear(&b);
}

static void data_without_a_bank_are_refused(void **state)
{
    (void)state;
    config c;
    noise_bank b = NOISE_BANK_INIT;
    shard_index x = SHARD_INDEX_INIT;

    write_latents(0, 0);
    settings(&c);
    check_fails(noise_bank_read(&b, &c.data), JEM_EDATA, "run the same jem data encode again");
    write_latents(ENTRIES, 0);
    check_ok(shard_index_read(&x, latents));
    x.parts[SHARD_NOISE].images++;
    check_ok(shard_index_write(&x, latents));
    shard_index_clear(&x);
    check_fails(noise_bank_read(&b, &c.data), JEM_EDATA, "only 5 of 6 pictures of its part noise");
    check_ok(options_assign(config_groups(&c), "data.kind=npy"));
    check_fails(noise_bank_read(&b, &c.data), JEM_EUSAGE, "data.kind = latents");
    assert_null(b.latents);
}

static jem_status train(const char *out, bool resume, const volatile sig_atomic_t *stop)
{
    config c;
    settings(&c);
    return train_run(&(train_request){.cfg = &c, .out = out, .resume = resume, .stop = stop});
}

static char *read_checkpoint(const char *folder_of_run, size_t *size)
{
    char path[192], *bytes = NULL;
    snprintf(path, sizeof path, "%s/checkpoints/000000006.safetensors", folder_of_run);
    check_ok(file_read(&bytes, size, path, 0));
    identity_mask(bytes, *size);
    return bytes;
}

static void a_run_goes_on_with_the_bank_it_began_with(void **state)
{
    (void)state;
    const volatile sig_atomic_t stop = 1;
    char a[128], b[128], other[128], path[192];
    run *r = NULL;
    noise_bank kept = NOISE_BANK_INIT;
    size_t size_a, size_b, size_other;

    snprintf(a, sizeof a, "%s/a", folder);
    snprintf(b, sizeof b, "%s/b", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    write_latents(ENTRIES, 7);
    check_ok(train(a, false, NULL));
    check_fails(train(b, false, &stop), JEM_EINTERRUPTED, "saved");
    write_latents(ENTRIES, 1); /* the training images stay as they were */
    check_ok(train(b, true, NULL));
    check_ok(train(other, false, NULL));
    char *x = read_checkpoint(a, &size_a), *y = read_checkpoint(b, &size_b);
    char *z = read_checkpoint(other, &size_other);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(x, y, size_a);
    assert_int_equal(size_a, size_other);
    assert_memory_not_equal(x, z, size_a); /* the bank matters */
    check_ok(run_open(&r, &config_builtin, b, NULL, 0));
    check_ok(run_noise_bank(&kept, r));
    assert_int_equal(kept.n, ENTRIES);
    for (int i = 0; i < ENTRIES; i++) check_near(kept.latents[i * SIZE], 7 + i, 0.02, 0);
    noise_bank_clear(&kept);
    snprintf(path, sizeof path, "%s/checkpoints/000000006.safetensors", b);
    check_ok(model_load(r->m, path)); /* a checkpoint serves as weights: the bank is none */
    run_close(r);
    mem_free(x);
    mem_free(y);
    mem_free(z);
}

/* ---- latents that change while they are trained on */

/* A row that batches take in the second iteration. */
static int64_t row_of_second_batch(const config *c, const splits *data)
{
    batcher b;
    check_ok(batcher_init(&b, data->train, &c->data, 8, (uint64_t)c->seed, false));
    const int64_t row = data->train->rows[batcher_order(&b, 0)[8]];
    batcher_clear(&b);
    return row;
}

static jem_status learn(config *c, const char *out, const splits *data)
{
    return train_run(&(train_request){.cfg = c, .out = out, .data = data, .resume = true});
}

static void a_shard_that_changes_stops_a_run_that_can_go_on(void **state)
{
    (void)state;
    config c;
    splits data;
    char a[128], b[128], shard[160], *good = NULL, *bad = NULL;
    size_t size, size_a, size_b;

    write_latents(ENTRIES, 7);
    settings(&c);
    c.alpha = 0; /* a start with chains reads every latent once */
    snprintf(a, sizeof a, "%s/a", folder);
    snprintf(b, sizeof b, "%s/b", folder);
    snprintf(shard, sizeof shard, "%s/train-00000.safetensors", latents);
    check_ok(learn(&c, a, NULL));
    check_ok(data_load(&data, &c.data, CONFIG_SPLIT_SEED));
    check_ok(file_read(&good, &size, shard, 0));
    check_ok(file_read(&bad, &size, shard, 0));
    const int64_t row = row_of_second_batch(&c, &data);
    const size_t data_size = IMAGES * SIZE * sizeof(float), small = 2 * IMAGES * sizeof(int32_t);
    memset(bad + size - small - data_size + (size_t)row * SIZE * sizeof(float), 0, SIZE);
    FILE *f = fopen(shard, "r+b"); /* in place, as rsync --inplace and careless scripts do */
    assert_non_null(f);
    assert_int_equal(fwrite(bad, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    check_fails(learn(&c, b, &data), JEM_EDATA, "train-00000.safetensors: the 1024 bytes at byte ");
    assert_non_null(strstr(jem_error_message(), "saved after iteration 1 of 6, then: jem resume"));
    splits_free(&data);
    check_fails(learn(&c, b, NULL), JEM_EDATA, "checksum does not match");
    check_ok(file_write(shard, good, size));
    check_ok(learn(&c, b, NULL));
    char *x = read_checkpoint(a, &size_a), *y = read_checkpoint(b, &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(x, y, size_a);
    mem_free(x);
    mem_free(y);
    mem_free(good);
    mem_free(bad);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(starts_are_entries_of_the_bank),
        IN_FOLDER(data_without_a_bank_are_refused),
        IN_FOLDER(a_run_goes_on_with_the_bank_it_began_with),
        IN_FOLDER(a_shard_that_changes_stops_a_run_that_can_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
