/* Commands on runs that live in the latent space of an autoencoder. */
#include "cli/latent_study.h"
#include "data/pictures/image.h"
#include "data/shards/set.h"
#include "jem/tensor.h"
#include "support/made_data.h"

/* Four cue-conflict pictures below "cue", and "map.tsv" from the run's classes to categories. */
static void prepare_cue_conflict(void)
{
    static const char *const dirs[] = {"cue", "cue/cue-conflict", "cue/cue-conflict/airplane",
                                       "cue/cue-conflict/bear"};
    static const char *const names[] = {"airplane/airplane1-bear2.jpg", "airplane/airplane2-bear1.jpg",
                                        "bear/bear1-airplane2.jpg", "bear/bear3-bear1.jpg"};
    char path[64];

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "cue/cue-conflict/%s", names[i]);
        bytes b = jpeg_bytes(224, 224 - 7 * i, 3); /* the last ones are no squares */
        write_file(folder, path, b.data, b.size);
        free(b.data);
    }
    write_text(folder, "map.tsv", "category\tindex\nairplane\t0\nbear\t1\n");
}

#define CUE                                                                                        \
    "bench cue-conflict %D/run --data %D/cue --mapping %D/map.tsv --set cue-conflict.subset=true " \
    "--set bench.rounds=100 "

static void decisions_go_through_the_autoencoder(void **state)
{
    (void)state;
    size_t n;
    prepare_latent_run();
    prepare_cue_conflict();
    program_works(folder, CUE "--vae %D/vae.safetensors");
    program_said(folder, "run/scores/scores.json",
                 "latents of pictures resized to 32x32, scaled by 0.5");
    program_said(folder, "run/scores/scores.json", "\"steps=20\"");
    program_said(folder, "run/trials/cue-conflict/cue-conflict/"
                         "cue-conflict_wrn-10-1-steps-20_session-1.csv", "airplane1-bear2");

    /* Nothing is encoded again, and the answers are the same. */
    char *first = program_read(folder, "run/scores/scores.tsv", &n);
    int64_t before, after;
    char kept[128];
    snprintf(kept, sizeof kept, "%s/run/kept-latents.bin", folder);
    check_ok(file_size(&before, kept));
    assert_int_equal(before, 16 + 4 * (32 + 4 * 8 * 8 * 4));
    program_works(folder, CUE "--vae %D/vae.safetensors --threads 1");
    check_ok(file_size(&after, kept));
    assert_int_equal(after, before);
    program_said(folder, "run/scores/scores.tsv", first);
    mem_free(first);
}

static void another_autoencoder_is_refused(void **state)
{
    (void)state;
    prepare_latent_run();
    prepare_cue_conflict();
    program_fails(folder, CUE, 2, "lives in the latent space of the autoencoder ");
    program_said(folder, "err", "showing it pictures needs its weights: name their file");
    write_small_vae(folder, "other.safetensors", 12);
    program_fails(folder, CUE "--vae %D/other.safetensors", 3,
                  "name the file that its latents were encoded with");
    program_fails(folder, CUE "--vae %D/run/best.safetensors", 3, "holds no AutoencoderKL");
    program_fails(folder, CUE "--vae %D/gone.safetensors", 3, "gone.safetensors");
    program_fails(folder, CUE "--vae-precision bf16", 2, "go with --vae FILE");
    program_fails(folder, CUE "--vae %D/vae.safetensors --vae-precision f8", 2,
                  "'f8' is unknown; choose f32 or bf16");
    program_fails(folder, CUE "--vae %D/vae.safetensors --vae-cache %D/c.yaml", 3,
                  "c.yaml: is no file of kept latents");
    assert_false(program_made(folder, "run/scores/scores.json"));
}

