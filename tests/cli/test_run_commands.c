/* The main job as a user types it, on a few rendered surfaces: render, sweep, eval,
 * report, sample, refine, apply, info, list; and what each says to bad input. */
#include "cli/program.h"

#include <xxhash.h>

#include "data/pictures/image.h"
#include "jem/tensor.h"
#include "tensor/safetensors.h"

static char dir[64]; /* one study for all tests: they only read it */

static const char *const run = "study/alpha-0.50-seed-1";
#define RUN "%D/study/alpha-0.50-seed-1"

static void said(const char *file, const char *text) { program_said(dir, file, text); }
static void not_said(const char *file, const char *text) { program_not_said(dir, file, text); }

static void works(const char *args) { program_works(dir, args); }
static void fails(const char *args, int code, const char *message)
{
    program_fails(dir, args, code, message);
}

static void stop(const char *args, const char *begun, int number)
{
    program_stop(dir, args, begun, number, "stopped");
}

static int make_study(void **state)
{
    (void)state;
    static const char config[] =
        "model: {name: wrn-10-1, pool: adaptive, proj: 8}\n"
        "data: {kind: gloss, size: 16, val_fraction: 0.1, test_fraction: 0.2, crop: false}\n"
        "sampler: {steps: 3, buffer_size: 40}\n"
        "train: {batch: 8, iterations: 20, lr: 1e-3, warmup: 4, share_batch: true}\n";
    char path[128];
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    check_ok(file_write(path, config, sizeof config - 1));
    works("data render --n 100 --size 32 --seed 4 --threads 1 -o %D/set");
    works("sweep %D/c.yaml --set data.path=%D/set --alpha 0.5,1 --out %D/study");
    return 0;
}

static int remove_study(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static XXH64_hash_t training_files(void)
{
    static const char *const files[] = {"config.yaml", "run.json", "metrics.csv",
                                        "best.safetensors",
                                        "checkpoints/000000020.safetensors"};
    XXH64_hash_t hash = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[128];
        size_t n;
        snprintf(name, sizeof name, "%s/%s", run, files[i]);
        char *data = program_read(dir, name, &n);
        hash = XXH64(data, n, hash);
        mem_free(data);
    }
    return hash;
}

static jem_tensor array(const char *name)
{
    char path[256];
    jem_tensor t = JEM_TENSOR_INIT;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(jem_npy_read(&t, path));
    return t;
}

static void save_array(const char *name, const jem_tensor *t)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(jem_npy_write(path, t));
}

/* ---- the main job */

static void a_study_is_evaluated_once_and_reported(void **state)
{
    (void)state;
    XXH64_hash_t before = training_files();
    works("eval %D/study --set eval.steps=[0,2,4] --threads 1");
    said("out", "alpha-0.50-seed-1  alpha 0.5  seed 1");
    said("out", "light_accuracy");
    said("out", "lse:noise");
    said("out", " fd_pix "); /* which has no interval */
    said("out", "            -            -      ");
    assert_true(program_made(dir, "study/alpha-1.00-seed-1/scores/scores.json"));
    assert_true(training_files() == before);
    works("eval %D/study --set eval.steps=[0,2,4]");
    said("err", "evaluated already");
    said("out", "relief_r2");
    works("eval %D/study/alpha-1.00-seed-1 --set eval.steps=[0,2,4] --force");
    said("err", "FD-pix");
    works("report %D/study -o %D/page.html");
    said("page.html", "α = 0.5");
    said("page.html", "jem eval");
    said("page.html", "samples-shared-start");
    fails("eval %D/study --set eval.limt=3", JEM_EUSAGE, "eval.limit");
    fails("eval %D/study --set train.lr=3", JEM_EUSAGE, "engine.*");
    fails("eval %D/set", JEM_EDATA, "neither a run nor a folder of runs");
    fails("eval %D/nothing", JEM_EDATA, "no such folder");
}

