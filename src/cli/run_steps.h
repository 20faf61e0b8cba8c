/* What the commands that use a trained run share. */
#ifndef CLI_RUN_STEPS_H
#define CLI_RUN_STEPS_H

#include "cli/cli.h"
#include "data/pictures/image.h"
#include "run/run.h"

enum { RUN_THREADS = 64, RUN_THREADS_MAX = 4096 };
/* text <- "engine.threads=N" from --threads; CLI_NONE leaves it empty.  Adds it to the list. */
void run_threads(cli_list *set, char text[RUN_THREADS], int64_t threads);

/* "jem eval STUDY --force", as it can be pasted; owned. */
jem_status run_command_line(char **out, int argc, char **argv);

/* *out <- pictures x [n][c][h][w] as a grid with `columns`, small ones magnified.  JEM_EUSAGE for other than 1 or 3
 * channels. */
jem_status run_grid(image *out, const float *x, int64_t n, shape size, int64_t columns);

/* *out <- a row of `count` pictures of one size, small ones magnified. */
jem_status run_strip(image *out, const image *pictures, int64_t count);

/* Does the path end in `ending` (".npy"), in any letter case? */
bool run_has_ending(const char *path, const char *ending);

/* Before the work whose result is to lie there.  JEM_EUSAGE if the path has none of the endings
 * (NULL at the end), JEM_EIO if no such file can be written. */
jem_status run_check_output(const char *path, const char *const *endings);

#endif
