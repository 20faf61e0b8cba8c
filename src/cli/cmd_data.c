/* jem data: what kinds of data there are, whether a folder holds one (or what a benchmark
 * needs), and the built-in gloss set; fetching is in cmd_data_fetch.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/cli.h"
#include "cli/cmd_data.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "data/dataset.h"
#include "data/gloss/render.h"
#include "data/npz.h"

static jem_status list(int argc, char **argv)
{
    const cli_flag flags[] = {{.name = NULL}};
    jem_status st = cli_parse(argc, argv, &command_data, flags, NULL, 0, 0);
    if (st != JEM_OK) return st;
    for (const data_source *const *s = data_sources(); *s; s++)
        cli_print("%-8s  %s\n          %s\n", (*s)->name, (*s)->about, (*s)->layout);
    return JEM_OK;
}

/* ---- check */

/* The kind whose characteristic file the folder has; any other is read as
 * pictures by class. */
static jem_status guess_kind(const char **kind, const char *path)
{
    static const char *const signs[][2] = {{"scene_log.csv", "gloss"},
                                           {"data_batch_1.bin", "cifar10"},
                                           {"test_batch.bin", "cifar10"},
                                           {"images.npy", "npy"},
                                           {"train_x.npy", "npy"},
                                           {"index.json", "latents"}};
    *kind = npz_is(path) ? "npy" : "folder";
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        char *file = NULL;
        jem_status st = str_format(&file, "%s/%s", path, signs[k][0]);
        if (st != JEM_OK) return st;
        bool found = file_exists(file);
        mem_free(file);
        if (found) {
            *kind = signs[k][1];
            return JEM_OK;
        }
    }
    return JEM_OK;
}

static void count_labels(int64_t *counts, const dataset *d)
{
    for (int64_t i = 0; d && i < d->n; i++) counts[d->labels[i]]++;
}

static jem_status show(const char *kind, const char *path, const splits *s)
{
    jem_status st;
    const dataset *d = s->train;
    int64_t *counts = NULL, test = s->test ? s->test->n : 0, val = s->val ? s->val->n : 0;

    TRY(MEM_NEW(counts, d->classes));
    count_labels(counts, d);
    count_labels(counts, s->val);
    count_labels(counts, s->test);
    cli_print("%s: %s\n", path, kind);
    cli_print("images   %" PRId64 " (%" PRId64 " train, %" PRId64 " validation, %" PRId64
              " test)\n",
              d->n + val + test, d->n, val, test);
    cli_print("shape    %" PRId64 " x %" PRId64 " x %" PRId64 " (%s)\n", d->channels, d->height,
              d->width, d->pixels ? "8 bit" : "float");
    cli_print("classes  %" PRId64 "\n", d->classes);
    for (int64_t k = 0; k < d->classes; k++)
        cli_print("  %8" PRId64 "  %s\n", counts[k], d->class_names ? d->class_names[k] : "");
    for (int k = 0; k < d->column_count; k++)
        cli_print("%s%s", k ? ", " : "columns  ", d->columns[k].name);
    if (d->column_count) cli_print("\n");
done:
    mem_free(counts);
    return st;
}

/* *n <- pictures of noise in a folder of latents, all verified; loading the data reads none. */
static jem_status check_noise(int64_t *n, const char *dir)
{
    jem_status st;
    latent_index x = LATENT_INDEX_INIT;
    latent_set *s = NULL;

    TRY(latent_index_read(&x, dir));
    TRY(latent_part_check_done(&x, LATENT_NOISE, dir));
    TRY(latent_set_open(&s, &x, LATENT_NOISE, dir));
    *n = latent_set_count(s);
done:
    latent_set_free(s);
    latent_index_clear(&x);
    return st;
}

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    cli_print("%s\n", line);
}

/* gloss names both a kind of images and a benchmark: the images come with scene_log.csv. */
static bool means_images(const char *name, const char *path)
{
    const char *found = NULL;
    for (const data_source *const *s = data_sources(); *s; s++)
        if (strcmp((*s)->name, name) == 0)
            return guess_kind(&found, path) == JEM_OK && strcmp(found, name) == 0;
    return false;
}