static void a_stopped_evaluation_leaves_the_scores_and_begins_again(void **state)
{
    (void)state;
    static const char *const scores = "study/alpha-0.50-seed-1/scores/scores.json",
                             *const mark = "study/alpha-0.50-seed-1/scores/evaluated.txt";
    size_t n, m;
    works("eval " RUN " --set eval.steps=[0,2,4]");
    assert_true(program_made(dir, mark));
    char *before = program_read(dir, scores, &n);
    stop("eval " RUN " --set eval.steps=[0,1000000]", "== ", SIGINT);
    said("err", "keeps its former scores, if any, and is not evaluated");
    stop("eval " RUN " --set eval.steps=[0,1000000]", "== ", SIGTERM);
    char *after = program_read(dir, scores, &m);
    assert_true(n == m && memcmp(before, after, n) == 0);
    /* test.csv may be of the other settings: nothing counts as evaluated */
    assert_false(program_made(dir, mark));
    char command[256];
    snprintf(command, sizeof command, "find '%s' -name '*.tmp*' | grep -q .", dir);
    assert_int_not_equal(system(command), 0);
    works("eval " RUN " --set eval.steps=[0,2,4]");
    assert_true(program_made(dir, mark));
    mem_free(before);
    mem_free(after);
}

static void samples_are_compared_in_the_features_of_a_classifier(void **state)
{
    (void)state;
    works("train %D/c.yaml --set data.path=%D/set --set alpha=0 --out %D/classifier");
    works("train %D/c.yaml --set data.path=%D/set --set alpha=0 --set data.limit=40 --out %D/other");
    works("eval %D/study/alpha-1.00-seed-1 --set eval.steps=[0] --features-of %D/classifier");
    said("out", "fd_own");
    works("eval %D/study/alpha-1.00-seed-1 --set eval.steps=[0] --features-of %D/classifier");
    said("err", "evaluated already");
    fails("eval %D/study/alpha-1.00-seed-1 --features-of %D/study/alpha-0.50-seed-1", JEM_EUSAGE,
          "alpha = 0");
    fails("eval %D/study/alpha-1.00-seed-1 --features-of %D/other", JEM_EDATA, "other images");
}

static void one_broken_run_does_not_stop_an_evaluation(void **state)
{
    (void)state;
    works("train %D/c.yaml --set data.path=%D/set --set alpha=0 --set train.iterations=2 "
          "--out %D/two/b");
    works("train %D/c.yaml --set data.path=%D/set --set alpha=0 --set train.iterations=2 "
          "--out %D/two/a");
    char path[128];
    snprintf(path, sizeof path, "%s/two/a/best.safetensors", dir);
    check_ok(file_write(path, "junk", 4)); /* its copy serves */
    works("eval %D/two --set eval.steps=[0]");
    said("err", "checkpoints/best-000000002.safetensors is used");
    snprintf(path, sizeof path, "%s/two/a/checkpoints/best-000000002.safetensors", dir);
    check_ok(file_write(path, "junk", 4));
    fails("eval %D/two --set eval.steps=[0]", JEM_EDATA, "1 of 2 runs could not be evaluated: a");
    said("out", "two/b  alpha 0");
}

/* Is the picture `name` this one (NULL: any), and below it on white so many lines of text? */
static void holds_above_a_caption(const image *bare, const char *name, int lines)
{
    char path[128];
    image m = IMAGE_INIT;
    int found = 0;
    bool within = false;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(image_read(&m, path));
    const int64_t below = bare ? bare->height : 3 * 66 - 2;
    for (int64_t y = 0; bare && y < bare->height; y++)
        assert_memory_equal(m.pixels + y * m.width * 3, bare->pixels + y * bare->width * 3, (size_t)bare->width * 3);
    for (int64_t y = below; y < m.height; y++) {
        bool ink = false;
        for (int64_t x = 0; x < m.width * 3; x++) ink = ink || m.pixels[y * m.width * 3 + x] < 128;
        found += ink && !within;
        within = ink;
    }
    assert_int_equal(found, lines);
    assert_false(within); /* the last is whole */
    image_clear(&m);
}

