/* Lists of figures and the layout they share. */
#include "report/figures.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"

void figure_clear(figure *f)
{
    if (f->ctx) f->free_ctx(f->ctx);
    mem_free(f->missing);
    strbuf_clear(&f->table);
    strbuf_clear(&f->tsv);
    *f = (figure){.file = NULL};
}

jem_status figure_list_add(figure_list *list, figure *f)
{
    jem_status st;
    figure *grown = NULL;

    TRY(strbuf_status(&f->table));
    TRY(strbuf_status(&f->tsv));
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

panel_grid panel_grid_make(int panels, int most_columns, double cell_height, double top)
{
    int rows = (panels + most_columns - 1) / most_columns;
    int columns = (panels + rows - 1) / rows;
    /* one row keeps the usual width, more rows fill the page */
    double shared = rows == 1 ? most_columns : columns;
    return (panel_grid){.columns = columns,
                        .rows = rows,
                        .cell_width = FIGURE_WIDTH / shared,
                        .cell_height = cell_height,
                        .top = top};
}
