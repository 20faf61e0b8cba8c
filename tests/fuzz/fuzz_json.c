/* JSON of a study, as the report reads it.  The first byte says which file follows; the
 * others are as they should be:
 *   s  run/scores/scores.json    r  run/run.json    c  run/config.yaml    p  study.json */
#include "fuzz.h"
#include "record/study.h"

static void read_scores(void)
{
    score_list list = SCORE_LIST_INIT;

    fuzz_refused(score_list_load(&list, "study/run"), "study/run/scores/scores.json");
    for (int64_t i = 0; i < list.count; i++)
        fuzz_expect(list.scores[i].benchmark && list.scores[i].metric);
    score_list_find(&list, "accuracy", "top1", NULL);
    score_list_clear(&list);
}

/* What is broken within a study is a warning, never a failure. */
static void read_study(void)
{
    study *s = NULL;

    fuzz_expect(study_read(&s, "study") == JEM_OK);
    fuzz_expect(s->count == 1 && !s->single);
    fuzz_expect(s->runs[0].status && s->runs[0].message && s->runs[0].config);
    study_free(s);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const paths[256] = {['s'] = "study/run/scores/scores.json",
                                           ['r'] = "study/run/run.json",
                                           ['c'] = "study/run/config.yaml",
                                           ['p'] = "study/study.json"};
    if (size == 0 || !paths[data[0]]) return;
    fuzz_file(paths[data[0]], data + 1, size - 1);
    /* a file that is there already is found first */
    fuzz_file("study/run/run.json", "{\"status\": \"finished\"}", 22);
    fuzz_file("study/run/config.yaml", "alpha: 0.5\n", 11);
    if (data[0] == 's')
        read_scores();
    else
        read_study();
}