static void samples_are_new_chains_and_change_nothing(void **state)
{
    (void)state;
    XXH64_hash_t before = training_files();
    image m = IMAGE_INIT;
    char path[128];
    works("sample %D/study/alpha-0.50-seed-1 --n 9 --bare -o %D/grid.png");
    snprintf(path, sizeof path, "%s/grid.png", dir);
    check_ok(image_read(&m, path));
    assert_true(m.width == 3 * 66 - 2 && m.height == m.width);
    works("sample %D/study/alpha-0.50-seed-1 --n 9 -o %D/captioned.png");
    holds_above_a_caption(&m, "captioned.png", 3);
    works("sample %D/study/alpha-0.50-seed-1 --n 9 --class 1 --steps 0 -o %D/captioned.png");
    holds_above_a_caption(NULL, "captioned.png", 4);
    image_clear(&m);
    works("refine %D/study/alpha-0.50-seed-1 %D/grid.png --steps 0,2 --bare -o %D/bare.png");
    snprintf(path, sizeof path, "%s/bare.png", dir);
    check_ok(image_read(&m, path));
    assert_true(m.width == 2 * 66 - 2 && m.height == 64);
    works("refine %D/study/alpha-0.50-seed-1 %D/grid.png --steps 0,2 -o %D/strip.png");
    holds_above_a_caption(&m, "strip.png", 5); /* steps, energy, class, p; alpha below them */
    image_clear(&m);
    works("sample %D/study/alpha-0.50-seed-1 --n 3 --class 1 --from noise --seed 5 -o %D/a.npy");
    works("sample %D/study/alpha-0.50-seed-1 --n 3 --class 1 --from noise --seed 5 --threads 1 "
          "-o %D/b.npy");
    works("sample %D/study/alpha-0.50-seed-1 --n 3 --class 1 --from noise --seed 6 -o %D/c.npy");
    jem_tensor a = array("a.npy"), b = array("b.npy"), c = array("c.npy");
    assert_true(a.shape[0] == 3 && a.shape[1] == 3 && a.shape[2] == 16 && a.shape[3] == 16);
    assert_memory_equal(a.data, b.data, 3 * 768 * sizeof(float));
    assert_memory_not_equal(a.data, c.data, 3 * 768 * sizeof(float));
    jem_tensor_clear(&a);
    jem_tensor_clear(&b);
    jem_tensor_clear(&c);
    fails("sample %D/study/alpha-0.50-seed-1", JEM_EUSAGE, "-o is missing");
    fails("sample %D/study/alpha-0.50-seed-1 --class 2 -o %D/x.png", JEM_EUSAGE, "from 0 to 1");
    fails("sample %D/study/alpha-0.50-seed-1 --from bufer -o %D/x.png", JEM_EUSAGE, "noise");
    works("sample %D/study/alpha-0.50-seed-1 --n 2 --steps 0 --from shared-noise -o %D/d.npy");
    fails("sample %D/study -o %D/x.png", JEM_EDATA, "not a run");
    assert_true(training_files() == before);
}

static void a_picture_is_refined_and_shown_beside_itself(void **state)
{
    (void)state;
    image m = IMAGE_INIT;
    char path[128];
    XXH64_hash_t before = training_files();
    works("refine %D/study/alpha-0.50-seed-1 %D/set/rgb/rgb_scene000001.png --steps 5 --class 1 "
          "--bare -o %D/refined.png");
    said("out", "energy");
    said("out", "p(1 (glossy))");
    said("err", "pictures resized to 16x16");
    snprintf(path, sizeof path, "%s/refined.png", dir);
    check_ok(image_read(&m, path));
    assert_true(m.width == 2 * 66 - 2 && m.height == 64);
    image_clear(&m);
    works("refine %D/study/alpha-0.50-seed-1 %D/set/rgb/rgb_scene000001.png --steps 0,2,5 --class 1 "
          "--bare -o %D/strip.png");
    snprintf(path, sizeof path, "%s/strip.png", dir);
    check_ok(image_read(&m, path));
    assert_true(m.width == 3 * 66 - 2 && m.height == 64);
    image_clear(&m);
    fails("refine %D/study/alpha-0.50-seed-1 %D/c.yaml --steps 5,2", JEM_EUSAGE, "ascending");
    fails("refine %D/study/alpha-0.50-seed-1 %D/c.yaml --steps 5,x", JEM_EUSAGE, "--steps");
    fails("refine %D/study/alpha-0.50-seed-1 %D/set/rgb/rgb_scene000001.png --vae %D/c.yaml",
          JEM_EDATA, "c.yaml");
    assert_true(training_files() == before);
    fails("refine %D/study/alpha-0.50-seed-1 %D/c.yaml", JEM_EDATA, "c.yaml");
    fails("refine %D/study/alpha-0.50-seed-1 %D/none.png", JEM_EDATA, "none.png");
}

