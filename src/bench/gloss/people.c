/* Ratings of gloss, and what people's rows of scores are made of. */
#include "bench/gloss/people.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "stats/summary.h"

enum { IMAGES = GLOSS_RATED };

/* The folder itself, its ratings/, or the place in the published repository. */
static jem_status find_ratings(char **path, const char *folder)
{
    static const char *const below[] = {"ratings", "analysis_data/psychophysics/expt1"};
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        jem_status st = str_format(path, "%s/%s", folder, below[i]);
        if (st != JEM_OK || dir_exists(*path)) return st;
        mem_free(*path);
        *path = NULL;
    }
    return mem_strdup(path, folder);
}

static jem_status read_people(gloss_ratings *out, const char *folder)
{
    jem_status st;
    char *path = NULL;

    TRY(find_ratings(&path, folder));
    TRY(gloss_ratings_read(out, path));
    if (out->images != IMAGES)
        st = jem_error(JEM_EDATA,
                       "%s: %" PRId64 " ratings of %" PRId64 " images per observer, expected %d "
                       "ratings of %d images, those of experiment 1: 'jem data fetch gloss'",
                       path, out->images * GLOSS_REPEATS, out->images, IMAGES * GLOSS_REPEATS,
                       IMAGES);
done:
    if (st != JEM_OK) gloss_ratings_clear(out);
    mem_free(path);
    return st;
}

/* A correlation needs every observer to tell some images apart. */
static jem_status check_people(const gloss_ratings *p)
{
    for (int64_t o = 0; o < p->observers; o++) {
        const double *own = p->rating + o * IMAGES;
        bool varies = false;
        for (int64_t i = 1; i < IMAGES; i++) varies |= own[i] != own[0];
        if (!varies)
            return jem_error(JEM_EDATA,
                             "ratings: observer %" PRId64 " (in order of the files) rates all "
                             "images alike, a correlation is undefined: remove the file",
                             o + 1);
    }
    return JEM_OK;
}

jem_status gloss_people_read(gloss_people *out, const char *folder)
{
    jem_status st;
    gloss_people p = GLOSS_PEOPLE_INIT;
    const gloss_ratings *r = &p.ratings;

    TRY(read_people(&p.ratings, folder));
    TRY(check_people(r));
    TRY(MEM_NEW(p.one_out, r->observers));
    stats_rating_mean(p.mean, r->rating, r->observers, IMAGES);
    TRY(stats_rating_noise(&p.noise, p.one_out, r->rating, r->observers, IMAGES, GLOSS_LOWEST,
                           GLOSS_HIGHEST));
    p.hash = XXH64(r->scene, IMAGES * sizeof *r->scene, 0);
    p.hash = XXH64(r->rating, (size_t)(r->observers * IMAGES) * sizeof *r->rating, p.hash);
    *out = p;
    p = (gloss_people)GLOSS_PEOPLE_INIT;
done:
    gloss_people_clear(&p);
    return st;
}

void gloss_people_clear(gloss_people *p)
{
    gloss_ratings_clear(&p->ratings);
    mem_free(p->one_out);
    *p = (gloss_people)GLOSS_PEOPLE_INIT;
}

/* ---- scores */

jem_status gloss_add(const bench_request *r, const gloss_people *p, bench_score s)
{
    s.benchmark = "gloss";
    s.dataset = "gloss-ratings";
    s.n = s.n ? s.n : IMAGES;
    s.data_hash = p->hash;
    return bench_add(r, &s);
}

static jem_status add_human(const bench_request *r, const gloss_people *p, const char *metric,
                            const char *condition, double value, const char *formula)
{
    return gloss_add(r, p, bench_human(metric, condition, value, formula));
}

