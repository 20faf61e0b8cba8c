/* Is the data of cue conflict whole?  See check.h. */
#include "bench/cue_conflict/check.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/cue_conflict/images.h"
#include "bench/mvh_sets.h"

/* One kind of images of one set; *whole if they are there and all of them. */
static jem_status check_images(bool *whole, const char *data, const mvh_set *set, bool records, const bench_finder *found)
{
    cue_images c = CUE_IMAGES_INIT;
    char line[200];
    bench_part part = {.name = set->name, .published_images = set->images};
    if (!(records ? cue_images_have_records(data, set) : cue_images_have_files(data, set)))
        return JEM_OK;
    jem_status st = records ? cue_images_read_records(&c, data, set, true)
                            : cue_images_read_files(&c, data, set, true);
    if (st == JEM_EDATA) {
        part.state = BENCH_DAMAGED;
        part.line = jem_error_message();
        return found->part(found->ctx, &part);
    }
    if (st != JEM_OK) return st;
    snprintf(line, sizeof line, "%s: %lld images, %s", set->name, (long long)c.count,
             records ? "32 x 32 records" : "files");
    part.images = c.count;
    part.line = line;
    cue_images_clear(&c);
    *whole = true;
    return found->part(found->ctx, &part);
}

jem_status cue_check(const char *data, const bench_finder *found)
{
    jem_status st = JEM_OK;
    static const char *const names[] = {"cue-conflict", "edge", "silhouette"};
    bool usable = false;
    char *beside = NULL;

    TRY(str_format(&beside, "%s/../model-vs-human", data));
    for (int s = 0; s < 3; s++) {
        const mvh_set *set = mvh_set_find(names[s]);
        bool whole = false;
        TRY(check_images(&whole, data, set, false, found));
        TRY(check_images(&whole, data, set, true, found));
        const char *humans = mvh_people_exist(data, set)     ? data
                             : mvh_people_exist(beside, set) ? beside
                                                             : NULL;
        bool people = humans != NULL;
        if (people) TRY(mvh_people_check(&people, humans, set, found));
        if (s == 0) usable = whole || people;
    }
    if (!usable)
        st = jem_error(JEM_EDATA,
                       "%s: neither whole cue-conflict images nor people's trials: 'jem data fetch "
                       "cue-conflict' and 'jem data fetch model-vs-human' get them",
                       data);
done:
    mem_free(beside);
    return st;
}
