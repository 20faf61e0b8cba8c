/* Colours and shapes of alphas (marks.h). */
#include "report/marks.h"

#include <math.h>

#include "base/plain.h"
#include "sweetspot/trend.h"

colour alpha_colour(double alpha)
{
    /* At alpha 0, 0.1 .. 1: from CIELAB (27, 19, -42) over (42, 36, -35), (52, 50, -12) and (65, 42, 32) to
     * (77, 18, 64), the farthest that sRGB allows near the paper's blue and red. */
    enum { LAST = 10 };
    static const unsigned char scale[LAST + 1][3] = {
        {44, 57, 129},  {70, 65, 144},   {93, 73, 159},   {131, 77, 155}, {164, 81, 150}, {194, 86, 146},
        {213, 101, 129}, {230, 116, 111}, {241, 134, 96}, {246, 155, 83}, {250, 175, 66}};
    const double t = LAST * fmin(fmax(alpha, 0), 1);
    const int i = t < LAST ? (int)t : LAST - 1;
    double c[3];
    for (int k = 0; k < 3; k++) c[k] = (scale[i][k] + (t - i) * (scale[i + 1][k] - scale[i][k])) / 255;
    return (colour){c[0], c[1], c[2], 1};
}

void draw_mark(draw *d, int place, double x, double y, double radius, colour fill, colour edge)
{
    /* Corners in radii of the disc of the same area. */
    static const double corners[MARK_SHAPES][4][2] = {
        {{0, 0}, {0, 0}, {0, 0}, {0, 0}},
        {{-0.89, -0.89}, {0.89, -0.89}, {0.89, 0.89}, {-0.89, 0.89}},
        {{0, -1.45}, {1.35, 0.88}, {-1.35, 0.88}, {-1.35, 0.88}},
        {{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}}};
    const int shape = place % MARK_SHAPES;
    double px[4], py[4];

    if (shape == 0) {
        draw_disc(d, x, y, radius, fill, edge);
        return;
    }
    if (!isfinite(x) || !isfinite(y)) return;
    for (int i = 0; i < 4; i++) {
        px[i] = x + radius * corners[shape][i][0];
        py[i] = y + radius * corners[shape][i][1];
    }
    draw_edged_area(d, px, py, shape == 2 ? 3 : 4, fill, edge);
}

void draw_value_note(draw *d, double alpha, const char *what, double value)
{
    char note[256], number[40];
    trend_number(number, sizeof number, value);
    plain_format(note, sizeof note, "%s, α = %g: %s", what, alpha, number);
    draw_note(d, DRAW_ALPHA(alpha), note);
}

void draw_alpha_mark(draw *d, double alpha, int place, double x, double y, double radius)
{
    draw_mark(d, place, x, y, radius, alpha_colour(alpha), faded(INK, 0.7));
}

void draw_open_square(draw *d, double x, double y, double half)
{
    if (!isfinite(x) || !isfinite(y)) return;
    draw_rectangle(d, x - half, y - half, 2 * half, 2 * half, PAPER);
    draw_frame(d, x - half, y - half, 2 * half, 2 * half, MUTED);
}

void draw_chance_mark(draw *d, double alpha, int place, double x, double y, double radius)
{
    draw_mark(d, place, x, y, radius, PAPER, alpha_colour(alpha));
}
