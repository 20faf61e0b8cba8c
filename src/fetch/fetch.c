/* A data set from its catalogue entry to its folder: see fetch.h. */
#include "fetch/fetch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/try.h"
#include "fetch/download.h"
#include "fetch/ledger.h"
#include "fetch/unpack.h"

enum { ATTEMPTS = 5, STALL_S = 60 };
static const int64_t megabyte = 1000000;

void fetch_size_text(char *text, size_t size, int64_t bytes)
{
    double v = (double)bytes;
    if (bytes < 1000)
        snprintf(text, size, "%d bytes", (int)bytes);
    else if (bytes < megabyte)
        snprintf(text, size, "%.0f kB", v / 1e3);
    else if (bytes < 1000 * megabyte)
        snprintf(text, size, "%.*f MB", bytes < 10 * megabyte, v / 1e6);
    else
        snprintf(text, size, "%.1f GB", v / 1e9);
}

/* ---- what is there */

/* A folder with something in it. */
static jem_status is_filled(bool *filled, const char *path)
{
    char **names = NULL;
    int count = 0;
    *filled = false;
    if (!dir_exists(path)) return JEM_OK;
    jem_status st = dir_list_data(&names, &count, path);
    *filled = st == JEM_OK && count > 0;
    if (names) strings_free(names, count);
    return st;
}

/* Is the folder of an archive there? */
static jem_status is_unpacked(bool *unpacked, const fetch_part *part)
{
    char *sign = NULL;
    if (!part->file->sign) return is_filled(unpacked, part->unpacked);
    jem_status st = str_format(&sign, "%s/%s", part->unpacked, part->file->sign);
    *unpacked = st == JEM_OK && file_exists(sign);
    mem_free(sign);
    return st;
}

static jem_status survey_part(fetch_part *part, const fetch_plan *p, const char *from)
{
    const fetch_file *f = part->file;
    const char *base = from ? from : p->item->base;
    bool slash = base[strlen(base) - 1] == '/', there = false;
    jem_status st;

    TRY(str_format(&part->url, "%s%s%s", base, slash ? "" : "/", f->url));
    if (f->member) {
        const char *name = strrchr(f->url, '/');
        TRY(str_format(&part->key, "archives/%s", name ? name + 1 : f->url));
        TRY(str_format(&part->unpacked, "%s%s%s", p->folder, f->path[0] ? "/" : "", f->path));
        TRY(is_unpacked(&there, part));
    } else {
        TRY(str_format(&part->key, "%s/%s", p->item->folder, f->path));
    }
    TRY(str_format(&part->place, "%s/%s", p->root, part->key));
    bool loaded = file_exists(part->place);
    if (!f->member) there = loaded;
    part->state = there ? FETCH_THERE : loaded ? FETCH_LOADED : FETCH_MISSING;
    part->size = f->size;
    if (loaded && !part->size) TRY(file_size(&part->size, part->place));
    if (!loaded) TRY(download_started(&part->started, part->place));
done:
    return st;
}

/* NULL stays NULL; "file:///x" is the folder /x. */
static jem_status judge_from(const char **from)
{
    static const char file_scheme[] = "file://";
    const char *f = *from;
    if (!f) return JEM_OK;
    if (strncmp(f, file_scheme, sizeof file_scheme - 1) == 0) f += sizeof file_scheme - 1;
    bool web = strncmp(f, "http://", 7) == 0 || strncmp(f, "https://", 8) == 0;
    if (!f[0] || strpbrk(f, "\t\r\n") || (strstr(f, "://") && !web))
        return jem_error(JEM_EUSAGE, "--from %s: give a folder, or an address with http, https or "
                                     "file",
                         *from);
    *from = f;
    return JEM_OK;
}

