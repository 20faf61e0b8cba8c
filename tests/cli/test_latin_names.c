/* Names that are no UTF-8 (Latin-1, as old archives and file systems have them) of classes, pictures,
 * runs, studies and answers: they work, and what must be UTF-8 shows their bytes as \xNN. */
#include "base/utf8.h"
#include "cli/program.h"
#include "data/pictures.h"
#include "support/folder.h"
#include "support/small_vae.h"

#define CAFE "caf\xe9"

/* FOLDER/set: two classes of twelve pictures. */
static void make_pictures(void)
{
    static const char *const dirs[] = {"set", ("set/" CAFE), "set/dog"};
    char name[64];

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 24; i++) {
        snprintf(name, sizeof name, "%s/\xe9%d.png", dirs[1 + i % 2], i);
        write_flat_png(folder, name, 16, 16, 10 * i, 100 * (i % 2), 5);
    }
    write_text(folder, "c.yaml", "model: {name: wrn-10-1, pool: adaptive}\n"
                                 "data: {kind: folder, crop: false}\n"
                                 "sampler: {steps: 2, buffer_size: 20}\n"
                                 "train: {batch: 8, iterations: 2, lr: 1e-3, warmup: 2}\n");
}

/* The file is UTF-8 and holds the text. */
static void utf8_with(const char *name, const char *text)
{
    size_t n;
    char *data = program_read(folder, name, &n);
    if (!utf8_is(data)) fail_msg("%s is not UTF-8", name);
    mem_free(data);
    program_said(folder, name, text);
}

static void classes_pictures_runs_and_studies(void **state)
{
    (void)state;
    make_pictures();
    program_works(folder, "data check folder %D/set");
    program_said(folder, "out", "12  caf\\xe9\n");
    program_works(folder, "train %D/c.yaml --set data.path=%D/set --set alpha=1 --out '%D/run " CAFE "'");
    program_works(folder, "eval '%D/run " CAFE "' --set eval.samples=4");
    utf8_with("run " CAFE "/scores/scores.json", "/run caf\\\\xe9'");
    utf8_with("run " CAFE "/run.json", "finished");
    program_works(folder, "report '%D/run " CAFE "'");
    utf8_with("run " CAFE "/report.html", "caf\\xe9");
    program_works(folder, "info '%D/run " CAFE "'");

    program_works(folder, "sweep %D/c.yaml --alpha 0,1 --seeds 1 --set data.path=%D/set --out '%D/s" CAFE "'");
    program_works(folder, "eval '%D/s" CAFE "' --set eval.samples=4");
    program_works(folder, "sweep '%D/s" CAFE "/config.yaml' --alpha 0,1 --seeds 1 --out '%D/s" CAFE "'");
    utf8_with("s" CAFE "/study.json", "caf\\\\xe9/config.yaml");
    program_works(folder, "report '%D/s" CAFE "'");
    utf8_with("s" CAFE "/report.html", "caf\\xe9");
}

static void data_whose_path_is_no_utf8_are_refused_by_name(void **state)
{
    (void)state;
    make_pictures();
    program_fails(folder, "train %D/c.yaml --set 'data.path=%D/set/" CAFE "' --out %D/run", JEM_EUSAGE,
                  "/set/caf\\xe9': not UTF-8; rename what it names, or link to it (ln -s) under a name that is");
    assert_false(program_made(folder, "run/config.yaml"));
}

static void answers(void **state)
{
    (void)state;
    char path[96], *first = NULL;
    static const char *const dirs[] = {"cue", "cue/cue-conflict", "cue/cue-conflict/bear"};

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "cue/cue-conflict/bear/bear%d-airplane2.png", i + 1);
        write_flat_png(folder, path, 224, 224, 50 * i, 200, 10);
    }
    write_text(folder, "map.tsv", "category\tindex\nairplane\t0\nbear\t1\n");
    write_text(folder, CAFE ".csv", "name,a,b\nbear1-airplane2,1,2\nbear2-airplane2,2,1\n");
    for (int i = 0; i < 2; i++) { /* a second scoring replaces the first */
        program_works(folder, "bench cue-conflict --data %D/cue --mapping %D/map.tsv --out %D/scored --set "
                              "cue-conflict.subset=true --set bench.rounds=100 --answers '%D/" CAFE ".csv'");
        utf8_with("scored/scores/scores.json", "\"model\": \"caf\\\\xe9\"");
        size_t n;
        char *scores = program_read(folder, "scored/scores/scores.json", &n);
        if (!first) {
            first = scores;
            continue;
        }
        assert_string_equal(scores, first);
        mem_free(scores);
        mem_free(first);
    }
    program_works(folder, "bench cue-conflict --data %D/cue --mapping %D/map.tsv --json --set "
                          "cue-conflict.subset=true --set bench.rounds=100 --answers '%D/" CAFE ".csv'");
    program_said(folder, "out", "\"model\": \"caf\\\\xe9\"");
}

static void classes_of_encoded_pictures(void **state)
{
    (void)state;
    make_pictures();
    char command[256];
    snprintf(command, sizeof command, "mkdir '%s/in' && mv '%s/set' '%s/in/train'", folder, folder, folder);
    assert_int_equal(system(command), 0);
    write_small_vae(folder, "vae.safetensors", 8);
    for (int i = 0; i < 2; i++) /* the second time there is nothing left to do */
        program_works(folder, "data encode imagenet %D/in --vae %D/vae.safetensors --out %D/z --size 32 "
                              "--noise 0");
    utf8_with("z/index.json", "\"caf\\\\xe9\"");
    program_works(folder, "data check latents %D/z");
    program_said(folder, "out", "12  caf\\xe9\n");
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(classes_pictures_runs_and_studies),
        IN_FOLDER(data_whose_path_is_no_utf8_are_refused_by_name),
        IN_FOLDER(answers),
        IN_FOLDER(classes_of_encoded_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
