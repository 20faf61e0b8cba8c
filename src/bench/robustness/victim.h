/* A JEM's classifier as what is attacked, as it is or behind refinement (Grathwohl et al. 2020, section 5.3).
 *
 * Refined by k steps ("JEM-k"): copies of the image, each with noise of its own, walk k Langevin steps on
 * the network's energy, with the run's step size and noise; the mean of their logits decides.  An attack
 * that took the undefended gradient would look at another function and overstate robustness: this one
 * refines fresh copies in every step and takes the gradient of the cross-entropy of their mean logits
 * (expectation over transformations, Athalye et al. 2018), passing through the refinement as if that were the
 * identity, as the authors' code does (the true Jacobian I + s H has second derivatives).
 *
 * Gradients are those of the cross-entropy up to a factor, softmax over the other classes less one-hot of
 * the label: with a confident network the factor, 1 - p(y), would be too small for a float and the attack blind. */
#ifndef BENCH_ROBUSTNESS_VICTIM_H
#define BENCH_ROBUSTNESS_VICTIM_H

#include "bench/generative.h"
#include "bench/robustness/attack.h"

typedef struct victim victim;
/* *out, owned: the request's subject behind `refine` Langevin steps, 0: as it is.  The request outlives it. */
jem_status victim_new(victim **out, const bench_request *q, int64_t refine);
void victim_free(victim *v); /* NULL is fine */
/* How it is attacked; borrowed until it is freed. */
const attack_victim *victim_of(const victim *v);
/* So many images at a time use the machine well. */
int64_t victim_batch(const victim *v);

#endif
