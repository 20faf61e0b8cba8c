/* What options.c and options_yaml.c share about the tables of keys. */
#ifndef BASE_OPTIONS_TABLE_H
#define BASE_OPTIONS_TABLE_H

#include "base/options.h"

enum { OPTION_KEY_MAX = 256, OPTION_TEXT_MAX = OPTION_STRING_MAX };

/* One key of one group; `index` counts through all groups. */
typedef struct option_place {
    const option_group *group;
    const option *option;
    int index;
} option_place;

/* Walks all keys: start from {NULL} and go on while true. */
bool options_next(const option_group *groups, option_place *place);

/* "prefix.key", or just "key" in a group without prefix. */
void options_full_key(const option_place *place, char key[OPTION_KEY_MAX]);

/* JEM_EUSAGE naming the nearest key if there is no such key. */
jem_status options_find(option_place *out, const option_group *groups, const char *key,
                        const char *origin);

/* Levenshtein distance, to suggest the word that was meant; long words are compared by
 * their first letters. */
int options_distance(const char *a, const char *b);

/* Whether `name` is a group's prefix, or a leading part of one up to a dot. */
bool options_is_prefix(const option_group *groups, const char *name);

/* "a number from 0 to 1", "true or false", "one of linear, constant" */
void options_describe(const option *o, char *text, size_t size);

/* The current value as text, the way options_set() reads it. */
void options_value_text(const option_place *place, char *text, size_t size);

#endif
