/* Values of alpha as a user types them. */
#ifndef CLI_ALPHA_LIST_H
#define CLI_ALPHA_LIST_H

#include <stdint.h>

#include "cli/cli.h"

enum { ALPHAS_MAX = 1001 };
#define ALPHAS_USUAL "0:1:0.1" /* of a sweep */
typedef struct alpha_list {
    double values[ALPHAS_MAX];
    int count;
} alpha_list;

/* "0:1:0.1" (from, to included, step) or "0,0.5,1".  JEM_EUSAGE. */
jem_status alpha_list_parse(alpha_list *out, const char *text);

/* seeds [list->count] <- how many each alpha gets: those that a group of --seeds-at names ("0,1:6") its
 * number, all others `others`.  JEM_EUSAGE naming a group that is none, an alpha that is not in the list
 * or has two numbers. */
enum { ALPHA_SEEDS_MAX = 1000 };
jem_status alpha_seeds_parse(int64_t *seeds, const alpha_list *list, const cli_list *groups, int64_t others);

#endif
