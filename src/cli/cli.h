/* What the commands of the jem program share.  A command is one file with a
 * const struct at its foot and one line in the list in commands.c.
 *
 * Results go to stdout or files, talk to stderr.  A command returns a status;
 * main prints its message and exits with its code. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "jem/status.h"
#include "train/config.h"

/* What a program has to choose from and may add to (jem_main): lists that are const and end with
 * NULL; one that is NULL is jem's own. */
typedef struct cli_lists {
    config_lists settings;                     /* networks, objectives, kinds of data: train/config.h */
    const struct benchmark *const *benchmarks; /* bench/bench.h */
} cli_lists;

/* ---- commands as tables */

/* Every repetition of one option: --set a=1 --set b=2. */
enum { CLI_LIST_MAX = 256 };
typedef struct cli_list {
    int count;
    const char *values[CLI_LIST_MAX];
} cli_list;

typedef enum cli_kind {
    CLI_TEXT,   /* const char *, borrowed from argv */
    CLI_SWITCH, /* bool; takes no value */
    CLI_INT,    /* int64_t from min to max */
    CLI_REAL,   /* double from min to max, never NaN */
    CLI_LIST,   /* cli_list */
    CLI_DEVICE  /* the cli_list of --set: --device X is --set engine.device=X */
} cli_kind;

/* One option.  `--out DIR` and `--out=DIR` mean the same. */
typedef struct cli_option {
    const char *name;         /* "--out" */
    cli_kind kind;
    size_t offset;            /* into the command's own struct of options */
    const char *value;        /* what its value is called: "DIR"; NULL of a switch */
    const char *help;         /* one line */
    const char *other;        /* another spelling ("-o"); NULL: none */
    const char *default_text; /* parsed like what a user types; NULL: none */
    double min, max;          /* of numbers, both included */
    bool required;
    bool alone;               /* where it is given nothing else is required */
    const char *bare;         /* of a text: what it is without a value, which only --NAME=VALUE gives; NULL: it needs one */
} cli_option;

/* One argument; its target is a const char *, borrowed from argv: of the last one, where that may be
 * `several`, a cli_list. */
typedef struct cli_argument {
    const char *name; /* "RUN|STUDY" */
    size_t offset;
    const char *help; /* one line */
    bool optional;    /* filled, from the first on, where more words are there than are required */
    bool several;     /* takes all words that are left, one at least */
} cli_argument;

enum { CLI_EXAMPLES = 2, CLI_USAGE = 1024 };

/* Usage, help, parsing and guesses of what was meant are all made from this. */
typedef struct command {
    const char *name;                   /* "train"; of an action "data fetch" */
    const char *about;                  /* one line */
    const cli_argument *arguments;      /* end with name NULL; NULL: none */
    const cli_option *options;          /* likewise */
    const char *examples[CLI_EXAMPLES]; /* what follows "jem " */
    /* argv[0] is the command's own name, what was typed after it starts at argv[1]. */
    jem_status (*run)(const cli_lists *lists, int argc, char **argv);
    const struct command *const *actions; /* end with NULL: the next word says which; then that is all */
} command;

/* What an int64_t is whose option was neither given nor has a default; a double is NaN. */
#define CLI_NONE INT64_C(-1)

/* Fills the command's struct of options, all of which are set: what is not given has its default,
 * or is NULL, false, empty, CLI_NONE, NaN.  JEM_EUSAGE with the command's usage. */
jem_status cli_parse(void *options, const command *c, int argc, char **argv);

/* "train CONFIG.yaml [--set KEY=VALUE ...] --out RUN"; returns text. */
const char *cli_usage(char text[CLI_USAGE], const command *c);
/* JEM_EUSAGE: "train: WHAT WORD; usage: jem train ..."; word may be "". */
jem_status cli_usage_error(const command *c, const char *what, const char *word);

/* On stdout: all commands, each with its usage and what it is for. */
void cli_show_commands(void);
/* Usage, arguments, options with their defaults, examples. */
void cli_show_help(const command *c);

/* The action of the command that a word means, or NULL. */
const command *cli_action(const command *c, const char *word);

/* Does the command take options for the run's settings (--set)? */
bool cli_takes_settings(const command *c);

#define CLI_UNBOUNDED 0x1p63 /* as max of a CLI_INT */

/* Rows that commands have in common; `field` is a cli_list for the first two. */
#define CLI_SET(type, field, of)                                                                   \
    {"--set", CLI_LIST, offsetof(type, field), "KEY=VALUE", .help = "a key of " of " (`jem list options`)"}
#define CLI_ON_DEVICE(type, field)                                                                 \
    {"--device", CLI_DEVICE, offsetof(type, field), "cpu|cuda", .help = "where networks run: --set engine.device"}
#define CLI_THREADS(type, field, most)                                                             \
    {"--threads", CLI_INT, offsetof(type, field), "N", .help = "threads; 0: one per processor", .max = most}
/* 0 to 2 are no descriptors of reports. */
#define CLI_STATUS_FD(type, field)                                                                 \
    {"--status-fd", CLI_INT, offsetof(type, field), "N", .min = 3, .max = 1 << 20,                 \
     .help = "descriptor that gets a line of progress every second"}

/* ---- values */

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
    command_sweep, command_eval, command_bench, command_sweetspot, command_report, command_table,
    command_compare, command_sample, command_refine, command_apply, command_import, command_export,
    command_fid, command_info, command_list;

/* The whole program: the first call of main, which returns what it returns. */
int jem_main(int argc, char **argv, const cli_lists *lists);

/* All commands in the order of a user's work (commands.c); ends with NULL. */
const command *const *cli_commands(void);

#endif
