/* Student's t by the incomplete beta function. */
#include "stats/difference.h"

#include <math.h>

/* The continued fraction of the incomplete beta function by Lentz's method (Press et al., Numerical
 * Recipes, 6.4): it converges where x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    enum { MOST = 10000 };
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m < MOST; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double change = 1;
        for (int k = 0; k < 2; k++) {
            const double term = k ? odd : even;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            if (fabs(c) < tiny) c = tiny;
            change = d * c;
            h *= change;
        }
        if (fabs(change - 1) < 1e-15) break;
    }
    return h;
}

/* Regularised, of x and 1 - x, both given: neither loses digits at an end. */
static double beta_share(double a, double b, double x, double rest)
{
    if (x <= 0) return 0;
    if (rest <= 0) return 1;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(rest));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, rest) / b;
}

double stats_student_p(double t, double df)
{
    return beta_share(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t));
}

/* t with P(|T| >= t) = p, by bisection down to neighbouring doubles. */
static double student_point(double p, double df)
{
    double low = 0, high = 1;
    while (stats_student_p(high, df) > p) high *= 2;
    for (;;) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) return high;
        *(stats_student_p(middle, df) > p ? &low : &high) = middle;
    }
}

stats_difference stats_difference_find(double value, const stats_source *source, int sources, double level)
{
    double sum = 0, weighted = 0;
    for (int k = 0; k < sources; k++) {
        sum += source[k].variance;
        weighted += source[k].variance * source[k].variance / source[k].df;
    }
    if (!(sum > 0)) return (stats_difference){value, 0, NAN, {value, value}, value == 0};
    const double se = sqrt(sum), df = sum * sum / weighted, wide = student_point(1 - level, df) * se;
    return (stats_difference){value, se, df, {value - wide, value + wide}, stats_student_p(value / se, df)};
}
