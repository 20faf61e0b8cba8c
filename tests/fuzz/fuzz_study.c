/* The folder of a study as jem report and jem sweetspot read it: runs, scores, tables, trials and
 * pictures at once, in one case (fuzz_folder).  All is done but the drawing: figures are collected
 * with their tables, sweet spots found in a few rounds, the page's text written.  What is broken
 * within a study is a warning, never a failure. */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "report/figures.h"
#include "report/page.h"
#include "sweetspot/sweetspot.h"
#include "../support/measures.h"

#define STUDY "study"

/* Nothing in a text steers a terminal. */
static void check_text(const strbuf *t)
{
    fuzz_expect(strbuf_status(t) == JEM_OK);
    fuzz_expect(!t->used || (strlen(t->data) == t->used && !strpbrk(t->data, "\x1b\x7f\r")));
}

/* Nor does anything run in a table. */
static void check_html(const strbuf *t)
{
    check_text(t);
    fuzz_expect(!t->used || !strstr(t->data, "<script"));
}

static void find_sweet_spots(study *s)
{
    const sweetspot_options o = {.draws = 16, .rounds = 8, .level = 0.95, .measures = all_measures()};
    sweetspot_list list = SWEETSPOT_LIST_INIT;
    strbuf text = STRBUF_INIT, tsv = STRBUF_INIT;
    char *json = NULL;

    fuzz_expect(sweetspots_find(&list, s, &o) == JEM_OK);
    if (list.count) {
        sweetspots_table(&text, &list);
        sweetspots_tsv(&tsv, &list);
        sweetspots_curves_tsv(&tsv, &list);
        check_text(&text);
        check_text(&tsv);
        fuzz_expect(sweetspots_json(&json, &list) == JEM_OK);
    }
    mem_free(json);
    strbuf_clear(&tsv);
    strbuf_clear(&text);
    sweetspot_list_clear(&list);
}

static void collect_figures(study *s)
{
    static jem_status (*const known[])(figure_list *, study *, const measures *const *) = {
        figures_of_people, figures_of_scores, figures_of_details};
    static jem_status (*const makers[])(figure_list *, study *) = {
        figures_of_calibration, figures_of_energies, figures_of_samples, figures_of_pictures,
        figures_of_training};
    figure_list list = FIGURE_LIST_INIT;
    strbuf page = STRBUF_INIT;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        fuzz_expect(known[i](&list, s, all_measures()) == JEM_OK);
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        fuzz_expect(makers[i](&list, s) == JEM_OK);
    for (int64_t i = 0; i < list.count; i++) {
        const figure *f = &list.figures[i];
        check_html(&f->table);
        check_text(&f->tsv);
        fuzz_expect(f->missing || (f->width > 0 && f->height > 0));
    }
    figure_list_clear(&list);
    fuzz_expect(page_write(&page, s, &list, "jem report " STUDY,
                           &(page_place){"pages/1.html", STUDY "/figures", all_measures(), NULL}) == JEM_OK);
    check_text(&page);
    const char *own = page.used ? strstr(page.data, "<script") : NULL; /* the page's, and no other */
    fuzz_expect(own && !strstr(own + 1, "<script"));
    strbuf_clear(&page);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    study *s = NULL;

    fuzz_folder(STUDY, data, size);
    if (fuzz_refused(study_read(&s, STUDY), STUDY)) return;
    find_sweet_spots(s);
    collect_figures(s);
    study_free(s);
}
