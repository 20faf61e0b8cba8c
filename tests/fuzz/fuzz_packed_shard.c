/* A shard of packed pictures: what is read of it before a picture is. */
#include <string.h>

#include "data/shards/shard.h"
#include "fuzz.h"

#define PATH "train-00000.safetensors"

void fuzz_one(const uint8_t *data, size_t size)
{
    const shard_format format = {.kind = SHARD_PICTURES, .picture = 2, .channels = 3, .height = 2, .width = 2,
                                 .dtype = JEM_U8, .resize = IMAGE_BILINEAR};
    safetensors *file = NULL;
    shard_file s = SHARD_FILE_INIT;
    char checksum[SHARD_CHECKSUM_SIZE] = "";

    fuzz_file(PATH, data, size);
    if (safetensors_open_metadata(&file, PATH) == JEM_OK && safetensors_checksum(file))
        memcpy(checksum, safetensors_checksum(file), strnlen(safetensors_checksum(file), sizeof checksum - 1));
    safetensors_close(file);
    if (fuzz_refused(shard_file_open(&s, PATH, &format, checksum, false), PATH)) {
        fuzz_expect(!s.labels && !s.hashes);
        return;
    }
    fuzz_expect(s.n >= 0 && s.bytes == 12 && s.place > 0);
    fuzz_expect((uint64_t)s.place + (uint64_t)s.n * 12 <= size);
    fuzz_touch(s.labels, (size_t)s.n * sizeof *s.labels);
    fuzz_touch(s.hashes, (size_t)s.n * sizeof *s.hashes);
    shard_file_clear(&s);
}
