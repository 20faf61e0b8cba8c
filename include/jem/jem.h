/* Joint energy-based models: everything the library offers.
 *
 * A classifier's logits f(x) are read as a density (Grathwohl et al. 2020):
 *
 *   p(y|x) = softmax f(x)       E(x) = -log sum_k exp f_k(x)       p(x) ~ exp(-E(x))
 *
 * Data flows one way, and every arrow is files that the jem program reads too:
 *
 *   data.h -> train.h -> a run folder -> model.h, sampler.h
 *                                     -> report.h
 *
 * Every function that can fail returns a jem_status and leaves its message in
 * jem_error_message().  The library never prints and never exits: install a
 * sink (log.h) to see progress.  Same seed, same bits, for any number of threads. */
#ifndef JEM_JEM_H
#define JEM_JEM_H

#include "jem/data.h"
#include "jem/log.h"
#include "jem/model.h"
#include "jem/report.h"
#include "jem/sampler.h"
#include "jem/status.h"
#include "jem/tensor.h"
#include "jem/train.h"
#include "jem/version.h"

#endif
