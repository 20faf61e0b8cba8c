/* PyTorch's files from before zip archives: pickles, then bytes. */
#include "torch_case.h"

void fuzz_one(const uint8_t *data, size_t size) { torch_one("fuzz.pth", data, size); }
