/* LPIPS's distance between two stacks of feature maps. */
#include "stats/lpips.h"

#include <math.h>

/* Outside the root, as in the authors' code: a pixel without any activity stays 0. */
static const double epsilon = 1e-10;

/* Pixel by pixel: the squared distance of two directions in channel space. */
static double layer_distance(const lpips_layer *l)
{
    double sum = 0;
    for (int64_t p = 0; p < l->pixels; p++) {
        double length_a = 0, length_b = 0, distance = 0;
        for (int64_t c = 0; c < l->channels; c++) {
            double a = (double)l->a[c * l->pixels + p], b = (double)l->b[c * l->pixels + p];
            length_a += a * a;
            length_b += b * b;
        }
        length_a = sqrt(length_a) + epsilon;
        length_b = sqrt(length_b) + epsilon;
        for (int64_t c = 0; c < l->channels; c++) {
            double difference = (double)l->a[c * l->pixels + p] / length_a -
                                (double)l->b[c * l->pixels + p] / length_b;
            distance += (l->weights ? (double)l->weights[c] : 1) * difference * difference;
        }
        sum += distance;
    }
    return sum / (double)l->pixels;
}

float lpips_distance(const lpips_layer *layers, int64_t count)
{
    double sum = 0;
    for (int64_t l = 0; l < count; l++) sum += layer_distance(&layers[l]);
    return (float)sum;
}
