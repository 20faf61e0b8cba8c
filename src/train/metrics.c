/* The training log: see metrics.h. */
#include "train/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

static const char header[] =
    "iteration,epoch,alpha,lr,step_size,loss_d,loss_g,g_d,g_g,c,cosine,lse_pos,lse_neg,lse_gap,"
    "accuracy,clipped,movement,val_accuracy,val_nll,fd_pix,images_per_s,wall_s\n";

void metrics_window_add(metrics_window *w, const step_report *r)
{
    const objective_result *l = &r->loss;
    double v[METRIC_MEANS] = {l->loss_d,  l->loss_g,  l->g_d,
                              l->g_g,     l->c,       l->cosine,
                              l->lse_pos, l->lse_neg, l->lse_pos - l->lse_neg,
                              l->accuracy, r->chain.clipped, r->chain.movement};
    for (int i = 0; i < METRIC_MEANS; i++) w->sums[i] += v[i];
    w->steps++;
}

/* Length of the part of `text` to keep: header and rows up to `iteration`. */
static size_t kept_size(const char *text, int64_t iteration, double *wall_s)
{
    size_t used = strlen(header);
    while (text[used]) {
        const char *line = text + used, *end = strchr(line, '\n');
        char *stop;
        long long it = strtoll(line, &stop, 10);
        if (!end || stop == line || it > iteration) break; /* later, or cut short */
        const char *last = end;
        while (last > line && last[-1] != ',') last--;
        *wall_s = strtod(last, NULL);
        used = (size_t)(end + 1 - text);
    }
    return used;
}

static jem_status drop_later_rows(const char *path, int64_t iteration, double *wall_s)
{
    jem_status st;
    char *text = NULL;
    size_t size;
    TRY(file_read(&text, &size, path, 0));
    if (strncmp(text, header, strlen(header)) != 0) {
        st = jem_error(JEM_EDATA, "%s: not a training log of this version of jem; move it away",
                       path);
        goto done;
    }
    size_t keep = kept_size(text, iteration, wall_s);
    if (keep < size) TRY(file_write(path, text, keep));
done:
    mem_free(text);
    return st;
}

static jem_status log_failed(const metrics_log *l)
{
    return jem_error(JEM_EIO, "%s: cannot write: %s", l->path, strerror(errno));
}

jem_status metrics_open(metrics_log *l, const char *path, int64_t iteration)
{
    jem_status st;
    metrics_log b = METRICS_LOG_INIT;
    if (file_exists(path))
        TRY(drop_later_rows(path, iteration, &b.wall_s));
    else
        TRY(file_write(path, header, strlen(header)));
    TRY(mem_strdup(&b.path, path));
    b.file = fopen(path, "ab");
    if (!b.file) {
        st = log_failed(&b);
        goto done;
    }
    *l = b;
    return JEM_OK;
done:
    metrics_close(&b);
    return st;
}

void metrics_close(metrics_log *l)
{
    if (l->file) fclose(l->file);
    mem_free(l->path);
    l->file = NULL;
    l->path = NULL;
}

jem_status metrics_write(metrics_log *l, const metrics_row *r, metrics_window *w)
{
    FILE *f = l->file;
    bool ok = fprintf(f, "%lld,%.6g,%.9g,%.9g,%.9g", (long long)r->iteration, r->epoch, r->alpha,
                      r->lr, r->step_size) > 0;
    for (int i = 0; i < METRIC_MEANS; i++) {
        double v = w->steps > 0 ? w->sums[i] / (double)w->steps : (double)NAN;
        ok = ok && (isnan(v) ? fputs(",nan", f) >= 0 : fprintf(f, ",%.9g", v) > 0);
    }
    const double rest[] = {r->val_accuracy, r->val_nll, r->fd_pix, r->images_per_s, r->wall_s};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        ok = ok && (isnan(rest[i]) ? fputs(",nan", f) >= 0 : fprintf(f, ",%.6g", rest[i]) > 0);
    ok = ok && fputc('\n', f) != EOF;
    if (!ok || fflush(f) != 0) return log_failed(l);
    *w = (metrics_window){{0}, 0};
    return JEM_OK;
}
