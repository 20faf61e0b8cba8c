/* What is behind a jem_model, shared by the files of lib/ that compute with one. */
#ifndef LIB_LIB_MODEL_H
#define LIB_LIB_MODEL_H

#include "jem/model.h"
#include "run/run.h"

struct jem_model {
    model *m;
    run *r; /* the run it came from and that owns m; NULL: from a weights file */
};

/* JEM_EUSAGE if one of y[0..n) is no class of the model; y may be NULL. */
jem_status lib_check_classes(const jem_model *m, const int32_t *y, int64_t n, const char *function);

#endif
