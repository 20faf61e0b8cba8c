/* TensorBoard's event files, appended to record by record: see event_file.h. */
#include "record/event_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/append_file.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"

static const char name_start[] = "events.out.tfevents.";

/* ---- protobuf: a field is its number and wire type, then the value */

typedef enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 } wire;

/* A message under construction.  Out of memory is remembered, and nothing added after. */
typedef struct message {
    uint8_t *bytes;
    size_t size, room;
    jem_status st;
} message;

static void put_raw(message *m, const void *data, size_t size)
{
    if (m->st != JEM_OK) return;
    if (m->size + size > m->room) {
        uint8_t *before = m->bytes;
        size_t room = 2 * (m->size + size);
        m->st = MEM_NEW(m->bytes, room);
        if (m->st != JEM_OK) return;
        if (m->size > 0) memcpy(m->bytes, before, m->size);
        mem_free(before);
        m->room = room;
    }
    if (size > 0) memcpy(m->bytes + m->size, data, size);
    m->size += size;
}

static void little_endian(uint8_t *to, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(v >> 8 * i);
}

/* Seven bits a byte, lowest first; the top bit says that more follow. */
static void put_varint(message *m, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; v >= 128; v >>= 7) bytes[n++] = (uint8_t)(v | 128);
    bytes[n++] = (uint8_t)v;
    put_raw(m, bytes, n);
}

static void put_integer(message *m, unsigned field, int64_t v)
{
    put_varint(m, field << 3 | WIRE_VARINT);
    put_varint(m, (uint64_t)v);
}

static void put_double(message *m, unsigned field, double v)
{
    uint64_t bits;
    uint8_t bytes[8];
    memcpy(&bits, &v, sizeof bits);
    little_endian(bytes, bits, 8);
    put_varint(m, field << 3 | WIRE_64);
    put_raw(m, bytes, sizeof bytes);
}

static void put_float(message *m, unsigned field, float v)
{
    uint32_t bits;
    uint8_t bytes[4];
    memcpy(&bits, &v, sizeof bits);
    little_endian(bytes, bits, 4);
    put_varint(m, field << 3 | WIRE_32);
    put_raw(m, bytes, sizeof bytes);
}

static void put_bytes(message *m, unsigned field, const void *data, size_t size)
{
    put_varint(m, field << 3 | WIRE_BYTES);
    put_varint(m, size);
    put_raw(m, data, size);
}

/* A finished message as a field of another; it is empty afterwards. */
static void put_message(message *m, unsigned field, message *inner)
{
    if (m->st == JEM_OK) m->st = inner->st;
    put_bytes(m, field, inner->bytes, inner->size);
    inner->size = 0;
}

/* ---- TFRecords */

struct event_file {
    append_file file;
    message record, summary, value, image; /* workspace, from the outside in */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { RECORD_HEAD = 12, RECORD_FOOT = 4 };

/* Begins an event behind the room for its length. */
static void event_begin(event_file *f, int64_t step)
{
    static const uint8_t head[RECORD_HEAD] = {0};
    f->record.st = f->summary.st = f->value.st = f->image.st = JEM_OK;
    f->record.size = f->summary.size = f->value.size = f->image.size = 0;
    put_raw(&f->record, head, sizeof head);
    put_double(&f->record, 1, now());
    if (step != 0) put_integer(&f->record, 2, step);
}

static jem_status event_end(event_file *f)
{
    message *m = &f->record;
    uint8_t foot[RECORD_FOOT];

    if (m->st != JEM_OK) return m->st;
    size_t size = m->size - RECORD_HEAD;
    little_endian(foot, crc32c_mask(crc32c(0, m->bytes + RECORD_HEAD, size)), RECORD_FOOT);
    put_raw(m, foot, sizeof foot);
    if (m->st != JEM_OK) return m->st;
    little_endian(m->bytes, size, 8);
    little_endian(m->bytes + 8, crc32c_mask(crc32c(0, m->bytes, 8)), 4);
    return append_file_put(&f->file, m->bytes, m->size);
}

/* ---- events */

jem_status event_file_restart(event_file *f, int64_t first_step)
{
    event_begin(f, first_step);
    put_integer(&f->value, 1, 1); /* status START */
    put_message(&f->record, 7, &f->value);
    return event_end(f);
}

jem_status event_file_scalars(event_file *f, int64_t step, const event_scalar *s, int64_t n)
{
    event_begin(f, step);
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite((float)s[i].value)) continue;
        put_bytes(&f->value, 1, s[i].tag, strlen(s[i].tag));
        put_float(&f->value, 2, (float)s[i].value);
        put_message(&f->summary, 1, &f->value);
    }
    if (f->summary.st == JEM_OK && f->summary.size == 0) return JEM_OK;
    put_message(&f->record, 5, &f->summary);
    return event_end(f);
}

