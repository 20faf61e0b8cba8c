/* Filling a folder with shards (fill.h).
 *
 * A shard is written before the index that names it, and the index after each shard: a kill in
 * between leaves a shard that nobody knows, which the next run writes again under the same name. */
#include "data/shards/fill.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/stream.h"

static const char noise_listing[] = "756e69666f726d31"; /* names them, as a hash does a list */

/* ---- the index: new, or the one to go on with */

static const image_list *list_of(const shard_job *j, int part)
{
    return part == SHARD_TRAIN ? &j->images->train : &j->images->val;
}

/* A picture's path from the source's folder on. */
static const char *relative(const shard_job *j, const char *path)
{
    return path + strlen(j->source) + 1;
}

static void hash_list(char text[17], const shard_job *j, const image_list *l)
{
    uint64_t hash = 0;
    for (int64_t i = 0; i < l->n; i++) {
        const char *name = relative(j, l->paths[i]);
        hash = XXH64(name, strlen(name), hash);
        hash = XXH64(&l->labels[i], sizeof l->labels[i], hash);
    }
    snprintf(text, 17, "%016" PRIx64, hash);
}

static jem_status new_index(shard_index *out, const shard_job *j)
{
    jem_status st;
    shard_index x = {.format = j->format};

    TRY(shard_index_name_classes(&x, j->images->classes, j->images->class_count));
    for (int i = 0; i < SHARD_NOISE; i++) {
        const image_list *l = list_of(j, i);
        if (l->n > INT32_MAX) {
            st = jem_error(JEM_EDATA, "%s: more than %d pictures", j->source, INT32_MAX);
            goto done;
        }
        x.parts[i].images = l->n;
        hash_list(x.parts[i].listing, j, l);
    }
    x.parts[SHARD_NOISE].images = j->noise;
    memcpy(x.parts[SHARD_NOISE].listing, noise_listing, sizeof noise_listing);
    *out = x;
    x = (shard_index)SHARD_INDEX_INIT;
done:
    shard_index_clear(&x);
    return st;
}

/* What differs between the rows that are there and those asked for; NULL: nothing. */
static const char *difference(const shard_index *there, const shard_index *asked)
{
    const shard_format *a = &there->format, *b = &asked->format;

    if (a->resize != b->resize) return "another resizing (--resize)";
    if (strcmp(a->vae, b->vae) != 0) return "another autoencoder";
    if (a->scale < b->scale || a->scale > b->scale) return "another latent scale";
    if (a->picture != b->picture) return "pictures of another size";
    if (a->flip != b->flip) return "or without mirrored pictures";
    if (a->dtype != b->dtype) return "another number format";
    if (shard_values(a) != shard_values(b)) return "another autoencoder";
    for (int i = 0; i < SHARD_NOISE; i++)
        if (strcmp(there->parts[i].listing, asked->parts[i].listing) != 0)
            return "other pictures or labels";
    const int64_t noise = there->parts[SHARD_NOISE].images, wanted = asked->parts[SHARD_NOISE].images;
    return noise && wanted && noise != wanted ? "another number of noise pictures" : NULL;
}

static jem_status check_same(const shard_index *there, const shard_index *asked, const char *out)
{
    const char *rows = shard_words_of(there->format.kind)->rows;
    const bool same_kind = there->format.kind == asked->format.kind;
    const char *other = same_kind ? difference(there, asked) : NULL;

    if (same_kind && !other) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: holds %s%s%s: name another folder, or remove this one", out, rows,
                     other ? " made with " : "", other ? other : "");
}

/* What the index says is done must be there: nobody would make it again. */
static jem_status check_files(const shard_index *x, const char *out)
{
    jem_status st = JEM_OK;
    char *path = NULL;

    for (int i = 0; i < SHARD_PARTS; i++)
        for (int64_t k = 0; k < x->parts[i].shard_count; k++) {
            TRY(str_format(&path, "%s/%s", out, x->parts[i].shards[k].file));
            if (!file_exists(path)) {
                st = jem_error(JEM_EDATA, "%s: is gone, and the index says it is done: put it back (the same "
                                          "pictures make the same file in another folder), or remove the "
                                          "folder", path);
                goto done;
            }
            mem_free(path);
            path = NULL;
        }
done:
    mem_free(path);
    return st;
}

