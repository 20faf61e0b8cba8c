/* SHA-256 as in FIPS 180-4, section 6.2; names of variables are the standard's. */
#include "base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"

enum { PIECE = 1 << 18 };

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotr(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void add_block(uint32_t h[8], const uint8_t block[64])
{
    uint32_t w[64], v[8];

    for (int t = 0; t < 16; t++) w[t] = big_endian(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    memcpy(v, h, sizeof v);
    for (int t = 0; t < 64; t += 8) /* eight rounds bring every variable back to its place */
        for (int r = 0; r < 8; r++) {
            uint32_t a = v[-r & 7], b = v[(1 - r) & 7], c = v[(2 - r) & 7];
            uint32_t e = v[(4 - r) & 7], f = v[(5 - r) & 7], g = v[(6 - r) & 7];
            uint32_t t1 = v[(7 - r) & 7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +
                          ((e & f) ^ (~e & g)) + k[t + r] + w[t + r];
            v[(3 - r) & 7] += t1;
            v[(7 - r) & 7] = t1 + (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) +
                             ((a & b) ^ (a & c) ^ (b & c));
        }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

void sha256_init(sha256_state *s)
{
    *s = (sha256_state){.h = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                              0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_put(sha256_state *s, const void *data, size_t size)
{
    const uint8_t *from = data;
    size_t used = s->bytes % 64;

    s->bytes += size;
    while (size > 0) {
        if (used == 0 && size >= 64) {
            add_block(s->h, from);
            from += 64;
            size -= 64;
            continue;
        }
        size_t n = 64 - used < size ? 64 - used : size;
        memcpy(s->block + used, from, n);
        from += n;
        size -= n;
        used += n;
        if (used < 64) break;
        add_block(s->h, s->block);
        used = 0;
    }
}

void sha256_end_bytes(sha256_state *s, uint8_t hash[SHA256_BYTES])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = s->bytes * 8;
    uint8_t length[8];

    for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_put(s, padding, 1 + (119 - s->bytes % 64) % 64); /* up to 8 bytes before a block's end */
    sha256_put(s, length, 8);
    for (int i = 0; i < SHA256_BYTES; i++) hash[i] = (uint8_t)(s->h[i / 4] >> (24 - i % 4 * 8));
}

void sha256_end(sha256_state *s, char hex[SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[SHA256_BYTES];

    sha256_end_bytes(s, hash);
    for (int i = 0; i < 64; i++) hex[i] = digits[hash[i / 2] >> (4 - i % 2 * 4) & 15];
    hex[64] = '\0';
}

jem_status sha256_open_file(char hex[SHA256_HEX], int fd, const char *path)
{
    jem_status st;
    sha256_state s;
    uint8_t *piece = NULL;
    int64_t at = 0;

    TRY(MEM_NEW(piece, PIECE));
    sha256_init(&s);
    for (;;) {
        ssize_t n = pread(fd, piece, PIECE, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            st = file_read_failed("read", path, errno);
            goto done;
        }
        if (n == 0) break;
        sha256_put(&s, piece, (size_t)n);
        at += n;
    }
    sha256_end(&s, hex);
done:
    mem_free(piece);
    return st;
}

jem_status sha256_file(char hex[SHA256_HEX], const char *path)
{
    int fd = file_open(path, O_RDONLY, 0);

    if (fd < 0) return file_read_failed("open", path, errno);
    jem_status st = sha256_open_file(hex, fd, path);
    close(fd);
    return st;
}
