/* What fails while others go on: see failures.h. */
#include "study/failures.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

bool failure_ends_all(jem_status st)
{
    return st == JEM_ENOMEM || st == JEM_EIO || st == JEM_EUSAGE || st == JEM_EINTERRUPTED;
}

/* Does the text speak of `name`: as a word, or as the last part of a path? */
static bool names(const char *text, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        const bool begins = at == text || at[-1] == '/' || at[-1] == ' ';
        if (begins && (at[n] == '\0' || strchr(":;,/ ", at[n]))) return true;
    }
    return false;
}

void failures_note(failures *f, const char *name, jem_status st, const char *why)
{
    const size_t used = strlen(f->names);
    const bool named = names(why, name);

    log_warning("%s%s%s", named ? "" : name, named ? "" : ": ", why);
    if (f->count++ == 0) f->first = st;
    snprintf(f->names + used, sizeof f->names - used, "%s%s", used ? ", " : "", name);
}

jem_status failures_end(const failures *f, const char *what)
{
    if (f->count == 0) return JEM_OK;
    return jem_error(f->first, "%d of %d runs %s: %s", f->count, f->of, what, f->names);
}
