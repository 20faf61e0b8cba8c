/* Arrays into a zip archive, uncompressed, through libarchive: see npz.h. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/npy.h"
#include "tensor/npz.h"

typedef struct npz_writer {
    file_writer file;
    struct archive *a;
    struct archive_entry *e;
    const char *path;
    jem_status st; /* of the file, whose message libarchive does not know */
} npz_writer;

static la_ssize_t put(struct archive *a, void *ctx, const void *data, size_t size)
{
    npz_writer *w = ctx;
    (void)a;
    w->st = file_writer_put(&w->file, data, size);
    return w->st == JEM_OK ? (la_ssize_t)size : -1;
}

/* What a call of libarchive has come to: the file's own failure, or the archive's. */
static jem_status outcome(const npz_writer *w, la_ssize_t result)
{
    if (w->st != JEM_OK) return w->st;
    if (result >= 0) return JEM_OK;
    const char *why = archive_error_string(w->a);
    return jem_error(JEM_EIO, "%s: cannot write the archive: %s", w->path, why ? why : "no reason given");
}

static jem_status begin(npz_writer *w)
{
    jem_status st;
    TRY(file_writer_open(&w->file, w->path));
    w->a = archive_write_new();
    w->e = archive_entry_new();
    if (!w->a || !w->e) return jem_error(JEM_ENOMEM, "%s: no memory to write it", w->path);
    TRY(outcome(w, archive_write_set_format_zip(w->a)));
    TRY(outcome(w, archive_write_zip_set_compression_store(w->a)));
    TRY(outcome(w, archive_write_set_bytes_in_last_block(w->a, 1))); /* nothing behind the archive */
    TRY(outcome(w, archive_write_open(w->a, w, NULL, put, NULL)));
done:
    return st;
}

static jem_status add(npz_writer *w, const char *key, const jem_tensor *t)
{
    jem_status st;
    char header[NPY_HEADER], name[256];
    size_t size;
    const size_t bytes = (size_t)jem_tensor_count(t) * jem_dtype_size(t->dtype);

    TRY(npy_header(header, &size, t, w->path));
    snprintf(name, sizeof name, "%s.npy", key);
    archive_entry_clear(w->e);
    archive_entry_set_pathname(w->e, name);
    archive_entry_set_filetype(w->e, AE_IFREG);
    archive_entry_set_perm(w->e, 0644);
    archive_entry_set_mtime(w->e, 315532800, 0); /* 1980, where zip's times begin */
    archive_entry_set_size(w->e, (la_int64_t)(size + bytes));
    TRY(outcome(w, archive_write_header(w->a, w->e)));
    TRY(outcome(w, archive_write_data(w->a, header, size)));
    TRY(outcome(w, archive_write_data(w->a, t->data, bytes)));
done:
    return st;
}

jem_status npz_write(const char *path, const char *const *keys, const jem_tensor *const *arrays, int count)
{
    jem_status st;
    npz_writer w = {.file = FILE_WRITER_INIT, .path = path};

    TRY(begin(&w));
    for (int i = 0; i < count; i++) TRY(add(&w, keys[i], arrays[i]));
    TRY(outcome(&w, archive_write_close(w.a)));
    TRY(file_writer_commit(&w.file));
done:
    archive_entry_free(w.e);
    if (w.a) archive_write_free(w.a);
    file_writer_abort(&w.file);
    return st;
}
