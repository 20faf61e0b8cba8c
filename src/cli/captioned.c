/* Captions below pictures (captioned.h), drawn as those of figures are. */
#include "cli/captioned.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"

enum { LINE = 15, AROUND = 6, LEAST_WIDTH = 300, MOST_WIDTH = 4096 };

typedef struct strip {
    const caption *columns, *foot;
    int64_t count;
    double each, width, height; /* each: width of a column */
    int column_lines;           /* the most that a column has */
} strip;

static int lines_of(const caption *c)
{
    int n = CAPTION_LINES;
    while (n > 0 && !c->lines[n - 1][0]) n--;
    return n;
}

static strip lay_out(const image *m, const caption *columns, int64_t count, const caption *foot)
{
    strip s = {.columns = columns, .foot = foot, .count = count,
               .each = (double)m->width / fmax(1, (double)count),
               .width = fmin(fmax((double)m->width, LEAST_WIDTH), MOST_WIDTH)};
    for (int64_t i = 0; i < count; i++)
        if (lines_of(&columns[i]) > s.column_lines) s.column_lines = lines_of(&columns[i]);
    s.height = 2 * AROUND + LINE * (s.column_lines + lines_of(foot)) - 3;
    return s;
}

static void draw_caption(draw *d, const caption *c, double x, double y, double room)
{
    for (int i = 0; i < lines_of(c); i++)
        draw_fitting(d, x, y + LINE * i, room, style_of(LABEL_SIZE, LEFT, TOP, INK), c->lines[i]);
}

static jem_status draw_strip(draw *d, const void *ctx)
{
    const strip *s = ctx;
    for (int64_t i = 0; i < s->count; i++) draw_caption(d, &s->columns[i], 2 + (double)i * s->each, AROUND, s->each - 5);
    draw_caption(d, s->foot, 2, AROUND + LINE * s->column_lines, s->width - 4);
    return JEM_OK;
}

/* `to` gets m at its top left; of one channel it is repeated. */
static void place(image *to, const image *m, int64_t top)
{
    for (int64_t y = 0; y < m->height; y++)
        for (int64_t x = 0; x < m->width; x++)
            for (int64_t c = 0; c < 3; c++)
                to->pixels[((top + y) * to->width + x) * 3 + c] =
                    m->pixels[(y * m->width + x) * m->channels + (m->channels < 3 ? 0 : c)];
}

jem_status caption_add(image *m, const caption *columns, int64_t count, const caption *foot)
{
    jem_status st;
    char *png = NULL;
    size_t size;
    image below = IMAGE_INIT, whole = IMAGE_INIT;
    const strip s = lay_out(m, columns, count, foot);

    TRY(draw_pixels(&png, &size, s.width, s.height, draw_strip, &s));
    TRY(image_decode(&below, png, size, "a caption"));
    TRY(image_init(&whole, m->height + below.height, m->width > below.width ? m->width : below.width, 3));
    memset(whole.pixels, 255, (size_t)(whole.height * whole.width * 3));
    place(&whole, m, 0);
    place(&whole, &below, m->height);
    image_clear(m);
    *m = whole;
    whole = (image)IMAGE_INIT;
done:
    image_clear(&whole);
    image_clear(&below);
    mem_free(png);
    return st;
}
