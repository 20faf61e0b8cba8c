/* What scores of ClickMe mean, which way is better, and what people reach. */
#include "bench/clickme/measure.h"

#include "measure/trials.h"
#include "stats/saliency.h"

static const measure scores[] = {
    {.metric = "alignment",
     .title = "Alignment with people's maps",
     .unit = "Spearman / ceiling",
     .least = -1,
     .most = INFINITY,
     .human = 1,
     .chance = {"accuracy", 1.0 / 1000}}, /* of ImageNet's classes, whose logits the maps are of */
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "ClickMe",
     .measure = "alignment / ceiling",
     .count = 1,
     .score = {&scores[0]},
     .alignment = true,
     .source = "1 is the agreement between people, Spearman " STATS_CLICKME_CEILING_TEXT
               " (Fel et al. 2022)",
     .paper_low = 0.3,
     .paper_high = 0.3,
     .rule = &trials_number,
     .trials = "clickme",
     .unit = STATS_CLICKME_CEILING},
    {.title = NULL},
};

static const published_score others[] = {
    {"alignment", NULL, NULL, "human", 1, "ceiling by construction (Fel et al. 2022)"},
    {"spearman", NULL, NULL, "human", STATS_CLICKME_CEILING,
     "between people (Fel et al. 2022)"},
    {.metric = NULL},
};

static const measure_panel panel = {.x = {"classification", "accuracy", "test accuracy"},
                                    .y = {NULL, "alignment", "alignment / ceiling"},
                                    .human_label = "between people"};

const measures clickme_measures = {
    .benchmark = "clickme",
    .name = "ClickMe",
    .section = measure_people,
    .title = "ClickMe: where the evidence is",
    .about = "Rank correlation between the network’s sensitivity to pixels and maps of what people "
             "reveal to each other, as a share of the correlation between people. Hollow dots are of networks "
             "that decide no better than by chance: they mean nothing.",
    .headline = true,
    .scores = scores,
    .published = others,
    .spots = spots,
    .panel = &panel,
    .settings = "target=label channels=max jacobian=exact ceiling=" STATS_CLICKME_CEILING_TEXT,
};
