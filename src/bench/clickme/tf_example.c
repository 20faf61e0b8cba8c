/* Just enough protobuf: fields are read where they lie, nothing is copied, and no more of
 * them than a record of a few features has. */
#include "bench/clickme/tf_example.h"

#include <stdbool.h>
#include <string.h>

typedef struct span {
    const uint8_t *at, *end;
    int *left; /* so many fields may still be read, in this message and those in it */
} span;

typedef struct field {
    uint64_t number;
    int wire;        /* 0 varint, 1 eight bytes, 2 span, 5 four bytes */
    uint64_t varint; /* wire 0 */
    span bytes;      /* wire 2 */
} field;

enum { VARINT = 0, FIXED64 = 1, SPAN = 2, FIXED32 = 5 };
enum { BYTES_LIST = 1, INT64_LIST = 3, FIELDS_MAX = 1000 };

static bool read_varint(uint64_t *out, span *s)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (s->at == s->end) return false;
        uint8_t byte = *s->at++;
        if (shift == 63 && byte > 1) return false; /* more than 64 bits */
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* False for a field that is not well formed, or one too many; the span must not be empty. */
static bool read_field(field *f, span *s)
{
    uint64_t tag, size;
    if (--*s->left < 0 || !read_varint(&tag, s) || tag >> 3 == 0) return false;
    *f = (field){.number = tag >> 3, .wire = (int)(tag & 7)};
    switch (f->wire) {
    case VARINT:
        return read_varint(&f->varint, s);
    case SPAN:
        if (!read_varint(&size, s)) return false;
        break;
    case FIXED64:
        size = 8;
        break;
    case FIXED32:
        size = 4;
        break;
    default: /* groups, which no current writer makes */
        return false;
    }
    if (size > (uint64_t)(s->end - s->at)) return false;
    f->bytes = (span){s->at, s->at + size, s->left};
    s->at += size;
    return true;
}

static jem_status malformed(const char *name)
{
    return jem_error(JEM_EDATA, "%s: not a well-formed tf.train.Example", name);
}

/* One entry of the map: *match says if it has this key; then *feature is its value. */
static jem_status read_entry(span *feature, bool *match, span entry, const char *key,
                             const char *name)
{
    field f;
    *match = false;
    *feature = (span){entry.at, entry.at, entry.left};
    while (entry.at < entry.end) {
        if (!read_field(&f, &entry)) return malformed(name);
        if (f.number == 1 && f.wire == SPAN)
            *match = (size_t)(f.bytes.end - f.bytes.at) == strlen(key) &&
                     memcmp(f.bytes.at, key, strlen(key)) == 0;
        if (f.number == 2 && f.wire == SPAN) *feature = f.bytes;
    }
    return JEM_OK;
}

static jem_status find_in_features(span *feature, int *found, span features, const char *key,
                                   const char *name)
{
    field f;
    span value;
    bool match;
    while (features.at < features.end) {
        if (!read_field(&f, &features)) return malformed(name);
        if (f.number != 1 || f.wire != SPAN) continue;
        jem_status st = read_entry(&value, &match, f.bytes, key, name);
        if (st != JEM_OK) return st;
        if (!match) continue;
        *feature = value;
        ++*found;
    }
    return JEM_OK;
}

/* *feature <- the Feature of `key`. */
static jem_status find_feature(span *feature, span example, const char *key, const char *name)
{
    field f;
    int found = 0;
    while (example.at < example.end) {
        if (!read_field(&f, &example)) return malformed(name);
        if (f.number != 1 || f.wire != SPAN) continue;
        jem_status st = find_in_features(feature, &found, f.bytes, key, name);
        if (st != JEM_OK) return st;
    }
    if (found != 1)
        return jem_error(JEM_EDATA, "%s: %d features named '%s', expected one", name, found, key);
    return JEM_OK;
}

/* *list <- the list of this kind in a feature, which may hold no other. */
static jem_status find_list(span *list, span feature, uint64_t kind, const char *key,
                            const char *name)
{
    field f;
    int found = 0;
    while (feature.at < feature.end) {
        if (!read_field(&f, &feature)) return malformed(name);
        if (f.number < 1 || f.number > 3) continue;
        if (f.number != kind || f.wire != SPAN)
            return jem_error(JEM_EDATA, "%s: '%s' is not a list of %s", name, key,
                             kind == BYTES_LIST ? "bytes" : "integers");
        *list = f.bytes;
        found++;
    }
    if (found != 1)
        return jem_error(JEM_EDATA, "%s: '%s' holds %d lists, expected one", name, key, found);
    return JEM_OK;
}

static jem_status check_single(int64_t count, const char *key, const char *name)
{
    if (count == 1) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: '%s' holds %lld values, expected one", name, key,
                     (long long)count);
}

jem_status tf_example_bytes(const uint8_t **data, size_t *size, const uint8_t *record,
                            size_t record_size, const char *key, const char *name)
{
    int left = FIELDS_MAX;
    span feature, list, value = {record, record, &left};
    field f;
    int64_t count = 0;
    jem_status st = find_feature(&feature, (span){record, record + record_size, &left}, key, name);
    if (st == JEM_OK) st = find_list(&list, feature, BYTES_LIST, key, name);
    if (st != JEM_OK) return st;
    while (list.at < list.end) {
        if (!read_field(&f, &list)) return malformed(name);
        if (f.number != 1 || f.wire != SPAN) continue;
        value = f.bytes;
        count++;
    }
    st = check_single(count, key, name);
    if (st != JEM_OK) return st;
    *data = value.at;
    *size = (size_t)(value.end - value.at);
    return JEM_OK;
}

jem_status tf_example_int64(int64_t *value, const uint8_t *record, size_t record_size,
                            const char *key, const char *name)
{
    int left = FIELDS_MAX;
    span feature, list;
    field f;
    uint64_t last = 0;
    int64_t count = 0;
    jem_status st = find_feature(&feature, (span){record, record + record_size, &left}, key, name);
    if (st == JEM_OK) st = find_list(&list, feature, INT64_LIST, key, name);
    if (st != JEM_OK) return st;
    while (list.at < list.end) {
        if (!read_field(&f, &list)) return malformed(name);
        if (f.number != 1) continue;
        if (f.wire == VARINT) {
            last = f.varint;
            count++;
        } else if (f.wire == SPAN) {
            for (; f.bytes.at < f.bytes.end; count++)
                if (--left < 0 || !read_varint(&last, &f.bytes)) return malformed(name);
        } else {
            return malformed(name);
        }
    }
    st = check_single(count, key, name);
    if (st != JEM_OK) return st;
    memcpy(value, &last, sizeof *value); /* two's complement, as protobuf stores it */
    return JEM_OK;
}
