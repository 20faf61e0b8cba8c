/* One tf.train.Example, asked for the values that a ClickMe record has. */
#include <string.h>

#include "bench/clickme/tf_example.h"
#include "fuzz.h"

#define NAME "fuzz: record 1"

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"image", "heatmap", "label", ""};
    const uint8_t *value;
    size_t length;
    int64_t number;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!fuzz_refused(tf_example_bytes(&value, &length, data, size, keys[i], NAME), NAME)) {
            fuzz_expect(value >= data && length <= (size_t)(data + size - value));
            fuzz_touch(value, length);
        }
        fuzz_refused(tf_example_int64(&number, data, size, keys[i], NAME), NAME);
    }
}
