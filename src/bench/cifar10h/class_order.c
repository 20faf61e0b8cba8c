/* CIFAR-10H: are the classes of the answers in CIFAR-10's order? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bench/cifar10h/job.h"
#include "stats/assignment.h"
#include "stats/classify.h"

enum { N = CIFAR10H_IMAGES, K = CIFAR10H_CLASSES };

/* "column 3 is dog, column 5 is cat" of those that move; columns count from 0. */
static void order_text(char *text, size_t size, const cifar10h_job *j, const int64_t to[K])
{
    text[0] = '\0';
    for (int64_t k = 0; k < K; k++) {
        const size_t used = strlen(text);
        if (to[k] != k)
            snprintf(text + used, size - used, "%scolumn %" PRId64 " is %s", used ? ", " : "", k,
                     j->data.class_names[to[k]]);
    }
}

jem_status cifar10h_check_order(const cifar10h_job *j)
{
    double together[K * K] = {0}; /* [answer][label] images */
    int64_t to[K];
    double as_is = 0, best = 0;
    char order[320];

    for (int64_t i = 0; i < N; i++)
        together[stats_argmax(j->logq + i * K, K) * K + j->data.label[i]]++;
    const jem_status st = stats_assignment(to, together, K);
    if (st != JEM_OK) return st;
    for (int64_t k = 0; k < K; k++) {
        as_is += together[k * K + k];
        best += together[k * K + to[k]];
    }
    if (best - as_is < N / 20.) return JEM_OK;
    order_text(order, sizeof order, j, to);
    log_warning("cifar10h: %s is right on %g of %d images, and would be on %g if its classes stood in "
                "another order: it looks as if, counted from 0, %s; CIFAR-10's order is airplane, "
                "automobile, bird, cat, deer, dog, frog, horse, ship, truck: order its columns so",
                j->r->subject->name, as_is, N, best, order);
    return JEM_OK;
}
