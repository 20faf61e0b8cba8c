/* The index of prepared ClickMe maps.  The first byte, a digit, is their number. */
#include "bench/clickme/index.h"
#include "fuzz.h"

#define PATH "clickme/index.tsv"

void fuzz_one(const uint8_t *data, size_t size)
{
    clickme_index x = CLICKME_INDEX_INIT;

    if (size == 0 || data[0] < '1' || data[0] > '9') return;
    fuzz_file(PATH, data + 1, size - 1);
    if (fuzz_refused(clickme_index_read(&x, PATH, data[0] - '0'), PATH)) {
        fuzz_expect(!x.names && !x.sources && x.count == 0);
        return;
    }
    fuzz_expect(x.count == data[0] - '0');
    for (int64_t i = 0; i < x.count; i++) fuzz_expect(x.names[i] && x.sources[i]);
    clickme_index_clear(&x);
}
