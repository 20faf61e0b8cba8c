/* Lists of figures and the layout they share. */
#include "report/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

void figure_clear(figure *f)
{
    if (f->ctx) f->free_ctx(f->ctx);
    mem_free(f->missing);
    strbuf_clear(&f->says);
    strbuf_clear(&f->table);
    strbuf_clear(&f->tsv);
    *f = (figure){.file = NULL};
}

jem_status figure_list_add(figure_list *list, figure *f)
{
    jem_status st;
    figure *grown = NULL;

    TRY(strbuf_status(&f->says));
    TRY(strbuf_status(&f->table));
    TRY(strbuf_status(&f->tsv));
    if (!f->missing) f->lay_out(f, FIGURE_WIDTH);
    TRY(MEM_NEW(grown, list->count + 1));
    if (list->count) memcpy(grown, list->figures, (size_t)list->count * sizeof *grown);
    mem_free(list->figures);
    list->figures = grown;
    list->figures[list->count++] = *f;
    *f = (figure){.file = NULL};
done:
    figure_clear(f);
    return st;
}

void figure_list_clear(figure_list *list)
{
    for (int64_t i = 0; i < list->count; i++) figure_clear(&list->figures[i]);
    mem_free(list->figures);
    *list = (figure_list)FIGURE_LIST_INIT;
}

/* kind: "wide", for pages and paper; "medium" or "narrow", with the pictures of the wide one. */
static jem_status write_plot(strbuf *h, const figure *f, const char *kind, const char *ids)
{
    char id[40], wide[40], *svg;
    snprintf(id, sizeof id, "%s%c-", ids, kind[0]);
    snprintf(wide, sizeof wide, "%sw-", ids);
    jem_status st = draw_again(&svg, id, kind[0] == 'w' ? NULL : wide, f->width, f->height, f->draw, f->ctx);
    if (st != JEM_OK) return st;
    html_printf(h, "<div class=\"plot %s\" style=\"width:%.0fpx\">", kind, f->width);
    strbuf_put(h, svg, strlen(svg));
    mem_free(svg);
    strbuf_add(h, "</div>\n");
    return strbuf_status(h);
}

jem_status figure_plots(strbuf *html, figure *f, const char *ids, double width)
{
    jem_status st;
    const double SMALLEST = 1.15; /* a little wider than a tablet, a figure can be read on one */

    f->lay_out(f, width);
    TRY(write_plot(html, f, "wide", ids));
    if (f->width > FIGURE_WIDTH_MEDIUM * SMALLEST) {
        f->lay_out(f, FIGURE_WIDTH_MEDIUM);
        TRY(write_plot(html, f, "medium", ids));
        f->lay_out(f, width);
    }
    if (f->width > FIGURE_WIDTH_PHONE) {
        f->lay_out(f, FIGURE_WIDTH_PHONE);
        TRY(write_plot(html, f, "narrow", ids));
        f->lay_out(f, width);
    }
done:
    return st;
}

/* In rows of at most `fit`. */
static panel_grid grid_in_rows(const panel_cells *cells, double width, int fit)
{
    const int rows = (cells->panels + fit - 1) / fit, columns = (cells->panels + rows - 1) / rows;
    /* in a page one row keeps the usual width */
    const double cell = width / (rows == 1 && width >= FIGURE_WIDTH ? fit : columns);
    const double usual = FIGURE_WIDTH / (double)cells->most_columns;
    return (panel_grid){.columns = columns,
                        .rows = rows,
                        .cell_width = cell,
                        .cell_height = cells->height * fmin(fmax(cell / usual, 0.75), 1),
                        .top = cells->top};
}

panel_grid panel_grid_make(const panel_cells *cells, double width)
{
    const double LOWEST = 0.58; /* of the usual height */
    int fit = (int)fmax(1, fmin(cells->most_columns, floor(width / cells->least_width)));
    panel_grid g = grid_in_rows(cells, width, fit);

    if (!(cells->most_height > 0)) return g;
    const double room = cells->most_height - cells->top;
    while (g.rows * g.cell_height > room && fit < cells->panels && width / (fit + 1) >= cells->narrowest)
        g = grid_in_rows(cells, width, ++fit);
    if (g.rows * g.cell_height > room) g.cell_height = fmax(LOWEST * cells->height, room / g.rows);
    return g;
}
