/* Files that map a network's classes to the 16 categories, then a decision by them. */
#include "bench/label_map.h"
#include "fuzz.h"
#include "record/image_name.h"

#define PATH "mapping.tsv"

void fuzz_one(const uint8_t *data, size_t size)
{
    static const double logits[64] = {[3] = 1, [17] = 2};
    label_map *m = NULL;
    int32_t category = -1;
    char text[400];

    fuzz_file(PATH, data, size);
    if (fuzz_refused(label_map_read(&m, PATH), PATH)) {
        fuzz_expect(!m);
        return;
    }
    label_map_describe(m, text, sizeof text);
    if (label_map_check(m, 64) == JEM_OK) {
        fuzz_expect(label_map_decide(m, &category, logits, 1, 64, false) == JEM_OK);
        fuzz_expect(category >= 0 && category < CATEGORY_COUNT);
    }
    label_map_free(m);
}
