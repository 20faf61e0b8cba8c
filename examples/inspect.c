/* What a model is made of: facts, layers, values inside it, the spread of a weight.
 *
 *   inspect RUN                                                   (jem/inspect.h) */
#include <jem/inspect.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check(jem_status st)
{
    if (st == JEM_OK) return;
    fprintf(stderr, "%s\n", jem_error_message());
    exit((int)st);
}

static void show_layers(const jem_model *m, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        jem_layer l = JEM_LAYER_INIT;
        check(jem_model_layer_at(&l, m, i));
        printf("%-28s %-20s %4lld x %lld x %lld\n", l.name, l.kind, (long long)l.shape[0], (long long)l.shape[1],
               (long long)l.shape[2]);
    }
}

/* Root mean square of the first tensor. */
static double spread(const jem_model *m, jem_weight *w)
{
    double sum = 0;
    check(jem_model_weight_at(w, m, 0));
    float *values = malloc((size_t)w->count * sizeof *values);
    if (!values) exit(JEM_ENOMEM);
    check(jem_model_weight_read(values, m, w->name));
    for (int64_t i = 0; i < w->count; i++) sum += (double)values[i] * (double)values[i];
    free(values);
    return sqrt(sum / (double)w->count);
}

int main(int argc, char **argv)
{
    jem_model *m = NULL;
    jem_model_facts f = JEM_MODEL_FACTS_INIT;
    jem_weight w = JEM_WEIGHT_INIT;

    if (argc != 2) {
        fprintf(stderr, "usage: inspect RUN\n");
        return JEM_EUSAGE;
    }
    check(jem_model_open(&m, argv[1], NULL));
    check(jem_model_describe(&f, m));
    printf("%s on %s in %s: %lld parameters, %.3g FLOPs an image, alpha %g\n", f.name, f.device, f.precision,
           (long long)f.parameters, f.flops, f.alpha);
    show_layers(m, f.layers);
    for (int64_t i = 0; i < f.values; i++) {
        jem_value v = JEM_VALUE_INIT;
        check(jem_model_value_at(&v, m, i));
        printf("value %s%s\n", v.name, v.head ? ", a head" : v.stage ? ", a stage" : "");
    }
    const double rms = spread(m, &w);
    printf("%s: root mean square %.4f\n", w.name, rms);
    jem_model_free(m);
    return 0;
}
