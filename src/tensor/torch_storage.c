/* Where the bytes of a PyTorch file are: members of a zip archive, or behind the pickles of the
 * older kind (torch_internal.h). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/torch_file.h"
#include "tensor/torch_internal.h"

/* The pickle of the number 0x1950a86a20f9469cfc6c, which begins the older kind. */
static const char magic[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
enum { MAGIC = sizeof magic - 1, TAR_MARK = 257, TAR_SIZE = TORCH_FILE_START, PICKLE_MOST = 64 << 20 };

static const torch_type types[] = {
    {"torch FloatStorage", 4, JEM_F32},  {"torch DoubleStorage", 8, JEM_F64},
    {"torch HalfStorage", 2, JEM_F16},   {"torch BFloat16Storage", 2, JEM_BF16},
    {"torch LongStorage", 8, JEM_I64},   {"torch IntStorage", 4, JEM_I32},
    {"torch ShortStorage", 2, JEM_I32},  {"torch CharStorage", 1, JEM_I32},
    {"torch ByteStorage", 1, JEM_U8},    {"torch BoolStorage", 1, JEM_U8},
};

static jem_status refuse(const torch_source *s, const char *what, const char *remedy)
{
    return jem_error(JEM_EDATA, "%s: %s; %s", s->path, what, remedy);
}

static jem_status broken(const torch_source *s, const char *fmt, ...) JEM_PRINTF(2, 3);
static jem_status broken(const torch_source *s, const char *fmt, ...)
{
    char what[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return refuse(s, what, "copy the file again, or save it again with torch.save");
}

static jem_status wrong_size(const torch_source *s, const torch_storage *x, int64_t found)
{
    return broken(s, "storage '%.60s' has %" PRId64 " bytes, expected %" PRId64 " (%" PRId64 " elements of %d)", x->key, found,
                  x->count * x->type->size, x->count, x->type->size);
}

static bool is_tar(const char *start, size_t size)
{
    return size >= TAR_SIZE && memcmp(start + TAR_MARK, "ustar", 5) == 0;
}

bool torch_file_is(const char *start, size_t size)
{
    return is_tar(start, size) || (size >= 4 && memcmp(start, "PK\3\4", 4) == 0) ||
           (size >= MAGIC && memcmp(start, magic, MAGIC) == 0);
}

/* ---- storages */

static int by_key(const void *a, const void *b)
{
    const pickle_value *const *p = a, *const *q = b;
    return strcmp((*p)->items[0]->items[2]->text, (*q)->items[0]->items[2]->text);
}

/* ('storage', class, key, location, count[, None]) */
static jem_status check_identity(const torch_source *s, const pickle_value *v)
{
    const pickle_value *id = v->items[0];
    if (id->kind != PICKLE_TUPLE || id->count < 5 || id->count > 6 ||
        !pickle_is(id->items[0], PICKLE_TEXT, "storage") || id->items[2]->kind != PICKLE_TEXT ||
        id->items[4]->kind != PICKLE_INTEGER || id->items[4]->number < 0)
        return broken(s, "a tensor's bytes are named as PyTorch never did");
    if (id->count == 6 && id->items[5]->kind != PICKLE_NONE)
        return refuse(s, "a storage is a view of another one, as PyTorch 0.x saved them",
                      "save the state dict again with a newer PyTorch");
    return JEM_OK;
}

static const torch_type *find_type(const pickle_value *class)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (pickle_is(class, PICKLE_GLOBAL, types[i].storage)) return &types[i];
    return NULL;
}

/* One storage for each key among the pickle's persistent values. */
static jem_status list_storages(torch_source *s)
{
    jem_status st;
    pickle_value **all = NULL;
    const int64_t n = s->object.persistent_count;

    TRY(MEM_NEW(all, n));
    TRY(MEM_NEW(s->storages, n));
    for (int64_t i = 0; i < n; i++) {
        all[i] = s->object.persistent[i];
        TRY(check_identity(s, all[i]));
    }
    qsort(all, (size_t)n, sizeof *all, by_key);
    for (int64_t i = 0; i < n; i++) {
        const pickle_value *id = all[i]->items[0];
        const torch_storage one = {.key = id->items[2]->text, .type = find_type(id->items[1]),
                                   .count = id->items[4]->number};
        torch_storage *last = s->count ? &s->storages[s->count - 1] : NULL;
        if (one.type && one.count > PTRDIFF_MAX / 8) {
            st = broken(s, "storage '%.60s' of %" PRId64 " elements is larger than any memory", one.key, one.count);
            goto done;
        }
        if (!last || strcmp(last->key, one.key) != 0) {
            s->storages[s->count++] = one;
        } else if (last->type != one.type || last->count != one.count) {
            st = broken(s, "storage '%.60s' has two %s: %" PRId64 " and %" PRId64 " elements", one.key,
                        last->type != one.type ? "types" : "sizes", last->count, one.count);
            goto done;
        }
        all[i]->seen = s->count;
    }
done:
    mem_free(all);
    return st;
}

static int key_compare(const void *key, const void *storage)
{
    return strcmp(key, ((const torch_storage *)storage)->key);
}

static torch_storage *find_storage(torch_source *s, const char *key)
{
    return s->count ? bsearch(key, s->storages, (size_t)s->count, sizeof *s->storages, key_compare)
                    : NULL;
}

/* ---- zip archives */

/* Characters of the archive's one folder, "archive/": those of every member's name. */
static size_t folder_length(const zip_file *z)
{
    const char *slash = z->count ? strchr(z->members[0].name, '/') : NULL;
    return slash ? (size_t)(slash + 1 - z->members[0].name) : 0;
}

static bool is_tensor_data(const char *inner) { return strncmp(inner, "data/", 5) == 0; }

/* *inner <- the member's name below the archive's one folder; JEM_EDATA for what no torch.save writes. */
static jem_status inner_name(const char **inner, const torch_source *s, const zip_member *m)
{
    const char *top = s->archive.members[0].name;
    const size_t n = folder_length(&s->archive);

    if (n == 0 || strncmp(m->name, top, n) != 0)
        return broken(s, "member '%.100s' lies in no folder, or in another than '%.*s'", m->name, (int)n, top);
    *inner = m->name + n;
    if (strcmp(*inner, "constants.pkl") == 0 || strncmp(*inner, "code/", 5) == 0)
        return refuse(s, "a TorchScript program, not weights",
                      "load it with torch.jit.load and save its state dict with torch.save");
    if (is_tensor_data(*inner) && !m->stored)
        return refuse(s, "its tensors are compressed, which torch.save never does",
                      "unpack it and save it again with torch.save");
    return JEM_OK;
}

/* text [8] <- a member that is a word, such as "little". */
static jem_status read_word(char text[8], torch_source *s, const zip_member *m)
{
    char *bytes = NULL;
    jem_status st = m->size >= 8 ? broken(s, "member '%.100s' has %" PRId64 " bytes, expected a word", m->name, m->size)
                                 : zip_file_read(&bytes, &s->archive, m);
    if (st != JEM_OK) return st;
    memset(text, 0, 8);
    memcpy(text, bytes, (size_t)m->size);
    text[strcspn(text, "\r\n")] = '\0';
    mem_free(bytes);
    return JEM_OK;
}

/* Members that say how the others are to be read. */
static jem_status check_format(torch_source *s, const char *inner, const zip_member *m)
{
    char word[8];
    jem_status st = JEM_OK;

    if (strcmp(inner, "byteorder") == 0) {
        TRY(read_word(word, s, m));
        if (strcmp(word, "little") != 0)
            st = refuse(s, "written on a big-endian machine", "save it again on an x86 or ARM one");
    } else if (strcmp(inner, "version") == 0) {
        TRY(read_word(word, s, m));
        if (strlen(word) != 1 || word[0] < '1' || word[0] > '3')
            st = broken(s, "of version '%s' of PyTorch's archives, expected 1 to 3", word);
    }
done:
    return st;
}

/* Finds and follows data.pkl. */
static jem_status open_archive(torch_source *s)
{
    jem_status st;
    zip_file *z = &s->archive;
    const zip_member *object = NULL;
    const char *inner = NULL;

    TRY(zip_file_open(z, s->path, "no whole PyTorch file (zip)", "torch.save"));
    for (int64_t i = 0; i < z->count; i++) {
        TRY(inner_name(&inner, s, &z->members[i]));
        TRY(check_format(s, inner, &z->members[i]));
        if (strcmp(inner, "data.pkl") == 0) object = &z->members[i];
    }
    if (!object) {
        st = refuse(s, "a zip archive without data.pkl, so torch.save did not write it",
                    "jem reads .npz files of numpy.savez and PyTorch's .pt, .pth");
        goto done;
    }
    if (object->size > PICKLE_MOST) {
        st = broken(s, "its data.pkl has %" PRId64 " bytes, more than names and sizes take", object->size);
        goto done;
    }
    TRY(zip_file_read(&s->whole, z, object));
    s->size = (size_t)object->size;
    TRY(pickle_read(&s->object, s->whole, s->size, s->path, object->at));
    if (s->object.used != s->size)
        st = broken(s, "byte %" PRId64 ": %zu bytes are left over behind the pickle in data.pkl",
                    object->at + (int64_t)s->object.used, s->size - s->object.used);
done:
    return st;
}

static jem_status load_archive(torch_source *s)
{
    jem_status st = JEM_OK;
    const zip_file *z = &s->archive;
    const size_t top = folder_length(z);

    for (int64_t i = 0; i < z->count; i++) {
        const zip_member *m = &z->members[i];
        torch_storage *to = is_tensor_data(m->name + top) ? find_storage(s, m->name + top + 5) : NULL;
        if (!to || !to->wanted) continue;
        if (m->size != to->count * to->type->size) return wrong_size(s, to, m->size);
        TRY(zip_file_read(&to->bytes, z, m));
    }
    for (int64_t i = 0; i < s->count; i++)
        if (s->storages[i].wanted && !s->storages[i].bytes)
            return broken(s, "storage '%.60s', which a tensor lies in, is not in the archive", s->storages[i].key);
done:
    return st;
}

/* ---- the older kind: pickles, then the bytes */

static jem_status open_pickles(torch_source *s)
{
    jem_status st;
    size_t at = 0;
    pickle head = PICKLE_INIT;

    TRY(file_read(&s->whole, &s->size, s->path, 0));
    for (int i = 0; i < 3; i++) { /* the magic number, the protocol, the machine */
        pickle_clear(&head);
        TRY(pickle_read(&head, s->whole + at, s->size - at, s->path, (int64_t)at));
        at += head.used;
    }
    const pickle_value *little = pickle_get(head.root, "little_endian");
    if (!little || little->kind != PICKLE_BOOL) {
        st = broken(s, "its third pickle does not say which machine wrote it");
        goto done;
    }
    if (!little->number) {
        st = refuse(s, "written on a big-endian machine", "save it again on an x86 or ARM one");
        goto done;
    }
    TRY(pickle_read(&s->object, s->whole + at, s->size - at, s->path, (int64_t)at));
    s->object_end = at + s->object.used;
done:
    pickle_clear(&head);
    return st;
}

/* The storage that comes next: a count, then its elements. */
static jem_status take_storage(torch_source *s, const pickle_value *key, size_t *at)
{
    int64_t count;
    torch_storage *to = key->kind == PICKLE_TEXT ? find_storage(s, key->text) : NULL;

    if (!to) return broken(s, "its list of storages names '%.60s', which no tensor has",
                           key->kind == PICKLE_TEXT ? key->text : "no text");
    if (to->bytes) return broken(s, "its list of storages names '%.60s' twice", to->key);
    if (!to->type)
        return refuse(s, "holds elements of a type that jem does not know",
                      "convert the weights to float and save them again");
    if (s->size - *at < sizeof count) return broken(s, "byte %zu: cut short before storage '%.60s'", s->size, to->key);
    memcpy(&count, s->whole + *at, sizeof count);
    *at += sizeof count;
    if (count != to->count)
        return broken(s, "byte %zu: storage '%.60s' has %" PRId64 " elements, its tensors say %" PRId64, *at, to->key, count,
                      to->count);
    const size_t bytes = (size_t)count * (size_t)to->type->size;
    if (bytes > s->size - *at)
        return broken(s, "byte %zu: cut short: storage '%.60s' has %zu bytes, expected %zu", s->size, to->key, s->size - *at,
                      bytes);
    to->bytes = s->whole + *at;
    *at += bytes;
    return JEM_OK;
}

static jem_status load_pickles(torch_source *s)
{
    jem_status st;
    pickle keys = PICKLE_INIT;
    size_t at = s->object_end;

    TRY(pickle_read(&keys, s->whole + at, s->size - at, s->path, (int64_t)at));
    at += keys.used;
    if (keys.root->kind != PICKLE_LIST || keys.root->count != s->count) {
        st = broken(s, "byte %zu: its list names %" PRId64 " storages, its tensors lie in %" PRId64, s->object_end,
                    keys.root->kind == PICKLE_LIST ? keys.root->count : 0, s->count);
        goto done;
    }
    for (int64_t i = 0; i < keys.root->count; i++) TRY(take_storage(s, keys.root->items[i], &at));
    if (at != s->size) st = broken(s, "byte %zu: %zu bytes are left over at its end", at, s->size - at);
done:
    pickle_clear(&keys);
    return st;
}

/* ---- */

jem_status torch_source_open(torch_source *s, const char *path)
{
    jem_status st;
    char *start = NULL;
    size_t size;

    *s = (torch_source)TORCH_SOURCE_INIT;
    s->path = path;
    TRY(file_read_start(&start, &size, path, TAR_SIZE));
    if (is_tar(start, size)) {
        st = refuse(s, "a tar archive, as the first versions of PyTorch wrote",
                    "load it with torch.load and save it again");
        goto done;
    }
    if (!torch_file_is(start, size)) {
        st = refuse(s, "not a file of torch.save", "give a .pt or .pth file that it has written");
        goto done;
    }
    s->zip = start[0] == 'P';
    TRY(s->zip ? open_archive(s) : open_pickles(s));
    TRY(list_storages(s));
done:
    mem_free(start);
    return st;
}

jem_status torch_source_load(torch_source *s) { return s->zip ? load_archive(s) : load_pickles(s); }

void torch_source_clear(torch_source *s)
{
    for (int64_t i = 0; s->zip && i < s->count; i++) mem_free(s->storages[i].bytes);
    mem_free(s->storages);
    pickle_clear(&s->object);
    zip_file_close(&s->archive);
    mem_free(s->whole);
    *s = (torch_source)TORCH_SOURCE_INIT;
}
