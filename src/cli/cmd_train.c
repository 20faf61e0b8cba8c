/* jem train: one training from a config file. */
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "cli/status_line.h"
#include "run/loop.h"

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    cli_print("%s\n", line);
}

static jem_status list_keys(config *c, const cli_lists *lists)
{
    jem_status st = config_defaults(c, lists);
    if (st == JEM_OK) options_help(config_groups(c), print_line, NULL);
    return st;
}

static jem_status train(const cli_lists *lists, int argc, char **argv)
{
    const char *out = NULL, *status = NULL, *args[1];
    cli_list set = {0, {NULL}};
    bool keys = false, go_on = false;
    int status_fd;
    config *c = NULL;
    char *place = NULL;
    jem_status st;
    const cli_flag flags[] = {{.name = "--out", .value = &out},
                              {.name = "-o", .value = &out},
                              {.name = "--set", .list = &set},
                              {.name = "--keys", .on = &keys},
                              {.name = "--resume", .on = &go_on},
                              {.name = "--status-fd", .value = &status},
                              {.name = NULL}};

    TRY(cli_parse(argc, argv, &command_train, flags, args, 0, 1));
    TRY(MEM_NEW(c, 1));
    if (keys) {
        st = list_keys(c, lists);
        goto done;
    }
    if (!args[0] || !out) {
        st = jem_error(JEM_EUSAGE, "train: needs a config file and --out; usage: jem %s",
                       command_train.usage);
        goto done;
    }
    TRY(config_load(c, lists, args[0], set.values, set.count));
    train_request r = {.cfg = c, .out = out, .resume = go_on, .stop = cli_catch_signals(),
                       .place = &place};
    if (status) TRY(status_line_watch(&r.watch, &status_fd, status));
    TRY(train_run(&r));
    puts(place);
done:
    mem_free(place);
    mem_free(c);
    return st;
}

const command command_train = {
    .name = "train",
    .usage = "train CONFIG.yaml [--device cpu|cuda] [--set KEY=VALUE ...] [--resume] [--status-fd N] --out RUN    "
             "(train --keys lists all keys)",
    .about = "train a model; RUN becomes a folder with settings, log, checkpoint and weights",
    .run = train,
};
