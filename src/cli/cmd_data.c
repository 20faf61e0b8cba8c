/* jem data: what kinds of data there are, whether a folder holds one (or what a benchmark
 * needs), and the built-in gloss set; fetching is in cmd_data_fetch.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/pool.h"
#include "base/try.h"
#include "bench/data_facts.h"
#include "cli/cli.h"
#include "cli/cmd_data.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "data/dataset.h"
#include "data/gloss/render.h"

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

jem_status data_check_folder(const cli_lists *lists, const char *kind, const char *path, const char *size,
                             const char *labels)
{
    data_facts found = DATA_FACTS_INIT;
    const data_question q = {.sources = lists->settings.sources, .benchmarks = lists->benchmarks, .kind = kind,
                             .path = path, .size = size, .labels = labels, .asked = "jem data check"};
    const jem_status read = data_facts_read(&found, &q), shown = cli_print_lines(&found.text);
    data_facts_clear(&found);
    return read != JEM_OK ? read : shown;
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

/* ---- what encode and pack share */

jem_status data_choice(bool *second, const char *text, const char *flag, const char *first_word,
                       const char *second_word)
{
    *second = strcmp(text, second_word) == 0;
    if (*second || strcmp(text, first_word) == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: '%s' is unknown; choose %s or %s", flag, text, first_word, second_word);
}

jem_status data_check_pictures(const char *kind, const char *action)
{
    if (!kind || strcmp(kind, "imagenet") == 0 || strcmp(kind, "folder") == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "jem data %s: unknown kind '%s': it reads imagenet DIR, or any folder of classes",
                     action, kind);
}

void data_show_parts(const shard_index *x)
{
    for (int i = 0; i < SHARD_PARTS; i++) {
        const shard_part *p = &x->parts[i];
        if (p->images == 0) continue;
        cli_print("%-8s %" PRId64 " pictures in %" PRId64 " shards", shard_part_names[i],
                  p->images - p->skipped_count, p->shard_count);
        if (p->skipped_count) cli_print(", %" PRId64 " damaged ones left out", p->skipped_count);
        cli_print("\n");
    }
    for (int i = 0; i < SHARD_PARTS; i++)
        for (int64_t k = 0; k < x->parts[i].skipped_count; k++)
            cli_print("  left out: %s\n", x->parts[i].skipped[k].file);
}

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
    .actions = (const command *const[]){&data_list, &data_check, &data_fetch, &data_encode, &data_pack, &data_render,
                                          NULL},
};
