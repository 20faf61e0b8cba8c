/* TensorBoard's view of a training: see event_log.h. */
#include "run/event_log.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/image.h"

enum {
    GRID_SIDE = 8,
    GRID_PIXELS = 1024, /* pictures too large for 8 in this width become fewer */
};

typedef enum event_kind { ROW, VALIDATION, PICTURE, EVENT_KINDS } event_kind;

struct event_log {
    event_file *file;
    const objective *objective;
    int64_t iterations;
    int64_t last[EVENT_KINDS]; /* iteration of the last one, since the session or a roll-back began; or NONE */
};

enum { NONE = -1 };

static void forget_last(event_log *l)
{
    for (int k = 0; k < EVENT_KINDS; k++) l->last[k] = NONE;
}

/* Is it to be written?  Then it is the last one of its kind. */
static bool wanted(event_log *l, event_kind kind, int64_t iteration)
{
    static const int most[EVENT_KINDS] = {EVENT_ROWS, EVENT_VALIDATIONS, EVENT_PICTURES};
    const int64_t last = l->last[kind];
    if (last != NONE && iteration < l->iterations && iteration - last < l->iterations / most[kind])
        return false;
    l->last[kind] = iteration;
    return true;
}

jem_status event_log_open(event_log **out, const char *run, const objective *o, int64_t iteration,
                          int64_t iterations)
{
    jem_status st;
    event_log *l = NULL;
    char *folder = NULL;

    TRY(str_format(&folder, "%s/events", run));
    TRY(event_files_check(folder));
    TRY(MEM_NEW(l, 1));
    l->objective = o;
    l->iterations = iterations;
    forget_last(l);
    TRY(event_file_open(&l->file, folder, iteration + 1));
    *out = l;
    l = NULL;
done:
    mem_free(folder);
    event_log_close(l);
    return st;
}

void event_log_close(event_log *l)
{
    if (!l) return;
    event_file_close(l->file);
    mem_free(l);
}

jem_status event_log_row(event_log *l, const metrics_row *r)
{
    double v[METRICS_COLUMNS];
    metrics_column columns[METRICS_COLUMNS];
    event_scalar scalars[METRICS_COLUMNS];

    const bool validated = isfinite(r->val_accuracy) || isfinite(r->fd_pix);
    if (!l || !wanted(l, validated ? VALIDATION : ROW, r->iteration)) return JEM_OK;
    const int n = metrics_columns(columns, l->objective);
    metrics_values(v, l->objective, r);
    for (int i = 0; i < n; i++) scalars[i] = (event_scalar){columns[i].tag, v[i]};
    return event_file_scalars(l->file, r->iteration, scalars, n);
}

/* Entries spread evenly, so that every class of a class-conditional buffer is shown; of latents
 * three channels as colours, black and white at three standard deviations. */
static jem_status compose(image *out, const replay_buffer *r)
{
    jem_status st;
    float *x = NULL;
    int64_t fit = GRID_PIXELS / r->image.w, side = fit < GRID_SIDE ? fit : GRID_SIDE;
    const int64_t shown = r->image.c < 3 ? 1 : 3, pixels = shown * r->image.h * r->image.w;
    const float scale = r->image.c > 3 ? 1.0f / 3 : 1;
    int64_t n;

    if (side < 1) side = 1;
    n = r->size < side * side ? r->size : side * side;
    TRY(MEM_NEW(x, n * pixels));
    for (int64_t i = 0; i < n; i++)
        memcpy(x + i * pixels, r->images + i * r->size / n * shape_count(r->image),
               (size_t)pixels * sizeof *x);
    for (int64_t i = 0; i < n * pixels; i++) x[i] *= scale;
    TRY(image_grid(out, x, n, shown, r->image.h, r->image.w, side, 1));
done:
    mem_free(x);
    return st;
}

jem_status event_log_images(event_log *l, const replay_buffer *r, int64_t iteration)
{
    jem_status st;
    image grid = IMAGE_INIT;
    event_image m = {.tag = "replay_buffer"};
    char *png = NULL;

    if (!l || !r || r->size < 1 || !r->images || !wanted(l, PICTURE, iteration)) return JEM_OK;
    TRY(compose(&grid, r));
    TRY(image_encode_png(&png, &m.size, &grid));
    m.height = grid.height;
    m.width = grid.width;
    m.channels = grid.channels;
    m.encoded = png;
    TRY(event_file_image(l->file, iteration, &m));
done:
    mem_free(png);
    image_clear(&grid);
    return st;
}

jem_status event_log_rewind(event_log *l, int64_t iteration)
{
    if (!l) return JEM_OK;
    forget_last(l);
    return event_file_restart(l->file, iteration + 1);
}
