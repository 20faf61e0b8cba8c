/* The reference steps in double precision: what gradients are checked against. */
#include "backend/ref/ref.h"

#define REAL double
#define REAL_DTYPE JEM_F64
#define REAL_EXP exp
#define REF_RUN ref_run_f64
#include "backend/ref/ref_steps.inc"
