/* JSON through jansson, which bounds the depth of nesting but not memory. */
#include "base/json.h"

#include <math.h>
#include <stdbool.h>

#include "base/machine.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/text_file.h"
#include "base/try.h"
#include "base/utf8.h"

/* Upper bound of what jansson 2.14 allocates for the text: an object with its first
 * buckets, an array with its first elements, a member (pair, buckets while they are
 * rehashed), an element (number, places while the array grows), a string; the characters
 * themselves twice, as read and as kept.  Characters within strings are counted as well,
 * which errs on the safe side. */
static size_t memory_bound(const char *text, size_t size)
{
    enum { OBJECT = 240, ARRAY = 140, MEMBER = 120, ELEMENT = 64, QUOTE = 32 };
    size_t cost[256] = {['{'] = OBJECT, ['['] = ARRAY, [':'] = MEMBER, [','] = ELEMENT,
                        ['"'] = QUOTE};
    size_t total = ELEMENT + 2 * size;

    for (size_t i = 0; i < size; i++) total += cost[(unsigned char)text[i]];
    return total;
}

/* Without memory jansson may call a good file damaged, or leave out a letter and say nothing;
 * errno does not tell, as reading the next number clears it.  So its allocations are watched
 * where jansson is ours alone; inside another program, whose it is as well, there must be
 * ROOM before it begins. */
enum { ROOM = 1 << 20 };
static json_malloc_t unwatched_malloc;
static json_free_t unwatched_free;
static _Thread_local bool exhausted;

static void *watched_malloc(size_t size)
{
    void *p = unwatched_malloc(size);
    if (!p) exhausted = true;
    return p;
}

void json_watch_allocations(void)
{
    if (unwatched_malloc) return;
    json_get_alloc_funcs(&unwatched_malloc, &unwatched_free);
    json_set_alloc_funcs(watched_malloc, unwatched_free);
}

static void watch(size_t bytes)
{
    exhausted = !unwatched_malloc && machine_check_room(bytes, "JSON") != JEM_OK;
}

void json_watch(void)
{
    watch(ROOM);
}

jem_status json_verdict(jem_status st, const char *name)
{
    return exhausted ? jem_error(JEM_ENOMEM, "%s: out of memory", name) : st;
}

jem_status json_parse(json_t **out, const char *text, size_t size, const char *name,
                      size_t memory)
{
    const size_t bound = memory_bound(text, size);
    json_error_t e;
    jem_status st;
    json_t *root;

    if (bound > memory)
        return jem_error(JEM_EDATA, "%s: %zu bytes of JSON with too many small values: not a file "
                                    "of jem", name, size);
    watch(bound < ROOM ? ROOM : bound);
    if (exhausted) return json_verdict(JEM_ENOMEM, name);
    root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);
    st = root ? JEM_OK : jem_error(JEM_EDATA, "%s:%d: %s", name, e.line, e.text);
    st = json_verdict(st, name);
    if (st == JEM_OK)
        *out = root;
    else
        json_decref(root);
    return st;
}

jem_status json_read(json_t **out, const char *path, size_t max_size)
{
    jem_status st;
    char *text = NULL;
    size_t size;

    TRY(text_read(&text, &size, path, max_size));
    TRY(json_parse(out, text, size, path, JSON_MEMORY + 3 * size));
done:
    mem_free(text);
    return st;
}

jem_status json_text(char **out, const json_t *root, size_t flags)
{
    size_t size = root ? json_dumpb(root, NULL, 0, flags) : 0;
    char *text = NULL;
    jem_status st;

    if (size == 0) return jem_error(JEM_ENOMEM, "out of memory while writing JSON");
    TRY(MEM_NEW(text, size + 1));
    if (json_dumpb(root, text, size, flags) != size) {
        st = jem_error(JEM_ENOMEM, "out of memory while writing JSON");
        goto done;
    }
    *out = text;
    text = NULL;
done:
    mem_free(text);
    return st;
}

json_t *json_plain_string(const char *text)
{
    char *plain = NULL;
    json_t *string = plain_utf8(&plain, text) == JEM_OK ? json_string(plain) : NULL;
    mem_free(plain);
    return string;
}

json_t *json_text_or_null(const char *text)
{
    return text ? json_plain_string(text) : json_null();
}

json_t *json_number_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

jem_status json_text_error(jem_status code, const char *text, const char *what)
{
    if (!utf8_is(text)) return jem_error(code, "%s is not UTF-8 text", what);
    return jem_error(JEM_ENOMEM, "%s: out of memory", what);
}