jem_status event_file_image(event_file *f, int64_t step, const event_image *m)
{
    event_begin(f, step);
    put_integer(&f->image, 1, m->height);
    put_integer(&f->image, 2, m->width);
    put_integer(&f->image, 3, m->channels); /* 1 grey, 3 RGB, 4 RGBA */
    put_bytes(&f->image, 4, m->encoded, m->size);
    put_bytes(&f->value, 1, m->tag, strlen(m->tag));
    put_message(&f->value, 4, &f->image);
    put_message(&f->summary, 1, &f->value);
    put_message(&f->record, 5, &f->summary);
    return event_end(f);
}

/* ---- the file */

/* Readers take the files of a folder in the order of their names, so a session's
 * seconds must exceed those of all before it: processes that follow one another within
 * a second, or a clock that was set back, do not see to that. */
static jem_status next_seconds(long long *seconds, const char *folder)
{
    char **names = NULL;
    int count = 0;
    jem_status st;

    TRY(dir_list(&names, &count, folder));
    *seconds = (long long)now();
    for (int i = 0; i < count; i++) {
        if (strncmp(names[i], name_start, strlen(name_start)) != 0) continue;
        long long used = strtoll(names[i] + strlen(name_start), NULL, 10);
        if (used >= *seconds && used < 9999999999) *seconds = used + 1;
    }
done:
    strings_free(names, count);
    return st;
}

static jem_status open_new(append_file *file, const char *folder)
{
    jem_status st;
    char host[256] = "";
    char *path = NULL;
    long long seconds;
    bool taken = false;

    if (gethostname(host, sizeof host - 1) != 0 || !name_is_plain(host)) host[0] = '\0';
    do { /* again if another process was faster */
        TRY(next_seconds(&seconds, folder));
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s%010lld.%s.%ld", folder, name_start, seconds,
                       host[0] ? host : "localhost", (long)getpid()));
        st = append_file_new(file, &taken, path);
    } while (taken);
done:
    mem_free(path);
    return st;
}

jem_status event_file_open(event_file **out, const char *folder, int64_t first_step)
{
    static const char version[] = "brain.Event:2";
    jem_status st;
    event_file *f = NULL;

    TRY(dir_make(folder));
    TRY(MEM_NEW(f, 1));
    f->file = (append_file)APPEND_FILE_INIT;
    TRY(open_new(&f->file, folder));
    event_begin(f, 0);
    put_bytes(&f->record, 3, version, strlen(version));
    TRY(event_end(f));
    TRY(event_file_restart(f, first_step));
    *out = f;
    f = NULL;
done:
    if (f && f->file.path) (void)file_remove(f->file.path); /* nothing of use is in it */
    event_file_close(f);
    return st;
}

void event_file_close(event_file *f)
{
    if (!f) return;
    append_file_close(&f->file);
    mem_free(f->record.bytes);
    mem_free(f->summary.bytes);
    mem_free(f->value.bytes);
    mem_free(f->image.bytes);
    mem_free(f);
}

/* ---- reading, to tell damage */

static uint64_t number_at(const uint8_t *from, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes; i-- > 0;) v = v << 8 | from[i];
    return v;
}

/* Bytes of whole records with the right checksums; what may follow them is the beginning of one. */
static size_t sound_bytes(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (size - at >= RECORD_HEAD) {
        const uint64_t length = number_at(data + at, 8);
        if (number_at(data + at + 8, 4) != crc32c_mask(crc32c(0, data + at, 8))) return at;
        if (length > size - at - RECORD_HEAD || size - at - RECORD_HEAD - length < RECORD_FOOT) break;
        const uint8_t *body = data + at + RECORD_HEAD;
        if (number_at(body + length, 4) != crc32c_mask(crc32c(0, body, (size_t)length))) return at;
        at += RECORD_HEAD + (size_t)length + RECORD_FOOT;
    }
    return size;
}

jem_status event_files_check(const char *folder)
{
    jem_status st = JEM_OK;
    char **names = NULL, *path = NULL, *data = NULL;
    int count = 0;

    if (!dir_exists(folder)) return JEM_OK;
    TRY(dir_list(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        size_t size;
        if (strncmp(names[i], name_start, strlen(name_start)) != 0) continue;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        st = file_read(&data, &size, path, 0);
        const size_t sound = st == JEM_OK ? sound_bytes((const uint8_t *)data, size) : 0;
        if (st == JEM_EDATA)
            log_warning("%s; TensorBoard needs it, the training does not", jem_error_message());
        else if (st != JEM_OK)
            goto done;
        else if (sound < size)
            log_warning("%s: the record at byte %zu is damaged; TensorBoard shows nothing of this file from "
                        "there on, metrics.csv has the numbers", path, sound);
        mem_free(path);
        mem_free(data);
        path = data = NULL;
        st = JEM_OK;
    }
done:
    strings_free(names, count);
    mem_free(path);
    mem_free(data);
    return st;
}

const char *event_file_path(const event_file *f)
{
    return f->file.path;
}
