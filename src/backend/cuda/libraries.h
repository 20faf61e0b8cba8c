/* cuDNN and cuBLAS, found at run time: any cuDNN 9 and any cuBLAS 12.4 or newer.  Nothing is
 * linked; each function is looked up by name.  Searched in this order, the first that
 * can be loaded and whose version fits is taken:
 *
 *   1. the folders in the environment variable JEM_CUDA_LIBS (colons between them)
 *   2. where the loader looks: LD_LIBRARY_PATH, ld.so.conf
 *   3. the toolkit: CUDA_HOME, CUDA_PATH, /usr/local/cuda
 *   4. a Python environment's nvidia packages: VIRTUAL_ENV, CONDA_PREFIX, then that of the
 *      python3 on PATH
 *
 * Folders that are not absolute are passed over, by 1 and 3 with a note. */
#ifndef CUDA_LIBRARIES_H
#define CUDA_LIBRARIES_H

#include <cublas_v2.h>
#include <cudnn.h>

#include "jem/status.h"

/* name, its prototype's name: one line per function used */
#define CUDNN_FUNCTIONS(F)                                                                         \
    F(cudnnGetVersion) F(cudnnGetErrorString) F(cudnnGetLastErrorString) F(cudnnCreate)           \
    F(cudnnDestroy) F(cudnnSetStream) F(cudnnBackendCreateDescriptor)                             \
    F(cudnnBackendDestroyDescriptor) F(cudnnBackendSetAttribute) F(cudnnBackendGetAttribute)      \
    F(cudnnBackendFinalize) F(cudnnBackendExecute)
#define CUBLAS_FUNCTIONS(F)                                                                        \
    F(cublasCreate_v2) F(cublasDestroy_v2) F(cublasSetStream_v2) F(cublasSetWorkspace_v2)         \
    F(cublasSetMathMode) F(cublasGetVersion_v2) F(cublasGetStatusString)                          \
    F(cublasGemmStridedBatchedEx)

#define POINTER(name) __typeof__(name) *name;
typedef struct cudnn_functions {
    CUDNN_FUNCTIONS(POINTER)
} cudnn_functions;
typedef struct cublas_functions {
    CUBLAS_FUNCTIONS(POINTER)
} cublas_functions;
#undef POINTER

/* The libraries stay loaded.  JEM_EUSAGE naming where was looked, and versions found that do not
 * fit. */
jem_status libraries_cudnn(cudnn_functions *out);
jem_status libraries_cublas(cublas_functions *out); /* the same */
/* Loads the run-time compiler that cuDNN asks the loader for when it fuses: in a Python
 * environment the loader alone would not find it.  Without it cuDNN fuses less. */
void libraries_nvrtc(void);

#endif
