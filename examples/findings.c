/* What follows from a study's scores: sweet spots, and the alpha in between against the discriminative end.
 *
 *   findings STUDY ALPHA                                     (jem/sweetspot.h, jem/compare.h) */
#include <jem/compare.h>
#include <jem/sweetspot.h>
#include <stdio.h>

static jem_status show_sweet_spots(const char *study)
{
    jem_sweetspots found = JEM_SWEETSPOTS_INIT;
    const jem_status st = jem_sweetspot(&found, study, NULL);
    for (int64_t i = 0; i < found.count; i++)
        printf("%s, %s: best alpha %g; %s\n", found.rows[i].benchmark, found.rows[i].measure, found.rows[i].best_alpha,
               found.rows[i].words);
    jem_sweetspots_clear(&found);
    return st;
}

static jem_status show_differences(const char *study, const char *alpha)
{
    char end[4200], between[4200];
    const char *models[] = {end, between};
    jem_comparisons found = JEM_COMPARISONS_INIT;

    snprintf(end, sizeof end, "%s@0", study);
    snprintf(between, sizeof between, "%s@%s", study, alpha);
    const jem_status st = jem_compare(&found, models, 2, NULL);
    for (int64_t i = 0; i < found.count; i++)
        printf("%s, %s: %+.4f [%+.4f, %+.4f], %s\n", found.rows[i].model, found.rows[i].measure, found.rows[i].difference,
               found.rows[i].low, found.rows[i].high, found.rows[i].verdict);
    jem_comparisons_clear(&found);
    return st;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: findings STUDY ALPHA\n");
        return JEM_EUSAGE;
    }
    jem_status st = show_sweet_spots(argv[1]);
    if (st == JEM_OK) st = show_differences(argv[1], argv[2]);
    if (st != JEM_OK) fprintf(stderr, "%s\n", jem_error_message());
    return (int)st;
}
