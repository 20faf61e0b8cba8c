/* The index of a folder of latents or of packed pictures. */
#include <string.h>

#include "data/shards/index.h"
#include "fuzz.h"

#define FOLDER "latents"

static void check_part(const shard_part *p)
{
    int64_t rows = 0;
    for (int64_t i = 0; i < p->shard_count; i++) {
        const shard_entry *s = &p->shards[i];
        fuzz_expect(s->rows >= 0 && !strchr(s->file, '/') && s->file[0] != '.');
        fuzz_expect(strlen(s->checksum) == SHARD_CHECKSUM_SIZE - 1);
        rows += s->rows;
    }
    for (int64_t i = 0; i < p->skipped_count; i++)
        fuzz_expect(p->skipped[i].file && p->skipped[i].reason);
    fuzz_expect(rows + p->skipped_count == p->done && p->done <= p->images);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    shard_index x = SHARD_INDEX_INIT;

    fuzz_file(FOLDER "/index.json", data, size);
    if (fuzz_refused(shard_index_read(&x, FOLDER), FOLDER "/index.json")) {
        fuzz_expect(!x.classes);
        return;
    }
    fuzz_expect(x.format.channels > 0 && x.format.height > 0 && x.class_count > 0);
    if (x.format.kind == SHARD_LATENTS)
        fuzz_expect(x.format.scale > 0 && strlen(x.format.vae) == SHARD_VAE_SIZE - 1);
    else
        fuzz_expect(x.format.channels == 3 && x.format.width == x.format.picture && x.parts[SHARD_NOISE].images == 0);
    for (int i = 0; i < SHARD_PARTS; i++) check_part(&x.parts[i]);
    shard_index_clear(&x);
}
