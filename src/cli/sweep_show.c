/* The runs of a sweep on stderr: see sweep_show.h. */
#include "cli/sweep_show.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/terminal.h"

static const double redraw_s = 1, repeat_s = 60;

jem_status sweep_show_init(sweep_show *s, const sweep_run *runs, int count)
{
    jem_status st;
    int finished = 0;
    s->terminal = terminal_is();
    TRY(MEM_NEW(s->text, SWEEP_TABLE_MAX));
    TRY(MEM_NEW(s->states, count));
    TRY(MEM_NEW(s->said_s, count));
    for (int i = 0; i < count; i++)
        if (runs[i].state == SWEEP_FINISHED) {
            s->states[i] = SWEEP_FINISHED;
            finished++;
        }
    if (finished > 0) log_info("%d of %d runs are finished already", finished, count);
done:
    return st;
}

void sweep_show_clear(sweep_show *s)
{
    mem_free(s->text);
    mem_free(s->states);
    mem_free(s->said_s);
    *s = (sweep_show)SWEEP_SHOW_INIT;
}

void sweep_show_leave(sweep_show *s)
{
    s->lines = 0;
}

static void draw(sweep_show *s, const sweep_run *runs, int count, double eta_s)
{
    int columns, rows;
    terminal_size(&columns, &rows);
    int lines = sweep_table(s->text, runs, count, eta_s, columns, rows);
    if (s->lines > 0) fprintf(stderr, "\r\033[%dA\033[J", s->lines);
    fputs(s->text, stderr);
    fflush(stderr);
    s->lines = lines;
}

static void say(sweep_show *s, const sweep_run *runs, int count, double eta_s, int i)
{
    char line[1024];
    const sweep_run *r = &runs[i];
    sweep_line(line, sizeof line, r);
    if (r->state > SWEEP_RUNNING) {
        size_t used = strlen(line);
        char counts[512];
        sweep_counts(counts, sizeof counts, runs, count, eta_s);
        snprintf(line + used, sizeof line - used, " (%s)", counts);
    }
    log_info("%s", line);
    s->states[i] = r->state;
    s->said_s[i] = clock_s();
}

void sweep_show_update(sweep_show *s, const sweep_run *runs, int count, double eta_s,
                       bool changed)
{
    double now = clock_s();
    if (s->terminal) {
        if (!changed && now - s->drawn_s < redraw_s) return;
        draw(s, runs, count, eta_s);
        s->drawn_s = now;
        return;
    }
    for (int i = 0; i < count; i++)
        if (runs[i].state != s->states[i] ||
            (runs[i].state == SWEEP_RUNNING && runs[i].reported &&
             now - s->said_s[i] >= repeat_s))
            say(s, runs, count, eta_s, i);
}
