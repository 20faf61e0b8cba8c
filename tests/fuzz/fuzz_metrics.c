/* The tables of a run, as the report reads them.  The first byte says which:
 * m metrics.csv, s a table of scores/, t trials. */
#include "fuzz.h"
#include "record/record.h"

static void read_table(const char *path, char separator)
{
    table t = TABLE_INIT;

    if (fuzz_refused(table_read(&t, path, separator), path)) {
        fuzz_expect(!t.values && !t.names);
        return;
    }
    fuzz_expect(t.columns > 0);
    fuzz_touch(t.values, (size_t)(t.rows * t.columns) * sizeof *t.values);
    fuzz_expect(table_find(&t, t.names[0]) == 0);
    table_clear(&t);
}

static void read_trials(const char *path)
{
    trial_list list = TRIAL_LIST_INIT;

    fuzz_refused(trial_list_read(&list, path), path);
    for (int64_t i = 0; i < list.count; i++)
        fuzz_expect(list.trials[i].subj && list.trials[i].imagename);
    trial_list_clear(&list);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size == 0) return;
    fuzz_file("metrics.csv", data + 1, size - 1);
    switch (data[0]) {
    case 'm':
        read_table("metrics.csv", ',');
        break;
    case 's':
        read_table("metrics.csv", '\t');
        break;
    case 't':
        read_trials("metrics.csv");
        break;
    default:
        break;
    }
}
