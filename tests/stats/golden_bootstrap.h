/* Written by scripts/golden_random.py; do not edit. */
#ifndef GOLDEN_BOOTSTRAP_H
#define GOLDEN_BOOTSTRAP_H

static const double golden_percentile[] = {0.974679190018648, 1.54572114762362};
static const double golden_bca[] = {0.984023614686359, 1.55306699100082};
static const double golden_first_round = 1.07418450688196;
static const double golden_percentile_ties[] = {1.434375, 4.815625};
static const double golden_bca_ties[] = {1.68045282112304, 5.07514796354677};

#endif
