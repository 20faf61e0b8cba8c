/* The runs of a sweep as text for people: a table that fits a terminal, or a line
 * for a log.  Pure functions: from states to text. */
#ifndef CLI_SWEEP_TABLE_H
#define CLI_SWEEP_TABLE_H

#include <stddef.h>

#include "study/sweep_run.h"

enum { SWEEP_TABLE_MAX = 64 * 1024 };
/* A head, one line per run and a line of counts, at most `columns` wide and `rows` high; each
 * ends with a newline, whose number is returned.  If not all runs fit, running ones
 * come first, then failed, finished and waiting ones; the order stays the grid's.
 * `text` holds at least SWEEP_TABLE_MAX bytes. */
int sweep_table(char *text, const sweep_run *runs, int count, double eta_s, int columns, int rows);

/* "2 running, 3 waiting, 1 finished, ETA 2h05m", without a newline. */
void sweep_counts(char *text, size_t size, const sweep_run *runs, int count, double eta_s);

/* "alpha-0.50-seed-1: epoch 3.2/200, accuracy 0.712, healthy, 523 images/s, ETA 2h05m",
 * without a newline. */
void sweep_line(char *text, size_t size, const sweep_run *r);

#endif
