/* Encoding pictures (encode.h).
 *
 * A shard is written before the index that names it, and the index after each shard: a kill in
 * between leaves a shard that nobody knows, which the next run writes again under the same name. */
#include "data/shards/encode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "data/pictures/stream.h"
#include "data/pictures/units.h"

/* Values of the pictures of noise, the same in every set. */
static const rng_stream noise_pictures = {0, RNG_CHAIN_START, 0, 0};
static const char noise_listing[] = "756e69666f726d31"; /* names them, as a hash does a list */

/* ---- the index: new, or the one to go on with */

static const image_list *list_of(const latent_job *j, int part)
{
    return part == SHARD_TRAIN ? &j->images->train : &j->images->val;
}

/* A picture's path from the source's folder on. */
static const char *relative(const latent_job *j, const char *path)
{
    return path + strlen(j->source) + 1;
}

static void hash_list(char text[17], const latent_job *j, const image_list *l)
{
    uint64_t hash = 0;
    for (int64_t i = 0; i < l->n; i++) {
        const char *name = relative(j, l->paths[i]);
        hash = XXH64(name, strlen(name), hash);
        hash = XXH64(&l->labels[i], sizeof l->labels[i], hash);
    }
    snprintf(text, 17, "%016" PRIx64, hash);
}

static jem_status new_index(shard_index *out, const latent_job *j)
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

/* What differs between the latents that are there and those asked for; NULL: nothing. */
static const char *difference(const shard_index *there, const shard_index *asked)
{
    const shard_format *a = &there->format, *b = &asked->format;

    if (strcmp(a->vae, b->vae) != 0) return "another autoencoder (--vae)";
    if (a->scale < b->scale || a->scale > b->scale) return "another latent scale (--scale)";
    if (a->picture != b->picture) return "pictures of another size (--size)";
    if (a->flip != b->flip) return "or without mirrored pictures (--flip)";
    if (a->dtype != b->dtype) return "another number format (--dtype)";
    if (shard_values(a) != shard_values(b)) return "another autoencoder (--vae)";
    for (int i = 0; i < SHARD_NOISE; i++)
        if (strcmp(there->parts[i].listing, asked->parts[i].listing) != 0)
            return "other pictures or labels";
    const int64_t noise = there->parts[SHARD_NOISE].images, wanted = asked->parts[SHARD_NOISE].images;
    return noise && wanted && noise != wanted ? "another number of noise pictures (--noise)" : NULL;
}

static jem_status open_index(shard_index *out, const latent_job *j)
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
    const char *other = difference(&there, &asked);
    if (other) {
        st = jem_error(JEM_EUSAGE, "%s: holds latents made with %s: name another folder, or remove "
                                   "this one", j->out, other);
        goto done;
    }
    if (there.parts[SHARD_NOISE].images == 0) there.parts[SHARD_NOISE] = asked.parts[SHARD_NOISE];
    *out = there;
    there = (shard_index)SHARD_INDEX_INIT;
done:
    shard_index_clear(&asked);
    shard_index_clear(&there);
    return st;
}

static jem_status check_disk(const shard_index *x, const latent_job *j)
{
    int64_t left = 0, room = 0;
    const int64_t row = shard_values(&j->format) * (j->format.flip ? 2 : 1) *
                        (int64_t)jem_dtype_size(j->format.dtype);

    for (int i = 0; i < SHARD_PARTS; i++) left += x->parts[i].images - x->parts[i].done;
    jem_status st = machine_disk_free(&room, j->out);
    if (st || left * row <= room) return st;
    return jem_error(JEM_EIO, "%s: %" PRId64 " latents take %" PRId64 " MiB, the disk has %" PRId64
                              " left: make room or name a folder elsewhere",
                     j->out, left, left * row >> 20, room >> 20);
}

/* ---- one shard */

/* Buffers of a batch of pictures and of a shard of latents. */
typedef struct buffers {
    uint8_t *planar; /* [3,s,s] */
    float *x;        /* [batch,3,s,s] */
    float *mean;     /* [batch,c,h,w] */
    float *values;   /* [per_shard,o,c,h,w] */
    int32_t *labels, *images; /* [per_shard] */
    int64_t orientations;     /* o: 2 if mirrored pictures are encoded as well */
    int64_t waiting, rows;    /* pictures in x; finished rows.  Those of the pictures that
                                 wait have labels and images already. */
    float units[256];
} buffers;

static void buffers_clear(buffers *b)
{
    mem_free(b->planar);
    mem_free(b->x);
    mem_free(b->mean);
    mem_free(b->values);
    mem_free(b->labels);
    mem_free(b->images);
}

static jem_status buffers_init(buffers *b, const latent_job *j)
{
    jem_status st;
    const int64_t pixels = 3 * j->format.picture * j->format.picture;
    const int64_t n = shard_values(&j->format);

    units_table(b->units);
    TRY(MEM_NEW(b->planar, pixels));
    TRY(MEM_NEW(b->x, j->batch * pixels));
    TRY(MEM_NEW(b->mean, j->batch * n));
    TRY(MEM_NEW(b->values, j->per_shard * (j->format.flip ? 2 : 1) * n));
    TRY(MEM_NEW(b->labels, j->per_shard));
    TRY(MEM_NEW(b->images, j->per_shard));
done:
    return st;
}

static void mirror(float *x, int64_t rows, int64_t width)
{
    for (int64_t i = 0; i < rows; i++, x += width)
        for (int64_t k = 0; k < width / 2; k++) {
            float left = x[k];
            x[k] = x[width - 1 - k];
            x[width - 1 - k] = left;
        }
}

