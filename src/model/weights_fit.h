/* Which network a file of weights is of: for messages where it is not of the one that was named. */
#ifndef MODEL_WEIGHTS_FIT_H
#define MODEL_WEIGHTS_FIT_H

#include "model/network.h"

/* The present error message, of status st, with what is known of the file of weights at `path`: the
 * network that its metadata name, or the one that shares the most tensors by name and shape with it:
 * `named`, or one of `list` that was published.  Returns st; the message stays as it is
 * where there is nothing to add. */
jem_status weights_explain(jem_status st, const char *path, const network *const *list, const model_spec *named);

#endif
