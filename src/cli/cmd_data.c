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
#include "tensor/npz.h"

static jem_status list(const cli_lists *lists, int argc, char **argv)
{
    int none;
    jem_status st = cli_parse(&none, &data_list, argc, argv);
    if (st != JEM_OK) return st;
    for (const data_source *const *s = lists->settings.sources; *s; s++)
        cli_print("%-8s  %s\n          %s\n", (*s)->name, (*s)->about, (*s)->layout);
    return JEM_OK;
}

const command data_list = {
    .name = "data list",
    .about = "kinds of data that networks are trained on, and how their folders look",
    .examples = {"data list", "data list --verbose"},
    .run = list,
};

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
static bool means_images(const cli_lists *lists, const char *name, const char *path)
{
    const char *found = NULL;
    for (const data_source *const *s = lists->settings.sources; *s; s++)
        if (strcmp((*s)->name, name) == 0)
            return guess_kind(&found, path) == JEM_OK && strcmp(found, name) == 0;
    return false;
}

jem_status data_check_folder(const cli_lists *lists, const char *kind, const char *path, const char *size,
                             const char *labels)
{
    data_options o = {.sources = lists->settings.sources};
    splits s = {NULL, NULL, NULL};
    int64_t noise = 0;
    jem_status st;
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};

    if (kind && strcmp(kind, "imagenet") == 0) return data_check_imagenet(path, labels);
    const benchmark *b = kind ? benchmark_find(lists->benchmarks, kind, NULL) : NULL;
    if (b && !means_images(lists, kind, path)) {
        TRY(b->check(path, print_line, NULL));
        cli_print("%s: all that %s needs is there\n", path, b->name);
        goto done;
    }
    if (!kind) TRY(guess_kind(&kind, path));
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

typedef struct check_flags {
    const char *kind, *path, *size, *labels;
} check_flags;

static const cli_argument check_arguments[] = {
    {"KIND|BENCHMARK|imagenet", offsetof(check_flags, kind),
     .help = "what it is to hold: told by its files unless given",
     .optional = true},
    {"PATH", offsetof(check_flags, path), .help = "a folder, or an .npz"},
    {.name = NULL},
};

static const cli_option check_options[] = {
    {"--size", CLI_TEXT, offsetof(check_flags, size), "S",
     .help = "side that pictures are resized to"},
    {"--labels", CLI_TEXT, offsetof(check_flags, labels), "FILE",
     .help = "of imagenet: the labels of its validation pictures"},
    {.name = NULL},
};

static jem_status check(const cli_lists *lists, int argc, char **argv)
{
    check_flags f;
    jem_status st = cli_parse(&f, &data_check, argc, argv);
    if (st != JEM_OK) return st;
    return data_check_folder(lists, f.kind, f.path, f.size, f.labels);
}

const command data_check = {
    .name = "data check",
    .about = "does a folder hold a kind of data, or what a benchmark needs: counts and shapes, or what is wrong",
    .arguments = check_arguments,
    .options = check_options,
    .examples = {"data check data/cifar10", "data check bapps data/bapps"},
    .run = check,
};

/* ---- render */

typedef struct render_flags {
    int64_t n, size, seed, threads;
    const char *out;
} render_flags;

static const cli_option render_options[] = {
    {"--n", CLI_INT, offsetof(render_flags, n), "N",
     .help = "how many scenes", .default_text = "1000", .min = 1,
     .max = GLOSS_SCENES_MAX},
    {"--size", CLI_INT, offsetof(render_flags, size), "S",
     .help = "side of the pictures", .default_text = "128",
     .min = GLOSS_SIZE_MIN, .max = GLOSS_SIZE_MAX},
    {"--seed", CLI_INT, offsetof(render_flags, seed), "N",
     .help = "seed of the scenes", .default_text = "0",
     .max = CLI_UNBOUNDED},
    {"--threads", CLI_INT, offsetof(render_flags, threads), "N",
     .help = "threads; 0: one per processor", .default_text = "0",
     .max = 1024},
    {"-o", CLI_TEXT, offsetof(render_flags, out), "DIR",
     .help = "the folder that is made", .other = "--out", .required = true},
    {.name = NULL},
};

static jem_status render(const cli_lists *lists, int argc, char **argv)
{
    render_flags f;
    pool *p = NULL;
    jem_status st;

    (void)lists;
    TRY(cli_parse(&f, &data_render, argc, argv));
    TRY(pool_new(&p, (int)f.threads));
    TRY(gloss_render_set(&(gloss_set_call){.dir = f.out, .n = f.n, .size = f.size, .seed = (uint64_t)f.seed,
                                           .threads = p, .stop = cli_catch_signals()}));
    puts(f.out);
done:
    pool_free(p);
    return st;
}

const command data_render = {
    .name = "data render",
    .about = "the built-in set: bumpy surfaces, matte or glossy, in two lights",
    .options = render_options,
    .examples = {"data render -o data/gloss", "data render --n 200 --size 32 --seed 3 -o small"},
    .run = render,
};

const command command_data = {
    .name = "data",
    .about = "kinds of data; does a folder hold one; fetch published ones; render the gloss set",
    .examples = {"data fetch cifar10 --out data", "data render -o data/gloss"},
    .actions = (const command *const[]){&data_list, &data_check, &data_fetch, &data_encode, &data_render, NULL},
};