static void what_cannot_be_written_is_refused_before_chains_run(void **state)
{
    (void)state;
    static const char *const outs[] = {"g.jpg", "g.xyz", "g", "npy"};
    for (size_t i = 0; i < sizeof outs / sizeof *outs; i++) {
        char args[256];
        snprintf(args, sizeof args, "sample %s --n 2 -o %%D/%s", RUN, outs[i]);
        fails(args, JEM_EUSAGE, outs[i]);
        said("err", "the name must end in .png or .npy");
        not_said("err", "chains");
        assert_false(program_made(dir, outs[i]));
    }
    fails("sample " RUN " --n 2 -o %D/nothing/g.png", JEM_EIO, "nothing");
    not_said("err", "chains");
    works("sample " RUN " --n 2 --steps 0 -o %D/G.PNG");
    fails("refine " RUN " %D/set/rgb/rgb_scene000001.png -o %D/s.npy", JEM_EUSAGE,
          "s.npy: the name must end in .png");
    not_said("err", "constant step size");
}

static void a_picture_that_cannot_be_resized_is_named(void **state)
{
    (void)state;
    image m = IMAGE_INIT;
    char path[128];
    check_ok(image_init(&m, 1, 16384, 3));
    memset(m.pixels, 128, 3 * 16384);
    snprintf(path, sizeof path, "%s/line.png", dir);
    check_ok(image_write_png(&m, path));
    image_clear(&m);
    fails("refine " RUN " %D/line.png", JEM_EDATA, "/line.png: resized picture: 262144 x 16 pixels");
}

static void a_signal_ends_chains_and_leaves_the_old_picture(void **state)
{
    (void)state;
    char path[128], **names, *old;
    int before, after;
    size_t n;
    snprintf(path, sizeof path, "%s/old.png", dir);
    check_ok(file_write(path, "of yesterday", 12));
    check_ok(dir_list(&names, &before, dir));
    strings_free(names, before);
    stop("sample " RUN " --steps 1000000 -o %D/old.png", "chains of", SIGINT);
    stop("sample " RUN " --steps 1000000 -o %D/old.png", "chains of", SIGTERM);
    stop("refine " RUN " --steps 1000000 -o %D/old.png %D/set/rgb/rgb_scene000001.png",
         "constant step size", SIGINT);
    old = program_read(dir, "old.png", &n);
    assert_true(n == 12 && memcmp(old, "of yesterday", 12) == 0);
    mem_free(old);
    check_ok(dir_list(&names, &after, dir));
    strings_free(names, after);
    assert_int_equal(after, before); /* no unfinished file either */
}

/* ---- apply */

static void write_input(const char *name, int64_t n, int64_t channels)
{
    jem_tensor x = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&x, JEM_F64, 4, (int64_t[]){n, channels, 16, 16}));
    for (int64_t i = 0; i < jem_tensor_count(&x); i++)
        ((double *)x.data)[i] = sin((double)i * 0.7);
    save_array(name, &x);
    jem_tensor_clear(&x);
}

