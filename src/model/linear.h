/* Logits that are linear in the input: multinomial logistic regression. */
#ifndef MODEL_LINEAR_H
#define MODEL_LINEAR_H

#include "model/network.h"

/* model.name is linear.  The layer is called fc; head: logits.  On latents its classifier is a probe of the autoencoder alone. */
extern const network network_linear;

#endif
