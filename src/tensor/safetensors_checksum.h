/* How jem's safetensors files carry a checksum of themselves. */
#ifndef TENSOR_SAFETENSORS_CHECKSUM_H
#define TENSOR_SAFETENSORS_CHECKSUM_H

#include <xxhash.h>

enum { CHECKSUM_DIGITS = 32 };
#define CHECKSUM_KEY "jem.checksum"
/* What stands in for the digits while the checksum is formed. */
#define CHECKSUM_BLANK "00000000000000000000000000000000"

/* XXH3-128 as text, most significant digit first. */
void safetensors_checksum_text(char text[CHECKSUM_DIGITS + 1], XXH128_hash_t hash);
/* Where the digits `value` of the key begin in the header's text; 0 if they are not
 * written there as jem writes them. */
size_t safetensors_checksum_place(const char *header, size_t size, const char *value);

#endif
