/* RUN/metrics.csv: one row per train.log_every iterations and per validation or epoch.
 * The objective says which numbers of its steps there are (objective.columns); the others are the same
 * for all.
 * Training quantities are means over the iterations since the previous row; a field
 * that does not apply is empty.  docs/formats.md lists the columns.
 *
 * Every row reaches the system in one write; what a failed or killed write leaves of a
 * row is removed, at once or when the log is opened again. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include "base/append_file.h"
#include "train/objective.h"

/* What was reported since the last row; part of a checkpoint, so that a resumed run
 * writes the same rows.  All zero: nothing yet. */
enum { METRICS_WINDOW = OBJECTIVE_COLUMNS + 2, METRICS_WINDOW_DOUBLES = 2 * METRICS_WINDOW };
typedef struct metrics_window {
    double values[METRICS_WINDOW];  /* sums; minimum, maximum, newest value: see metrics.c */
    int64_t counts[METRICS_WINDOW]; /* of the steps where the quantity applied */
} metrics_window;

/* Only finite values count.  `o`, here and below: whose steps they are. */
void metrics_window_add(metrics_window *w, const objective *o, const step_report *r);
/* The steps as one: folded as the columns say, the newest rates; NaN for what never applied and for
 * COLUMN_AT_ROW. */
void metrics_window_mean(step_report *out, const objective *o, const metrics_window *w);
/* How many doubles a window is in a file. */
int metrics_window_doubles(const objective *o);
/* As numbers that are always finite: the values, then the counts. */
void metrics_window_pack(double out[METRICS_WINDOW_DOUBLES], const objective *o,
                         const metrics_window *w);
/* And back.  JEM_EDATA if they are no window's; *w is then unchanged. */
jem_status metrics_window_unpack(metrics_window *w, const objective *o,
                                 const double in[METRICS_WINDOW_DOUBLES]);

/* One row; numbers are NaN where they do not apply. */
typedef struct metrics_row {
    int64_t iteration; /* iterations done */
    double epoch;      /* passes done, a fraction within an epoch */
    double alpha;
    step_report mean;  /* of the window, with objective.row's part */
    const health_report *health; /* borrowed; NULL: not assessed */
    double val_accuracy, val_nll, fd_pix; /* between validations NaN */
    double fid; /* the same; NaN unless it chooses the weights, and in no column */
    double images_per_s, wall_s;
} metrics_row;

/* The numeric columns: what metrics.csv and the event files have in common. */
enum { METRICS_OWN = 11, METRICS_COLUMNS = METRICS_OWN + OBJECTIVE_COLUMNS /* at most */ };
typedef struct metrics_column {
    const char *name; /* in metrics.csv */
    const char *tag;  /* in TensorBoard */
    int digits;       /* written */
} metrics_column;
/* Returns how many there are; the objective's stand between those of the schedules and the verdict. */
int metrics_columns(metrics_column out[METRICS_COLUMNS], const objective *o);
/* The row's numbers in that order; the verdict as 0 .. 4. */
void metrics_values(double v[METRICS_COLUMNS], const objective *o, const metrics_row *r);

typedef struct metrics_log {
    append_file file;
    const objective *objective; /* whose columns it has; borrowed */
    double wall_s; /* of the last row that was kept; 0 if there is none */
    int damaged;   /* rows that were dropped because they are damaged */
} metrics_log;
#define METRICS_LOG_INIT {APPEND_FILE_INIT, NULL, 0, 0}

/* Could metrics_open go on with the file?  JEM_EDATA if it is not such a log; changes nothing. */
jem_status metrics_check(const char *path, const objective *o);
/* Opens RUN/metrics.csv to append, making it if need be.  Rows of iterations after
 * `iteration` and a row cut short are dropped: a resumed run repeats them.  Every damaged row is
 * dropped with a warning, those behind it are kept.  JEM_EDATA if the file is not such a log. */
jem_status metrics_open(metrics_log *l, const char *path, const objective *o, int64_t iteration);
void metrics_close(metrics_log *l); /* METRICS_LOG_INIT is fine */

/* JEM_EIO: the log then ends with the row before. */
jem_status metrics_write(metrics_log *l, const metrics_row *r);
/* Drops the rows after `iteration`, which are going to be repeated. */
jem_status metrics_truncate(metrics_log *l, int64_t iteration);
/* Warns of rows up to `iteration` that should be there, but are not. */
jem_status metrics_tell_gaps(const metrics_log *l, int64_t iteration, int64_t log_every,
                             int64_t per_epoch);
enum { METRICS_DIGEST = 33 };
/* text <- XXH3-128 of the file's `first` bytes (all, if it has fewer or first < 0), *bytes of them,
 * as 32 digits: a digit that changed in a row is no damage that shows.  Fails as file_read. */
jem_status metrics_digest(char text[METRICS_DIGEST], int64_t *bytes, const char *path, int64_t first);
/* All rows are on disk. */
jem_status metrics_sync(metrics_log *l);

#endif
