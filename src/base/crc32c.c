/* CRC-32C, eight bytes at a time (Kounavis and Berry 2005, "slicing by 8").
 *
 * tables[k][b] is the effect of byte b with k bytes after it.  A CRC is linear over
 * exclusive or, so each table follows from its entries for single bits; and those of
 * all eight, from bit 7 of the first down to bit 0 of the last, are successive states
 * of the shift register that begins with the reflected polynomial 0x82f63b78. */
#include "base/crc32c.h"

#define BIT(b, i, v) ((b) >> (i) & 1u ? (v) : 0u)
#define BYTE(b, v7, v6, v5, v4, v3, v2, v1, v0)                                                  \
    (BIT(b, 7, v7) ^ BIT(b, 6, v6) ^ BIT(b, 5, v5) ^ BIT(b, 4, v4) ^ BIT(b, 3, v3) ^             \
     BIT(b, 2, v2) ^ BIT(b, 1, v1) ^ BIT(b, 0, v0))
#define BYTES4(b, ...)                                                                           \
    BYTE(b, __VA_ARGS__), BYTE((b) + 1, __VA_ARGS__), BYTE((b) + 2, __VA_ARGS__),                \
        BYTE((b) + 3, __VA_ARGS__)
#define BYTES16(b, ...)                                                                          \
    BYTES4(b, __VA_ARGS__), BYTES4((b) + 4, __VA_ARGS__), BYTES4((b) + 8, __VA_ARGS__),          \
        BYTES4((b) + 12, __VA_ARGS__)
#define BYTES64(b, ...)                                                                          \
    BYTES16(b, __VA_ARGS__), BYTES16((b) + 16, __VA_ARGS__), BYTES16((b) + 32, __VA_ARGS__),     \
        BYTES16((b) + 48, __VA_ARGS__)
#define TABLE(...)                                                                               \
    {                                                                                            \
        BYTES64(0u, __VA_ARGS__), BYTES64(64u, __VA_ARGS__), BYTES64(128u, __VA_ARGS__),         \
            BYTES64(192u, __VA_ARGS__)                                                           \
    }

static const uint32_t tables[8][256] = {
    TABLE(0x82f63b78, 0x417b1dbc, 0x20bd8ede, 0x105ec76f,
          0x8ad958cf, 0xc79a971f, 0xe13b70f7, 0xf26b8303),
    TABLE(0xfbc3faf9, 0xff17c604, 0x7f8be302, 0x3fc5f181,
          0x9d14c3b8, 0x4e8a61dc, 0x274530ee, 0x13a29877),
    TABLE(0x8b277743, 0xc76580d9, 0xe144fb14, 0x70a27d8a,
          0x38513ec5, 0x9edea41a, 0x4f6f520d, 0xa541927e),
    TABLE(0x52a0c93f, 0xaba65fe7, 0xd725148b, 0xe964b13d,
          0xf64463e6, 0x7b2231f3, 0xbf672381, 0xdd45aab8),
    TABLE(0x6ea2d55c, 0x37516aae, 0x1ba8b557, 0x8f2261d3,
          0xc5670b91, 0xe045beb0, 0x7022df58, 0x38116fac),
    TABLE(0x1c08b7d6, 0x0e045beb, 0x85f4168d, 0xc00c303e,
          0x6006181f, 0xb2f53777, 0xdb8ca0c3, 0xef306b19),
    TABLE(0xf56e0ef4, 0x7ab7077a, 0x3d5b83bd, 0x9c5bfaa6,
          0x4e2dfd53, 0xa5e0c5d1, 0xd0065990, 0x68032cc8),
    TABLE(0x34019664, 0x1a00cb32, 0x0d006599, 0x847609b4,
          0x423b04da, 0x211d826d, 0x9278fa4e, 0x493c7d27),
};

static uint32_t little32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = data;
    uint32_t c = ~crc;

    for (; size >= 8; p += 8, size -= 8) {
        uint32_t low = c ^ little32(p), high = little32(p + 4);
        c = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^
            tables[4][low >> 24] ^ tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^
            tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
    }
    for (; size > 0; p++, size--) c = c >> 8 ^ tables[0][(c ^ *p) & 0xff];
    return ~c;
}

uint32_t crc32c_mask(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

uint32_t crc32c_unmask(uint32_t masked)
{
    uint32_t rotated = masked - 0xa282ead8u;
    return rotated >> 17 | rotated << 15;
}
