/* Trainings that begin with weights instead of random parameters: train.init. */
#ifndef TRAIN_INIT_WEIGHTS_H
#define TRAIN_INIT_WEIGHTS_H

#include "train/config.h"

/* Fills train.init_sha256, what the settings know the weights by, unless it is set or there is no
 * train.init.  JEM_EDATA if there is no such file. */
jem_status init_weights_settle(config *c);

/* The model's parameters <- train.init: a run's folder, whose selected weights are meant, or any file
 * of weights (model/weights.h); nothing where there is none.  A head of another number of classes
 * stays as it is, which is logged.  JEM_EDATA if the file is another one than train.init_sha256 says, or
 * of another network: the message says which one fits best. */
jem_status init_weights_load(model *m, const config *c);

#endif
