/* The objective with its sign wrong on demand: this file replaces train/objective.c in
 * the program that includes it, and in no other. */
#ifndef SYSTEM_FAULTY_OBJECTIVE_H
#define SYSTEM_FAULTY_OBJECTIVE_H

#define objective_direction right_direction
#include "train/objective.c"
#undef objective_direction

typedef enum fault { FAULT_NONE = 0, FAULT_SIGN_G = 1, FAULT_SIGN_D = 2 } fault;
static int injected_fault;

/* In place of the right one, which it asks first; declared for -Wmissing-prototypes. */
direction objective_direction(const objective *s, const eq8_result *r);
direction objective_direction(const objective *s, const eq8_result *r)
{
    direction d = right_direction(s, r);
    /* alone, a loss is the first summand; of two, l_G is the first */
    double *a_d = s->positive < 0 ? &d.a : &d.b;
    if (injected_fault & FAULT_SIGN_G && s->positive >= 0) d.a = -d.a;
    if (injected_fault & FAULT_SIGN_D && s->labelled >= 0) *a_d = -*a_d;
    return d;
}

#endif