jem_status fetch_survey(fetch_plan *p, const fetch_item *item, const char *root, const char *from)
{
    jem_status st;

    *p = (fetch_plan){.item = item};
    TRY(judge_from(&from));
    TRY(mem_strdup(&p->root, root));
    TRY(str_format(&p->folder, "%s/%s", root, item->folder));
    TRY(MEM_NEW(p->parts, item->count));
    for (int i = 0; i < item->count; i++) {
        p->parts[i].file = &item->files[i];
        TRY(survey_part(&p->parts[i], p, from));
        p->there += p->parts[i].state == FETCH_THERE;
    }
done:
    if (st != JEM_OK) fetch_plan_clear(p);
    return st;
}

void fetch_plan_clear(fetch_plan *p)
{
    for (int i = 0; p->parts && i < p->item->count; i++) {
        mem_free(p->parts[i].key);
        mem_free(p->parts[i].place);
        mem_free(p->parts[i].unpacked);
        mem_free(p->parts[i].url);
    }
    mem_free(p->parts);
    mem_free(p->root);
    mem_free(p->folder);
    *p = (fetch_plan)FETCH_PLAN_INIT;
}

/* ---- what it costs */

static bool is_address(const fetch_part *part)
{
    return strstr(part->url, "://") != NULL;
}

jem_status fetch_ask_sizes(fetch_plan *p, const fetch_options *o)
{
    jem_status st;
    http *h = NULL;

    TRY(http_new(&h, o->stop, o->stall_s ? o->stall_s : STALL_S));
    for (int i = 0; i < p->item->count; i++) {
        fetch_part *part = &p->parts[i];
        int64_t size = -1;
        if (part->state != FETCH_MISSING || part->size || (o->stop && *o->stop)) continue;
        if (is_address(part))
            http_size(&size, h, part->url);
        else if (file_exists(part->url))
            TRY(file_size(&size, part->url));
        if (size > 0) part->size = size;
    }
done:
    http_free(h);
    return st;
}

fetch_cost fetch_price(const fetch_plan *p)
{
    fetch_cost cost = {0, 0, 0};
    int64_t largest = 0; /* archive: it is there until it is unpacked */

    for (int i = 0; i < p->item->count; i++) {
        const fetch_part *part = &p->parts[i];
        int64_t missing = part->size > part->started ? part->size - part->started : 0;
        if (part->state == FETCH_THERE) continue;
        if (part->state == FETCH_MISSING) {
            cost.load += missing;
            cost.unknown += !part->size;
        }
        if (!part->unpacked) {
            cost.disk += missing;
            continue;
        }
        cost.disk += part->file->unpacked ? part->file->unpacked : part->size;
        if (part->state == FETCH_MISSING && missing > largest) largest = missing;
    }
    cost.disk += largest;
    return cost;
}

/* ---- getting it */

typedef struct fetching {
    fetch_plan *p;
    const fetch_options *o;
    ledger known;
    http *h;
    progress bar;
    int part;       /* under way */
    bool loaded;    /* something came from the source */
    int64_t before; /* bytes of the parts before it */
    int64_t unit;   /* bytes that progress counts in */
    int first_use;  /* parts without a published hash */
    int unproven;   /* of these: come now, over http */
    int missing;    /* offline */
} fetching;

static void say(const fetching *f, const char *fmt, ...) JEM_PRINTF(2, 3);

static void say(const fetching *f, const char *fmt, ...)
{
    char line[2048];
    va_list args;
    if (!f->o->say) return;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    f->o->say(f->o->ctx, line);
}

static void show_progress(void *ctx, int64_t bytes, int64_t size)
{
    fetching *f = ctx;
    fetch_part *part = &f->p->parts[f->part];
    if (!part->size) {
        part->size = size;
        f->bar.total += size / f->unit;
    }
    f->loaded = true;
    progress_update(&f->bar, (f->before + bytes) / f->unit, NULL);
}

static download describe(const fetching *f, const fetch_part *part)
{
    const ledger_line *line = ledger_find(&f->known, part->key);
    bool first_use = !part->file->sha256;
    return (download){.url = part->url,
                      .place = part->place,
                      .size = first_use && line ? line->bytes : part->file->size,
                      .sha256 = first_use && line ? line->sha256 : part->file->sha256,
                      .first_use = first_use,
                      .page = f->p->item->page,
                      .attempts = f->o->attempts ? f->o->attempts : ATTEMPTS,
                      .wait_s = f->o->wait_s > 0 ? f->o->wait_s : 1,
                      .stop = f->o->stop,
                      .progress = show_progress};
}

