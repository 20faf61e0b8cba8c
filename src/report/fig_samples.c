/* Sheets of pictures: the same kind of sample grid for every alpha, side by side. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/event_picture.h"
#include "report/axes.h"
#include "report/figures.h"

/* SHEET_GAP: pixels between the pictures of a sheet. */
enum { SHEET_GAP = 2, COLUMNS_MAX = 4, CELL_LEAST = 140, GAP = 14, CAPTION = 22 };
/* Among more sheets than stand in a row each is shown in part: SHOWN of the UNITS pictures of a row and of its rows.  In the
 * same place they are larger so, and a page of twenty networks has a quarter of the bytes. */
enum { UNITS = 8, SHOWN = 4, PART_COLUMNS_MAX = 6, PART_CELL_NARROWEST = 64 };

typedef struct sheet {
    int count, columns;
    picture **pictures;
    char (*captions)[48];
    draw_subject *subjects;
    double cell_width;
    bool in_part; /* of each some pictures alone */
} sheet;

typedef struct sheet_spec {
    const char *picture, *file, *title, *about;
    bool beside_data; /* real images come first */
    bool by_class;    /* a row each */
    bool by_step;     /* the same, of so many steps: they can be browsed */
} sheet_spec;

static const sheet_spec sheet_specs[] = {
    {"buffer", "samples-buffer", "Samples from the replay buffer",
     "What the chains have drawn by the end of training, beside real images. A classifier "
     "(α = 0) runs no chains and has no buffer.",
     true, false, false},
    {"shared_start", "samples-shared-start", "Samples from one shared start",
     "Every α begins its chains at the same noise images and uses the same noise; a row is shown "
     "after 0, 5, 10, 20, 50 steps unless eval.steps says otherwise. What "
     "differs is the energy landscape.",
     true, false, true},
    {"classes", "samples-classes", "Class-conditional samples",
     "Chains that climb one class's logit; one row per class.", false, true, false},
};

static void sheet_free(void *ctx)
{
    sheet *c = ctx;
    for (int i = 0; i < c->count; i++) picture_free(c->pictures[i]);
    mem_free(c->pictures);
    mem_free(c->captions);
    mem_free(c->subjects);
    mem_free(c);
}

/* What the training drew last of its buffer, of a run that is not evaluated; *out stays NULL where there is none. */
static jem_status read_training(picture **out, char *caption, size_t size, const study_run *r)
{
    jem_status st;
    char *png = NULL;
    size_t bytes;
    int64_t iteration;

    TRY(event_picture_last(&png, &bytes, &iteration, r->path, "replay_buffer"));
    if (!png) goto done;
    TRY(picture_decode(out, png, bytes, r->name));
    const size_t used = strlen(caption);
    snprintf(caption + used, size - used, ", iteration %lld", (long long)iteration);
done:
    return st;
}

/* Adds RUN/samples/SHEET.png; false in *added if there is none. */
static jem_status add_picture(sheet *c, study *s, const study_run *r, const draw_subject *of,
                              const char *caption, bool *added)
{
    jem_status st;
    char *path = NULL;

    *added = false;
    TRY(str_format(&path, "%s/samples/%s.png", r->path, of->sheet));
    snprintf(c->captions[c->count], sizeof *c->captions, "%s", caption);
    if (file_exists(path))
        st = picture_read(&c->pictures[c->count], path);
    else if (strcmp(of->sheet, "buffer") == 0)
        st = read_training(&c->pictures[c->count], c->captions[c->count], sizeof *c->captions, r);
    if (st == JEM_EDATA) {
        TRY(study_warn(s, "%s.", jem_error_message()));
        goto done;
    }
    if (st != JEM_OK || !c->pictures[c->count]) goto done;
    c->subjects[c->count++] = *of;
    *added = true;
done:
    mem_free(path);
    return st;
}

