/* PNG through libpng.  libpng reports errors by longjmp; each function that
 * calls setjmp changes nothing afterwards but what its pointers lead to, so no
 * local is lost in the jump. */
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/codec.h"

/* deflate packs 1032 bytes into one at best */
enum { DEFLATE_MAX = 1032 };

typedef struct png_job {
    png_structp png;
    png_infop info;
    const char *name;
    char message[160];
    /* reading */
    const uint8_t *bytes;
    size_t size, at;
    image result;
    /* writing */
    char *encoded; /* [room], of which `at` bytes are used */
    size_t room;
    jem_status status; /* of an allocation; JEM_OK if libpng failed */
} png_job;

static void on_error(png_structp png, png_const_charp message)
{
    png_job *job = png_get_error_ptr(png);
    snprintf(job->message, sizeof job->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void take_bytes(png_structp png, png_bytep dst, size_t count)
{
    png_job *job = png_get_io_ptr(png);
    if (job->size - job->at < count) png_error(png, "the file ends early");
    memcpy(dst, job->bytes + job->at, count);
    job->at += count;
}

bool image_is_png(const void *bytes, size_t size)
{
    return size >= 8 && png_sig_cmp(bytes, 0, 8) == 0;
}

/* Header to job->result (allocated), every colour model becoming 8-bit RGB. */
static jem_status read_header(png_job *job)
{
    png_structp png = job->png;
    image_claim c;
    int64_t bits;
    jem_status st;

    png_read_info(png, job->info);
    c.height = png_get_image_height(png, job->info);
    c.width = png_get_image_width(png, job->info);
    bits = png_get_bit_depth(png, job->info) * png_get_channels(png, job->info);
    TRY(image_check_size(c.height, c.width, job->name));
    c.file_least = c.height * c.width * bits / 8 / DEFLATE_MAX;
    c.memory = c.height * c.width * 3;
    TRY(image_check_claim(&c, job->size, job->name));
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    TRY(image_init(&job->result, c.height, c.width, 3));
done:
    return st;
}

static jem_status read_rows(png_job *job)
{
    png_structp png = job->png;
    image *m = &job->result;
    int passes = png_set_interlace_handling(png);

    png_read_update_info(png, job->info);
    if (png_get_rowbytes(png, job->info) != (size_t)m->width * 3)
        png_error(png, "its rows do not convert to RGB");
    for (int pass = 0; pass < passes; pass++)
        for (int64_t y = 0; y < m->height; y++)
            png_read_row(png, m->pixels + y * m->width * 3, NULL);
    png_read_end(png, NULL);
    return JEM_OK;
}

static jem_status read_guarded(png_job *job)
{
    if (setjmp(png_jmpbuf(job->png)))
        return jem_error(JEM_EDATA, "%s: damaged or truncated PNG (%s): copy it again or remove it",
                         job->name, job->message);
    png_set_read_fn(job->png, job, take_bytes);
    png_set_user_limits(job->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* we check, and say so */
    /* texts and profiles mean nothing to us, and a few kilobytes of them unpack to 8 MB */
    png_set_keep_unknown_chunks(job->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    job->status = read_header(job);
    return job->status ? job->status : read_rows(job);
}

jem_status image_decode_png(image *out, const void *bytes, size_t size, const char *name)
{
    jem_status st = JEM_ENOMEM;
    png_job job = {.name = name, .bytes = bytes, .size = size, .result = IMAGE_INIT};

    job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    if (job.png) job.info = png_create_info_struct(job.png);
    if (!job.info) {
        jem_error(JEM_ENOMEM, "%s: out of memory while decoding", name);
        goto done;
    }
    TRY(read_guarded(&job));
    *out = job.result;
    job.result = (image)IMAGE_INIT;
done:
    png_destroy_read_struct(&job.png, &job.info, NULL);
    image_clear(&job.result);
    return st;
}

/* ---- writing */

static void give_bytes(png_structp png, png_bytep src, size_t count)
{
    png_job *job = png_get_io_ptr(png);
    char *grown = NULL;

    if (count > job->room - job->at) {
        size_t room = 2 * (job->at + count);
        job->status = MEM_NEW(grown, room);
        if (job->status) png_error(png, "out of memory");
        if (job->at) memcpy(grown, job->encoded, job->at);
        mem_free(job->encoded);
        job->encoded = grown;
        job->room = room;
    }
    memcpy(job->encoded + job->at, src, count);
    job->at += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static jem_status write_guarded(png_job *job, const image *m)
{
    int colour = m->channels == 1   ? PNG_COLOR_TYPE_GRAY
                 : m->channels == 3 ? PNG_COLOR_TYPE_RGB
                                    : PNG_COLOR_TYPE_RGB_ALPHA;
    if (setjmp(png_jmpbuf(job->png)))
        return job->status ? job->status /* its message is already set */
                           : jem_error(JEM_EINTERNAL, "%s: libpng: %s", job->name, job->message);
    png_set_write_fn(job->png, job, give_bytes, flush_nothing);
    png_set_IHDR(job->png, job->info, (png_uint_32)m->width, (png_uint_32)m->height, 8, colour,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    /* beyond this level deflate takes four times as long to save nothing */
    png_set_compression_level(job->png, 2);
    png_write_info(job->png, job->info);
    for (int64_t y = 0; y < m->height; y++)
        png_write_row(job->png, m->pixels + y * m->width * m->channels);
    png_write_end(job->png, NULL);
    return JEM_OK;
}

jem_status image_encode_png(char **bytes, size_t *size, const image *m)
{
    jem_status st;
    png_job job = {.name = "a picture", .result = IMAGE_INIT};

    job.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    if (job.png) job.info = png_create_info_struct(job.png);
    if (!job.info) {
        st = jem_error(JEM_ENOMEM, "out of memory while encoding a picture");
        goto done;
    }
    TRY(write_guarded(&job, m));
    *bytes = job.encoded;
    *size = job.at;
    job.encoded = NULL;
done:
    png_destroy_write_struct(&job.png, &job.info);
    mem_free(job.encoded);
    return st;
}

jem_status image_write_png(const image *m, const char *path)
{
    char *bytes = NULL;
    size_t size;
    jem_status st = image_encode_png(&bytes, &size, m);
    if (st != JEM_OK) return jem_error_context(st, "%s", path);
    st = file_write(path, bytes, size);
    mem_free(bytes);
    return st;
}
