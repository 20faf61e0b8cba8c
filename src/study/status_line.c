/* Status lines (status_line.h): what is written here is all that is read here. */
#include "study/status_line.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELDS = 9, NUMBER = 32 };

/* ---- writing */

static const char *number(char text[NUMBER], double v)
{
    text[0] = '\0';
    if (isfinite(v)) snprintf(text, NUMBER, "%.6g", v);
    return text;
}

size_t status_line_format(char line[STATUS_LINE_MAX], const train_status *s)
{
    char epoch[NUMBER], rate[NUMBER], eta[NUMBER], accuracy[NUMBER];
    /* One byte less than there is room for: it is the newline's. */
    int n = snprintf(line, STATUS_LINE_MAX - 1, "%lld\t%lld\t%s\t%s\t%s\t%s\t%s\t%d\t",
                     (long long)s->iteration, (long long)s->iterations, number(epoch, s->epoch),
                     number(rate, s->images_per_s), number(eta, s->eta_s),
                     number(accuracy, s->val_accuracy), verdict_name(s->verdict), s->rescues);
    size_t used = (size_t)n;
    for (const char *c = s->reason ? s->reason : ""; *c && used < STATUS_LINE_MAX - 2; c++)
        line[used++] = (unsigned char)*c < ' ' ? ' ' : *c;
    line[used++] = '\n';
    line[used] = '\0';
    return used;
}

/* ---- reading */

/* A whole number from 0 on, in digits only. */
static bool take_count(int64_t *out, const char *text)
{
    char *end;
    if (*text < '0' || *text > '9' || strlen(text) > 18) return false;
    *out = strtoll(text, &end, 10);
    return *end == '\0';
}

/* NaN for an empty field; negative and infinite values are not written. */
static bool take_real(double *out, const char *text)
{
    char *end;
    *out = NAN;
    if (!*text) return true;
    if ((*text < '0' || *text > '9') || text[strspn(text, "0123456789.e+-")]) return false;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

static bool take_verdict(verdict *out, const char *text)
{
    for (int v = VERDICT_HEALTHY; v <= VERDICT_DIVERGED; v++)
        if (strcmp(text, verdict_name((verdict)v)) == 0) {
            *out = (verdict)v;
            return true;
        }
    return false;
}

jem_status status_line_parse(train_status *s, char *line)
{
    char *field[FIELDS];
    int count = 0;
    int64_t rescues;
    train_status r = {0};

    for (char *rest = line; rest && count < FIELDS;) {
        field[count++] = rest;
        rest = strchr(rest, '\t');
        if (rest) *rest++ = '\0';
        if (rest && count == FIELDS) return jem_error(JEM_EDATA, "status line: too many fields");
    }
    if (count < FIELDS)
        return jem_error(JEM_EDATA, "status line: %d fields instead of %d", count, FIELDS);
    if (!take_count(&r.iteration, field[0]) || !take_count(&r.iterations, field[1]) ||
        !take_real(&r.epoch, field[2]) || !take_real(&r.images_per_s, field[3]) ||
        !take_real(&r.eta_s, field[4]) || !take_real(&r.val_accuracy, field[5]) ||
        !take_verdict(&r.verdict, field[6]) || !take_count(&rescues, field[7]) ||
        r.iteration > r.iterations || rescues > RESCUE_TRIES_MAX)
        return jem_error(JEM_EDATA, "status line: a field is not what belongs there");
    r.rescues = (int)rescues;
    r.reason = field[8];
    *s = r;
    return JEM_OK;
}

/* ---- the writer of a training */

static void write_status(void *ctx, const train_status *s)
{
    int *fd = ctx;
    char line[STATUS_LINE_MAX];
    size_t n = status_line_format(line, s);
    /* Whoever listens may be slow (the line is dropped) or gone (training goes on). */
    ssize_t written = write(*fd, line, n);
    (void)written;
}

jem_status status_line_watch(train_watch *w, int *fd)
{
    const int flags = fcntl(*fd, F_GETFL);
    if (flags < 0 || fcntl(*fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(*fd, F_SETFD, FD_CLOEXEC) < 0)
        return jem_error(JEM_EUSAGE, "--status-fd %d: is not an open descriptor", *fd);
    *w = (train_watch){write_status, fd};
    return JEM_OK;
}
