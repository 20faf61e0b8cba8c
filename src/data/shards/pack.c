/* Packing pictures (pack.h). */
#include "data/shards/pack.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/try.h"

/* The shard's pictures, as they are decoded. */
typedef struct packing {
    int64_t bytes;   /* of a picture */
    uint8_t *pixels; /* [per_shard,3,s,s] */
} packing;

static void begin(void *ctx, int part)
{
    (void)ctx; /* every row is written over */
    (void)part;
}

static jem_status take(void *ctx, const uint8_t *planar, int64_t i, int64_t row)
{
    packing *p = ctx;
    (void)i;
    memcpy(p->pixels + row * p->bytes, planar, (size_t)p->bytes);
    return JEM_OK;
}

static jem_status finish(void *ctx, shard_rows *rows)
{
    const packing *p = ctx;
    rows->pixels = p->pixels;
    return JEM_OK;
}

static jem_status check_range(int64_t x, int64_t least, int64_t most, const char *name)
{
    if (x >= least && x <= most) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s = %" PRId64 ": choose %" PRId64 " to %" PRId64, name, x, least, most);
}

/* The shard's memory is that of its file. */
static int64_t usual_per_shard(int64_t bytes)
{
    enum { FILE_BYTES = 128 << 20 };
    return bytes < FILE_BYTES ? FILE_BYTES / bytes : 1;
}

static jem_status pack_list(shard_index *index, const picture_packing *q, const imagenet *m, const char *folder)
{
    jem_status st;
    packing p = {.bytes = 3 * q->side * q->side};
    const int threads = q->threads ? (int)q->threads : machine_processors();
    const int64_t per_shard = q->per_shard ? q->per_shard : usual_per_shard(p.bytes);

    TRY(MEM_NEW(p.pixels, per_shard * p.bytes));
    TRY(shard_fill(index, &(shard_job){.source = folder,
                                       .out = q->out,
                                       .images = m,
                                       .format = {.kind = SHARD_PICTURES,
                                                  .picture = q->side,
                                                  .channels = 3,
                                                  .height = q->side,
                                                  .width = q->side,
                                                  .dtype = JEM_U8,
                                                  .resize = q->kernel},
                                       .kernel = q->kernel,
                                       .per_shard = per_shard,
                                       .threads = threads,
                                       .ahead = 4 * threads,
                                       .skip_damaged = q->skip_damaged,
                                       .stop = q->stop,
                                       .watch = q->watch,
                                       .maker = {&p, begin, take, finish}}));
done:
    mem_free(p.pixels);
    return st;
}

jem_status pictures_pack(shard_index *index, const picture_packing *q)
{
    enum { THREADS_MOST = 1024 };
    jem_status st;
    imagenet m = IMAGENET_INIT;
    char *folder = NULL;

    TRY(check_range(q->side, PACK_SIDE_LEAST, PACK_SIDE_MOST, "side of the pictures"));
    TRY(check_range(q->per_shard, 0, PACK_SHARD_MOST, "pictures of one file"));
    TRY(check_range(q->threads, 0, THREADS_MOST, "threads"));
    TRY(path_trim(&folder, q->folder));
    TRY(imagenet_list(&m, folder, q->labels, false));
    if (m.class_count < 2) /* enough for alpha = 1, and what a folder too high or too deep looks like */
        log_warning("%s: holds one class, '%s': only a training with alpha = 1 has a use for that; for others name the folder "
                    "that has a folder for each class, or train/CLASS and val/CLASS", folder, m.classes[0]);
    TRY(pack_list(index, q, &m, folder));
done:
    imagenet_clear(&m);
    mem_free(folder);
    return st;
}
