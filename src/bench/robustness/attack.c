/* Projected gradient descent: see attack.h. */
#include "bench/robustness/attack.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"

/* Streams of RNG_SAMPLE from here on are starts of attacks, one for each restart. */
enum { STREAM_START = 1024 };

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* ---- projections */

/* The nearest float to v that is no farther than the radius from c. */
static float within(double v, float c, double radius)
{
    float f = (float)clamp(v, (double)c - radius, (double)c + radius);
    while (fabs((double)f - (double)c) > radius) f = nextafterf(f, c);
    return f;
}

static void project_linf(float *x, const float *centre, int64_t size, const attack_ball *b)
{
    for (int64_t k = 0; k < size; k++)
        x[k] = within(clamp((double)x[k], b->low, b->high), centre[k], b->radius);
}

/* A point on the way from the centre to x, in the box: the nearest one of ball and box is among them,
 * (x + lambda c) / (1 + lambda) clipped, with share = 1 / (1 + lambda) (Karush, Kuhn, Tucker). */
static float on_the_way(float x, float c, double share, const attack_ball *b)
{
    return (float)clamp((double)c + share * ((double)x - (double)c), b->low, b->high);
}

static double distance_of(const float *x, const float *centre, int64_t size, double share, const attack_ball *b)
{
    double squares = 0;
    for (int64_t k = 0; k < size; k++) {
        const double d = (double)on_the_way(x[k], centre[k], share, b) - (double)centre[k];
        squares += d * d;
    }
    return sqrt(squares);
}

/* The distance grows with the share, which is halved in between as often as a double has bits. */
static void project_l2(float *x, const float *centre, int64_t size, const attack_ball *b)
{
    double low = 0, high = 1;
    if (distance_of(x, centre, size, 1, b) <= b->radius) low = 1;
    for (int i = 0; i < 53 && low < 1; i++) {
        const double middle = (low + high) / 2;
        *(distance_of(x, centre, size, middle, b) <= b->radius ? &low : &high) = middle;
    }
    for (int64_t k = 0; k < size; k++) x[k] = on_the_way(x[k], centre[k], low, b);
}

void attack_project(float *x, const float *centre, int64_t size, const attack_ball *b)
{
    (b->norm == ATTACK_LINF ? project_linf : project_l2)(x, centre, size, b);
}

/* ---- start and step */

/* Uniform in the ball: of L2 a normal direction at radius u^(1/size). */
static void start(float *x, const float *centre, int64_t size, const attack *a, int64_t id, int64_t restart)
{
    const attack_ball *b = &a->ball;
    const rng_stream s = {a->seed, RNG_SAMPLE, (uint32_t)(STREAM_START + restart), 0};
    double scale = b->radius;

    if (b->norm == ATTACK_LINF) {
        rng_fill_uniform(x, size, -1, 1, &s, (uint32_t)id);
    } else {
        double squares = 0;
        rng_fill_normal(x, size, &s, (uint32_t)id);
        for (int64_t k = 0; k < size; k++) squares += (double)x[k] * (double)x[k];
        const double u = (double)rng_unit(&(rng_stream){s.seed, s.purpose, s.step, 1}, (uint32_t)id, 0);
        scale *= pow(u, 1 / (double)size) / sqrt(squares);
    }
    for (int64_t k = 0; k < size; k++) x[k] = (float)((double)centre[k] + scale * (double)x[k]);
    attack_project(x, centre, size, b);
}

static jem_status step(float *x, const float *centre, const float *grad, int64_t size, const attack *a, int64_t id)
{
    double squares = 0;
    for (int64_t k = 0; k < size; k++) squares += (double)grad[k] * (double)grad[k];
    if (!isfinite(squares))
        return jem_error(JEM_EDIVERGED, "the gradient of the cross-entropy to test image %lld is not finite: it cannot be attacked",
                         (long long)id);
    if (!(squares > 0)) return JEM_OK; /* flat: nowhere to go */
    const double scale = a->step / (a->ball.norm == ATTACK_L2 ? sqrt(squares) : 1);
    for (int64_t k = 0; k < size; k++) {
        const double g = (double)grad[k];
        const double way = a->ball.norm == ATTACK_L2 ? g : (double)((g > 0) - (g < 0));
        x[k] = (float)((double)x[k] + scale * way);
    }
    attack_project(x, centre, size, &a->ball);
    return JEM_OK;
}

/* ---- attacks */

/* The images that no restart has changed yet. */
typedef struct standing_images {
    int64_t n;
    int64_t *place; /* among all of the call */
    int64_t *id;
    int32_t *y, *answer;
    float *centre, *x, *grad; /* [n][size] */
} standing_images;

static void standing_clear(standing_images *s)
{
    mem_free(s->place);
    mem_free(s->id);
    mem_free(s->y);
    mem_free(s->answer);
    mem_free(s->centre);
    mem_free(s->x);
    mem_free(s->grad);
}

static jem_status standing_new(standing_images *s, int64_t n, int64_t size)
{
    jem_status st;
    TRY(MEM_NEW(s->place, n));
    TRY(MEM_NEW(s->id, n));
    TRY(MEM_NEW(s->y, n));
    TRY(MEM_NEW(s->answer, n));
    TRY(MEM_NEW(s->centre, n * size));
    TRY(MEM_NEW(s->x, n * size));
    TRY(MEM_NEW(s->grad, n * size));
done:
    return st;
}

static jem_status run_once(standing_images *s, const attack *a, const attack_victim *v, int64_t restart)
{
    jem_status st = JEM_OK;
    const int64_t size = v->size;
    for (int64_t i = 0; i < s->n; i++) start(s->x + i * size, s->centre + i * size, size, a, s->id[i], restart);
    for (int64_t t = 0; t < a->steps; t++) {
        TRY(v->gradient(v->ctx, s->x, s->id, s->y, s->n, restart * a->steps + t, s->grad));
        for (int64_t i = 0; i < s->n; i++)
            TRY(step(s->x + i * size, s->centre + i * size, s->grad + i * size, size, a, s->id[i]));
    }
    TRY(v->classify(v->ctx, s->x, s->id, s->n, s->answer));
done:
    return st;
}

/* Those that still stand go on to the next restart. */
static void keep_standing(standing_images *s, int64_t size)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->answer[i] != s->y[i]) continue;
        s->place[kept] = s->place[i];
        s->id[kept] = s->id[i];
        s->y[kept] = s->y[i];
        memmove(s->centre + kept * size, s->centre + i * size, (size_t)size * sizeof *s->centre);
        kept++;
    }
    s->n = kept;
}

jem_status attack_run(int32_t *answer, float *adversary, const attack *a, const attack_victim *v,
                      const float *x, const int64_t *id, const int32_t *y, int64_t n)
{
    jem_status st;
    standing_images s = {.n = n};
    const int64_t size = v->size;

    TRY(standing_new(&s, n, size));
    for (int64_t i = 0; i < n; i++) s.place[i] = i;
    if (n) {
        memcpy(s.id, id, (size_t)n * sizeof *id);
        memcpy(s.y, y, (size_t)n * sizeof *y);
        memcpy(s.centre, x, (size_t)(n * size) * sizeof *x);
    }
    for (int64_t r = 0; r < a->restarts && s.n > 0; r++) {
        TRY(run_once(&s, a, v, r));
        for (int64_t i = 0; i < s.n; i++) {
            answer[s.place[i]] = s.answer[i];
            if (adversary) memcpy(adversary + s.place[i] * size, s.x + i * size, (size_t)size * sizeof *x);
        }
        keep_standing(&s, size);
    }
done:
    standing_clear(&s);
    return st;
}
