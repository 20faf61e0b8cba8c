/* JPEG through libjpeg(-turbo), with its default (accurate integer) transform
 * and smooth chroma upsampling: the same pixels that Pillow gives.
 *
 * libjpeg would exit on errors and paint the missing part of a truncated file
 * grey with a mere warning; here both are errors.  As in image_png.c, the
 * function that calls setjmp keeps all its state behind a pointer. */
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/try.h"
#include "data/image_codec.h"

typedef struct jpeg_job {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_decompress_struct jpeg;
    jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
    const char *name;
    image result;
} jpeg_job;

static void on_error(j_common_ptr jpeg)
{
    jpeg_job *job = (jpeg_job *)(void *)jpeg->err;
    jpeg->err->format_message(jpeg, job->message);
    longjmp(job->jump, 1);
}

/* Lost picture data is an error; harmless oddities pass. */
static void on_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER ||
                      code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC))
        on_error(jpeg);
}

static void on_output(j_common_ptr jpeg) { (void)jpeg; }

bool image_is_jpeg(const void *bytes, size_t size)
{
    const uint8_t *b = bytes;
    return size >= 3 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff;
}

static jem_status read_pixels(jpeg_job *job)
{
    jem_status st;
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    image *m = &job->result;

    jpeg_read_header(jpeg, TRUE);
    TRY(image_check_size(jpeg->image_height, jpeg->image_width, job->name));
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK ||
        jpeg->num_components == 2)
        return jem_error(JEM_EDATA,
                         "%s: a JPEG with %d colour components (CMYK?); convert it to RGB or grey",
                         job->name, jpeg->num_components);
    jpeg->out_color_space = JCS_RGB;
    TRY(image_init(m, jpeg->image_height, jpeg->image_width, 3));
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = m->pixels + (int64_t)jpeg->output_scanline * m->width * 3;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
done:
    return st;
}

static jem_status read_guarded(jpeg_job *job, const void *bytes, size_t size)
{
    if (setjmp(job->jump))
        return jem_error(JEM_EDATA,
                         "%s: damaged or truncated JPEG (%s): copy it again or remove it",
                         job->name, job->message);
    jpeg_create_decompress(&job->jpeg);
    jpeg_mem_src(&job->jpeg, bytes, (unsigned long)size);
    return read_pixels(job);
}

jem_status image_decode_jpeg(image *out, const void *bytes, size_t size, const char *name)
{
    jem_status st;
    jpeg_job job = {.name = name, .result = IMAGE_INIT};

    job.jpeg.err = jpeg_std_error(&job.errors);
    job.errors.error_exit = on_error;
    job.errors.emit_message = on_message;
    job.errors.output_message = on_output;
    TRY(read_guarded(&job, bytes, size));
    *out = job.result;
    job.result = (image)IMAGE_INIT;
done:
    jpeg_destroy_decompress(&job.jpeg);
    image_clear(&job.result);
    return st;
}
