/* Grids of single pictures that benchmarks and evaluation left in the runs: one picture
 * refined under each alpha (the study's Fig. 3a and 21), noise on its way (5 and 6), and where
 * people and models look (4). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/figures.h"

enum { ITEMS_MAX = 3, ROWS_MAX = 12, COLUMNS_MAX = 14, NAME_SIZE = 128 };
enum { CELL_MOST = 150, GAP = 4, HEADING = 20, ROW_LABEL = 74 };
/* Labels above narrower columns are turned. */
enum { UPRIGHT_LEAST = 44, TURNED_HEADING = 84 };

typedef struct picture_grid {
    int rows, columns;
    char row_labels[ROWS_MAX][NAME_SIZE], column_labels[COLUMNS_MAX][32];
    const study_run *runs[COLUMNS_MAX];    /* of a column, borrowed; NULL: of no network */
    picture *cells[ROWS_MAX][COLUMNS_MAX]; /* NULL: there is none */
    double cell;                           /* side of a picture */
    double heading;                        /* above the pictures */
} picture_grid;

static void grid_free(void *ctx)
{
    picture_grid *g = ctx;
    for (int i = 0; i < g->rows; i++)
        for (int k = 0; k < g->columns; k++) picture_free(g->cells[i][k]);
    mem_free(g);
}

/* Reads RUN/samples/GROUP/ITEM/CELL.png; *out stays NULL, with a warning if the file is
 * damaged, where there is none. */
static jem_status read_cell(picture **out, study *s, const study_run *r, const char *group,
                            const char *item, const char *cell)
{
    jem_status st;
    char *path = NULL;

    TRY(str_format(&path, "%s/samples/%s/%s/%s.png", r->path, group, item, cell));
    if (!file_exists(path)) goto done;
    st = picture_read(out, path);
    if (st == JEM_EDATA) st = study_warn(s, "%s.", jem_error_message());
done:
    mem_free(path);
    return st;
}

static bool has_group(const study_run *r, const char *group)
{
    char *path = NULL;
    bool there = str_format(&path, "%s/samples/%s", r->path, group) == JEM_OK && dir_exists(path);
    mem_free(path);
    return there;
}

/* The first seed of each alpha that has the group. */
static int runs_with(const study_run *runs[COLUMNS_MAX], const study *s, const char *group)
{
    int count = 0;
    for (int64_t i = 0; i < s->count && count < COLUMNS_MAX; i++) {
        const study_run *r = &s->runs[i];
        if (count > 0 && runs[count - 1]->alpha == r->alpha) continue;
        if (r->beside && !study_beside_first(s, i)) continue;
        if (has_group(r, group)) runs[count++] = r;
    }
    return count;
}

/* Sorted names in RUN/samples/GROUP[/ITEM], of which *count at most `most` are kept. */
static jem_status names_in(char ***names, int *count, const study_run *r, const char *group,
                           const char *item, int most)
{
    jem_status st;
    char *path = NULL;

    TRY(str_format(&path, "%s/samples/%s%s%s", r->path, group, item ? "/" : "", item ? item : ""));
    TRY(dir_list_data(names, count, path));
    for (int i = most; i < *count; i++) {
        mem_free((*names)[i]);
        (*names)[i] = NULL;
    }
    if (*count > most) *count = most;
done:
    mem_free(path);
    return st;
}

/* ---- drawing */

static void draw_cell(draw *d, const picture_grid *g, const picture *p, double x, double y)
{
    if (!p) {
        draw_frame(d, x, y, g->cell, g->cell, GRID);
        return;
    }
    const double zoom = fmin(g->cell / picture_width(p), g->cell / picture_height(p));
    draw_picture(d, p, x, y, zoom * picture_width(p), zoom * picture_height(p));
}

static jem_status draw_grid(draw *d, const void *ctx)
{
    const picture_grid *g = ctx;
    const double step = g->cell + GAP;
    text_style column = style_of(LABEL_SIZE, CENTRE, BASELINE, INK);

    if (g->heading > HEADING) column = (text_style){LABEL_SIZE, .h = LEFT, .v = MIDDLE, .upwards = true, .ink = INK};
    for (int i = 0; i < g->rows; i++)
        draw_fitting(d, ROW_LABEL - 8, g->heading + i * step + g->cell / 2, ROW_LABEL - 8,
                     style_of(LABEL_SIZE, RIGHT, MIDDLE, INK), g->row_labels[i]);
    for (int k = 0; k < g->columns; k++) {
        const double x = ROW_LABEL + k * step;
        draw_note(d, DRAW_ALPHA(g->runs[k] ? g->runs[k]->alpha : NAN), NULL);
        draw_text(d, x + g->cell / 2, g->heading - 6, column, g->column_labels[k]);
        for (int i = 0; i < g->rows; i++) draw_cell(d, g, g->cells[i][k], x, g->heading + i * step);
        draw_unnote(d);
    }
    return JEM_OK;
}

static void lay_out_grid(figure *f, double width)
{
    picture_grid *g = f->ctx;
    g->cell = fmin(CELL_MOST, (width - ROW_LABEL) / g->columns - GAP);
    g->heading = g->cell < UPRIGHT_LEAST ? TURNED_HEADING : HEADING;
    f->width = ROW_LABEL + g->columns * (g->cell + GAP);
    f->height = g->heading + g->rows * (g->cell + GAP);
}

