/* Small cue-conflict images and their list.  The first byte says which is the case:
 *   t  the list, of two records    b  the records, with a list of one */
#include <string.h>

#include "bench/cue_conflict/images.h"
#include "fuzz.h"
#include "record/image_name.h"

#define FOLDER "cues"
#define HEAD   "set\trecord\tshape\ttexture\timagename\n"

enum { RECORD = 2 + 3 * CUE_SMALL_SIZE * CUE_SMALL_SIZE };

static void look(const cue_images *c)
{
    for (int64_t i = 0; i < c->count && i < 100; i++) {
        const cue_image *one = &c->items[i];
        image m = IMAGE_INIT;
        fuzz_expect(one->shape >= 0 && one->shape < CATEGORY_COUNT);
        fuzz_expect(one->texture >= 0 && one->texture < CATEGORY_COUNT);
        fuzz_expect(cue_image_read(&m, one) == JEM_OK);
        image_clear(&m);
    }
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char list[] = HEAD "cue-conflict\t0\tcat\telephant\tcat7-elephant1.png\n";
    static uint8_t records[2 * RECORD] = {[0] = 7, [1] = 11, [RECORD] = 4, [RECORD + 1] = 4};
    cue_images c = CUE_IMAGES_INIT;

    if (size == 0 || (data[0] != 't' && data[0] != 'b')) return;
    fuzz_file(data[0] == 't' ? FOLDER "/records-32.tsv" : FOLDER "/cue-conflict-32.bin", data + 1,
              size - 1);
    /* a file that is there already is found first */
    fuzz_file(FOLDER "/records-32.tsv", list, sizeof list - 1);
    fuzz_file(FOLDER "/cue-conflict-32.bin", records, sizeof records);
    const mvh_set *set = mvh_set_find("cue-conflict");
    for (int whole = 0; whole < 2; whole++) {
        if (!fuzz_refused(cue_images_read_records(&c, FOLDER, set, whole), "cue")) look(&c);
        cue_images_clear(&c);
    }
}
