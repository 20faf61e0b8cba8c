/* The runs of a sweep as text: see sweep_table.h. */
#include "cli/sweep_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { WIDTH_MAX = 250, ROWS_MAX = 120, CELL = 48 };

/* ---- text */

/* "-" where nothing is known. */
static const char *number(char cell[CELL], double v)
{
    snprintf(cell, CELL, "-");
    if (isfinite(v)) snprintf(cell, CELL, "%.4g", v);
    return cell;
}

/* Always four decimals, so that a column is easy to compare. */
static const char *accuracy(char cell[CELL], const sweep_run *r)
{
    snprintf(cell, CELL, "-");
    if (r->reported && isfinite(r->now.val_accuracy))
        snprintf(cell, CELL, "%.4f", r->now.val_accuracy);
    return cell;
}

static const char *duration(char cell[CELL], double s)
{
    snprintf(cell, CELL, "-");
    if (isfinite(s)) format_duration(cell, CELL, s);
    return cell;
}

/* "3.2/200" */
static const char *epochs(char cell[CELL], const sweep_run *r)
{
    const train_status *s = &r->now;
    snprintf(cell, CELL, "-");
    if (r->reported && isfinite(s->epoch) && s->iteration > 0)
        snprintf(cell, CELL, "%.1f/%.4g", s->epoch,
                 s->epoch * (double)s->iterations / (double)s->iteration);
    return cell;
}

/* The verdict while it runs, the state otherwise. */
static const char *verdict_text(char cell[CELL], const sweep_run *r)
{
    if (r->state != SWEEP_RUNNING)
        snprintf(cell, CELL, "%s", sweep_state_name(r->state));
    else if (!r->reported)
        snprintf(cell, CELL, "starting");
    else if (r->now.rescues > 0)
        snprintf(cell, CELL, "%s (%d rescued)", verdict_name(r->now.verdict), r->now.rescues);
    else
        snprintf(cell, CELL, "%s", verdict_name(r->now.verdict));
    return cell;
}

/* Appends the line, cut to `columns` characters, and a newline; returns what follows. */
static char *put_line(char *text, const char *line, int columns)
{
    int shown = 0;
    for (; *line; line++) {
        bool begins = ((unsigned char)*line & 0xc0) != 0x80; /* of UTF-8 */
        if (begins && shown == columns) break;
        shown += begins;
        *text++ = *line;
    }
    *text++ = '\n';
    *text = '\0';
    return text;
}

static char *put_run(char *text, const sweep_run *r, int columns)
{
    char line[SWEEP_REASON + 6 * CELL], epoch[CELL], fraction[CELL], word[CELL], rate[CELL],
        eta[CELL];
    bool runs = r->state == SWEEP_RUNNING && r->reported;
    snprintf(line, sizeof line, "%5.4g %6lld %12s %9s  %-12s %9s %8s  %s", r->alpha,
             (long long)r->seed, epochs(epoch, r),
             accuracy(fraction, r),
             verdict_text(word, r), number(rate, runs ? r->now.images_per_s : NAN),
             duration(eta, runs ? r->now.eta_s : NAN), r->reason);
    size_t n = strlen(line);
    while (n > 0 && line[n - 1] == ' ') line[--n] = '\0';
    return put_line(text, line, columns);
}

void sweep_counts(char *text, size_t size, const sweep_run *runs, int count, double eta_s)
{
    static const sweep_state shown[] = {SWEEP_RUNNING,  SWEEP_WAITING,     SWEEP_FINISHED,
                                        SWEEP_DIVERGED, SWEEP_INTERRUPTED, SWEEP_FAILED};
    char line[8 * CELL] = "", eta[CELL];
    int counts[SWEEP_STATES] = {0};
    size_t used = 0;
    for (int i = 0; i < count; i++) counts[runs[i].state]++;
    for (int i = 0; i < SWEEP_STATES; i++)
        if (counts[shown[i]])
            used += (size_t)snprintf(line + used, sizeof line - used, "%s%d %s", used ? ", " : "",
                                     counts[shown[i]], sweep_state_name(shown[i]));
    if (counts[SWEEP_RUNNING] + counts[SWEEP_WAITING] > 0)
        snprintf(line + used, sizeof line - used, ", ETA %s", duration(eta, eta_s));
    snprintf(text, size, "%s", line);
}

/* Lower comes first where not all runs fit. */
static int rank(sweep_state s)
{
    static const int ranks[SWEEP_STATES] = {[SWEEP_RUNNING] = 0,     [SWEEP_FAILED] = 1,
                                      [SWEEP_DIVERGED] = 1,    [SWEEP_INTERRUPTED] = 1,
                                      [SWEEP_FINISHED] = 2,    [SWEEP_WAITING] = 3};
    return ranks[s];
}

int sweep_table(char *text, const sweep_run *runs, int count, double eta_s, int columns, int rows)
{
    int room[4] = {0}, ranked[4] = {0}, lines = 2;
    char counts[8 * CELL];

    if (columns > WIDTH_MAX) columns = WIDTH_MAX;
    if (rows > ROWS_MAX) rows = ROWS_MAX;
    for (int i = 0; i < count; i++) ranked[rank(runs[i].state)]++;
    for (int k = 0, left = rows - lines; k < 4 && left > 0; k++) {
        room[k] = ranked[k] < left ? ranked[k] : left;
        left -= room[k];
    }
    text = put_line(text, "alpha   seed        epoch  accuracy  verdict       images/s      ETA",
                    columns);
    for (int i = 0; i < count; i++)
        if (room[rank(runs[i].state)] > 0) {
            room[rank(runs[i].state)]--;
            text = put_run(text, &runs[i], columns);
            lines++;
        }
    sweep_counts(counts, sizeof counts, runs, count, eta_s);
    put_line(text, counts, columns);
    return lines;
}

void sweep_line(char *text, size_t size, const sweep_run *r)
{
    char epoch[CELL], fraction[CELL], word[CELL], rate[CELL], eta[CELL];
    const char *why = r->reason[0] ? ": " : "";
    if (!r->reported || (r->state != SWEEP_RUNNING && r->state != SWEEP_FINISHED))
        snprintf(text, size, "%s: %s%s%s", r->name, r->state == SWEEP_RUNNING
                 ? "started" : sweep_state_name(r->state), why, r->reason);
    else if (r->state == SWEEP_FINISHED)
        snprintf(text, size, "%s: finished, accuracy %s", r->name,
                 accuracy(fraction, r));
    else
        snprintf(text, size, "%s: epoch %s, accuracy %s, %s, %s images/s, ETA %s%s%s", r->name,
                 epochs(epoch, r), accuracy(fraction, r),
                 verdict_text(word, r), number(rate, r->now.images_per_s),
                 duration(eta, r->now.eta_s), why, r->reason);
}