/* Encodes the pictures that wait, and their mirror images. */
static jem_status flush(buffers *b, const latent_job *j)
{
    jem_status st = JEM_OK;
    const int64_t n = shard_values(&j->format), side = j->format.picture;
    const float scale = (float)j->format.scale;

    for (int64_t o = 0; o < b->orientations && b->waiting > 0; o++) {
        if (j->stop && *j->stop) return jem_error(JEM_EINTERRUPTED, "stopped by a signal");
        if (o == 1) mirror(b->x, b->waiting * 3 * side, side);
        TRY(j->encode(j->encoder, b->x, b->waiting, b->mean));
        for (int64_t i = 0; i < b->waiting; i++) {
            float *dst = b->values + ((b->rows + i) * b->orientations + o) * n;
            for (int64_t k = 0; k < n; k++) dst[k] = scale * b->mean[i * n + k];
        }
    }
    b->rows += b->waiting;
    b->waiting = 0;
done:
    return st;
}

static jem_status skip(shard_part *p, const latent_job *j, const char *path)
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
    return jem_error(JEM_EDATA, "%s (--damaged skip leaves such pictures out)", what);
}

/* The picture behind those that wait is number i, and in x. */
static jem_status taken(buffers *b, const latent_job *j, int32_t label, int64_t i)
{
    const int64_t row = b->rows + b->waiting;

    b->labels[row] = label;
    b->images[row] = (int32_t)i;
    b->waiting++;
    return b->waiting == j->batch ? flush(b, j) : JEM_OK;
}

/* Takes picture i of the list from the stream. */
static jem_status take(buffers *b, shard_part *p, const latent_job *j, image_stream *s,
                       const image_list *l, int64_t i)
{
    const int64_t pixels = 3 * j->format.picture * j->format.picture;
    float *x = b->x + b->waiting * pixels;
    jem_status st = image_stream_next(s, b->planar);

    if (st == JEM_EDATA && j->skip_damaged) return skip(p, j, l->paths[i]);
    if (st == JEM_EDATA) return damaged();
    if (st) return st;
    for (int64_t k = 0; k < pixels; k++) x[k] = b->units[b->planar[k]];
    return taken(b, j, l->labels[i], i);
}

static jem_status take_noise(buffers *b, const latent_job *j, int64_t i)
{
    const int64_t pixels = 3 * j->format.picture * j->format.picture;

    rng_fill_uniform(b->x + b->waiting * pixels, pixels, -1, 1, &noise_pictures, (uint32_t)i);
    return taken(b, j, 0, i);
}

static jem_status write_shard(shard_index *x, int part, const buffers *b, const latent_job *j)
{
    jem_status st;
    shard_part *p = &x->parts[part];
    const shard_rows rows = {b->rows, b->values, b->labels, b->images};
    const shard_format format = shard_part_format(x, part);
    char name[64], checksum[SHARD_CHECKSUM_SIZE], *path = NULL;

    snprintf(name, sizeof name, "%s-%05" PRId64 ".safetensors", shard_part_names[part],
             p->shard_count);
    TRY(str_format(&path, "%s/%s", j->out, name));
    TRY(shard_file_write(path, &format, &rows, checksum));
    TRY(shard_part_add_shard(p, name, b->rows, checksum));
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

static jem_status encode_part(shard_index *x, int part, const latent_job *j, buffers *b,
                              tally *far)
{
    jem_status st = JEM_OK;
    shard_part *p = &x->parts[part];
    const image_list *l = part == SHARD_NOISE ? NULL : list_of(j, part);
    image_stream *s = NULL;
    int64_t before = 0, i = p->done;

    if (i == p->images) return JEM_OK;
    for (int k = 0; k < part; k++) before += x->parts[k].done;
    b->orientations = shard_part_format(x, part).flip ? 2 : 1;
    if (l)
        TRY(image_stream_new(&s, l->paths + i, l->n - i, j->format.picture, j->kernel, j->threads,
                             2 * j->batch + j->threads));
    while (i < p->images) {
        const int64_t end = i + j->per_shard < p->images ? i + j->per_shard : p->images;
        b->rows = b->waiting = 0;
        for (; i < end; i++) {
            TRY(l ? take(b, p, j, s, l, i) : take_noise(b, j, i));
            tell(far, before + i + 1);
        }
        TRY(flush(b, j));
        if (b->rows > 0) TRY(write_shard(x, part, b, j));
        p->done = end;
        TRY(shard_index_write(x, j->out));
    }
done:
    image_stream_free(s);
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

static jem_status encode_all(shard_index *x, const latent_job *j)
{
    jem_status st;
    buffers b = {.planar = NULL};
    int64_t done_before;
    const int64_t images = count_pictures(x, &done_before);
    tally far = {.watch = &j->watch, .images = images};

    if (done_before == images) return JEM_OK;
    if (done_before > 0)
        log_info("%s: %" PRId64 " of %" PRId64 " pictures are done already", j->out, done_before,
                 images);
    TRY(check_disk(x, j));
    TRY(buffers_init(&b, j));
    progress_begin(&far.shown, "encode", "images", images, done_before);
    for (int i = 0; i < SHARD_PARTS; i++) TRY(encode_part(x, i, j, &b, &far));
    progress_end(&far.shown, images);
done:
    buffers_clear(&b);
    return st;
}

jem_status latent_encode(shard_index *index, const latent_job *j)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;
    int64_t images, finished;
    dir_held *lock = NULL;
    bool busy = false;

    TRY(dir_make(j->out));
    TRY(dir_lock(&lock, &busy, j->out));
    if (busy) {
        st = jem_error(JEM_EUSAGE, "%s: another process is encoding into this folder", j->out);
        goto done;
    }
    TRY(file_remove_leftovers(j->out));
    TRY(open_index(&x, j));
    st = encode_all(&x, j);
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
