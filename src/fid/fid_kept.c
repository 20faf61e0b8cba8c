/* Statistics found by what they are of, or described and kept (fid_kept.h). */
#include "fid/fid_kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cache_place.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "jem/version.h"

enum { KEY_DIGITS = 32 };

/* *path <- where these statistics are kept, or NULL: nowhere. */
static jem_status find_place(char **path, const fid_network *n, const dataset *d)
{
    char what[256], hex[SHA256_HEX], name[64];
    sha256_state s;

    const int length = snprintf(what, sizeof what, "jem %s, weights %s, precision %d, %" PRId64 " images %016" PRIx64,
                                JEM_VERSION, n->hash, n->precision, d->n, d->hash);
    sha256_init(&s);
    sha256_put(&s, what, (size_t)length);
    sha256_end(&s, hex);
    snprintf(name, sizeof name, "fid-%.*s.npz", KEY_DIGITS, hex);
    return cache_path(path, name);
}

/* Whether they were there. */
static bool find(fid_statistics *out, const char *path, const dataset *d, const char *label)
{
    fid_statistics s = FID_STATISTICS_INIT;

    if (!path || !file_exists(path)) return false;
    if (fid_statistics_read(&s, path) != JEM_OK || s.n != d->n) {
        log_warning("%s: %s is damaged and made again: %s", label, path, jem_error_message());
        fid_statistics_clear(&s);
        return false;
    }
    log_info("%s: %" PRId64 " pictures, as described before in %s", label, s.n, path);
    if (fid_bias(s.n)) log_warning("%s: %" PRId64 " pictures: %s", label, s.n, fid_bias(s.n));
    *out = s;
    return true;
}

jem_status fid_describe_kept(fid_statistics *out, const fid_network *n, const dataset *d, const char *label)
{
    jem_status st;
    char *path = NULL;
    fid_pictures p;

    TRY(fid_pictures_of_data(&p, d));
    if (find_place(&path, n, d) != JEM_OK)
        log_warning("%s: its statistics are not kept: %s", label, jem_error_message());
    if (find(out, path, d, label)) goto done;
    TRY(fid_describe(out, n, &p, label));
    if (!path) goto done;
    if (fid_statistics_write(out, path) != JEM_OK)
        log_warning("%s: its statistics are not kept: %s", label, jem_error_message());
    else
        log_info("%s: statistics kept in %s", label, path);
done:
    mem_free(path);
    return st;
}
