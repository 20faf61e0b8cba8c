/* Settings: one table per module declares every key once; config file, command
 * line (--set key=value), help and the resolved config of a run all read it. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "jem/status.h"

typedef enum option_kind {
    OPTION_BOOL,   /* bool */
    OPTION_INT,    /* int64_t */
    OPTION_REAL,   /* double */
    OPTION_STRING, /* char[OPTION_STRING_MAX] */
    OPTION_CHOICE, /* int: index into `choices` */
    OPTION_LIST    /* option_list of reals, written [a, b, c] */
} option_kind;

enum { OPTION_STRING_MAX = 1024, OPTION_LIST_MAX = 16 };

typedef struct option_list {
    int count;
    double values[OPTION_LIST_MAX];
} option_list;

typedef struct option {
    const char *key; /* without the group's prefix */
    option_kind kind;
    size_t offset;            /* into the group's struct */
    const char *default_text; /* parsed like user input */
    double min, max;          /* numbers and list elements; both 0 = unbounded */
    const char *choices;      /* OPTION_CHOICE: "linear|constant" */
    const char *help;         /* one line; names unit and source */
} option;

/* A module's keys: prefix "train" makes "train.lr"; prefix "" top-level keys. */
typedef struct option_group {
    const char *prefix;
    const option *options; /* ends with key NULL */
    void *target;
} option_group;

/* Arrays of groups end with options NULL. */
jem_status options_defaults(const option_group *groups);

/* Key and value ("train.lr", "0.1") as typed by a user; `origin` ("settings", "file.yaml:12") opens
 * error messages.  Unknown keys name the nearest one; wrong type or a value out
 * of range names the key, the value and the range.  A string that begins as a path does
 * that no shell has seen is expanded (path_expand.h).  JEM_EUSAGE. */
jem_status options_set(const option_group *groups, const char *key, const char *value,
                       const char *origin);
/* The same for "key=value", as --set has it. */
jem_status options_assign(const option_group *groups, const char *assignment);

/* A YAML mapping, nested or dotted.  Duplicate keys, anchors, several
 * documents and unknown keys are errors with file:line.  `path` may be `-` or a pipe
 * (file_read_stream).  JEM_EUSAGE. */
jem_status options_load(const option_group *groups, const char *path);

/* The same in two parts, for a file one of whose keys says which groups there are. */
typedef struct option_file {
    const char *name; /* for messages; borrowed from path */
    char *text;       /* owned */
    size_t size;
} option_file;
jem_status options_read(option_file *out, const char *path); /* mem_free(out->text) */
/* some: keys of other groups are passed over. */
jem_status options_parse(const option_group *groups, const option_file *f, bool some);

/* Every key with its current value, as YAML with the help lines as comments:
 * loading it back gives the same settings. */
jem_status options_save(const option_group *groups, file_writer *w);

/* One key's current value as text (for tables, manifests). */
jem_status options_get(const option_group *groups, const char *key, char *text, size_t size);

/* One line per key ("key  default  range  help"), appended through `emit`. */
void options_help(const option_group *groups, void (*emit)(void *ctx, const char *line),
                  void *ctx);

#endif
