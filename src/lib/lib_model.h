/* What is behind a jem_model, shared by the files of lib/ that compute with one. */
#ifndef LIB_LIB_MODEL_H
#define LIB_LIB_MODEL_H

#include "jem/model.h"
#include "lib/lib_turn.h"
#include "run/run.h"

struct jem_model {
    model *m;
    run *r; /* the run it came from and that owns m; NULL: from a weights file */
    lib_turn turn;
};

/* Takes the model for one call, which lib_model_leave ends.  NULL: another call has it, and *m is as it was. */
jem_model *lib_model_enter(jem_model *m);
void lib_model_leave(jem_model *const *m); /* NULL in it is fine */

/* In functions that compute with m, behind LIB_CALL and before any TRY: takes it until the function returns, or
 * returns JEM_EUSAGE if it is NULL or in another call. */
#define LIB_MODEL(m)                                                                               \
    HOST_NEED(m);                                                                                  \
    __attribute__((cleanup(lib_model_leave))) jem_model *const lib_model_taken = lib_model_enter(m); \
    if (!lib_model_taken) return lib_turn_refuse(__func__, "the model")

/* JEM_EUSAGE if one of y[0..n) is no class of the model; y may be NULL. */
jem_status lib_check_classes(const jem_model *m, const int32_t *y, int64_t n, const char *function);

#endif