/* Real images if wanted, then the first seed of each alpha that has the picture; further ones into `more`. */
static jem_status collect(sheet *c, sheet *more, study *s, const sheet_spec *spec)
{
    char caption[48];
    bool added = !spec->beside_data;
    double shown = NAN;
    const draw_subject real = {NAN, -1, "data"};

    for (int64_t i = 0; i < s->count && !added; i++) {
        jem_status st = add_picture(c, s, &s->runs[i], &real, "real images", &added);
        if (st != JEM_OK) return st;
    }
    const int reals = c->count;
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        const bool further = r->alpha == shown;
        if (r->beside && !study_beside_first(s, i)) continue;
        if (further && !spec->by_step) continue;
        int n = isnan(r->alpha) ? snprintf(caption, sizeof caption, "%.40s", r->name)
                                : snprintf(caption, sizeof caption, "α = %g", r->alpha);
        if (further) n += snprintf(caption + n, sizeof caption - (size_t)n, ", seed %lld", (long long)r->seed);
        if (strcmp(r->status, "diverged") == 0) snprintf(caption + n, sizeof caption - (size_t)n, " (diverged)");
        const draw_subject of = {r->alpha, r->seed, spec->picture};
        jem_status st = add_picture(further ? more : c, s, r, &of, caption, &added);
        if (st != JEM_OK) return st;
        if (added) shown = r->alpha;
    }
    if (c->count == reals) { /* nothing to compare the real images with */
        for (int i = 0; i < c->count; i++) picture_free(c->pictures[i]);
        c->count = 0;
    }
    return JEM_OK;
}

static bool is_data(const draw_subject *of) { return strcmp(of->sheet, "data") == 0; }

/* A row has UNITS pictures, or half as many, each as wide as two units; other sheets stay whole.  So do rows that are steps or
 * classes. */
static jem_status show_in_part(sheet *c, bool rows_mean)
{
    jem_status st = JEM_OK;
    c->in_part = true;
    for (int i = 0; i < c->count; i++) {
        picture *p = c->pictures[i];
        const double unit = (picture_width(p) + SHEET_GAP) / UNITS, rows = (picture_height(p) + SHEET_GAP) / unit;
        const int shown = (int)(SHOWN * unit) - SHEET_GAP;
        if (unit != floor(unit) || rows != floor(rows)) continue;
        TRY(picture_cut(p, shown, rows_mean && !is_data(&c->subjects[i]) ? (int)picture_height(p) : shown));
    }
done:
    return st;
}

static double picture_ratio(const picture *p) { return picture_height(p) / picture_width(p); }

/* Of the tallest picture in a row, which may be 2.5 times as high as wide. */
static double row_height(const sheet *c, int row)
{
    double ratio = 0;
    for (int i = row * c->columns; i < c->count && i < (row + 1) * c->columns; i++)
        ratio = fmax(ratio, picture_ratio(c->pictures[i]));
    return c->cell_width * fmin(ratio, 2.5);
}

/* In rows of at most `most`. */
static void put_in_rows(figure *f, double width, int most)
{
    sheet *c = f->ctx;
    /* rows as equal as can be: 5 pictures are 3 and 2, not 4 and 1 */
    const int rows = (c->count + most - 1) / most;
    c->columns = (c->count + rows - 1) / rows;
    const int shared = width >= FIGURE_WIDTH && c->columns < 3 ? 3 : c->columns;
    c->cell_width = (width - (shared - 1) * GAP) / shared;
    f->width = c->columns * (c->cell_width + GAP) - GAP;
    f->height = rows * (CAPTION + GAP) - GAP;
    for (int row = 0; row < rows; row++) f->height += row_height(c, row);
}

static void lay_out_sheet(figure *f, double width)
{
    const sheet *c = f->ctx;
    int most = (int)fmin(c->in_part ? PART_COLUMNS_MAX : COLUMNS_MAX, fmax(1, floor(width / CELL_LEAST)));
    put_in_rows(f, width, most);
    while (f->most_height > 0 && f->height > f->most_height && most < c->count && width / (most + 1) >= PART_CELL_NARROWEST + GAP)
        put_in_rows(f, width, ++most);
}

static jem_status draw_sheet(draw *d, const void *ctx)
{
    const sheet *c = ctx;
    double y = 0;
    for (int i = 0; i < c->count; i++) {
        double x = (i % c->columns) * (c->cell_width + GAP), height = row_height(c, i / c->columns);
        double width = fmin(c->cell_width, height / picture_ratio(c->pictures[i]));
        text_style style = style_of(LABEL_SIZE + 1, LEFT, BASELINE, INK);
        style.bold = true;
        draw_note(d, &c->subjects[i], NULL);
        draw_fitting(d, x, y + 14, c->cell_width, style, c->captions[i]);
        draw_picture(d, c->pictures[i], x, y + CAPTION, width,
                     width * picture_ratio(c->pictures[i]));
        draw_unnote(d);
        if ((i + 1) % c->columns == 0) y += height + CAPTION + GAP;
    }
    return JEM_OK;
}

