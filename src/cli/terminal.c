/* The log on stderr: on a terminal a line that is replaced, in a file one line after another. */
#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utf8.h"
#include "cli/remedy.h"

static const double plain_progress_s = 30; /* between progress lines in a log file */

bool terminal_is(void)
{
    const char *kind = getenv("TERM");
    return kind && *kind && strcmp(kind, "dumb") != 0 && isatty(STDERR_FILENO);
}

const char *terminal_clear(void)
{
    return terminal_is() ? "\r\033[K" : "";
}

void terminal_size(int *columns, int *rows)
{
    struct winsize size = {0};
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    /* A full last column or row would wrap or scroll. */
    *columns = size.ws_col > 1 ? size.ws_col - 1 : 79;
    *rows = size.ws_row > 3 ? size.ws_row - 1 : 23;
}

/* Bytes of the fields (two spaces between them) that fit into the columns; of a first one that
 * does not, as much as does. */
static int fit(const char *line, int columns)
{
    const char *end = line + strlen(line), *at = line, *whole = line;

    while (at < end && columns-- > 0) {
        if (strncmp(at, "  ", 2) == 0) whole = at;
        utf8_next(&at, end);
    }
    if (at == end || strncmp(at, "  ", 2) == 0 || whole == line) whole = at;
    return (int)(whole - line);
}

static void show_progress(const char *line)
{
    static double last_plain_s;
    int columns, rows;

    if (terminal_is()) {
        terminal_size(&columns, &rows);
        fprintf(stderr, "%s%.*s", terminal_clear(), fit(line, columns), line);
    } else if (clock_s() - last_plain_s >= plain_progress_s) {
        last_plain_s = clock_s();
        fprintf(stderr, "%s\n", line);
    }
}

static void show(log_level level, const char *line)
{
    static bool progress_shown; /* a progress line is waiting to be replaced */

    fflush(stdout);
    if (level == LOG_PROGRESS)
        show_progress(line);
    else
        fprintf(stderr, "%s%s%s%s\n", progress_shown ? terminal_clear() : "",
                level == LOG_WARNING ? "jem: warning: " : "", line, remedy_of(line));
    progress_shown = level == LOG_PROGRESS;
    fflush(stderr);
}

void terminal_show_log(void)
{
    log_set_sink(show);
}
