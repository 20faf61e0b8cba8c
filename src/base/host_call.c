/* The host's state, kept while jem works: see host_call.h. */
#include "base/host_call.h"

#include "base/signal_hold.h"
#include "base/thread.h"

host_state host_call_begin(void)
{
    host_state host;
    host.locale = uselocale((locale_t)0);
    fegetenv(&host.numbers);
    thread_plain();
    host.was_host = signal_host(true);
    return host;
}

void host_call_end(const host_state *host)
{
    signal_host(host->was_host);
    uselocale(host->locale);
    fesetenv(&host->numbers);
}
