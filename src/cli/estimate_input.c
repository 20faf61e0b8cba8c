/* What jem plan and jem speed share: see estimate_input.h. */
#include "cli/estimate_input.h"

#include <stdio.h>

training_input_request estimate_input_of(const estimate_request *q)
{
    return (training_input_request){.lists = &q->lists->settings,
                                    .config = q->config,
                                    .set = q->set.values,
                                    .set_count = q->set.count,
                                    .images = q->images == CLI_NONE ? 0 : q->images,
                                    .classes = q->classes == CLI_NONE ? 0 : q->classes,
                                    .shape = q->shape};
}

void estimate_print_processors(processors_state s)
{
    if (s == PROCESSORS_BUSY)
        puts("busy: other programs had the processors; ranges go from alone on them, at best, to as "
             "busy as now");
    if (s == PROCESSORS_UNKNOWN)
        puts("this system does not say how long threads wait for a processor: times may hold for a "
             "machine as busy as now only");
}
