/* Counter-based random numbers: every draw is a pure function of
 * (seed, purpose, step, sub, image, element) through Philox4x32-10 (Salmon et
 * al. 2011, Random123).  Threads, batch splits and restarts do not change a draw.
 *
 * Layout: key = seed; counter = (element / 4, image, step, purpose << 24 | sub),
 * one Philox block yields four consecutive elements. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

typedef enum rng_purpose {
    RNG_INIT = 1,     /* weights; image = parameter index */
    RNG_SHUFFLE,      /* order of an epoch; step = epoch */
    RNG_SHUFFLE_GEN,  /* order of the generative loader */
    RNG_SPLIT,        /* train / validation / test */
    RNG_AUGMENT,      /* crop and flip; step = iteration, image = slot in batch */
    RNG_INPUT_NOISE,  /* noise added to training images */
    RNG_AUGMENT_GEN,
    RNG_INPUT_NOISE_GEN,
    RNG_REPLAY_INDEX, /* which buffer entries a batch of chains starts from */
    RNG_REPLAY_FRESH, /* which chains restart */
    RNG_CHAIN_START,  /* values of fresh starts */
    RNG_CHAIN_NOISE,  /* Langevin noise; sub = step within the chain */
    RNG_DROPOUT,      /* sub = node */
    RNG_SAMPLE,       /* sampling commands, never training */
    RNG_SAMPLE_NOISE,
    RNG_RENDER,       /* scenes; image = scene */
    RNG_BOOTSTRAP,
    RNG_TEST,
    RNG_ALPHA_NOISE   /* of scores along alpha (stats/alpha_draws.h); step = block of draws */
} rng_purpose;

typedef struct rng_stream {
    uint64_t seed;
    rng_purpose purpose;
    uint32_t step;
    uint32_t sub; /* below 2^24 */
} rng_stream;

/* Four 32-bit words: elements 4*block .. 4*block+3 of (stream, image). */
void rng_block(uint32_t out[4], const rng_stream *s, uint32_t image, uint32_t block);

/* One draw at `element`: all 32 bits. */
uint32_t rng_u32(const rng_stream *s, uint32_t image, uint32_t element);
/* Uniform on [0, 1): the upper 24 bits, which a float holds exactly. */
float rng_unit(const rng_stream *s, uint32_t image, uint32_t element);
/* Uniform on [0, bound), bound >= 1, by multiply-shift: u32 * bound >> 32.  Probabilities differ by
 * 2^-32 at most; rejection would need more than one element. */
uint32_t rng_below(const rng_stream *s, uint32_t image, uint32_t element, uint32_t bound);

/* dst[0..n) <- rng_below of elements 0..n-1 of (stream, image), many at a time. */
void rng_fill_below(int64_t *dst, int64_t n, uint32_t bound, const rng_stream *s, uint32_t image);

/* dst[0..n) <- elements 0..n-1 of (stream, image), uniform between low and high. */
void rng_fill_uniform(float *dst, int64_t n, float low, float high, const rng_stream *s,
                      uint32_t image);
/* The same, standard normal by Box-Muller (words 0, 1 give elements 0, 1 and words 2, 3 elements
 * 2, 3 of a block) on IEEE additions and multiplications only, so that every device computes the
 * same bits; |z| is at most 6.66. */
void rng_fill_normal(float *dst, int64_t n, const rng_stream *s, uint32_t image);

/* perm <- a uniform random permutation of 0..n-1 (Fisher-Yates). */
void rng_permutation(int64_t *perm, int64_t n, const rng_stream *s);

#endif
