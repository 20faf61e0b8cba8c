/* The list of kernels: NAME and the type of its arguments.  NAME_item in one of the
 * *_kernels.h says what one piece does, launch_NAME enqueues `pieces` of them. */
#ifndef CUDA_KERNELS_H
#define CUDA_KERNELS_H

#include "backend/cuda/direct_kernels.h"
#include "backend/cuda/energy_kernels.h"
#include "backend/cuda/map_kernels.h"
#include "backend/cuda/mixture_kernels.h"
#include "backend/cuda/norm_kernels.h"

#define CUDA_KERNELS(K)                                                                            \
    K(batch, energy_batch)                                                                         \
    K(start, energy_start)                                                                         \
    K(gaussian, energy_gaussian)                                                                   \
    K(langevin, energy_langevin)                                                                   \
    K(cotangent, energy_cotangent)                                                                 \
    K(norms, energy_norms)                                                                         \
    K(fold, fold)                                                                                  \
    K(moved, energy_moved)                                                                         \
    K(finish, energy_finish)                                                                       \
    K(slope_norm, energy_ascend)                                                                   \
    K(ascend, energy_ascend)                                                                       \
    K(adam, energy_update)                                                                         \
    K(sgd, energy_update)                                                                          \
    K(store, energy_store)                                                                         \
    K(mix, energy_mix)                                                                             \
    K(add, energy_add)                                                                             \
    K(mixture, energy_mixture)                                                                     \
    K(likelihood, energy_likelihood)                                                               \
    K(load, port_copy)                                                                             \
    K(store_out, port_copy)                                                                        \
    K(octet, octet_map)                                                                            \
    K(conv_finish, conv_finish)                                                                    \
    K(fill, fill_map)                                                                              \
    K(channels, channels_map)                                                                      \
    K(window_sum, window_map)                                                                      \
    K(window_spread, window_map)                                                                   \
    K(elu, elu_map)                                                                                \
    K(elu_back, elu_map)                                                                           \
    K(dropout, dropout_map)                                                                        \
    K(scale, scale_map)                                                                            \
    K(scale_products, scale_map)                                                                   \
    K(sigmoid, pixel_map)                                                                          \
    K(affine, pixel_map)                                                                           \
    K(gate, pixel_map)                                                                             \
    K(gate_back, pixel_map)                                                                        \
    K(add_vector, pixel_map)                                                                       \
    K(shift, pixel_map)                                                                            \
    K(ones, pixel_map)                                                                             \
    K(noise, dropout_map)                                                                          \
    K(spots, spots_map)                                                                            \
    K(tokens, tokens_map)                                                                          \
    K(tokens_back, tokens_map)                                                                     \
    K(tokens_params, tokens_map)                                                                   \
    K(max_pool, pool_map)                                                                          \
    K(max_pool_back, pool_map)                                                                     \
    K(mean_pool, pool_map)                                                                         \
    K(mean_pool_back, pool_map)                                                                    \
    K(direct_pack, direct_map)                                                                     \
    K(direct_small, direct_map)                                                                    \
    K(direct_large, direct_map)                                                                    \
    K(direct_weights, direct_map)                                                                  \
    K(direct_weights_end, direct_map)                                                              \
    K(direction, direction_map)                                                                    \
    K(direction_back, direction_map)                                                               \
    K(pack, weights_map)                                                                           \
    K(unpack, weights_map)                                                                         \
    K(bias, bias_map)                                                                              \
    K(columns, columns_map)                                                                        \
    K(columns_fold, columns_map)                                                                   \
    K(columns_end, columns_map)                                                                    \
    K(norm_moment, norm_map)                                                                       \
    K(norm_fold, norm_map)                                                                         \
    K(norm_moment_end, norm_map)                                                                   \
    K(norm_given, norm_map)                                                                        \
    K(norm_row, norm_map)                                                                          \
    K(norm_row_slope, norm_map)                                                                    \
    K(norm_apply, norm_map)                                                                        \
    K(norm_slope, norm_map)                                                                        \
    K(norm_slope_end, norm_map)                                                                    \
    K(norm_slope_apply, norm_map)                                                                  \
    K(norm_params, norm_map)                                                                       \
    K(softmax, softmax_map)                                                                        \
    K(softmax_slope, softmax_map)                                                                  \
    K(head, head_map)

#ifdef __cplusplus
extern "C" {
#endif
#define DECLARE(name, type) jem_status launch_##name(const type *a, int64_t pieces);
CUDA_KERNELS(DECLARE)
#undef DECLARE
#ifdef __cplusplus
}
#endif

#endif
