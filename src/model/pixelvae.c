/* The PixelVAE's layers, in the order of the authors' code, whose counters name them (pixelvae.h). */
#include "model/pixelvae.h"

#include <stdio.h>

#include "base/try.h"
#include "energy/logistic_mixture.h"

static const double encoder_slope = 0.1, least_deviation = 0.01;
enum { STAGES = 3, SKIPS_MOST = STAGES * 16 + STAGES };

#define AT(field) offsetof(pixelvae_settings, field)
static const option settings[] = {
    {"latents", OPTION_INT, AT(latents), "10", 1, 4096, NULL, "numbers of a picture's code; the study: 10, 100, 500, 2000"},
    {"filters", OPTION_INT, AT(filters), "64", 1, 1024, NULL, "channels of the decoder's maps"},
    {"encoder_filters", OPTION_INT, AT(encoder_filters), "64", 1, 1024, NULL,
     "channels of the encoder's first map; then twice, four times as many"},
    {"blocks", OPTION_INT, AT(blocks), "3", 1, 16, NULL, "gated blocks in each of the stages, three up and three down"},
    {"mixtures", OPTION_INT, AT(mixtures), "12", 1, MIXTURES_MOST, NULL, "logistics that a pixel's distribution is mixed of"},
    {"dropout", OPTION_REAL, AT(dropout), "0.5", 0, 0.9, NULL, "dropout rate in the gated blocks"},
    {"data_init", OPTION_BOOL, AT(data_init), "false", 0, 0, NULL,
     "first gains and biases from the first 80 training pictures, as in the code before its publication; else 1 and 0"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT
_Static_assert(sizeof(pixelvae_settings) <= NETWORK_SETTINGS, "model_spec has no room for them");

const pixelvae_settings *pixelvae_settings_of(const model_spec *spec)
{
    return (const void *)&spec->settings;
}

/* ---- layers, numbered by kind and scope */

typedef struct maker {
    graph *g;
    const pixelvae_settings *s;
    const char *scope;
    int convs, transposed, denses, conditions;
    int code; /* its node */
    char name[64];
} maker;

static const char *name_of(maker *m, const char *kind, int *counter)
{
    snprintf(m->name, sizeof m->name, "%s.%s_%d", m->scope, kind, (*counter)++);
    return m->name;
}

/* A stream of maps: of the rows above ("down"), or of the pixels to the left in the same row as well. */
typedef enum stream { ABOVE, LEFT } stream;

/* Kernels see `height` rows that end with their own, and columns around theirs or that end with it. */
static int shifted_conv(maker *m, int x, stream of, int64_t height, int64_t width, int64_t out, int64_t stride)
{
    const int64_t before = of == ABOVE ? (width - 1) / 2 : width - 1, behind = of == ABOVE ? (width - 1) / 2 : 0;
    const conv_shape c = {.out = out, .kernel = {height, width}, .stride = stride, .begin = {height - 1, before},
                          .end = {0, behind}};
    return graph_conv_normed(m->g, x, name_of(m, "conv2d", &m->convs), &c);
}

/* The kernels of the stream: 2x3 above, 2x2 to the left. */
static int stream_conv(maker *m, int x, stream of, int64_t out, int64_t stride)
{
    return shifted_conv(m, x, of, 2, of == ABOVE ? 3 : 2, out, stride);
}

static int stream_transposed(maker *m, int x, stream of)
{
    const conv_shape c = {.out = m->s->filters, .kernel = {2, of == ABOVE ? 3 : 2}, .stride = 2,
                          .begin = {0, of == ABOVE ? 1 : 0}};
    return graph_conv_transposed_normed(m->g, x, name_of(m, "deconv2d", &m->transposed), &c);
}

/* A residual block whose gate and value see the code; a: what else its first half sees, -1: nothing. */
static int gated(maker *m, int x, stream of, int a)
{
    graph *g = m->g;
    const int64_t f = m->s->filters;
    int h = stream_conv(m, graph_concat_elu(g, x), of, f, 1);

    if (a >= 0) h = graph_add(g, h, graph_project_normed(g, graph_concat_elu(g, a), name_of(m, "dense", &m->denses), f));
    h = graph_dropout(g, graph_concat_elu(g, h), m->s->dropout);
    h = stream_conv(m, h, of, 2 * f, 1);
    h = graph_add_vector(g, h, graph_linear_plain(g, m->code, name_of(m, "conditional_weights", &m->conditions),
                                                  "hw", 2 * f));
    return graph_add(g, graph_gate(g, h), x);
}

/* ---- the encoder */

static int encoder_conv(maker *m, int x, int64_t out)
{
    const conv_shape c = {.out = out, .kernel = {4, 4}, .stride = 2, .begin = {1, 1}, .end = {1, 1}};
    return graph_lrelu(m->g, graph_conv_normed(m->g, x, name_of(m, "conv2d", &m->convs), &c), encoder_slope);
}

static int encoder_dense(maker *m, int x, int64_t out)
{
    return graph_linear_normed(m->g, x, name_of(m, "dense", &m->denses), out);
}

/* Both NULL: the noise is drawn; `code`: there is none, and the encoder has no say. */
static void encode(maker *m, const double (*noise)[2], const double (*code)[2])
{
    graph *g = m->g;
    const int64_t e = m->s->encoder_filters, d = m->s->latents;

    m->scope = "encoder";
    int x = encoder_conv(m, encoder_conv(m, encoder_conv(m, 0, e), 2 * e), 4 * e);
    x = graph_lrelu(g, encoder_dense(m, x, 8 * e), encoder_slope);
    const int mean = encoder_dense(m, x, d);
    graph_name(g, mean, "latents");
    const int deviation = graph_sigmoid(g, encoder_dense(m, x, d), least_deviation);
    graph_name(g, deviation, "deviations");
    m->code = code ? graph_affine(g, deviation, code)
                   : graph_add(g, noise ? graph_affine(g, deviation, noise) : graph_noise(g, deviation), mean);
    m->convs = m->denses = 0;
}

/* ---- the decoder: two streams, whose maps on the way up are seen again on the way down */

typedef struct streams {
    int above, left;
    int skip[SKIPS_MOST][2];
    int skips;
} streams;

static void push(streams *s)
{
    s->skip[s->skips][ABOVE] = s->above;
    s->skip[s->skips++][LEFT] = s->left;
}

static void up(maker *m, streams *s)
{
    for (int stage = 0; stage < STAGES; ++stage) {
        for (int64_t i = 0; i < m->s->blocks; ++i) {
            s->above = gated(m, s->above, ABOVE, -1);
            s->left = gated(m, s->left, LEFT, s->above);
            push(s);
        }
        if (stage + 1 == STAGES) return;
        s->above = stream_conv(m, s->above, ABOVE, m->s->filters, 2);
        s->left = stream_conv(m, s->left, LEFT, m->s->filters, 2);
        push(s);
    }
}

static void down(maker *m, streams *s)
{
    --s->skips; /* what the way up ends with */
    for (int stage = 0; stage < STAGES; ++stage) {
        for (int64_t i = 0; i < m->s->blocks + (stage > 0); ++i) {
            const int *skip = s->skip[--s->skips];
            s->above = gated(m, s->above, ABOVE, skip[ABOVE]);
            s->left = gated(m, s->left, LEFT, graph_concat(m->g, (int[]){s->above, skip[LEFT]}, 2));
        }
        if (stage + 1 == STAGES) return;
        s->above = stream_transposed(m, s->above, ABOVE);
        s->left = stream_transposed(m, s->left, LEFT);
    }
}

static int decode(maker *m)
{
    graph *g = m->g;
    const int64_t f = m->s->filters;
    streams s = {.skips = 0};

    m->scope = "model";
    const int x = graph_ones(g, 0); /* so that what lies outside can be told */
    s.above = graph_shift(g, shifted_conv(m, x, ABOVE, 2, 3, f, 1), 1, 0);
    const int row_above = graph_shift(g, shifted_conv(m, x, ABOVE, 1, 3, f, 1), 1, 0);
    s.left = graph_add(g, row_above, graph_shift(g, shifted_conv(m, x, LEFT, 2, 1, f, 1), 0, 1));
    graph_name(g, s.above, "u0");
    graph_name(g, s.left, "ul0");
    push(&s);
    up(m, &s);
    graph_name(g, s.above, "u_top");
    graph_name(g, s.left, "ul_top");
    down(m, &s);
    return graph_project_normed(g, graph_elu(g, s.left), name_of(m, "dense", &m->denses),
                                MIXTURE_VALUES * m->s->mixtures);
}

static jem_status make_graph(graph **out, const model_spec *spec, const double (*noise)[2], const double (*code)[2])
{
    jem_status st;
    maker m = {.s = pixelvae_settings_of(spec)};

    if (spec->channels != 3 || spec->height % 8 || spec->width % 8)
        return jem_error(JEM_EUSAGE, "model.name = pixelvae: pictures must have 3 channels and sides that 8 divides, not "
                         "%lldx%lldx%lld; set data.size", (long long)spec->channels, (long long)spec->height,
                         (long long)spec->width);
    TRY(graph_new(&m.g, (shape){spec->channels, spec->height, spec->width}));
    encode(&m, noise, code);
    st = network_finish(out, m.g, decode(&m));
done:
    return st;
}

jem_status pixelvae_graph(graph **out, const model_spec *spec, const double (*noise)[2])
{
    return make_graph(out, spec, noise, NULL);
}

jem_status pixelvae_decoder(graph **out, const model_spec *spec, const double (*code)[2])
{
    return make_graph(out, spec, NULL, code);
}

static jem_status build(graph **out, const model_spec *spec)
{
    return make_graph(out, spec, NULL, NULL);
}

static bool draws(const model_spec *spec)
{
    (void)spec;
    return true;
}

const network network_pixelvae = {
    .name = "pixelvae",
    .usage = "pixelvae (with train.objective = pixelvae)",
    .about = "pixelvae         variational autoencoder with an autoregressive decoder of pixels, the baseline of gloss\n"
             "                 perception of Storrs et al.; model.latents, filters, blocks, mixtures",
    .trained = true,
    .settings = settings,
    .build = build,
    .draws = draws,
    .stages = (const char *const[]){NULL},
    .heads = (const char *const[]){"latents", NULL},
};
