/* A model in double precision: the reference's plain loops on the same parameters, to see what float32
 * or bf16 have rounded.  Slow: seconds for an image of a large network. */
#ifndef MODEL_MODEL_F64_H
#define MODEL_MODEL_F64_H

#include "model/model.h"

/* What is wanted of n images x [n][c][h][w], in evaluation mode; arrays that are NULL are not computed. */
typedef struct model_f64_call {
    const double *x;
    int64_t n;
    const int32_t *y;         /* [n] whose logit's gradient is wanted; NULL: of log-sum-exp */
    double *logits;           /* [n][classes] */
    double *lse;              /* [n] */
    double *grad;             /* [n][c][h][w] */
    const char *const *names; /* of values inside (model_feature), NULL-terminated; NULL: none */
    double *const *values;    /* of each name [n][shape] */
} model_f64_call;

/* On the model's threads, which change no bit.  Everything is made anew for the call, which is little beside
 * what it computes.  JEM_EUSAGE for an unknown name; JEM_EINTERRUPTED as model_set_stop says. */
jem_status model_evaluate_f64(model *m, const model_f64_call *call);

#endif
