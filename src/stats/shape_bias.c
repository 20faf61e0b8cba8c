/* Counting shape and texture decisions, and their ratio (Geirhos et al., ICLR 2019). */
#include "stats/shape_bias.h"

#include <string.h>

jem_status stats_shape_count(stats_shape_counts *total, stats_shape_counts *by_shape,
                             stats_shape_counts *by_texture, const int32_t *shape,
                             const int32_t *texture, const int32_t *answer, const int64_t *index,
                             int64_t n, int64_t categories)
{
    for (int64_t i = 0; i < n; i++)
        if (shape[i] < 0 || shape[i] >= categories || texture[i] < 0 || texture[i] >= categories ||
            answer[i] < -1 || answer[i] >= categories)
            return jem_error(JEM_EDATA,
                             "image %lld: shape %d, texture %d, answer %d; there are %lld "
                             "categories",
                             (long long)i, (int)shape[i], (int)texture[i], (int)answer[i],
                             (long long)categories);
    stats_shape_counts sum = {0, 0, 0};
    if (by_shape) memset(by_shape, 0, (size_t)categories * sizeof *by_shape);
    if (by_texture) memset(by_texture, 0, (size_t)categories * sizeof *by_texture);
    for (int64_t i = 0; i < n; i++) {
        int64_t k = index ? index[i] : i;
        if (shape[k] == texture[k]) continue;
        stats_shape_counts one = {1, answer[k] == shape[k], answer[k] == texture[k]};
        stats_shape_counts *to[] = {&sum, by_shape ? by_shape + shape[k] : NULL,
                                    by_texture ? by_texture + texture[k] : NULL};
        for (int j = 0; j < 3; j++) {
            if (!to[j]) continue;
            to[j]->conflicts += one.conflicts;
            to[j]->shape += one.shape;
            to[j]->texture += one.texture;
        }
    }
    *total = sum;
    return JEM_OK;
}

jem_status stats_shape_bias(double *out, const stats_shape_counts *counts)
{
    int64_t decided = counts->shape + counts->texture;
    if (decided < 1)
        return jem_error(JEM_EDATA,
                         "shape bias is undefined: of %lld conflict images none was "
                         "answered with its shape or its texture",
                         (long long)counts->conflicts);
    *out = (double)counts->shape / (double)decided;
    return JEM_OK;
}

jem_status stats_shape_bias_mean(double *out, int64_t *defined, const stats_shape_counts *by_shape,
                                 int64_t categories)
{
    double sum = 0;
    int64_t n = 0;
    for (int64_t c = 0; c < categories; c++) {
        int64_t decided = by_shape[c].shape + by_shape[c].texture;
        if (decided < 1) continue;
        sum += (double)by_shape[c].shape / (double)decided;
        n++;
    }
    if (n < 1) return jem_error(JEM_EDATA, "shape bias is undefined in every category");
    *out = sum / (double)n;
    if (defined) *defined = n;
    return JEM_OK;
}
