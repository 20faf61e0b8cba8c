/* What a training needs, before it begins; the data need not be there.
 *
 *   estimate [CONFIG.yaml]                                   (jem/estimate.h, jem/lists.h) */
#include <jem/estimate.h>
#include <jem/lists.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static const double alphas[] = {0, 0.5, 1};
    jem_choice c = JEM_CHOICE_INIT;
    jem_plan plan = JEM_PLAN_INIT;
    jem_estimate_options o = JEM_ESTIMATE_INIT;

    for (int64_t i = 0; i < jem_choice_count(JEM_LIST_DEVICES); i++)
        if (jem_choice_at(&c, JEM_LIST_DEVICES, i) == JEM_OK) printf("device %s: %s\n", c.name, c.about);
    o.images = 60000, o.classes = 10, o.shape = "3x32x32";
    o.alphas = alphas, o.alpha_count = 3;
    const jem_status st = jem_plan_training(&plan, argc > 1 ? argv[1] : NULL, &o);
    if (st != JEM_OK) {
        fprintf(stderr, "%s\n", jem_error_message());
        return (int)st;
    }
    printf("%s: %lld parameters, %.1f MiB of memory, %.1f MiB of disk%s%s\n", plan.network, (long long)plan.parameters,
           (double)plan.memory_bytes / 1048576, (double)plan.disk_bytes / 1048576, plan.fits[0] ? ": " : "", plan.fits);
    for (int64_t i = 0; i < plan.alphas; i++)
        printf("alpha %g: %.3g FLOPs a step and image, %.1f forward passes\n", plan.alpha[i].alpha,
               plan.alpha[i].step_flops, plan.alpha[i].forwards);
    jem_plan_clear(&plan);
    return JEM_OK;
}
