/* jem resume: goes on with an interrupted training. */
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/startup.h"
#include "run/import.h"
#include "run/loop.h"
#include "study/status_line.h"

typedef struct resume_flags {
    const char *folder;
    cli_list set;
    int64_t status_fd;
} resume_flags;

static const cli_argument arguments[] = {
    {"RUN", offsetof(resume_flags, folder), .help = "the folder of a run that is not finished"},
    {.name = NULL},
};

static const cli_option options[] = {
    CLI_SET(resume_flags, set, "engine.*, or data.path"),
    CLI_ON_DEVICE(resume_flags, set),
    CLI_STATUS_FD(resume_flags, status_fd),
    {.name = NULL},
};

static jem_status resume(const cli_lists *lists, int argc, char **argv)
{
    resume_flags f;
    config *c = NULL;
    char *place = NULL;
    int status_fd;
    jem_status st;

    TRY(cli_parse(&f, &command_resume, argc, argv));
    TRY(import_refuse_resume(f.folder));
    TRY(MEM_NEW(c, 1));
    TRY(run_load_config(c, &lists->settings, f.folder));
    TRY(run_override(c, f.set.values, f.set.count));
    train_request r = {.cfg = c, .out = f.folder, .resume = true, .stop = cli_catch_signals(),
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

const command command_resume = {
    .name = "resume",
    .about = "continue an unfinished run; the result has the same bits as without the break",
    .arguments = arguments,
    .options = options,
    .examples = {"resume runs/a", "resume runs/a --set data.path=/data/cifar10 --set engine.threads=8"},
    .run = resume,
};
