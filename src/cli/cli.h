/* What the commands of the jem program share.  A command is one file with a
 * const struct at its foot and one line in the list in commands.c.
 *
 * Results go to stdout or files, talk to stderr.  A command returns a status;
 * main prints its message and exits with its code. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "base/options.h"
#include "jem/status.h"

/* What a program has to choose from and may add to (jem_main): lists that end with NULL
 * (train/config.h). */
typedef struct config_lists cli_lists;

typedef struct command {
    const char *name;
    const char *usage; /* after "jem ": "train CONFIG [--set KEY=VALUE ...] --out RUN" */
    const char *about; /* one line */
    /* argv[0] is the command's own name, arguments start at argv[1]. */
    jem_status (*run)(const cli_lists *lists, int argc, char **argv);
} command;

/* Every repetition of one flag: --set a=1 --set b=2. */
enum { CLI_LIST_MAX = 256 };
typedef struct cli_list {
    int count;
    const char *values[CLI_LIST_MAX];
} cli_list;

/* One flag; exactly one of the targets is set.  `--flag VALUE` and
 * `--flag=VALUE` mean the same; two entries may share a target (-o, --out). */
typedef struct cli_flag {
    const char *name;   /* "--out" */
    const char **value; /* borrowed from argv */
    bool *on;           /* a flag without a value */
    cli_list *list;
} cli_flag;

/* Commands with a list "--set" know `--device X`, too: --set engine.device=X.
 *
 * Sorts argv[1..] into flags (array ends with name NULL) and positional
 * arguments: at least min_args, at most max_args of them into args (those not
 * given stay NULL).  JEM_EUSAGE with the command's usage. */
jem_status cli_parse(int argc, char **argv, const command *c, const cli_flag *flags,
                     const char **args, int min_args, int max_args);

/* A whole number from min to max, both included; JEM_EUSAGE names `flag`, text and bounds. */
jem_status cli_int(int64_t *out, const char *text, const char *flag, int64_t min, int64_t max);
/* The same for a real number; never NaN. */
jem_status cli_real(double *out, const char *text, const char *flag, double min, double max);

/* The candidate nearest to a mistyped word, or NULL if none is near.  `names` ends with NULL. */
const char *cli_nearest(const char *word, const char *const *names);

enum { CLI_KEY = 256 };
/* The key of the command's settings that an unknown option means (--alpha, --lr, --log-every):
 * its whole name, or the only one that ends in it.  False: none. */
bool cli_find_key(char key[CLI_KEY], const command *c, const char *flag);

enum { CLI_CELL = 32 };
/* A number of a printed table with six digits, "-" for NaN; returns text. */
const char *cli_cell(char text[CLI_CELL], double x);

extern const command command_data, command_plan, command_speed, command_train, command_resume,
    command_sweep, command_eval, command_bench, command_sweetspot, command_report, command_sample,
    command_refine, command_apply, command_info, command_list;

/* The whole program: the first call of main, which returns what it returns. */
int jem_main(int argc, char **argv, const cli_lists *lists);

/* All commands in the order of a user's work (commands.c); ends with NULL. */
const command *const *cli_commands(void);

#endif
