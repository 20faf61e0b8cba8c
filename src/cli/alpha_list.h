/* Values of alpha as a user types them. */
#ifndef CLI_ALPHA_LIST_H
#define CLI_ALPHA_LIST_H

#include "jem/status.h"

enum { ALPHAS_MAX = 1001 };
typedef struct alpha_list {
    double values[ALPHAS_MAX];
    int count;
} alpha_list;

/* "0:1:0.1" (from, to included, step) or "0,0.5,1".  JEM_EUSAGE. */
jem_status alpha_list_parse(alpha_list *out, const char *text);

#endif