static void apply_agrees_between_precisions_and_with_differences(void **state)
{
    (void)state;
    static const char *const names[] = {"logits", "energy", "grad", "features.layer2"};
    write_input("x.npy", 10, 3);
    works("apply %D/study/alpha-0.50-seed-1 --input %D/x.npy --want "
          "logits,energy,grad,features:layer2,features:proj -o %D/single --threads 1");
    works("apply %D/study/alpha-0.50-seed-1/best.safetensors --input %D/x.npy --want "
          "logits,energy,grad,features:layer2 -o %D/double --precision f64");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char single[64], twice[64];
        snprintf(single, sizeof single, "single/%s.npy", names[k]);
        snprintf(twice, sizeof twice, "double/%s.npy", names[k]);
        jem_tensor a = array(single), b = array(twice);
        assert_true(a.dtype == JEM_F32 && b.dtype == JEM_F64 && a.ndim == b.ndim);
        assert_int_equal(jem_tensor_count(&a), jem_tensor_count(&b));
        for (int64_t i = 0; i < jem_tensor_count(&a); i++)
            check_near(((float *)a.data)[i], ((double *)b.data)[i], 2e-4, 1e-1);
        jem_tensor_clear(&a);
        jem_tensor_clear(&b);
    }
    jem_tensor proj = array("single/features.proj.npy");
    assert_true(proj.ndim == 2 && proj.shape[1] == 8);
    jem_tensor_clear(&proj);

    /* -energy moves along grad: central difference in one pixel of the last image */
    jem_tensor x = array("x.npy"), grad = array("double/grad.npy");
    const int64_t at = 9 * 768 + 300;
    const double h = 1e-5, center = ((double *)x.data)[at];
    double lse[2];
    for (int k = 0; k < 2; k++) {
        ((double *)x.data)[at] = center + (k ? h : -h);
        save_array("moved.npy", &x);
        works("apply %D/study/alpha-0.50-seed-1 --input %D/moved.npy --want energy -o %D/moved "
              "--precision f64");
        jem_tensor e = array("moved/energy.npy");
        lse[k] = -((double *)e.data)[9];
        jem_tensor_clear(&e);
    }
    check_near((lse[1] - lse[0]) / (2 * h), ((double *)grad.data)[at], 1e-5, 1e-4);
    jem_tensor_clear(&x);
    jem_tensor_clear(&grad);
}

static void levels_of_eight_bits_mean_network_units(void **state)
{
    (void)state;
    jem_tensor u = JEM_TENSOR_INIT, v = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&u, JEM_U8, 4, (int64_t[]){2, 3, 16, 16}));
    check_ok(jem_tensor_init(&v, JEM_F32, 4, u.shape));
    for (int64_t i = 0; i < 1536; i++) {
        ((uint8_t *)u.data)[i] = (uint8_t)(i * 7);
        ((float *)v.data)[i] = ((float)(uint8_t)(i * 7) / 255.0f - 0.5f) / 0.5f;
    }
    save_array("u.npy", &u);
    save_array("v.npy", &v);
    jem_tensor_clear(&u);
    jem_tensor_clear(&v);
    works("apply %D/study/alpha-0.50-seed-1 --input %D/u.npy -o %D/u --device ref");
    works("apply %D/study/alpha-0.50-seed-1 --input %D/v.npy -o %D/v --device ref");
    u = array("u/logits.npy");
    v = array("v/logits.npy");
    for (int i = 0; i < 4; i++) check_near(((float *)u.data)[i], ((float *)v.data)[i], 1e-5, 1);
    jem_tensor_clear(&u);
    jem_tensor_clear(&v);
}

/* The run's weights without metadata and with one change, as DIR/NAME. */
typedef enum change { AS_IS, WITHOUT_BIAS, WITH_EXTRA, WITH_NAN, MISSHAPEN } change;

