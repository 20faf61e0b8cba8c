/* Between conv_cudnn.c and the entry of the library. */
#ifndef CUDA_CONV_CUDNN_H
#define CUDA_CONV_CUDNN_H

#include <stddef.h>

#include "jem/status.h"

/* After gpu_open.  Writes "cuDNN 9.19.0" for people. */
jem_status conv_cudnn_open(char *version, size_t size);

#endif
