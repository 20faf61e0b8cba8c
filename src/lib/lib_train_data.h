/* Arrays of a host's to train on. */
#ifndef LIB_LIB_TRAIN_DATA_H
#define LIB_LIB_TRAIN_DATA_H

#include "jem/data.h"
#include "train/config.h"

/* Keeps `d` as npy files in *folder <- OUT-data, owned, where resuming and evaluating find them again.  JEM_EUSAGE
 * for what is no set of labelled images, and if other arrays lie there: a run's data are not replaced. */
jem_status lib_keep_data(char **folder, const jem_data *d, const char *out, const char *function);
/* The same, and names them in *c. */
jem_status lib_train_data(config *c, const jem_data *d, const char *out, const char *function);

#endif