static void copy_weights(const char *name, change what)
{
    char path[256];
    safetensors *f = NULL;
    safetensors_writer *w = NULL;
    snprintf(path, sizeof path, "%s/%s/best.safetensors", dir, run);
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_writer_new(&w));
    for (int i = 0; i < safetensors_count(f); i++) {
        const char *tensor = safetensors_name(f, i);
        jem_tensor t = safetensors_view(f, i);
        bool bias = strcmp(tensor, "class_output.bias") == 0;
        if (bias && what == WITHOUT_BIAS) continue;
        if (bias && what == WITH_NAN) ((float *)t.data)[1] = NAN;
        if (bias && what == MISSHAPEN) t.shape[0] = 1;
        check_ok(safetensors_writer_add(w, tensor, t.dtype, t.ndim, t.shape, t.data));
        if (bias && what == WITH_EXTRA)
            check_ok(safetensors_writer_add(w, "f.conv9.bias", t.dtype, t.ndim, t.shape, t.data));
    }
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    safetensors_close(f);
}

static void weights_that_do_not_fit_are_refused_by_name(void **state)
{
    (void)state;
#define NAMED " --model wrn-10-1 --classes 2 --proj 8 --pool adaptive -o %D/n --input %D/x.npy"
    write_input("x.npy", 2, 3);
    write_input("grey.npy", 2, 1);
    copy_weights("plain.safetensors", AS_IS);
    works("apply %D/plain.safetensors" NAMED);
    fails("apply %D/plain.safetensors --input %D/x.npy -o %D/n", JEM_EDATA,
          "say which network they are of (--model NAME)");
    fails("apply %D/plain.safetensors --model wrn-16-1 --classes 2 --proj 8 --pool adaptive "
          "--input %D/x.npy -o %D/n", JEM_EDATA, "f.layer");
    copy_weights("missing.safetensors", WITHOUT_BIAS);
    fails("apply %D/missing.safetensors" NAMED, JEM_EDATA, "class_output.bias");
    copy_weights("extra.safetensors", WITH_EXTRA);
    fails("apply %D/extra.safetensors" NAMED, JEM_EDATA, "f.conv9.bias");
    copy_weights("nan.safetensors", WITH_NAN);
    fails("apply %D/nan.safetensors" NAMED, JEM_EDATA, "class_output.bias");
    fails("apply %D/nan.safetensors --precision f64" NAMED, JEM_EDATA, "class_output.bias");
    works("info %D/nan.safetensors");
    said("out", "finite: no");
    copy_weights("shape.safetensors", MISSHAPEN);
    fails("apply %D/shape.safetensors" NAMED, JEM_EDATA, "class_output.bias");
    fails("apply %D/study/alpha-0.50-seed-1 --input %D/grey.npy -o %D/n", JEM_EDATA, "1x16x16");
    fails("apply %D/study/alpha-0.50-seed-1 --input %D/x.npy --want energi -o %D/n", JEM_EUSAGE,
          "did you mean energy");
    fails("apply %D/study/alpha-0.50-seed-1 --input %D/x.npy --want features:top -o %D/n",
          JEM_EUSAGE, "layer1");
    fails("apply %D/study/alpha-0.50-seed-1 --input %D/x.npy --precision f64 --device cpu -o %D/n",
          JEM_EUSAGE, "ref");
    fails("apply %D/study/alpha-0.50-seed-1 --input %D/x.npy --precision f16 -o %D/n", JEM_EUSAGE,
          "bf16");
    fails("apply %D/study/alpha-0.50-seed-1 -o %D/n", JEM_EUSAGE, "--input");
#undef NAMED
}

/* ---- info, list, and the rest of the bad inputs */

static void info_tells_what_things_are(void **state)
{
    (void)state;
    char path[128], record[3073] = {3};
    write_input("x.npy", 2, 3);
    works("info %D/study");
    said("out", "alpha-1.00-seed-1");
    works("info %D/study/alpha-0.50-seed-1");
    said("out", "wrn-10-1");
    works("info %D/study/alpha-0.50-seed-1/best.safetensors");
    said("out", "finite: yes");
    works("info %D/x.npy");
    said("out", "[2, 3, 16, 16]");
    works("info %D/set/rgb/rgb_scene000001.png");
    said("out", "32 x 32 pixels");
    snprintf(path, sizeof path, "%s/data_batch_1.bin", dir);
    check_ok(file_write(path, record, sizeof record));
    works("info %D/data_batch_1.bin");
    said("out", "1 images");
    check_ok(file_write(path, record, 3000));
    fails("info %D/data_batch_1.bin", JEM_EDATA, "truncated");
    fails("info %D/c.yaml", JEM_EDATA, "not a file that jem knows");
    fails("info %D/none", JEM_EDATA, "none");
    fails("info %D/set", JEM_EDATA, "jem data check");
}

