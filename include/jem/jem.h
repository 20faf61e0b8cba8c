/* Joint energy-based models: everything the library offers.
 *
 * A classifier's logits f(x) are read as a density (Grathwohl et al. 2020):
 *
 *   p(y|x) = softmax f(x)       E(x) = -log sum_k exp f_k(x)       p(x) ~ exp(-E(x))
 *
 * Data flows one way, and every arrow is files that the jem program reads too:
 *
 *   data.h -> train.h -> a run folder -> model.h, inspect.h, sampler.h
 *                                     -> eval.h, report.h
 *
 * study.h trains a run for every alpha and seed, and reads the scores of any folders as one table; bench.h scores runs,
 * other people's networks and recorded answers against people; sweetspot.h and compare.h say what follows from the
 * scores, and stats.h does the same with arrays of the caller's.  autoencoder.h turns pictures into latents and back.
 *
 * Every function that can fail returns a jem_status and leaves its message in
 * jem_error_message().  A mistake in the call itself is JEM_EUSAGE and a message that begins
 * with the function and names the argument: NULL where nothing says that it may be, a number of
 * images that is negative or beyond 2^31 - 1, an enumerator that does not exist.  Functions that
 * return no status take NULL, too, and answer 0 or do nothing.
 *
 * Structs with options begin with their size, which their JEM_..._INIT sets: later versions append
 * members, and give those that an older caller does not know their defaults.
 *
 * Threads.  Functions may be called by any thread; an open model or autoencoder serves one call at a time, and a
 * second is JEM_EUSAGE.
 *
 * Manners.  The library never prints and never exits: install a sink (log.h) to see progress.
 * Same seed, same bits, for any number of threads, and whatever locale, rounding mode or
 * treatment of denormal numbers the calling thread has: these are as in C while a function runs
 * and the host's again when it returns, and while it calls a sink.  Signal handlers and masks,
 * variables of the environment, the working directory, umask and allocators of other libraries
 * stay the host's; threads that jem starts block all signals, and on the host's own thread they wait while numbers
 * are computed, a moment at a time: a flag that a handler sets still stops what polls it.  Two things are the process's and
 * are seen by others for moments: the number of threads that OpenBLAS uses is 1 while jem
 * computes with it, and liblinear's print function is silent from then on. */
#ifndef JEM_JEM_H
#define JEM_JEM_H

#include "jem/autoencoder.h"
#include "jem/bench.h"
#include "jem/catalogue.h"
#include "jem/compare.h"
#include "jem/data.h"
#include "jem/estimate.h"
#include "jem/eval.h"
#include "jem/fid.h"
#include "jem/inspect.h"
#include "jem/lists.h"
#include "jem/log.h"
#include "jem/model.h"
#include "jem/report.h"
#include "jem/sampler.h"
#include "jem/settings.h"
#include "jem/stats.h"
#include "jem/status.h"
#include "jem/study.h"
#include "jem/sweetspot.h"
#include "jem/tensor.h"
#include "jem/train.h"
#include "jem/version.h"
#include "jem/weights.h"

#endif
