/* The jem program: finds the command and turns its status into an exit code. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path_expand.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "cli/cli.h"
#include "cli/remedy.h"
#include "cli/startup.h"
#include "cli/terminal.h"
#include "train/config.h"

enum { COMMANDS_MAX = 64 };

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static const command *find_command(const char *name)
{
    for (const command *const *c = cli_commands(); *c; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

static void show_help(void)
{
    puts("jem " JEM_VERSION ": joint energy-based models: train, sample, evaluate, report.\n");
    cli_show_commands();
    puts("\n  jem help [COMMAND]    its options and examples\n"
         "  jem --version         jem -v: with compiler and backends\n"
         "  -v, --verbose         with any command: each file read and written\n\n"
         "exit codes: 0 ok, 1 internal error, 2 usage, 3 data, 4 diverged, 5 stopped by a "
         "signal and\nsaved, 6 out of memory, 7 system refused a read or write");
}

static jem_status unknown_command(const char *name)
{
    const char *names[COMMANDS_MAX + 2];
    int n = 0;
    for (const command *const *c = cli_commands(); *c && n < COMMANDS_MAX; c++)
        names[n++] = (*c)->name;
    names[n++] = "help";
    names[n] = NULL;
    const char *near = cli_nearest(name, names);
    if (near)
        return jem_error(JEM_EUSAGE, "unknown command '%s'; did you mean 'jem %s'?", name, near);
    return jem_error(JEM_EUSAGE, "unknown command '%s'; 'jem help' lists them", name);
}

/* argv[0] is the command's name; the action after it, if it has some and one is named. */
static const command *find_action(const command *c, int argc, char **argv)
{
    const command *action = argc > 1 ? cli_action(c, argv[1]) : NULL;
    return action ? action : c;
}

static jem_status help(int argc, char **argv)
{
    if (argc < 2) {
        show_help();
        return JEM_OK;
    }
    const command *c = find_command(argv[1]);
    if (!c) return unknown_command(argv[1]);
    cli_show_help(find_action(c, argc - 1, argv + 1));
    return JEM_OK;
}

/* Wherever it stands: people add it to the command that they are about to give. */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

/* Likewise; takes -v and --verbose out.  Returns how many words are left. */
static int take_verbose(int argc, char **argv)
{
    int left = 0, i = 0;
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "-v") == 0 || strcmp(argv[i], "--verbose") == 0)
            log_show_details(true);
        else
            argv[left++] = argv[i];
    }
    while (i < argc) argv[left++] = argv[i++];
    argv[left] = NULL;
    return left;
}

/* The version, and what this program was built with: for reports of mistakes. */
static jem_status show_build(const cli_lists *lists)
{
    char name[] = "list", topic[] = "backends", *backends[] = {name, topic, NULL};
    puts("jem " JEM_VERSION ", compiled by " COMPILER);
    return command_list.run(lists, 2, backends);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static jem_status run_command(const command *c, const cli_lists *lists, int argc, char **argv)
{
    const command *action = find_action(c, argc, argv);
    if (asks_for_help(argc, argv)) {
        cli_show_help(action);
        return JEM_OK;
    }
    remedy_for(action);
    if (!c->actions) return c->run(lists, argc, argv);
    if (argc < 2) return cli_usage_error(c, "an action", "is missing");
    if (action == c) return cli_usage_error(c, "unknown action", argv[1]);
    return action->run(lists, argc - 1, argv + 1);
}

static jem_status dispatch(const cli_lists *lists, int argc, char **argv)
{
    const int given = argc;
    argc = take_verbose(argc, argv);
    if (argc < 1 && given > 0) return show_build(lists);
    if (argc < 1) {
        show_help();
        return jem_error(JEM_EUSAGE, "a command is missing");
    }
    if (is_one_of(argv[0], "--version", "-V", "version")) {
        puts("jem " JEM_VERSION);
        return JEM_OK;
    }
    if (is_one_of(argv[0], "help", "--help", "-h")) return help(argc, argv);
    const command *c = find_command(argv[0]);
    if (!c) return unknown_command(argv[0]);
    return run_command(c, lists, argc, argv);
}

/* Shells leave ~ and, in quotes, $HOME alone behind '=': "--out=~/run".  The words that take their
 * places are for the rest of the process. */
static jem_status expand_paths(int argc, char **argv)
{
    jem_status st = JEM_OK;
    const char *data = getenv("JEM_DATA");
    char *path = NULL;

    for (int i = 0; i < argc; i++) {
        char *equals = argv[i][0] == '-' ? strchr(argv[i], '=') : NULL, *word = NULL;
        TRY(path_expand(&path, equals ? equals + 1 : argv[i]));
        if (!path) continue;
        TRY(str_format(&word, "%.*s%s", equals ? (int)(equals + 1 - argv[i]) : 0, argv[i], path));
        mem_free(path);
        path = NULL;
        argv[i] = word;
    }
    if (data && !data[0]) unsetenv("JEM_DATA"); /* says no more than none */
    if (data) TRY(path_expand(&path, data));
    if (path && setenv("JEM_DATA", path, 1) != 0) st = jem_error(JEM_ENOMEM, "out of memory");
done:
    mem_free(path);
    return st;
}

/* The reader of a pipe that has read enough, as `head` does: nothing to complain about. */
static bool reader_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}

static jem_status finish_output(void)
{
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (written || reader_is_gone()) return JEM_OK;
    return jem_error(JEM_EIO, "cannot write to standard output; what was to be saved is saved");
}

int jem_main(int argc, char **argv, const cli_lists *lists)
{
    const cli_lists whole = {.settings = config_lists_whole(&lists->settings),
                             .benchmarks = lists->benchmarks ? lists->benchmarks : benchmark_list};
    cli_startup();
    jem_status st = expand_paths(argc - 1, argv + 1);
    if (st == JEM_OK) st = dispatch(&whole, argc - 1, argv + 1);
    const char *signal = st == JEM_EINTERRUPTED ? cli_stop_signal() : NULL;
    if (st == JEM_OK)
        st = finish_output();
    else
        fflush(stdout);
    if (st != JEM_OK)
        fprintf(stderr, "%sjem: %s%s%s%s\n", terminal_clear(), signal ? signal : "",
                signal ? ": " : "", jem_error_message(), remedy_of(jem_error_message()));
    return (int)st;
}
