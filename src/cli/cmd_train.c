/* jem train: one training from a config file. */
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "run/loop.h"
#include "study/status_line.h"

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    cli_print("%s\n", line);
}

static jem_status list_keys(config *c, const cli_lists *lists)
{
    jem_status st = config_defaults(c, &lists->settings);
    if (st == JEM_OK) options_help(config_groups(c), print_line, NULL);
    return st;
}

typedef struct train_flags {
    const char *config, *out;
    cli_list set;
    bool keys, resume;
    int64_t status_fd;
} train_flags;

static const cli_argument arguments[] = {
    {"CONFIG.yaml", offsetof(train_flags, config),
     .help = "the settings; - reads them from standard input"},
    {.name = NULL},
};

static const cli_option options[] = {
    CLI_SET(train_flags, set, "the settings"),
    CLI_ON_DEVICE(train_flags, set),
    {"--resume", CLI_SWITCH, offsetof(train_flags, resume), NULL,
     .help = "go on with RUN if it is unfinished"},
    CLI_STATUS_FD(train_flags, status_fd),
    {"--keys", CLI_SWITCH, offsetof(train_flags, keys), NULL,
     .help = "list all keys of the settings, and nothing else",
     .alone = true},
    {"--out", CLI_TEXT, offsetof(train_flags, out), "RUN",
     .help = "the run's folder", .other = "-o", .required = true},
    {.name = NULL},
};

static jem_status train(const cli_lists *lists, int argc, char **argv)
{
    train_flags f;
    int status_fd;
    config *c = NULL;
    char *place = NULL;
    jem_status st;

    TRY(cli_parse(&f, &command_train, argc, argv));
    TRY(MEM_NEW(c, 1));
    if (f.keys) {
        st = list_keys(c, lists);
        goto done;
    }
    TRY(config_load(c, &lists->settings, f.config, f.set.values, f.set.count));
    train_request r = {.cfg = c, .out = f.out, .resume = f.resume, .stop = cli_catch_signals(),
                       .place = &place};
    status_fd = (int)f.status_fd;
    if (f.status_fd != CLI_NONE) TRY(status_line_watch(&r.watch, &status_fd));
    TRY(train_run(&r));
    puts(place);
done:
    mem_free(place);
    mem_free(c);
    return st;
}

const command command_train = {
    .name = "train",
    .about = "train a model; RUN becomes a folder with settings, log, checkpoint and weights",
    .arguments = arguments,
    .options = options,
    .examples = {"train cifar10.yaml --set alpha=0.5 --out runs/a",
                 "train cifar10.yaml --resume --set train.epochs=10 --device cuda --out runs/b"},
    .run = train,
};
