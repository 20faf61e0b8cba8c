/* The functions of liblinear that are used, with its types: part of stats/blas.h. */
#ifndef STATS_LIBLINEAR_H
#define STATS_LIBLINEAR_H

#include <linear.h>

struct liblinear {
    __typeof__(&train) train;
    __typeof__(&check_parameter) check_parameter;
    __typeof__(&free_and_destroy_model) free_and_destroy_model;
    __typeof__(&set_print_string_function) set_print_string_function;
};

#endif
