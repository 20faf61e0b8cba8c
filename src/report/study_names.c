/* Names of a grid's studies for people: see study_names.h. */
#include "report/study_names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Length of "name-", if all folders are named by that one setting and its values are words; else 0. */
static size_t common_setting(study *const *studies, int count)
{
    const char *first = last_part(studies[0]->path);
    const size_t n = strcspn(first, "-") + 1;

    for (int k = 0; k < count; k++) {
        const char *name = last_part(studies[k]->path);
        const size_t own = strcspn(name, "+"); /* a key behind it may have an underscore of its own */
        if (memchr(name, '_', own) || strncmp(name, first, n) != 0 || !isalpha((unsigned char)name[n])) return 0;
    }
    return n;
}

void study_names_make(study_names *out, study *const *studies, int count)
{
    const size_t from = common_setting(studies, count);
    bool same = false;

    for (int k = 0; k < count; k++) {
        const char *name = last_part(studies[k]->path) + from;
        snprintf(out->of[k], sizeof out->of[k], "%.*s", (int)strcspn(name, "+"), name);
        for (int j = 0; j < k; j++) same = same || strcmp(out->of[j], out->of[k]) == 0;
    }
    for (int k = 0; k < count && same; k++)
        snprintf(out->of[k], sizeof out->of[k], "%s", last_part(studies[k]->path) + from);
}