/* ---- every seed, step by step */

static jem_status sheet_new(sheet **out, int64_t pictures)
{
    jem_status st;
    sheet *c = NULL;
    TRY(MEM_NEW(c, 1));
    TRY(MEM_NEW(c->pictures, pictures));
    TRY(MEM_NEW(c->captions, pictures));
    TRY(MEM_NEW(c->subjects, pictures));
    *out = c;
    c = NULL;
done:
    if (c) sheet_free(c);
    return st;
}

/* Where the page's script lets the reader choose alpha, seed and step: the steps are the names of the pictures of
 * a single chain.  Nothing where they are not known. */
static jem_status write_browser(strbuf *h, const study *s, const sheet *c)
{
    jem_status st = JEM_OK;
    char *path = NULL, **names = NULL;
    int count = 0;

    for (int64_t i = 0; i < s->count && !count; i++) {
        mem_free(path);
        TRY(str_format(&path, "%s/samples/trajectory/0", s->runs[i].path));
        if (dir_exists(path)) TRY(dir_list_data(&names, &count, path));
    }
    if (!count) goto done;
    html_printf(h, "<div class=\"browser\" data-sheet=\"%s\" data-gap=\"%.6g\" data-steps=\"",
                c->subjects[c->count - 1].sheet, SHEET_GAP / picture_width(c->pictures[c->count - 1]));
    for (int i = 0; i < count; i++) html_printf(h, "%s%lld", i ? " " : "", strtoll(names[i], NULL, 10));
    strbuf_add(h, "\" hidden></div>");
done:
    strings_free(names, count);
    mem_free(path);
    return st;
}

/* Smaller, below the first seeds'. */
static jem_status write_further(strbuf *h, sheet *more)
{
    enum { WIDTH = 640 };
    jem_status st;
    figure f = {.lay_out = lay_out_sheet, .draw = draw_sheet, .ctx = more};

    if (!more->count) return JEM_OK;
    strbuf_add(h, "<details class=\"seeds\"><summary>Further seeds</summary>");
    st = figure_plots(h, &f, "seeds", WIDTH);
    strbuf_add(h, "</details>");
    return st;
}

static jem_status make_sheet(figure_list *list, study *s, const sheet_spec *spec)
{
    jem_status st;
    sheet *c = NULL, *more = NULL;
    figure f = {.file = spec->file,
                .section = "Samples",
                .title = spec->title,
                .about = spec->about,
                .lay_out = lay_out_sheet,
                .draw = draw_sheet,
                .free_ctx = sheet_free};

    TRY(sheet_new(&c, s->count + 1));
    f.ctx = c;
    TRY(sheet_new(&more, s->count));
    TRY(collect(c, more, s, spec));
    if (!c->count) {
        TRY(str_format(&f.missing, "No run of this study has samples/%s.png.", spec->picture));
        st = figure_list_add(list, &f);
        goto done;
    }
    if (c->count + more->count > COLUMNS_MAX) {
        TRY(show_in_part(c, spec->by_class || spec->by_step));
        TRY(show_in_part(more, spec->by_class || spec->by_step));
        html_printf(&f.table, "<p class=\"quiet\">Of each sheet the first pictures of its rows%s; samples/%s.png of the runs is whole.</p>",
                    spec->by_class || spec->by_step ? "" : ", and its first rows", spec->picture);
    }
    if (spec->by_step) TRY(write_browser(&f.table, s, c));
    TRY(write_further(&f.table, more));
    if (spec->by_class && s->runs[0].class_names[0])
        html_printf(&f.table, "<p>Classes, in the order of the rows: %s.</p>", s->runs[0].class_names);
    st = figure_list_add(list, &f);
done:
    if (more) sheet_free(more);
    figure_clear(&f);
    return st;
}

jem_status figures_of_samples(figure_list *list, study *s)
{
    for (size_t i = 0; i < sizeof sheet_specs / sizeof *sheet_specs; i++) {
        jem_status st = make_sheet(list, s, &sheet_specs[i]);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}
