/* Archives for tests, entry by entry, honest or hostile. */
#ifndef SUPPORT_ARCHIVE_MAKER_H
#define SUPPORT_ARCHIVE_MAKER_H

#include "support/check.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

typedef struct archive_maker {
    struct archive *a;
} archive_maker;

static inline void maker_open(archive_maker *m, const char *path)
{
    m->a = archive_write_new();
    archive_write_add_filter_gzip(m->a);
    archive_write_set_format_pax_restricted(m->a);
    assert_int_equal(archive_write_open_filename(m->a, path), ARCHIVE_OK);
}

/* A zip file: entries stored as they are, or compressed. */
static inline void maker_open_zip(archive_maker *m, const char *path, bool compressed)
{
    m->a = archive_write_new();
    archive_write_set_format_zip(m->a);
    assert_int_equal(archive_write_set_format_option(m->a, "zip", "compression",
                                                     compressed ? "deflate" : "store"), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(m->a, path), ARCHIVE_OK);
}

/* type: AE_IFREG, AE_IFDIR, AE_IFLNK (content is its target), AE_IFIFO; 0: a hard link. */
static inline void maker_add(archive_maker *m, const char *name, unsigned type,
                             const char *content, size_t size)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_perm(e, 04755);
    archive_entry_set_filetype(e, type ? type : AE_IFREG);
    archive_entry_set_size(e, type == AE_IFREG ? (la_int64_t)size : 0);
    if (type == AE_IFLNK) archive_entry_set_symlink(e, content);
    if (type == 0) archive_entry_set_hardlink(e, content);
    assert_int_equal(archive_write_header(m->a, e), ARCHIVE_OK);
    if (type == AE_IFREG && size) assert_true(archive_write_data(m->a, content, size) >= 0);
    archive_entry_free(e);
}

static inline void maker_close(archive_maker *m)
{
    assert_int_equal(archive_write_close(m->a), ARCHIVE_OK);
    archive_write_free(m->a);
}

#endif
