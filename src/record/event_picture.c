/* Reading pictures of event files (event_picture.h). */
#include "record/event_picture.h"

#include <stdbool.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

enum { LARGEST_FILE = 1 << 28, LENGTH = 8, SUM = 4 };

/* Bytes that are left of a message. */
typedef struct span {
    const unsigned char *at, *end;
} span;

static size_t left_of(const span *s) { return (size_t)(s->end - s->at); }

/* A number of seven bits to a byte, the lowest first.  False: it is cut short. */
static bool take_number(uint64_t *number, span *s)
{
    *number = 0;
    for (int shift = 0; s->at < s->end && shift < 64; shift += 7) {
        *number |= (uint64_t)(*s->at & 127) << shift;
        if (*s->at++ < 128) return true;
    }
    return false;
}

/* A field of a message: its number and what it holds, bytes or a number.  False at the end, or where it is cut short. */
static bool take_field(uint64_t *field, span *bytes, uint64_t *number, span *s)
{
    enum { NUMBER, EIGHT, BYTES, FOUR = 5, KIND_BITS = 3 };
    uint64_t key, size;

    *bytes = (span){NULL, NULL};
    *number = 0;
    if (!take_number(&key, s)) return false;
    *field = key >> KIND_BITS;
    switch (key & ((1 << KIND_BITS) - 1)) {
    case NUMBER: return take_number(number, s);
    case EIGHT: size = 8; break;
    case FOUR: size = 4; break;
    case BYTES:
        if (take_number(&size, s)) break;
        return false;
    default: return false;
    }
    if (size > left_of(s)) return false;
    *bytes = (span){s->at, s->at + size};
    s->at += size;
    return true;
}

/* *part <- the first field of this number, bytes; false: there is none. */
static bool find_bytes(span *part, span message, uint64_t wanted)
{
    uint64_t field, number;
    while (take_field(&field, part, &number, &message))
        if (field == wanted && part->at) return true;
    return false;
}

/* *png <- what the event has as the picture `tag`. */
static bool find_picture(span *png, int64_t *step, span event, const char *tag)
{
    uint64_t field, number;
    span part, summary = {NULL, NULL}, name, image;
    int64_t at = 0;

    while (take_field(&field, &part, &number, &event)) {
        if (field == 2) at = (int64_t)number;
        if (field == 5) summary = part;
    }
    while (summary.at && take_field(&field, &part, &number, &summary)) {
        if (field != 1 || !part.at || !find_bytes(&name, part, 1) || !find_bytes(&image, part, 4)) continue;
        if (left_of(&name) != strlen(tag) || memcmp(name.at, tag, strlen(tag)) != 0 || !find_bytes(png, image, 4)) continue;
        *step = at;
        return true;
    }
    return false;
}

/* *png <- the last one in the file's bytes; untouched: it has none. */
static void find_last(span *png, int64_t *step, span file, const char *tag)
{
    while (left_of(&file) > LENGTH + SUM) {
        uint64_t size = 0;
        span found;
        int64_t at;
        for (int i = 0; i < LENGTH; i++) size |= (uint64_t)file.at[i] << 8 * i;
        file.at += LENGTH + SUM;
        if (size > left_of(&file)) return;
        if (find_picture(&found, &at, (span){file.at, file.at + size}, tag)) *png = found, *step = at;
        file.at += size;
        if (left_of(&file) < SUM) return;
        file.at += SUM;
    }
}

static jem_status last_of_file(char **png, size_t *size, int64_t *step, const char *path, const char *tag)
{
    jem_status st;
    char *data = NULL;
    size_t n;
    span found = {NULL, NULL};

    TRY(file_read(&data, &n, path, LARGEST_FILE));
    find_last(&found, step, (span){(unsigned char *)data, (unsigned char *)data + n}, tag);
    if (!found.at) goto done;
    TRY(MEM_NEW(*png, left_of(&found) + 1));
    *size = left_of(&found);
    memcpy(*png, found.at, *size);
done:
    mem_free(data);
    return st;
}

jem_status event_picture_last(char **png, size_t *size, int64_t *step, const char *run, const char *tag)
{
    jem_status st;
    char *folder = NULL, *path = NULL, **names = NULL;
    int count = 0;

    *png = NULL;
    TRY(str_format(&folder, "%s/events", run));
    if (!dir_exists(folder)) goto done;
    TRY(dir_list(&names, &count, folder));
    for (int i = count; i-- > 0 && !*png;) { /* names sort in the order of sessions */
        mem_free(path);
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        st = last_of_file(png, size, step, path, tag);
        if (st == JEM_EDATA) st = JEM_OK; /* gone, or too large to look through */
        if (st != JEM_OK) goto done;
    }
done:
    strings_free(names, count);
    mem_free(path);
    mem_free(folder);
    return st;
}
