/* The runs of a sweep on stderr: a table redrawn in place on a terminal, else a line
 * for every change of state and at most one a minute for every run. */
#ifndef CLI_SWEEP_SHOW_H
#define CLI_SWEEP_SHOW_H

#include "cli/sweep_table.h"

typedef struct sweep_show {
    bool terminal;
    int lines;            /* of the table on the terminal, above the cursor */
    double drawn_s;       /* when, on base/log.h's clock */
    char *text;           /* [SWEEP_TABLE_MAX] */
    sweep_state *states;  /* [count]: what was last said of a run ... */
    double *said_s;       /* [count]: ... and when */
} sweep_show;
#define SWEEP_SHOW_INIT {false, 0, 0, NULL, NULL, NULL}

/* Says how many of the runs are finished already. */
jem_status sweep_show_init(sweep_show *s, const sweep_run *runs, int count);
void sweep_show_clear(sweep_show *s); /* SWEEP_SHOW_INIT is fine; what is on the screen stays */

/* Says what is new; to be called often.  `changed`: a state has changed. */
void sweep_show_update(sweep_show *s, const sweep_run *runs, int count, double eta_s,
                       bool changed);
/* Before other messages: what is on the terminal stays there. */
void sweep_show_leave(sweep_show *s);

#endif
