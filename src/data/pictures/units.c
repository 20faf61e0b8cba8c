/* Floats that are in other units: see units.h. */
#include "data/pictures/units.h"

#include <math.h>

#include "base/log.h"

void units_check(double least, double most, const char *path)
{
    if (!(least >= 0 && most > least)) return; /* network units and latents have both signs */
    log_warning("%s: values %g to %g, none below 0; network units are -1 to 1%s: they are taken as they "
                "are",
                path, least, most,
                most <= 1                 ? ", which is 2 x - 1 of values from 0 to 1"
                : most > 2 && most <= 255 ? ", which is x / 127.5 - 1 of values from 0 to 255"
                                          : "");
}
