/* jem resume: goes on with an interrupted training. */
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/startup.h"
#include "cli/status_line.h"
#include "run/loop.h"

static jem_status resume(const cli_lists *lists, int argc, char **argv)
{
    const char *status = NULL, *args[1];
    cli_list set = {0, {NULL}};
    config *c = NULL;
    char *place = NULL;
    int status_fd;
    jem_status st;
    const cli_flag flags[] = {{.name = "--set", .list = &set},
                              {.name = "--status-fd", .value = &status},
                              {.name = NULL}};

    TRY(cli_parse(argc, argv, &command_resume, flags, args, 1, 1));
    TRY(MEM_NEW(c, 1));
    TRY(run_load_config(c, lists, args[0]));
    TRY(run_override(c, set.values, set.count));
    train_request r = {.cfg = c, .out = args[0], .resume = true, .stop = cli_catch_signals(),
                       .place = &place};
    if (status) TRY(status_line_watch(&r.watch, &status_fd, status));
    TRY(train_run(&r));
    puts(place);
done:
    mem_free(place);
    mem_free(c);
    return st;
}

const command command_resume = {
    .name = "resume",
    .usage = "resume RUN [--device cpu|cuda] [--set data.path=DIR] [--set engine.KEY=VALUE ...] "
             "[--status-fd N]",
    .about = "continue an unfinished run; the result has the same bits as without the break",
    .run = resume,
};
