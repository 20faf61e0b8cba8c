/* What all subjects share: their end, what they can answer, how their classes become categories. */
#include "bench/subject.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "bench/label_map.h"

void subject_note_together(subject *s, const model *m)
{
    const int64_t together = model_graph(m)->together;
    const size_t used = strlen(s->note);
    if (together > 0)
        snprintf(s->note + used, sizeof s->note - used, "%snorms take the statistics of %lld images together, in their order",
                 used ? "; " : "", (long long)together);
}

void subject_clear(subject *s)
{
    if (s->ops && s->ops->free) s->ops->free(s->ctx);
    *s = (subject){.ops = NULL};
}

jem_status subject_can(const subject *s, bool has, const char *benchmark, const char *needs)
{
    if (has) return JEM_OK;
    return jem_error(JEM_EUSAGE,
                     "%s: %s gives none of what this benchmark needs: %s; 'jem bench "
                     "list' says which answers can be scored",
                     benchmark, s->name, needs);
}

jem_status subject_use_mapping(subject *s, const char *path)
{
    jem_status st;
    label_map *m = NULL;

    if (!s->ops->use_mapping || s->classes == 0)
        return jem_error(JEM_EUSAGE, "%s gives no logits: there is nothing that %s could map",
                         s->name, path);
    TRY(label_map_read(&m, path));
    st = label_map_check(m, s->classes);
    if (st != JEM_OK) {
        st = jem_error_context(st, "%s", path);
        goto done;
    }
    TRY(s->ops->use_mapping(s->ctx, m));
    m = NULL;
done:
    label_map_free(m);
    return st;
}