jem_status gloss_people_score(const bench_request *r, const gloss_people *p)
{
    jem_status st = JEM_OK;
    const stats_rating_ceiling *c = &p->noise;
    char condition[40];
    const struct {
        const char *metric;
        double value;
        const char *formula;
    } rows[] = {
        {"observers", (double)p->ratings.observers, "people who rated every image three times"},
        {"grand_mean", stats_mean(p->mean, IMAGES), "mean of all ratings, 1 matte to 6 glossy"},
        {"leave_one_out_pearson_mean", c->leave_one_out,
         "lower noise ceiling: mean r of one observer with the mean of the others"},
        {"with_own_rating_pearson_mean", c->with_own,
         "upper noise ceiling: mean r of one observer with the mean of all"},
        {"mean_pairwise_pearson", c->pairwise, "mean r over pairs of observers"},
        {"min_pairwise_pearson", c->pairwise_min, "least r of a pair of observers"},
        {"max_pairwise_pearson", c->pairwise_max, "largest r of a pair of observers"},
        {"odd_even_split_pearson", c->odd_even,
         "r between the means of observers 1, 3, .. and 2, 4, .. in order of their files"},
        {"odd_even_spearman_brown", c->spearman_brown, "2 r / (1 + r) of that"},
        {"leave_one_out_rmse_mean", c->leave_one_out_rmse,
         "mean RMSE of one observer to the mean of the others, ratings mapped to (r - 1) / 5"},
        {"with_own_rating_rmse_mean", c->with_own_rmse,
         "mean RMSE of one observer to the mean of all, ratings mapped to (r - 1) / 5"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        TRY(add_human(r, p, rows[i].metric, NULL, rows[i].value, rows[i].formula));
    for (int64_t o = 0; o < p->ratings.observers; o++) {
        snprintf(condition, sizeof condition, "observer %" PRId64, o + 1);
        TRY(add_human(r, p, "leave_one_out_pearson", condition, p->one_out[o],
                      "r of this observer (in order of the files) with the mean of the others"));
    }
    for (int64_t i = 0; i < IMAGES; i++) {
        snprintf(condition, sizeof condition, "scene%06d", (int)p->ratings.scene[i]);
        TRY(add_human(r, p, "mean_rating", condition, p->mean[i],
                      "mean over observers of the mean of their three ratings"));
    }
done:
    return st;
}

/* ---- is the folder whole? */

/* Numbers of the images other than the published ones: the place of the first, -1: none. */
static int64_t find_renamed(const gloss_ratings *people)
{
    for (int64_t i = 0; i < IMAGES; i++)
        if (people->scene[i] != i + 1) return i;
    return -1;
}

jem_status gloss_people_check(const char *folder, const bench_finder *found)
{
    enum { OBSERVERS = 20 };
    jem_status st;
    char line[200];
    gloss_ratings people = GLOSS_RATINGS_INIT;

    TRY(read_people(&people, folder));
    const int64_t renamed = find_renamed(&people);
    snprintf(line, sizeof line,
             "ratings of %" PRId64 " images by %" PRId64 " observers, three "
             "times each",
             people.images, people.observers);
    TRY(found->part(found->ctx,
                    &(bench_part){.name = "gloss",
                                  .state = people.observers == OBSERVERS && renamed < 0 ? BENCH_WHOLE : BENCH_UNPUBLISHED,
                                  .images = people.images,
                                  .published_images = IMAGES,
                                  .people = people.observers,
                                  .published_people = OBSERVERS,
                                  .line = line}));
    if (people.observers != OBSERVERS) {
        snprintf(line, sizeof line,
                 "the published experiment has 20 observers (01 to 17, 19, 20, "
                 "21), here are %" PRId64,
                 people.observers);
        found->remark(found->ctx, line);
    }
    if (renamed >= 0) {
        snprintf(line, sizeof line,
                 "image %" PRId64 " is scene%06d; the published ones are "
                 "scene000001 to scene000050",
                 renamed + 1, (int)people.scene[renamed]);
        found->remark(found->ctx, line);
    }
done:
    gloss_ratings_clear(&people);
    return st;
}
