/* jem plan about seeds: how many a margin needs by a pilot's noise, and which margin a design can show. */
#ifndef CLI_PLAN_SEEDS_H
#define CLI_PLAN_SEEDS_H

#include <jansson.h>

#include "cli/alpha_list.h"
#include "sweetspot/spot_design.h"

/* As the command line says it; what was not given is NULL, CLI_NONE or NaN. */
typedef struct seeds_request {
    const char *study; /* the pilot */
    double margin, sd;
    int64_t seeds;
    cli_list seeds_at;
} seeds_request;

/* Their rows in a command's table. */
#define SEEDS_OPTIONS(type, field)                                                                 \
    {"--sweep", CLI_TEXT, offsetof(type, field.study), "STUDY", .alone = true,                     \
     .help = "instead: seeds that a margin needs by this pilot's noise"},                          \
    {"--margin", CLI_REAL, offsetof(type, field.margin), "M", .min = 1e-12, .max = 1e12,           \
     .help = "the advantage over both ends that a study like it is to show"},                      \
    {"--seeds", CLI_INT, offsetof(type, field.seeds), "N", .min = 1, .max = ALPHA_SEEDS_MAX,       \
     .help = "with --sd: the margin that a sweep of so many could show"},                          \
    {"--seeds-at", CLI_LIST, offsetof(type, field.seeds_at), "ALPHAS:N",                           \
     .help = "as many of these alphas, as in jem sweep"},                                          \
    {"--sd", CLI_REAL, offsetof(type, field.sd), "S", .min = 1e-12, .max = 1e12,                   \
     .help = "spread of a score between seeds, in its units"}

/* Moves sweetspot.* of --set into *o, whose other settings are the defaults. */
jem_status seeds_settings(sweetspot_options *o, cli_list *set);

/* Prints what jem plan --sweep STUDY --margin M finds.  alphas NULL: the pilot's. */
jem_status seeds_from_pilot(const cli_lists *lists, const seeds_request *q, const alpha_list *alphas,
                            sweetspot_options *o, bool json);

/* What a design can show. */
typedef struct seeds_margin {
    int64_t alphas, networks;
    int64_t *seeds;     /* [alphas] owned */
    double sd, level;
    spot_margin margin;
    stats_variance variance;
} seeds_margin;

/* Of jem plan CONFIG --seeds N --sd S.  JEM_EUSAGE if one of them is missing, no alpha lies between the
 * ends, or no alpha has two seeds. */
jem_status seeds_margin_find(seeds_margin *out, const seeds_request *q, const alpha_list *alphas,
                             sweetspot_options *o);
void seeds_margin_clear(seeds_margin *m); /* a zeroed one is fine */
void seeds_margin_print(const seeds_margin *m);
json_t *seeds_margin_json(const seeds_margin *m); /* the caller's; NULL without memory */

#endif