static jem_status make_folder_of(const char *path)
{
    char *folder = NULL;
    jem_status st = str_format(&folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (st == JEM_OK) st = dir_ready(folder);
    mem_free(folder);
    return st;
}

static void name_missing(fetching *f, const fetch_part *part)
{
    char size[32] = "size not published";
    if (part->size) fetch_size_text(size, sizeof size, part->size);
    say(f, "missing: %s: get %s (%s%s%s) and put it there", part->place, part->url, size,
        part->file->sha256 ? ", SHA-256 " : ", no hash published",
        part->file->sha256 ? part->file->sha256 : "");
    f->missing++;
}

static bool is_plain_http(const fetch_part *part)
{
    return strncmp(part->url, "http://", 7) == 0;
}

/* Would nothing tell if somebody on the way had replaced it? */
static bool is_unproven(const fetching *f, const fetch_part *part)
{
    return part->state == FETCH_MISSING && !part->file->sha256 && is_plain_http(part) &&
           !ledger_find(&f->known, part->key);
}

static jem_status check_trust(const fetching *f)
{
    const fetch_part *first = NULL;
    int count = 0;

    if (f->o->offline || f->o->trust_http) return JEM_OK;
    for (int i = 0; i < f->p->item->count; i++) {
        if (!is_unproven(f, &f->p->parts[i])) continue;
        if (count++ == 0) first = &f->p->parts[i];
    }
    if (count == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: no hash of it is published%s, and over http anybody on the way "
                                 "could replace it; name an https address or a folder with --from, "
                                 "or take what comes with --trust-http",
                     first->url, count > 1 ? " (nor of others)" : "");
}

/* Why the file is believed, as the ledger says it. */
static const char *trust_in(const fetching *f, const fetch_part *part)
{
    const ledger_line *line = ledger_find(&f->known, part->key);
    if (part->file->sha256) return "hash";
    if (line) return line->trust; /* it is what it was */
    if (part->state != FETCH_MISSING || !is_address(part)) return "here";
    return is_plain_http(part) ? "http" : "https";
}

/* The whole, proven file is at part->place, and in the ledger. */
static jem_status have_file(fetching *f, const fetch_part *part)
{
    jem_status st;
    char sha256[SHA256_HEX];
    int64_t size;
    download d = describe(f, part);

    d.ctx = f;
    if (part->state == FETCH_MISSING) {
        TRY(make_folder_of(part->place));
        TRY(download_file(sha256, &size, f->h, &d));
    } else {
        TRY(download_verify(sha256, &size, &d));
    }
    f->first_use += d.first_use;
    f->unproven += is_unproven(f, part);
    if (d.first_use || part->state == FETCH_MISSING)
        TRY(ledger_note(&f->known, part->key, size, sha256, part->url, trust_in(f, part)));
done:
    return st;
}

static jem_status unpack(fetching *f, const fetch_part *part)
{
    jem_status st;
    int64_t size, files;

    TRY(file_size(&size, part->place));
    int64_t most = part->file->unpacked ? 2 * part->file->unpacked : 8 * size + 64 * megabyte;
    TRY(make_folder_of(part->unpacked));
    st = unpack_folder(&files, part->place, part->file->member, part->unpacked, most, f->o->stop);
    if (st == JEM_EDATA)
        jem_error(st, "%s; remove %s to have it fetched again", jem_error_message(), part->place);
    if (st != JEM_OK) goto done;
    say(f, "%s: %lld files unpacked", part->unpacked, (long long)files);
    TRY(file_remove(part->place));
done:
    return st;
}

/* An archive is loaded only if its folder can be made. */
static jem_status check_way(const fetch_part *part)
{
    bool filled;
    jem_status st = is_filled(&filled, part->unpacked);
    if (st == JEM_OK && filled)
        st = jem_error(JEM_EDATA, "%s: holds something else than %s would unpack to; move it away, "
                                  "or name another folder with --out",
                       part->unpacked, part->key);
    return st;
}

static jem_status get_part(fetching *f, fetch_part *part)
{
    jem_status st = JEM_OK;

    if (f->o->stop && *f->o->stop)
        return jem_error(JEM_EINTERRUPTED, "stopped; the same command goes on");
    if (part->unpacked && part->state == FETCH_THERE) /* a kill may have left the archive */
        return ledger_find(&f->known, part->key) ? file_remove(part->place) : JEM_OK;
    if (part->unpacked) TRY(check_way(part));
    if (part->state == FETCH_MISSING && f->o->offline && is_address(part)) {
        name_missing(f, part);
        return JEM_OK;
    }
    TRY(have_file(f, part));
    if (part->unpacked) TRY(unpack(f, part));
done:
    return st;
}

static jem_status check_room(const fetch_plan *p)
{
    fetch_cost cost = fetch_price(p);
    char needed[32], there[32];
    int64_t room;
    jem_status st = machine_disk_free(&room, p->root);
    if (st != JEM_OK || cost.disk <= room) return st;
    fetch_size_text(needed, sizeof needed, cost.disk);
    fetch_size_text(there, sizeof there, room);
    return jem_error(JEM_EIO, "%s: %s needs %s of disk and %s are free; free space, or name "
                              "another folder with --out",
                     p->root, p->item->name, needed, there);
}

/* Opens all that is needed, and looks whether there is room. */
static jem_status prepare(fetching *f, dir_held **lock)
{
    jem_status st;
    bool busy;

    TRY(dir_ready(f->p->root));
    TRY(dir_lock(lock, &busy, f->p->root));
    if (busy) {
        st = jem_error(JEM_EIO, "%s: another jem data fetch works here; wait for it, or name "
                                "another folder with --out",
                       f->p->root);
        goto done;
    }
    if (!f->o->offline) TRY(check_room(f->p));
    TRY(http_new(&f->h, f->o->stop, f->o->stall_s ? f->o->stall_s : STALL_S));
    TRY(ledger_open(&f->known, f->p->root));
    TRY(check_trust(f));
done:
    return st;
}

static jem_status get_parts(fetching *f)
{
    int count = f->p->item->count;
    int64_t total = 0, left = fetch_price(f->p).load;
    jem_status st = JEM_OK;

    for (int i = 0; i < count; i++) total += f->p->parts[i].size;
    f->unit = total < 10 * megabyte ? 1000 : megabyte;
    progress_begin(&f->bar, f->p->item->name, f->unit == megabyte ? "MB" : "kB", total / f->unit,
                   (total - left) / f->unit);
    for (f->part = 0; f->part < count; f->part++) {
        fetch_part *part = &f->p->parts[f->part];
        TRY(get_part(f, part));
        f->before += part->size;
    }
    if (f->loaded) progress_end(&f->bar, f->before / f->unit);
done:
    return st;
}

jem_status fetch_run(fetch_plan *p, const fetch_options *o)
{
    jem_status st;
    dir_held *lock = NULL;
    fetching f = {.p = p, .o = o, .known = LEDGER_INIT};

    TRY(prepare(&f, &lock));
    TRY(get_parts(&f));
    if (f.first_use)
        say(&f, "%d of %d files: no hash is published; %s has theirs, and the next fetch compares",
            f.first_use, p->item->count, f.known.file);
    if (f.unproven)
        say(&f, "%d of %d files: believed as they came over http (--trust-http); compare their SHA-256 in "
                "%s with somebody else's", f.unproven, p->item->count, f.known.file);
    if (f.missing)
        st = jem_error(JEM_EDATA, "%s: %d of %d files are missing and --offline loads nothing; see "
                                  "above where each is to be had, then run the same command again",
                       p->folder, f.missing, p->item->count);
done:
    ledger_close(&f.known);
    http_free(f.h);
    dir_unlock(lock);
    return st;
}
