/* Written by scripts/golden_best_alpha.py; do not edit. */
#ifndef GOLDEN_BEST_ALPHA_H
#define GOLDEN_BEST_ALPHA_H

/* for 2, 3, 5 and 10 networks at each of 11 alphas */
static const double golden_point[] = {2.767598, 2.583165, 2.497946, 2.452473};
static const double golden_point_one_end[] = {2.806885, 2.600748, 2.506270, 2.456063};
static const double golden_p_at_2[] = {0.163683, 0.144931, 0.135014, 0.129333};
static const double golden_p_at_4[] = {0.006538, 0.002196, 0.000944, 0.000505};

#endif
