/* Written by scripts/golden_difference.py; do not edit. */
#ifndef GOLDEN_DIFFERENCE_H
#define GOLDEN_DIFFERENCE_H

static const double golden_first[] = {0.31, 0.44, 0.29, 0.52, 0.61, 0.38, 0.47, 0.33};
static const double golden_other[] = {0.35, 0.49, 0.28, 0.66, 0.64, 0.45, 0.52, 0.41};
static const double golden_few[] = {0.71, 0.74};
static const double golden_more[] = {0.62, 0.69, 0.66, 0.61};
/* t, df, P(|T| >= |t|) */
static const double golden_student[] = {0, 3, 1, 0.5, 1, 0.704832764699133, 2, 1.37, 0.238695426457098, 2.1, 7, 0.0738711962129227, -3.2, 49, 0.00241202359511272, 1.96, 1000000, 0.0499960675852699, 12, 2.5, 0.00283621503007832, 8, 300, 2.73501539015384e-14};
/* t, df, p, low and high of OTHER - FIRST, of FEW - MORE */
static const double golden_paired[] = {3.66551755654587, 7, 0.00801160384141558, 0.0199631422506584, 0.0925368577493416};
static const double golden_welch[] = {3.36067220166722, 3.58634953464322, 0.0334095223703352, 0.0107896371642314, 0.149210362835769};

#endif
