/* libFuzzer's mutations of zip archives: mostly of what a member holds, behind which the archive is put together
 * again, so that cases get to the readers of members; the rest of the archive's bytes as they lie. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "support/zip_forge.h"
#include "tensor/zip_file.h"

enum { MEMBERS_MOST = 16, BYTES_MOST = 1 << 14 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* members <- those of the archive, their bytes as they lie in it; returns how many, 0: it is none. */
static int take_apart(forged members[MEMBERS_MOST], zip_file *z, const uint8_t *data, size_t size)
{
    fuzz_forget_files();
    fuzz_file("mutated.zip", data, size);
    if (zip_file_open(z, "mutated.zip", "", "") != JEM_OK || z->count > MEMBERS_MOST) return 0;
    for (int64_t i = 0; i < z->count; i++) {
        const zip_member *m = &z->members[i];
        if (!m->stored) return 0;
        members[i] = (forged){.name = m->name, .bytes = data + m->at, .size = (size_t)m->packed};
    }
    return (int)z->count;
}

/* Bytes of the archive that the members make. */
static size_t total(const forged *members, int count)
{
    size_t bytes = 22;
    for (int i = 0; i < count; i++) bytes += 76 + 2 * strlen(members[i].name) + members[i].size;
    return bytes;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static uint8_t bytes[BYTES_MOST];
    static char made[2 * BYTES_MOST];
    forged members[MEMBERS_MOST];
    zip_file z = ZIP_FILE_INIT;
    size_t result = 0;
    const int count = seed % 4 == 0 ? 0 : take_apart(members, &z, data, size);

    if (count > 0) {
        forged *m = &members[seed / 4 % (unsigned)count];
        const size_t rest = total(members, count) - m->size;
        if (m->size < sizeof bytes && rest < most && most <= sizeof made) {
            memcpy(bytes, m->bytes, m->size);
            const size_t room = most - rest < sizeof bytes ? most - rest : sizeof bytes;
            m->size = LLVMFuzzerMutate(bytes, m->size < room ? m->size : room, room);
            m->bytes = bytes;
            result = forge_zip(made, members, count);
            memcpy(data, made, result);
        }
    }
    zip_file_close(&z);
    return result ? result : LLVMFuzzerMutate(data, size, most);
}
