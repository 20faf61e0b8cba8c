/* The beginning and the settings of classifiers of photographs. */
#include "model/imagenet.h"

#include "base/try.h"

enum { INPUT_PIXELS };

const option imagenet_options[] = {
    IMAGENET_INPUT,
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

const model_spec imagenet_usual = {.classes = 1000, .channels = 3, .height = 224, .width = 224};

/* ((v + 1) / 2 - mean) / deviation */
#define OWN(mean, deviation) {0.5 / (deviation), (0.5 - (mean)) / (deviation)}
const double imagenet_own[3][2] = {OWN(0.485, 0.229), OWN(0.456, 0.224), OWN(0.406, 0.225)};

jem_status imagenet_begin(graph **g, int *x, const model_spec *spec, const double (*own)[2])
{
    jem_status st;
    const imagenet_settings *s = (const void *)&spec->settings;

    TRY(network_check_name(spec));
    if (spec->channels != 3)
        return jem_error(JEM_EUSAGE, "%s looks at pictures of 3 channels, not of %lld", spec->name,
                         (long long)spec->channels);
    TRY(graph_new(g, (shape){3, spec->height, spec->width}));
    *x = s->input == INPUT_PIXELS ? graph_affine(*g, 0, own) : 0;
done:
    return st;
}

conv_shape imagenet_conv(int64_t out, int64_t kernel, int64_t stride, int64_t pad)
{
    return (conv_shape){out, {kernel, kernel}, stride, {pad, pad}, {pad, pad}, 1, false};
}
