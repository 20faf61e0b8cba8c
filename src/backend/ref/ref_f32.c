/* The reference steps in single precision. */
#include "backend/ref/ref.h"

#define REAL float
#define REAL_DTYPE JEM_F32
#define REAL_EXP expf
#define REF_RUN ref_run_f32
#include "backend/ref/ref_steps.inc"