jem_status data_check(int argc, char **argv)
{
    const char *args[2] = {NULL, NULL}, *size = NULL, *labels = NULL;
    data_options o = {.size = 0};
    splits s = {NULL, NULL, NULL};
    int64_t noise = 0;
    jem_status st;
    const cli_flag flags[] = {{.name = "--size", .value = &size},
                              {.name = "--labels", .value = &labels},
                              {.name = NULL}};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};

    TRY(cli_parse(argc, argv, &command_data, flags, args, 1, 2));
    const char *path = args[1] ? args[1] : args[0], *kind = args[0];
    if (args[1] && strcmp(kind, "imagenet") == 0) return data_check_imagenet(path, labels);
    const benchmark *b = args[1] ? benchmark_find(kind) : NULL;
    if (b && !means_images(kind, path)) {
        TRY(b->check(path, print_line, NULL));
        cli_print("%s: all that %s needs is there\n", path, b->name);
        goto done;
    }
    if (!args[1]) TRY(guess_kind(&kind, path));
    TRY(options_defaults(groups));
    if (size) TRY(options_set(groups, "data.size", size, "--size"));
    TRY(options_set(groups, "data.kind", kind, "jem data check"));
    TRY(options_set(groups, "data.path", path, "jem data check"));
    TRY(data_load(&s, &o, 0));
    if (s.train->latents) TRY(check_noise(&noise, path));
    TRY(show(kind, path, &s));
    if (noise > 0)
        cli_print("noise    %" PRId64 " encoded pictures of it, to begin chains at\n", noise);
done:
    splits_free(&s);
    return st;
}

/* ---- render */

static jem_status render(int argc, char **argv)
{
    const char *n_text = "1000", *size_text = "128", *seed_text = "0", *threads_text = "0";
    const char *out = NULL;
    int64_t n = 0, size = 0, seed = 0, threads = 0;
    pool *p = NULL;
    jem_status st;
    const cli_flag flags[] = {{.name = "--n", .value = &n_text},
                              {.name = "--size", .value = &size_text},
                              {.name = "--seed", .value = &seed_text},
                              {.name = "--threads", .value = &threads_text},
                              {.name = "-o", .value = &out},
                              {.name = "--out", .value = &out},
                              {.name = NULL}};

    TRY(cli_parse(argc, argv, &command_data, flags, NULL, 0, 0));
    if (!out) {
        st = jem_error(JEM_EUSAGE, "jem data render: say where to write: -o DIR");
        goto done;
    }
    TRY(cli_int(&n, n_text, "--n", 1, GLOSS_SCENES_MAX));
    TRY(cli_int(&size, size_text, "--size", GLOSS_SIZE_MIN, GLOSS_SIZE_MAX));
    TRY(cli_int(&seed, seed_text, "--seed", 0, INT64_MAX));
    TRY(cli_int(&threads, threads_text, "--threads", 0, 1024));
    TRY(pool_new(&p, (int)threads));
    TRY(gloss_render_set(&(gloss_set_call){.dir = out, .n = n, .size = size, .seed = (uint64_t)seed,
                                           .threads = p, .stop = cli_catch_signals()}));
    puts(out);
done:
    pool_free(p);
    return st;
}

static jem_status data(const cli_lists *lists, int argc, char **argv)
{
    static const struct {
        const char *name;
        jem_status (*run)(int argc, char **argv);
    } actions[] = {{"list", list},
                   {"check", data_check},
                   {"fetch", data_fetch},
                   {"encode", data_encode},
                   {"render", render}};

    (void)lists; /* no network is trained here */
    if (argc < 2) return jem_error(JEM_EUSAGE, "usage: jem %s", command_data.usage);
    for (size_t k = 0; k < sizeof actions / sizeof *actions; k++)
        if (strcmp(argv[1], actions[k].name) == 0) return actions[k].run(argc - 1, argv + 1);
    return jem_error(JEM_EUSAGE, "jem data: unknown action '%s'; usage: jem %s", argv[1],
                     command_data.usage);
}

const command command_data = {
    .name = "data",
    .usage = "data list | check [KIND|BENCHMARK|imagenet] PATH [--size S] [--labels FILE] | "
             "fetch [NAME] [--out DIR] [--from URL|DIR] [--offline] [--trust-http] "
             "[--dry-run] | "
             "encode [imagenet] DIR --vae FILE --out DIR [--size 256] [--flip] [--labels FILE] "
             "[--damaged stop|skip] [--dtype f16|f32] [--resize bicubic|bilinear] [--scale S] "
             "[--threads N] [--precision f32|bf16] [--batch N] [--shard 512] [--noise 1024] | "
             "render [--n 1000] [--size 128] [--seed 0] [--threads N] -o DIR",
    .about = "kinds of data; does a folder hold one; fetch published ones; render the gloss set",
    .run = data,
};