static void lists_come_from_the_registries(void **state)
{
    (void)state;
    works("list");
    said("out", "cifar10");
    said("out", "oneDNN");
    said("out", "eval.limit");
    said("out", "train.lr");
    said("out", "jem refine");
    works("list backends");
    said("out", "f64");
    fails("list modles", JEM_EUSAGE, "did you mean models");
}

static void a_truncated_cifar_file_is_named(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/cifar", dir);
    check_ok(dir_make(path));
    for (int k = 1; k <= 6; k++) {
        char record[3073] = {0}, name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", k);
        snprintf(path, sizeof path, "%s/cifar/%s", dir, k == 6 ? "test_batch.bin" : name);
        check_ok(file_write(path, record, k == 4 ? 3072 : sizeof record));
    }
    fails("train %D/c.yaml --set data.kind=cifar10 --set data.path=%D/cifar --set data.size=0 "
          "--out %D/none", JEM_EDATA, "data_batch_4.bin: 3072 bytes");
    assert_false(program_made(dir, "none/best.safetensors"));
}

static void advice_fits_the_error(void **state)
{
    (void)state;
    assert_int_equal(program_run(dir, "sh -c 'exec 3>&-; ulimit -n 4; exec \"$@\"' sh", "eval " RUN " --force"), JEM_EIO);
    said("err", "Too many open files; raise the limit of open files (ulimit -n)");
    fails("sample " RUN " --n 2 -o %D/c.yaml/g.png", JEM_EIO,
          "Not a directory; a part of the path is a file, not a folder: check the path");
}

/* Files of at most 512 bytes: what a full disk looks like to the program. */
static void a_full_disk_leaves_the_old_result(void **state)
{
    (void)state;
    size_t n, m;
    works("sample %D/study/alpha-0.50-seed-1 --n 2 -o %D/kept.npy");
    char *before = program_read(dir, "kept.npy", &n);
    int code = program_run(dir, "trap '' XFSZ; ulimit -f 1;",
                           "sample %D/study/alpha-0.50-seed-1 --n 64 -o %D/kept.npy");
    assert_int_equal(code, JEM_EIO);
    said("err", "kept.npy");
    char *after = program_read(dir, "kept.npy", &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    mem_free(before);
    mem_free(after);
    assert_int_equal(program_run(dir, "sh -c '\"$@\" >/dev/full' sh", "list options"), JEM_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_is_evaluated_once_and_reported),
        cmocka_unit_test(a_stopped_evaluation_leaves_the_scores_and_begins_again),
        cmocka_unit_test(samples_are_compared_in_the_features_of_a_classifier),
        cmocka_unit_test(one_broken_run_does_not_stop_an_evaluation),
        cmocka_unit_test(samples_are_new_chains_and_change_nothing),
        cmocka_unit_test(a_picture_is_refined_and_shown_beside_itself),
        cmocka_unit_test(what_cannot_be_written_is_refused_before_chains_run),
        cmocka_unit_test(a_picture_that_cannot_be_resized_is_named),
        cmocka_unit_test(a_signal_ends_chains_and_leaves_the_old_picture),
        cmocka_unit_test(apply_agrees_between_precisions_and_with_differences),
        cmocka_unit_test(levels_of_eight_bits_mean_network_units),
        cmocka_unit_test(weights_that_do_not_fit_are_refused_by_name),
        cmocka_unit_test(info_tells_what_things_are),
        cmocka_unit_test(lists_come_from_the_registries),
        cmocka_unit_test(a_truncated_cifar_file_is_named),
        cmocka_unit_test(advice_fits_the_error),
        cmocka_unit_test(a_full_disk_leaves_the_old_result),
    };
    return cmocka_run_group_tests(tests, make_study, remove_study);
}
