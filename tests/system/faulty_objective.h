/* The objective with its sign wrong on demand: this file replaces train/eq8_batch.c in
 * the program that includes it, and in no other. */
#ifndef SYSTEM_FAULTY_OBJECTIVE_H
#define SYSTEM_FAULTY_OBJECTIVE_H

#define eq8_batch_direction right_direction
#include "train/eq8_batch.c"
#undef eq8_batch_direction

typedef enum fault { FAULT_NONE = 0, FAULT_SIGN_G = 1, FAULT_SIGN_D = 2 } fault;
static int injected_fault;

/* In place of the right one, which it asks first; declared for -Wmissing-prototypes. */
direction eq8_batch_direction(const eq8_batch *s, const eq8_result *r);
direction eq8_batch_direction(const eq8_batch *s, const eq8_result *r)
{
    direction d = right_direction(s, r);
    /* alone, a loss is the first summand; of two, l_G is the first */
    double *a_d = s->positive < 0 ? &d.a : &d.b;
    if (injected_fault & FAULT_SIGN_G && s->positive >= 0) d.a = -d.a;
    if (injected_fault & FAULT_SIGN_D && s->labelled >= 0) *a_d = -*a_d;
    return d;
}

#endif
