/* Trains a small JEM on npy images; Ctrl-C saves, and a second call goes on.
 *
 *   train DIR RUN                                       (jem/train.h, jem/log.h) */
#include <jem/log.h>
#include <jem/train.h>
#include <stdio.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void show(void *stream, jem_log_level level, const char *line)
{
    fprintf(stream, "%s%s\n", level == JEM_LOG_WARNING ? "warning: " : "", line);
}

int main(int argc, char **argv)
{
    char data_path[1024];

    if (argc != 3) {
        fprintf(stderr, "usage: train DIR RUN\n");
        return JEM_EUSAGE;
    }
    snprintf(data_path, sizeof data_path, "data.path=%s", argv[1]);
    /* Every key of a config file can be set; what is not has the study's value. */
    const char *const set[] = {
        data_path,          "data.kind=npy",       "alpha=0.5",
        "model.name=wrn-10-1", "model.pool=adaptive", "sampler.steps=5",
        "sampler.buffer_size=64", "train.epochs=2", "train.batch=16",
        "train.warmup=2",   "train.lr=1e-3",
    };
    jem_train_options o = JEM_TRAIN_INIT;
    o.set = set;
    o.set_count = (int)(sizeof set / sizeof *set);
    o.stop = &stop;

    signal(SIGINT, on_signal);
    jem_log_set_sink(show, stderr);
    o.resume = true;
    jem_status st = jem_train(NULL, argv[2], &o);
    if (st != JEM_OK) fprintf(stderr, "%s\n", jem_error_message());
    return (int)st;
}
