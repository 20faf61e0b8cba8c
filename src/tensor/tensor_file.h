/* Weights as people hand them round: one function for safetensors, PyTorch's .pt and .pth
 * (torch_file.h), and NumPy's .npz. */
#ifndef TENSOR_TENSOR_FILE_H
#define TENSOR_TENSOR_FILE_H

#include "tensor/safetensors.h"

/* Opens the file for what its first bytes say, or its ending .npz, and shows it as a safetensors
 * without metadata, whose views borrow from memory of its own.  `part`: of a PyTorch file, as
 * torch_file_open has it; NULL: its weights.  JEM_EDATA as the readers of the kinds have it. */
jem_status tensor_file_open(safetensors **out, const char *path, const char *part);

#endif
