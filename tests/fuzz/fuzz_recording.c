/* Recorded answers.  The first byte says which file follows, and as what it is read:
 *   l a CSV    L a CSV as logits    t a CSV of trials    T those of subject-01
 *   d a CSV of distances    n an array    N names of an array's rows
 *   f a CSV in a folder beside another of its kind    a an array there */
#include <string.h>

#include "bench/recording.h"
#include "fuzz.h"

/* [2][2] of float */
static const char array[] = "\x93NUMPY\1\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': "
                            "(2, 2), }          \n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
static const char numbers[] = "name,class0,class1\na.png,1,2\n";

static const struct {
    const char *file, *beside, *read; /* the case, a good file, what is read */
    const void *good;
    size_t good_size;
    recording_kind kind;
    const char *observer;
} modes[128] = {
    ['l'] = {"a.csv", NULL, "a.csv", NULL, 0, RECORDING_AUTO, NULL},
    ['L'] = {"a.csv", NULL, "a.csv", NULL, 0, RECORDING_LOGITS, NULL},
    ['t'] = {"colour_net.csv", NULL, "colour_net.csv", NULL, 0, RECORDING_TRIALS, NULL},
    ['T'] = {"a.csv", NULL, "a.csv", NULL, 0, RECORDING_TRIALS, "subject-01"},
    ['d'] = {"a.csv", NULL, "a.csv", NULL, 0, RECORDING_DISTANCES, NULL},
    ['n'] = {"a.npy", NULL, "a.npy", NULL, 0, RECORDING_AUTO, NULL},
    ['N'] = {"a.names", "a.npy", "a.npy", array, sizeof array, RECORDING_FEATURES, NULL},
    ['f'] = {"dir/cnn.csv", "dir/gan.csv", "dir", numbers, sizeof numbers - 1, RECORDING_AUTO,
             NULL},
    ['a'] = {"dir/cnn.npy", "dir/gan.npy", "dir", array, sizeof array, RECORDING_AUTO, NULL},
};

static void ask(const recording *r)
{
    const stimulus s[] = {{"a.png", "cnn", "clean", 0, NULL},
                          {"x/0001_a.JPEG", NULL, NULL, 1, NULL}};
    const answer_file *file;
    const answer *found;
    int64_t row;

    recording_has_set(r, "colour");
    for (int i = 0; i < 2; i++) {
        if (!fuzz_refused(recording_find(r, &s[i], s[i].condition, &found), r->path))
            fuzz_expect(found->file < r->file_count && found->row >= 0);
        if (r->kind == RECORDING_TRIALS || r->kind == RECORDING_DISTANCES) continue;
        if (fuzz_refused(recording_row(r, &s[i], &file, &row), r->path)) continue;
        fuzz_expect(row >= 0 && row < file->values.shape[0]);
        int64_t width = jem_tensor_count(&file->values) / file->values.shape[0];
        for (int64_t k = 0; k < width; k++) {
            double x = tensor_number(&file->values, row * width + k);
            fuzz_expect(x - x == 0); /* finite */
        }
    }
}

void fuzz_one(const uint8_t *data, size_t size)
{
    recording r = {.path = NULL};

    if (size == 0 || data[0] > 127 || !modes[data[0]].file) return;
    int m = data[0];
    fuzz_file(modes[m].file, data + 1, size - 1);
    if (modes[m].beside) fuzz_file(modes[m].beside, modes[m].good, modes[m].good_size);
    const char *named = strchr(modes[m].read, '.') ? "." : "dir/";
    if (!fuzz_refused(recording_read(&r, modes[m].read, modes[m].kind, modes[m].observer), named))
        ask(&r);
    recording_clear(&r);
}
