/* Best assignment by shortest augmenting paths: rows enter one by one, prices of rows and columns keep
 * every reduced cost price_row + price_column - gain at 0 or above, and assigned pairs at 0. */
#include "stats/assignment.h"

#include <math.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/try.h"

/* Columns 1 .. n; column 0 stands for the row that enters. */
typedef struct matching {
    const double *gain;
    int64_t n;
    double *row_price, *column_price, *slack; /* [n + 1] each */
    int64_t *row_of, *before;                 /* [n + 1] row of a column, 0: none; column before it on the path */
    bool *visited;                            /* [n + 1] */
} matching;

/* The free column at the end of the cheapest path from the row in column 0. */
static int64_t find_path(matching *m)
{
    int64_t at = 0;

    for (int64_t j = 0; j <= m->n; j++) m->slack[j] = INFINITY, m->visited[j] = false;
    do {
        const int64_t row = m->row_of[at];
        double least = INFINITY;
        int64_t next = 0;
        m->visited[at] = true;
        for (int64_t j = 1; j <= m->n; j++) {
            if (m->visited[j]) continue;
            const double cost = -m->gain[(row - 1) * m->n + j - 1] - m->row_price[row] - m->column_price[j];
            if (cost < m->slack[j]) m->slack[j] = cost, m->before[j] = at;
            if (m->slack[j] < least) least = m->slack[j], next = j;
        }
        for (int64_t j = 0; j <= m->n; j++) {
            if (m->visited[j])
                m->row_price[m->row_of[j]] += least, m->column_price[j] -= least;
            else
                m->slack[j] -= least;
        }
        at = next;
    } while (m->row_of[at] != 0);
    return at;
}

jem_status stats_assignment(int64_t *to, const double *gain, int64_t n)
{
    jem_status st;
    matching m = {.gain = gain, .n = n};

    TRY(MEM_NEW(m.row_price, n + 1));
    TRY(MEM_NEW(m.column_price, n + 1));
    TRY(MEM_NEW(m.slack, n + 1));
    TRY(MEM_NEW(m.row_of, n + 1));
    TRY(MEM_NEW(m.before, n + 1));
    TRY(MEM_NEW(m.visited, n + 1));
    for (int64_t row = 1; row <= n; row++) {
        m.row_of[0] = row;
        for (int64_t at = find_path(&m), from; at != 0; at = from) {
            from = m.before[at];
            m.row_of[at] = m.row_of[from];
        }
    }
    for (int64_t j = 1; j <= n; j++) to[m.row_of[j] - 1] = j - 1;
done:
    mem_free(m.row_price);
    mem_free(m.column_price);
    mem_free(m.slack);
    mem_free(m.row_of);
    mem_free(m.before);
    mem_free(m.visited);
    return st;
}
