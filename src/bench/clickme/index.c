/* Reading the index of prepared ClickMe maps. */
#include "bench/clickme/index.h"

#include <inttypes.h>
#include <string.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

static int64_t find_field(const field_reader *f, const char *name)
{
    for (int64_t i = 0; i < f->count; i++)
        if (strcmp(f->fields[i], name) == 0) return i;
    return -1;
}

static jem_status find_columns(int64_t *name, int64_t *source, const field_reader *f, bool header)
{
    *name = header ? find_field(f, "name") : -1;
    *source = header ? find_field(f, "source") : -1;
    if (*name >= 0 && *source >= 0) return JEM_OK;
    return jem_error(JEM_EDATA, "%s:1: expected the columns name and source, separated by TAB",
                     f->path);
}

jem_status clickme_index_read(clickme_index *out, const char *path, int64_t n)
{
    jem_status st;
    field_reader f = FIELD_READER_INIT;
    clickme_index x = CLICKME_INDEX_INIT;
    int64_t name, source;
    int more;

    TRY(field_reader_open(&f, path, '\t'));
    TRY(field_reader_next(&f, &more));
    const int64_t columns = f.count;
    TRY(find_columns(&name, &source, &f, more));
    TRY(MEM_NEW(x.names, n));
    TRY(MEM_NEW(x.sources, n));
    for (;; x.count++) {
        TRY(field_reader_next(&f, &more));
        if (!more || x.count == n) break;
        TRY(field_reader_expect(&f, columns));
        TRY(mem_strdup(&x.names[x.count], f.fields[name]));
        st = mem_strdup(&x.sources[x.count], f.fields[source]);
        if (st != JEM_OK) {
            mem_free(x.names[x.count]);
            goto done;
        }
    }
    if (x.count != n || more) {
        st = jem_error(JEM_EDATA, "%s: %s than the %" PRId64 " maps of maps-224.npy: one line each",
                       path, more ? "more lines" : "fewer lines", n);
        goto done;
    }
    *out = x;
    x = (clickme_index)CLICKME_INDEX_INIT;
done:
    clickme_index_clear(&x);
    field_reader_clear(&f);
    return st;
}

void clickme_index_clear(clickme_index *x)
{
    for (int64_t i = 0; i < x->count; i++) {
        mem_free(x->names[i]);
        mem_free(x->sources[i]);
    }
    mem_free(x->names);
    mem_free(x->sources);
    *x = (clickme_index)CLICKME_INDEX_INIT;
}
