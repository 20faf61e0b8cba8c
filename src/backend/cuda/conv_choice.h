/* Between conv_choice.c and the entry of the library. */
#ifndef CUDA_CONV_CHOICE_H
#define CUDA_CONV_CHOICE_H

#include <stddef.h>

#include "jem/status.h"

/* After gpu_open: finds cuDNN and prepares own kernels.  Writes "cuDNN 9.19.0" for people. */
jem_status conv_open(char *version, size_t size);
/* After it: GPU and versions, the key of what is remembered. */
const char *conv_where(void);

#endif
