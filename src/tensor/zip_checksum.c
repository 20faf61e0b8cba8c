/* The checksum of members, in a file of its own, so that fuzz targets can be linked with another (tests/fuzz). */
#include <zlib.h>

#include "tensor/zip_file.h"

bool zip_is_intact(uint32_t checksum, const char *data, int64_t size)
{
    return crc32_z(0, (const Bytef *)data, (z_size_t)size) == checksum;
}