static jem_status open_index(shard_index *out, const shard_job *j)
{
    jem_status st;
    shard_index asked = SHARD_INDEX_INIT, there = SHARD_INDEX_INIT;

    TRY(new_index(&asked, j));
    if (!shard_index_exists(j->out)) {
        TRY(shard_index_write(&asked, j->out));
        *out = asked;
        asked = (shard_index)SHARD_INDEX_INIT;
        goto done;
    }
    TRY(shard_index_read(&there, j->out));
    TRY(check_same(&there, &asked, j->out));
    TRY(check_files(&there, j->out));
    if (there.parts[SHARD_NOISE].images == 0) there.parts[SHARD_NOISE] = asked.parts[SHARD_NOISE];
    *out = there;
    there = (shard_index)SHARD_INDEX_INIT;
done:
    shard_index_clear(&asked);
    shard_index_clear(&there);
    return st;
}

static jem_status check_disk(const shard_index *x, const shard_job *j)
{
    int64_t left = 0, room = 0;
    const int64_t row = shard_row_bytes(&j->format);

    for (int i = 0; i < SHARD_PARTS; i++) left += x->parts[i].images - x->parts[i].done;
    jem_status st = machine_disk_free(&room, j->out);
    if (st || left * row <= room) return st;
    return jem_error(JEM_EIO, "%s: %" PRId64 " %s take %.1f MiB, the disk has %.1f left: make room or name a folder elsewhere",
                     j->out, left, shard_words_of(j->format.kind)->rows, (double)(left * row) / (1 << 20),
                     (double)room / (1 << 20));
}

/* ---- one shard */

/* A shard that is being filled. */
typedef struct filling {
    const shard_job *j;
    image_stream *s;  /* NULL: of noise */
    uint8_t *planar;  /* [3,s,s] */
    int64_t rows;     /* taken so far */
    int32_t *labels, *images; /* [per_shard] */
} filling;

static void filling_clear(filling *f)
{
    image_stream_free(f->s);
    mem_free(f->planar);
    mem_free(f->labels);
    mem_free(f->images);
}

static jem_status filling_init(filling *f, const shard_job *j)
{
    jem_status st;

    f->j = j;
    TRY(MEM_NEW(f->planar, 3 * j->format.picture * j->format.picture));
    TRY(MEM_NEW(f->labels, j->per_shard));
    TRY(MEM_NEW(f->images, j->per_shard));
done:
    return st;
}

static jem_status skip(shard_part *p, const shard_job *j, const char *path)
{
    char *reason = NULL;
    jem_status st = mem_strdup(&reason, jem_error_message());

    if (st == JEM_OK) st = shard_part_skip(p, relative(j, path), reason);
    if (st == JEM_OK) log_warning("left out: %s", reason);
    mem_free(reason);
    return st;
}

static jem_status damaged(void)
{
    char what[1024];
    snprintf(what, sizeof what, "%s", jem_error_message());
    return jem_error(JEM_EDATA, "%s (where damaged pictures are to be skipped, it is left out)", what);
}

jem_status shard_check_stop(const volatile sig_atomic_t *stop)
{
    return stop && *stop ? jem_error(JEM_EINTERRUPTED, "stopped by a signal") : JEM_OK;
}

/* Picture i of the part, whose list is `l`; of noise NULL. */
static jem_status take(filling *f, shard_part *p, const image_list *l, int64_t i)
{
    const shard_job *j = f->j;
    jem_status st = shard_check_stop(j->stop);

    if (st) return st;
    if (l) st = image_stream_next(f->s, f->planar);
    if (st == JEM_EDATA && j->skip_damaged) return skip(p, j, l->paths[i]);
    if (st == JEM_EDATA) return damaged();
    if (st) return st;
    f->labels[f->rows] = l ? l->labels[i] : 0;
    f->images[f->rows] = (int32_t)i;
    return j->maker.take(j->maker.ctx, l ? f->planar : NULL, i, f->rows++);
}

