/* CRC-32C (Castagnoli), as in iSCSI, ext4 and TFRecord files. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues `crc` over the bytes; begin with 0. */
uint32_t crc32c(uint32_t crc, const void *data, size_t size);

/* The form in which TFRecord stores a CRC, so that data with CRCs in it can be
 * checked again: rotated right by 15 bits, plus 0xa282ead8. */
uint32_t crc32c_mask(uint32_t crc);
uint32_t crc32c_unmask(uint32_t masked); /* the inverse */

#endif
