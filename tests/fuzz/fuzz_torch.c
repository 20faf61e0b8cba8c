/* PyTorch's zip archives; mutated member by member (zip_mutator.c), and checksums are passed over. */
#include "torch_case.h"

void fuzz_one(const uint8_t *data, size_t size) { torch_one("fuzz.pt", data, size); }
