/* Shards as one list of rows. */
#include "data/shards/set.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "data/pictures/units.h"
#include "tensor/bytes.h"

struct shard_set {
    shard_format format;
    shard_file *shards; /* [count] */
    int64_t *first;       /* [count + 1]: rows before shard i */
    int count;
    uint64_t hash;
    float units[256]; /* of pictures */
    atomic_int owners;
};

/* A quarter of the files that the process may have open, so that a set's other parts, and whoever
 * shares the process, find room; the shards beyond are opened for each row. */
static int files_to_keep(void)
{
    struct rlimit most;

    if (getrlimit(RLIMIT_NOFILE, &most) != 0) return 0;
    return most.rlim_cur > (rlim_t)1 << 20 ? 1 << 16 : (int)(most.rlim_cur / 4);
}

typedef struct open_job {
    shard_set *s;
    const shard_part *part;
    const char *dir;
    int keep; /* the first so many files stay open */
} open_job;

static jem_status open_shard(void *ctx, int task, int worker)
{
    const open_job *j = ctx;
    const shard_entry *want = &j->part->shards[task];
    shard_file *shard = &j->s->shards[task];
    char *path = NULL;
    jem_status st;

    (void)worker;
    TRY(str_format(&path, "%s/%s", j->dir, want->file));
    TRY(shard_file_open(shard, path, &j->s->format, want->checksum, task < j->keep));
    if (shard->n != want->rows)
        st = jem_error(JEM_EDATA, "%s: %lld rows, the set's index says %lld: the index was changed",
                       path, (long long)shard->n, (long long)want->rows);
done:
    mem_free(path);
    return st;
}

jem_status shard_set_open(shard_set **out, const shard_index *x, int part, const char *dir)
{
    jem_status st;
    const shard_part *p = &x->parts[part];
    shard_set *s = NULL;
    pool *workers = NULL;

    TRY(MEM_NEW(s, 1));
    atomic_init(&s->owners, 1);
    units_table(s->units);
    s->format = shard_part_format(x, part);
    s->count = (int)p->shard_count;
    TRY(MEM_NEW(s->shards, s->count));
    for (int i = 0; i < s->count; i++) s->shards[i] = (shard_file)SHARD_FILE_INIT;
    TRY(MEM_NEW(s->first, s->count + 1));
    TRY(pool_new(&workers, 0));
    open_job j = {s, p, dir, files_to_keep()};
    TRY(pool_run(workers, s->count, open_shard, &j));
    for (int i = 0; i < s->count; i++) {
        s->first[i + 1] = s->first[i] + s->shards[i].n;
        s->hash = XXH64(p->shards[i].checksum, SHARD_CHECKSUM_SIZE - 1, s->hash);
    }
    *out = s;
    s = NULL;
done:
    pool_free(workers);
    shard_set_free(s);
    return st;
}

typedef struct verify_job {
    const shard_part *part;
    const char *dir;
} verify_job;

static jem_status verify_shard(void *ctx, int task, int worker)
{
    const verify_job *j = ctx;
    const shard_entry *want = &j->part->shards[task];
    char *path = NULL;
    jem_status st;

    (void)worker;
    TRY(str_format(&path, "%s/%s", j->dir, want->file));
    TRY(shard_file_verify(path, want->checksum));
done:
    mem_free(path);
    return st;
}

jem_status shard_part_verify(const shard_index *x, int part, const char *dir)
{
    jem_status st;
    pool *workers = NULL;
    verify_job j = {&x->parts[part], dir};

    TRY(pool_new(&workers, 0));
    TRY(pool_run(workers, (int)j.part->shard_count, verify_shard, &j));
done:
    pool_free(workers);
    return st;
}

shard_set *shard_set_share(shard_set *s)
{
    atomic_fetch_add(&s->owners, 1);
    return s;
}

void shard_set_free(shard_set *s)
{
    if (!s || atomic_fetch_sub(&s->owners, 1) > 1) return;
    for (int i = 0; s->shards && i < s->count; i++) shard_file_clear(&s->shards[i]);
    mem_free(s->shards);
    mem_free(s->first);
    mem_free(s);
}

int64_t shard_set_count(const shard_set *s)
{
    return s->first[s->count];
}

const shard_format *shard_set_format(const shard_set *s)
{
    return &s->format;
}

uint64_t shard_set_hash(const shard_set *s)
{
    return s->hash;
}

int64_t shard_set_row_bytes(const shard_set *s)
{
    return (s->format.flip ? 2 : 1) * (int64_t)sizeof *s->shards->hashes +
           (int64_t)sizeof *s->shards->labels;
}

/* The shard of a row, which becomes its number there. */
static const shard_file *find_shard(const shard_set *s, int64_t *row)
{
    int low = 0, high = s->count; /* first[low] <= row < first[high] */
    while (high - low > 1) {
        int mid = (low + high) / 2;
        if (s->first[mid] <= *row)
            low = mid;
        else
            high = mid;
    }
    *row -= s->first[low];
    return &s->shards[low];
}

int32_t shard_set_label(const shard_set *s, int64_t row)
{
    const shard_file *shard = find_shard(s, &row);
    return shard->labels[row];
}

/* The halves lie in the second half of dst, where each is read before anything covers it. */
static void widen_halves(float *dst, int64_t n)
{
    const char *halves = (const char *)dst + n * (int64_t)sizeof(uint16_t);
    uint16_t half;

    for (int64_t i = 0; i < n; i++) {
        memcpy(&half, halves + i * (int64_t)sizeof half, sizeof half);
        dst[i] = float_from_f16(half);
    }
}

/* Likewise the levels in the last quarter. */
static void widen_levels(float *dst, int64_t n, const float units[256])
{
    const uint8_t *levels = (const uint8_t *)dst + 3 * n;

    for (int64_t i = 0; i < n; i++) {
        const uint8_t level = levels[i];
        dst[i] = units[level];
    }
}

jem_status shard_set_row(const shard_set *s, int64_t row, bool mirrored, float *dst)
{
    const shard_file *shard = find_shard(s, &row);
    const int64_t n = shard_values(&s->format);
    const int64_t before = n * (int64_t)(sizeof *dst - jem_dtype_size(s->format.dtype));
    const jem_status st = shard_file_read(shard, row * (s->format.flip ? 2 : 1) + (mirrored ? 1 : 0),
                                          (char *)dst + before);

    if (st == JEM_OK && s->format.dtype == JEM_F16) widen_halves(dst, n);
    if (st == JEM_OK && s->format.dtype == JEM_U8) widen_levels(dst, n, s->units);
    return st;
}

jem_status shard_set_picture(const shard_set *s, int64_t row, uint8_t *planar)
{
    const shard_file *shard = find_shard(s, &row);
    return shard_file_read(shard, row, planar);
}

jem_status shard_set_midpoint(const shard_set *s, int64_t a, int64_t b, float *dst)
{
    jem_status st;
    const int64_t n = shard_values(&s->format);
    float *second = NULL;

    TRY(MEM_NEW(second, n));
    TRY(shard_set_row(s, a, false, dst));
    TRY(shard_set_row(s, b, false, second));
    for (int64_t i = 0; i < n; i++) dst[i] = (dst[i] + second[i]) / 2;
done:
    mem_free(second);
    return st;
}
