/* CSV: whole files, then every cell as text and the first ones as numbers. */
#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "fuzz.h"

#define PATH "fuzz.csv"

void fuzz_one(const uint8_t *data, size_t size)
{
    csv c = CSV_INIT;
    int column, numbers = 0;
    double value;

    fuzz_file(PATH, data, size);
    if (fuzz_refused(csv_read(&c, PATH), PATH)) {
        fuzz_expect(!c.text && !c.all);
        return;
    }
    fuzz_expect(c.columns > 0 && c.rows >= 0);
    for (int64_t row = 0; row < c.rows; row++)
        for (int i = 0; i < c.columns; i++) {
            const char *cell = csv_cell(&c, row, i);
            fuzz_touch(cell, strlen(cell));
            if (++numbers > 16) continue; /* most are refused, which is slow to say */
            if (!fuzz_refused(csv_number(&value, &c, row, i), PATH)) fuzz_expect(isfinite(value));
        }
    fuzz_refused(csv_need(&column, &c, "scene_num", "add it"), PATH);
    csv_clear(&c);
}