static void bapps_is_scored_with_and_without_the_jem(void **state)
{
    (void)state;
    char data[256], command[512];
    made_data(data, sizeof data, "bapps-layout");
    prepare_latent_run();
    snprintf(command, sizeof command, "bench bapps %%D/run --vae %%D/vae.safetensors --data %s "
                                      "--set bench.rounds=100", data);
    program_works(folder, command);
    program_said(folder, "run/scores/scores.json", "\"model\": \"autoencoder\"");
    program_said(folder, "run/scores/scores.json", "outputs of the encoder's 3 down blocks");
    program_said(folder, "run/scores/scores.json", "latents of pictures of 64x64");
    program_said(folder, "run/trials/bapps.csv", "wrn-10-1");
    snprintf(command, sizeof command, "bench bapps %%D/run --vae %%D/vae.safetensors --data %s "
                                      "--set bench.rounds=100 --set bapps.size=66", data);
    program_fails(folder, command, 2, "multiples of 4");
    snprintf(command, sizeof command, "bench bapps --vae %%D/vae.safetensors --data %s "
                                      "--set bench.rounds=100 --out %%D/alone", data);
    program_works(folder, command);
    program_said(folder, "alone/scores/scores.json", "\"model\": \"autoencoder\"");
    program_said(folder, "alone/trials/bapps.csv", "autoencoder");
}

static void clickme_maps_go_through_the_decoder(void **state)
{
    (void)state;
    char data[256], command[512];
    made_data(data, sizeof data, "clickme");
    prepare_latent_run();
    snprintf(command, sizeof command, "bench clickme %%D/run --vae %%D/vae.safetensors --data %s "
                                      "--set bench.rounds=100", data);
    program_works(folder, command);
    program_said(folder, "run/scores/scores.json",
                 "map = max over channels of |gradient of log sum exp f(x)|; latents of pictures "
                 "resized to 32x32, scaled by 0.5; gradient of the latent through the decoder's "
                 "exact Jacobian");
    strcat(command, " --set clickme.jacobian=difference --set clickme.channels=mean");
    program_works(folder, command);
    program_said(folder, "run/scores/scores.json", "map = mean over channels");
    program_said(folder, "run/scores/scores.json", "through the decoder, by differences");
}

/* The autoencoder alone: its classes come from a linear layer on the latents, and every score says whose choice that is. */
static void the_autoencoder_alone_answers_by_a_probe(void **state)
{
    (void)state;
    char data[256], command[512];
    prepare_latents();
    prepare_cue_conflict();
    write_text(folder, "p.yaml", "alpha: 0\n"
                                 "model: {name: linear}\n"
                                 "data: {kind: latents, crop: false, flip: false}\n"
                                 "train: {batch: 8, iterations: 4, lr: 1e-3, warmup: 0}\n");
    program_works(folder, "train %D/p.yaml --set data.path=%D/z --out %D/run");
    program_works(folder, CUE "--vae %D/vae.safetensors");
    program_said(folder, "err", "autoencoder-probe: the autoencoder alone");
    program_said(folder, "out", "autoencoder-probe");
    program_said(folder, "run/scores/scores.json", "\"model\": \"autoencoder-probe\"");
    program_said(folder, "run/scores/scores.json", "answering by a linear layer on its latents (jem's choice");
    program_said(folder, "run/trials/cue-conflict/cue-conflict/cue-conflict_autoencoder-probe_session-1.csv",
                 "airplane1-bear2");
    assert_false(program_made(folder, "run/trials/cue-conflict/cue-conflict/"
                                      "cue-conflict_autoencoder-probe-steps-20_session-1.csv"));
    made_data(data, sizeof data, "clickme");
    snprintf(command, sizeof command, "bench clickme %%D/run --vae %%D/vae.safetensors --data %s "
                                      "--set bench.rounds=100", data);
    program_works(folder, command);
    program_said(folder, "run/scores/scores.json", "through the decoder's exact Jacobian");
    made_data(data, sizeof data, "bapps-layout");
    snprintf(command, sizeof command, "bench bapps %%D/run --vae %%D/vae.safetensors --data %s", data);
    program_fails(folder, command, 2, "autoencoder-probe");
}

static void size_of_png(const char *name, int64_t *height, int64_t *width)
{
    image m = IMAGE_INIT;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(image_read(&m, path));
    *height = m.height;
    *width = m.width;
    image_clear(&m);
}