static jem_status write_shard(shard_index *x, int part, const filling *f)
{
    jem_status st;
    shard_part *p = &x->parts[part];
    shard_rows rows = {.n = f->rows, .labels = f->labels, .images = f->images};
    const shard_format format = shard_part_format(x, part);
    char name[64], checksum[SHARD_CHECKSUM_SIZE], *path = NULL;

    snprintf(name, sizeof name, "%s-%05" PRId64 ".safetensors", shard_part_names[part],
             p->shard_count);
    TRY(str_format(&path, "%s/%s", f->j->out, name));
    TRY(f->j->maker.finish(f->j->maker.ctx, &rows));
    TRY(shard_file_write(path, &format, &rows, checksum));
    TRY(shard_part_add_shard(p, name, f->rows, checksum));
done:
    mem_free(path);
    return st;
}

/* ---- all of it */

/* How far it is, for people and for who looks on. */
typedef struct tally {
    progress shown;
    const shard_watch *watch;
    int64_t images;
} tally;

static void tell(tally *t, int64_t done)
{
    progress_update(&t->shown, done, NULL);
    if (t->watch->tell) t->watch->tell(t->watch->ctx, done, t->images);
}

static jem_status fill_part(shard_index *x, int part, filling *f, tally *far)
{
    jem_status st = JEM_OK;
    const shard_job *j = f->j;
    shard_part *p = &x->parts[part];
    const image_list *l = part == SHARD_NOISE ? NULL : list_of(j, part);
    int64_t before = 0, i = p->done;

    if (i == p->images) return JEM_OK;
    for (int k = 0; k < part; k++) before += x->parts[k].done;
    if (l)
        TRY(image_stream_new(&f->s, l->paths + i, l->n - i, j->format.picture, j->kernel, j->threads,
                             j->ahead));
    while (i < p->images) {
        const int64_t end = i + j->per_shard < p->images ? i + j->per_shard : p->images;
        f->rows = 0;
        j->maker.begin(j->maker.ctx, part);
        for (; i < end; i++) {
            TRY(take(f, p, l, i));
            tell(far, before + i + 1);
        }
        if (f->rows > 0) TRY(write_shard(x, part, f));
        p->done = end;
        TRY(shard_index_write(x, j->out));
    }
done:
    image_stream_free(f->s);
    f->s = NULL;
    return st;
}

/* Pictures of all parts, and how many of them are done. */
static int64_t count_pictures(const shard_index *x, int64_t *done)
{
    int64_t images = *done = 0;
    for (int i = 0; i < SHARD_PARTS; i++) {
        images += x->parts[i].images;
        *done += x->parts[i].done;
    }
    return images;
}

static jem_status fill_all(shard_index *x, const shard_job *j)
{
    jem_status st;
    filling f = {.rows = 0};
    int64_t done_before;
    const int64_t images = count_pictures(x, &done_before);
    tally far = {.watch = &j->watch, .images = images};

    if (done_before == images) return JEM_OK;
    if (done_before > 0)
        log_info("%s: %" PRId64 " of %" PRId64 " pictures are done already", j->out, done_before,
                 images);
    TRY(check_disk(x, j));
    TRY(filling_init(&f, j));
    progress_begin(&far.shown, shard_words_of(j->format.kind)->verb, "images", images, done_before);
    for (int i = 0; i < SHARD_PARTS; i++) TRY(fill_part(x, i, &f, &far));
    progress_end(&far.shown, images);
done:
    filling_clear(&f);
    return st;
}

jem_status shard_fill(shard_index *index, const shard_job *j)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;
    int64_t images, finished;
    dir_held *lock = NULL;
    bool busy = false;

    TRY(dir_make(j->out));
    TRY(dir_lock(&lock, &busy, j->out));
    if (busy) {
        st = jem_error(JEM_EUSAGE, "%s: another process is writing into this folder", j->out);
        goto done;
    }
    TRY(file_remove_leftovers(j->out));
    TRY(open_index(&x, j));
    st = fill_all(&x, j);
    images = count_pictures(&x, &finished);
    if (st == JEM_EINTERRUPTED)
        st = jem_error(st, "%s: stopped; %" PRId64 " of %" PRId64 " pictures are done, "
                           "the same command goes on", j->out, finished, images);
    if (st) goto done;
    *index = x;
    x = (shard_index)SHARD_INDEX_INIT;
done:
    shard_index_clear(&x);
    dir_unlock(lock);
    return st;
}
