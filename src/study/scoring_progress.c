/* One line of progress for all runs and benchmarks: see scoring_progress.h. */
#include "study/scoring_progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* How long a scoring of this benchmark takes; NaN: nothing is known. */
static double expected_s(const scoring_progress *p, int place)
{
    double sum_s = 0;
    int64_t count = 0;

    if (p->counted[place] > 0) return p->took_s[place] / (double)p->counted[place];
    for (int b = 0; b < BENCHMARKS_MAX; b++) sum_s += p->took_s[b], count += p->counted[b];
    return count > 0 ? sum_s / (double)count : NAN;
}

double scoring_progress_eta(const scoring_progress *p, double now_s, double share)
{
    const double spent_s = now_s - p->place_began_s;
    double usual_s = NAN, left_s = 0;

    if (p->place >= 0) {
        usual_s = share > 0 ? spent_s / share : expected_s(p, p->place);
        left_s = fmax(usual_s - spent_s, 0);
        if (isnan(usual_s)) return NAN;
    }
    for (int b = 0; b < BENCHMARKS_MAX; b++) {
        if (p->left[b] == 0) continue;
        double each_s = expected_s(p, b);
        if (isnan(each_s) || (b == p->place && p->counted[b] == 0)) each_s = usual_s;
        left_s += (double)p->left[b] * each_s;
    }
    return left_s;
}

static int64_t total(const scoring_progress *p)
{
    int64_t n = p->done + (p->place >= 0);
    for (int b = 0; b < BENCHMARKS_MAX; b++) n += p->left[b];
    return n;
}

/* "4/12  ETA 2m10s  cifar10h of alpha-0.00-seed-1  4500/10000 images" */
static void show(const scoring_progress *p, double share, const char *detail)
{
    char eta[32] = "?";
    const double eta_s = scoring_progress_eta(p, clock_s(), share);

    if (!isnan(eta_s)) format_duration(eta, sizeof eta, eta_s);
    log_progress("%lld/%lld  ETA %s  %s%s%s%s%s", (long long)p->done + 1, (long long)total(p), eta,
                 p->name, p->run ? " of " : "", p->run ? p->run : "", *detail ? "  " : "", detail);
}

static void show_part(void *ctx, const progress *part, int64_t done, double share)
{
    char detail[160];
    snprintf(detail, sizeof detail, "%s %lld/%lld %s", part->label ? part->label : "", (long long)done,
             (long long)part->total, part->unit);
    show(ctx, share, detail);
}

void scoring_progress_begin(scoring_progress *p)
{
    *p = (scoring_progress){.began_s = clock_s(), .place = -1};
    progress_set_whole(show_part, p);
}

void scoring_progress_run(scoring_progress *p, const char *name, int64_t runs, const bool *wanted)
{
    p->run = name;
    for (int b = 0; b < BENCHMARKS_MAX; b++) p->left[b] = wanted[b] ? runs : 0;
}

void scoring_progress_next(scoring_progress *p, int place, const char *name)
{
    p->place = place;
    p->name = name;
    p->place_began_s = clock_s();
    p->left[place]--;
    progress_set_share(0, 1);
    show(p, NAN, "");
}

void scoring_progress_scored(scoring_progress *p, bool whole)
{
    if (whole) {
        p->took_s[p->place] += clock_s() - p->place_began_s;
        p->counted[p->place]++;
    }
    p->done++;
    p->place = -1;
}

void scoring_progress_end(scoring_progress *p)
{
    char took[32];
    progress_set_whole(NULL, NULL);
    format_duration(took, sizeof took, clock_s() - p->began_s);
    if (p->done > 0) log_info("%lld/%lld  took %s", (long long)p->done, (long long)total(p), took);
}