static void pictures_are_refined_and_sampled(void **state)
{
    (void)state;
    int64_t height, width;
    prepare_latent_run();
    program_works(folder, "refine %D/run %D/in/val/cat/16.jpg --steps 0,2,5 --vae %D/vae.safetensors --bare "
                          "-o %D/strip.png");
    program_said(folder, "err", "latents of pictures resized to 32x32, scaled by 0.5");
    program_said(folder, "out", "steps                   0            2            5\n");
    size_of_png("strip.png", &height, &width);
    assert_true(height == 64 && width == 3 * 66 - 2);
    program_fails(folder, "refine %D/run %D/in/val/cat/16.jpg", 2, "a picture needs its weights: name their file");

    program_works(folder, "sample %D/run --n 4 --steps 3 --from shared-noise "
                          "--vae %D/vae.safetensors -o %D/grid.png");
    size_of_png("grid.png", &height, &width);
    program_works(folder, "sample %D/run --n 2 -o %D/buffer.npy"); /* latents: no autoencoder */
    program_fails(folder, "sample %D/run --n 2 -o %D/x.png", 2,
                  "a picture of samples needs its weights: name their file");
    program_fails(folder, "sample %D/run --n 2 --from shared-noise -o %D/x.npy", 2,
                  "encoding a picture of noise needs its weights");
    program_fails(folder, "sample %D/run --from other -o %D/x.png", 2,
                  "choose buffer, noise or shared-noise");
    assert_false(program_made(folder, "x.png"));
}

/* Is x [4,8,8] one of the encodings of noise in "z"? */
static bool is_encoded_noise(const float *x)
{
    char path[128];
    shard_index index = SHARD_INDEX_INIT;
    shard_set *s = NULL;
    float entry[4 * 8 * 8];
    bool found = false;

    snprintf(path, sizeof path, "%s/z", folder);
    check_ok(shard_index_read(&index, path));
    check_ok(shard_set_open(&s, &index, SHARD_NOISE, path));
    assert_int_equal(shard_set_count(s), 6);
    for (int64_t i = 0; i < 6 && !found; i++) {
        check_ok(shard_set_row(s, i, false, entry));
        found = memcmp(entry, x, sizeof entry) == 0;
    }
    shard_set_free(s);
    shard_index_clear(&index);
    return found;
}

#define TRAIN "train %D/c.yaml --set sampler.start=encoded_noise --set data.path=%D/"
static void chains_begin_at_encoded_noise(void **state)
{
    (void)state;
    char path[128];
    jem_tensor x = JEM_TENSOR_INIT;
    prepare_latents();
    program_works(folder, "plan %D/c.yaml --set sampler.start=encoded_noise --set data.path=%D/z "
                          "--no-timing");
    program_said(folder, "out", "bank of encoded noise");
    program_works(folder, TRAIN "z --out %D/run");
    program_said(folder, "err", "starts of chains: 6 pictures of noise, encoded");
    program_works(folder, "sample %D/run --n 8 --steps 0 --from noise -o %D/x.npy");
    snprintf(path, sizeof path, "%s/x.npy", folder);
    check_ok(jem_npy_read(&x, path));
    for (int i = 0; i < 8; i++) assert_true(is_encoded_noise((const float *)x.data + i * 4 * 8 * 8));
    jem_tensor_clear(&x);

    program_works(folder, TRAIN "z --set alpha=0 --out %D/classifier");
    program_fails(folder, "sample %D/classifier --n 2 -o %D/y.npy", 2, "its autoencoder encodes some");
    program_works(folder, "sample %D/classifier --n 2 --vae %D/vae.safetensors -o %D/y.npy");
    program_works(folder, "data encode %D/in --vae %D/vae.safetensors --out %D/bare --size 32 --noise 0");
    program_fails(folder, TRAIN "bare --out %D/other", 3, "bare: has no encoded noise");
    program_fails(folder, "train %D/c.yaml --set sampler.start=encoded_noise --set data.kind=folder "
                          "--set data.size=32 --set data.path=%D/in/train --out %D/other", 2,
                  "is for data.kind = latents");
}

