/* jem info: what a file or folder is, and whether the numbers in it are sound. */
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "study/path_facts.h"

typedef struct info_flags {
    const char *path;
} info_flags;

static const cli_argument arguments[] = {
    {"FILE|RUN|STUDY", offsetof(info_flags, path),
     .help = "arrays, weights, a picture, CIFAR-10's batches; or a folder"},
    {.name = NULL},
};

static jem_status info(const cli_lists *lists, int argc, char **argv)
{
    jem_status st, shown;
    info_flags f;
    path_facts found = PATH_FACTS_INIT;

    TRY(cli_parse(&f, &command_info, argc, argv));
    st = path_facts_read(&found, &lists->settings, f.path);
    shown = cli_print_lines(&found.text);
    if (st == JEM_OK) st = shown;
done:
    path_facts_clear(&found);
    return st;
}

const command command_info = {
    .name = "info",
    .about = "what a file or folder is: shapes, range, finite or not, settings, progress",
    .arguments = arguments,
    .examples = {"info runs/a", "info runs/a/best.safetensors"},
    .run = info,
};
