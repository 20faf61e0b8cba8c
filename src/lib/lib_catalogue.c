/* jem/catalogue.h: what it promises, by the functions of fetch/catalogue.h. */
#include "jem/catalogue.h"

#include <string.h>

#include "fetch/catalogue.h"
#include "lib/lib_call.h"

int64_t jem_catalogue_count(void)
{
    LIB_CALL;
    int64_t count = 0;
    while (fetch_items()[count].name) count++;
    return count;
}

/* What an older caller's struct has room for; both begin with their size. */
static jem_status hand_out(void *out, const void *found, size_t whole, const char *function)
{
    size_t size;
    memcpy(&size, out, sizeof size);
    if (size < sizeof size)
        return jem_error(JEM_EUSAGE, "%s: out->size = %zu; begin with its JEM_..._INIT", function, size);
    if (size > whole) size = whole;
    memcpy(out, found, size);
    memcpy(out, &size, sizeof size);
    return JEM_OK;
}

static jem_status check_index(int64_t index, int64_t count, const char *what, const char *function)
{
    if (index >= 0 && index < count) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: %s = %lld; there are %lld", function, what, (long long)index, (long long)count);
}

jem_status jem_catalogue_at(jem_catalogue_item *out, int64_t index)
{
    LIB_CALL;
    HOST_NEED(out);
    const jem_status st = check_index(index, jem_catalogue_count(), "index", __func__);
    if (st != JEM_OK) return st;
    const fetch_item *i = &fetch_items()[index];
    const jem_catalogue_item found = {.size = sizeof found,
                                      .name = i->name,
                                      .folder = i->folder,
                                      .about = i->about,
                                      .licence = i->licence,
                                      .cite = i->cite,
                                      .page = i->page,
                                      .base = i->base,
                                      .files = i->count,
                                      .by_hand = i->by_hand};
    return hand_out(out, &found, sizeof found, __func__);
}

jem_status jem_catalogue_file_at(jem_catalogue_file *out, int64_t index, int64_t file)
{
    LIB_CALL;
    HOST_NEED(out);
    jem_status st = check_index(index, jem_catalogue_count(), "index", __func__);
    if (st == JEM_OK) st = check_index(file, fetch_items()[index].count, "file", __func__);
    if (st != JEM_OK) return st;
    const fetch_file *f = &fetch_items()[index].files[file];
    const jem_catalogue_file found = {.size = sizeof found,
                                      .url = f->url,
                                      .path = f->path,
                                      .bytes = f->size,
                                      .sha256 = f->sha256,
                                      .member = f->member,
                                      .unpacked = f->unpacked,
                                      .sign = f->sign};
    return hand_out(out, &found, sizeof found, __func__);
}