static void evaluation_shows_pictures_where_the_autoencoder_is(void **state)
{
    (void)state;
    size_t n;
    prepare_latent_run();
    program_works(folder, "eval %D/run");
    program_said(folder, "err", "no pictures of latents: their autoencoder was not named");
    program_said(folder, "run/scores/scores.json", "\"accuracy\"");
    program_said(folder, "run/scores/scores.json", "lse:interpolated");
    assert_false(program_made(folder, "run/samples/buffer.png"));
    char *before = program_read(folder, "run/scores/scores.tsv", &n);
    program_works(folder, "eval %D/run --vae %D/vae.safetensors");
    program_said(folder, "run/scores/scores.tsv", before);
    mem_free(before);
    assert_true(program_made(folder, "run/samples/data.png"));
    assert_true(program_made(folder, "run/samples/buffer.png"));
    assert_true(program_made(folder, "run/samples/shared_start.png"));
    program_works(folder, "eval %D/run --vae %D/vae.safetensors");
    program_said(folder, "err", "evaluated already");
}

/* What benchmarks and evaluation leave behind, and the report lays out. */
static void a_report_shows_pictures(void **state)
{
    (void)state;
    static const char *const made[] = {
        "run/samples/refined/airplane1-bear2.png/0000.png",
        "run/samples/refined/airplane1-bear2.png/0020.png", "run/samples/trajectory/0/0050.png",
        "run/samples/clickme/made-0/people.png",
        "run/samples/clickme/made-0/model.png", "run/figures/pictures-refined.png",
        "run/figures/pictures-trajectory.png", "run/figures/pictures-clickme.png"};
    char data[256], command[512];
    made_data(data, sizeof data, "clickme");
    prepare_latent_run();
    prepare_cue_conflict();
    program_works(folder, CUE "--vae %D/vae.safetensors");
    snprintf(command, sizeof command, "bench clickme %%D/run --vae %%D/vae.safetensors --data %s "
                                      "--set bench.rounds=100 --set clickme.shown=2", data);
    program_works(folder, command);
    program_works(folder, "eval %D/run --vae %D/vae.safetensors");
    program_works(folder, "report %D/run -o %D/page.html");
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (!program_made(folder, made[i])) fail_msg("%s is missing", made[i]);
    assert_false(program_made(folder, "run/samples/clickme/made-2/model.png"));

    /* Another scoring removes the pictures of the one before. */
    program_works(folder, CUE "--vae %D/vae.safetensors --set cue-conflict.shown=bear1-airplane2.png "
                          "--set 'cue-conflict.steps=[0, 3]'");
    assert_false(program_made(folder, made[0]));
    assert_true(program_made(folder, "run/samples/refined/bear1-airplane2.png/0003.png"));
}

static void latents_of_another_kind_are_refused(void **state)
{
    (void)state;
    prepare_latent_run();
    program_works(folder, "data encode %D/in --vae %D/vae.safetensors --out %D/scaled --size 32 "
                          "--scale 0.25 --noise 0");
    program_fails(folder, "eval %D/run --set data.path=%D/scaled", 3,
                  "scaled by 0.25, but ");
    write_small_vae(folder, "other.safetensors", 12);
    program_works(folder, "data encode %D/in --vae %D/other.safetensors --out %D/other --size 32 "
                          "--noise 0");
    program_fails(folder, "eval %D/run --set data.path=%D/other", 3, "was trained on those of ");
    program_fails(folder, "train %D/c.yaml --set data.path=%D/scaled --out %D/run", 2, "data.path is");
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(decisions_go_through_the_autoencoder),
        IN_FOLDER(another_autoencoder_is_refused),
        IN_FOLDER(bapps_is_scored_with_and_without_the_jem),
        IN_FOLDER(clickme_maps_go_through_the_decoder),
        IN_FOLDER(the_autoencoder_alone_answers_by_a_probe),
        IN_FOLDER(pictures_are_refined_and_sampled),
        IN_FOLDER(chains_begin_at_encoded_noise),
        IN_FOLDER(evaluation_shows_pictures_where_the_autoencoder_is),
        IN_FOLDER(a_report_shows_pictures),
        IN_FOLDER(latents_of_another_kind_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
