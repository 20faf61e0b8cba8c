/* Ratings of gloss: a folder of two observers, one as it should be.  The first byte says
 * which is the case: 1 or 2, the first of whom decides which images there are. */
#include <math.h>

#include "bench/gloss/ratings.h"
#include "fuzz.h"

static const char good[] = "Im,T,Cond,Block,Trial,Rating,Name, with a comma\n"
                           "a_000012.png,1,1,1,1,3,x\na_000012.png,1,1,1,2,4,x\n"
                           "a_000012.png,1,1,1,3,5,x\nb_000013.png,1,1,1,1,1,x\n"
                           "b_000013.png,1,1,1,2,1,x\nb_000013.png,1,1,1,3,1,x\n";

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"ratings/01_gloss_ratings_task_a.csv",
                                        "ratings/02_gloss_ratings_task_b.csv"};
    gloss_ratings r = GLOSS_RATINGS_INIT;

    if (size == 0 || (data[0] != '1' && data[0] != '2')) return;
    fuzz_file(paths[data[0] - '1'], data + 1, size - 1);
    fuzz_file(paths['2' - data[0]], good, sizeof good - 1);
    if (fuzz_refused(gloss_ratings_read(&r, "ratings"), "ratings/")) {
        fuzz_expect(!r.scene && !r.rating);
        return;
    }
    fuzz_expect(r.observers == 2 && r.images > 0);
    for (int64_t i = 0; i < 2 * r.images; i++)
        fuzz_expect(r.rating[i] >= GLOSS_LOWEST && r.rating[i] <= GLOSS_HIGHEST);
    for (int64_t i = 1; i < r.images; i++) fuzz_expect(r.scene[i - 1] < r.scene[i]);
    gloss_ratings_clear(&r);
}
