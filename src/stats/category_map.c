/* Mean probability per category, and which category has the largest (category_map.h). */
#include "stats/category_map.h"

jem_status stats_category_map_check(const stats_category_map *map)
{
    for (int64_t c = 0; c < map->categories; c++) {
        if (map->start[c + 1] <= map->start[c])
            return jem_error(JEM_EDATA, "category %lld has no class", (long long)c);
        for (int64_t i = map->start[c]; i < map->start[c + 1]; i++) {
            int32_t before = i > map->start[c] ? map->index[i - 1] : -1;
            if (map->index[i] <= before || map->index[i] >= map->classes)
                return jem_error(JEM_EDATA,
                                 "category %lld: class %d after class %d; classes must "
                                 "ascend and lie in 0..%lld",
                                 (long long)c, (int)map->index[i], (int)before,
                                 (long long)(map->classes - 1));
        }
    }
    return JEM_OK;
}

jem_status stats_category_means(double *means, const double *p, int64_t n,
                                const stats_category_map *map)
{
    int64_t k = map->classes;
    for (int64_t i = 0; i < n * k; i++)
        if (!(p[i] >= 0 && p[i] <= 1))
            return jem_error(JEM_EDATA, "row %lld, class %lld: %g is not a probability",
                             (long long)(i / k), (long long)(i % k), p[i]);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < map->categories; c++) {
            double sum = 0;
            for (int64_t j = map->start[c]; j < map->start[c + 1]; j++)
                sum += p[i * k + map->index[j]];
            means[i * map->categories + c] = sum / (double)(map->start[c + 1] - map->start[c]);
        }
    return JEM_OK;
}

void stats_category_decide(int32_t *answers, const double *means, int64_t n, int64_t categories)
{
    for (int64_t i = 0; i < n; i++) {
        const double *row = means + i * categories;
        int64_t best = 0;
        for (int64_t c = 1; c < categories; c++)
            if (row[c] >= row[best]) best = c;
        answers[i] = (int32_t)best;
    }
}