/* Takes over g. */
static jem_status add_grid(figure_list *list, picture_grid *g, figure f)
{
    f.section = "Samples";
    f.lay_out = lay_out_grid;
    f.draw = draw_grid;
    f.free_ctx = grid_free;
    f.ctx = g;
    return figure_list_add(list, &f);
}

/* Column k is this run's. */
static void set_column(picture_grid *g, int k, const study_run *r)
{
    const char *diverged = strcmp(r->status, "diverged") == 0 ? " (div.)" : "";
    g->runs[k] = r;
    if (isnan(r->alpha))
        snprintf(g->column_labels[k], sizeof g->column_labels[k], "%.*s%s", 16, r->name, diverged);
    else
        snprintf(g->column_labels[k], sizeof g->column_labels[k], "α = %g%s", r->alpha, diverged);
}

/* ---- rows of Langevin steps, a column per alpha */

typedef struct walk_spec {
    const char *group, *files[ITEMS_MAX], *title, *about;
} walk_spec;

static const walk_spec walk_specs[] = {
    {"refined", {"pictures-refined", "pictures-refined-2", "pictures-refined-3"}, "One picture refined under each α",
     "A cue-conflict picture after Langevin steps that climb log p(x), as each model sees it; models "
     "on latents show it decoded. The noise is the same for every α."},
    {"trajectory", {"pictures-trajectory", "pictures-trajectory-2", "pictures-trajectory-3"},
     "Noise on its way under each α",
     "One picture of noise after Langevin steps: the same start and the same noise for every α."},
    {"first-epoch", {"pictures-first-epoch", "pictures-first-epoch-2", "pictures-first-epoch-3"},
     "The same noise after the first epoch",
     "The steps of the figure before under the weights of the first epoch of training."},
};

/* One item, the `place`-th of its group. */
static jem_status add_walk(figure_list *list, study *s, const walk_spec *w, int place,
                           const char *item, const study_run *const *runs, int columns)
{
    jem_status st;
    picture_grid *g = NULL;
    char **steps = NULL;
    int count = 0;

    TRY(names_in(&steps, &count, runs[0], w->group, item, ROWS_MAX));
    TRY(MEM_NEW(g, 1));
    g->rows = count;
    g->columns = columns;
    for (int i = 0; i < count; i++) {
        char *dot = strrchr(steps[i], '.');
        if (dot) *dot = '\0';
        snprintf(g->row_labels[i], NAME_SIZE, "%d steps", atoi(steps[i]));
        for (int k = 0; k < columns; k++)
            TRY(read_cell(&g->cells[i][k], s, runs[k], w->group, item, steps[i]));
    }
    for (int k = 0; k < columns; k++) set_column(g, k, runs[k]);
    if (count > 0)
        st = add_grid(list, g, (figure){.file = w->files[place], .title = w->title,
                                        .about = w->about});
    else
        grid_free(g);
    g = NULL;
done:
    if (g) grid_free(g);
    strings_free(steps, count);
    return st;
}

static jem_status add_walks(figure_list *list, study *s, const walk_spec *w)
{
    jem_status st;
    const study_run *runs[COLUMNS_MAX];
    const int columns = runs_with(runs, s, w->group);
    char **items = NULL;
    int count = 0;

    if (columns == 0) return JEM_OK;
    TRY(names_in(&items, &count, runs[0], w->group, NULL, ITEMS_MAX));
    for (int i = 0; i < count; i++) TRY(add_walk(list, s, w, i, items[i], runs, columns));
done:
    strings_free(items, count);
    return st;
}

/* ---- where people and models look */

static jem_status add_maps(figure_list *list, study *s)
{
    jem_status st;
    const study_run *runs[COLUMNS_MAX];
    int columns = runs_with(runs, s, "clickme"), count = 0;
    picture_grid *g = NULL;
    char **items = NULL;

    if (columns == 0) return JEM_OK;
    if (columns > COLUMNS_MAX - 2) columns = COLUMNS_MAX - 2;
    TRY(names_in(&items, &count, runs[0], "clickme", NULL, ROWS_MAX));
    TRY(MEM_NEW(g, 1));
    g->rows = count;
    g->columns = columns + 2;
    snprintf(g->column_labels[0], sizeof g->column_labels[0], "picture");
    snprintf(g->column_labels[1], sizeof g->column_labels[1], "people");
    for (int k = 0; k < columns; k++) set_column(g, k + 2, runs[k]);
    for (int i = 0; i < count; i++) {
        snprintf(g->row_labels[i], NAME_SIZE, "%d", i + 1);
        TRY(read_cell(&g->cells[i][0], s, runs[0], "clickme", items[i], "picture"));
        TRY(read_cell(&g->cells[i][1], s, runs[0], "clickme", items[i], "people"));
        for (int k = 0; k < columns; k++)
            TRY(read_cell(&g->cells[i][k + 2], s, runs[k], "clickme", items[i], "model"));
    }
    if (count > 0)
        st = add_grid(list, g,
                      (figure){.file = "pictures-clickme",
                               .title = "Where people and models look",
                               .about = "ClickMe: the picture, what people painted as important, and "
                                        "each model's saliency; black is the least of a map, white "
                                        "its most."});
    else
        grid_free(g);
    g = NULL;
done:
    if (g) grid_free(g);
    strings_free(items, count);
    return st;
}

jem_status figures_of_pictures(figure_list *list, study *s)
{
    jem_status st;
    for (size_t i = 0; i < sizeof walk_specs / sizeof *walk_specs; i++)
        TRY(add_walks(list, s, &walk_specs[i]));
    TRY(add_maps(list, s));
done:
    return st;
}
