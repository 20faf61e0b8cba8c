/* JPEG through libjpeg(-turbo), with its default (accurate integer) transform
 * and smooth chroma upsampling: the same pixels that Pillow gives.
 *
 * libjpeg would exit on errors and paint the missing part of a truncated file
 * grey with a mere warning; here both are errors.  As in png.c, the
 * function that calls setjmp keeps all its state behind a pointer. */
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/try.h"
#include "data/pictures/codec.h"

/* A progressive file sends its picture in about ten scans, each over all blocks. */
enum { SCANS_MAX = 100 };

typedef struct jpeg_job {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
    const char *name;
    size_t size; /* of the file */
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

/* Called while scans are read: a file may send any number of them in a few bytes each. */
static void on_progress(j_common_ptr common)
{
    jpeg_job *job = (jpeg_job *)(void *)common->err;

    if (job->jpeg.input_scan_number <= SCANS_MAX) return;
    snprintf(job->message, sizeof job->message, "more than %d scans", SCANS_MAX);
    longjmp(job->jump, 1);
}

/* Decoding takes three bytes a pixel and, where the picture comes in several scans, all
 * coefficients in 16 bits.  Some component has a block for each 8 x 8 pixels at its best
 * sampling, or several share them, and a block takes at least one bit; no file that
 * decodes without loss of data stays below half of that. */
static image_claim read_claim(const jpeg_job *job)
{
    const struct jpeg_decompress_struct *jpeg = &job->jpeg;
    image_claim c = {.height = jpeg->image_height, .width = jpeg->image_width};

    c.file_least = c.height * c.width / (8 * 8) / 8 / 2;
    c.memory = c.height * c.width * 3;
    if (!jpeg->progressive_mode && jpeg->comps_in_scan == jpeg->num_components) return c;
    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *info = &jpeg->comp_info[i];
        c.memory += (int64_t)info->width_in_blocks * info->height_in_blocks * (8 * 8 * 2);
    }
    return c;
}

/* rgb [width][3] <- ink [width][4] as Adobe stores CMYK, 255 for none: the product of a colour and
 * black, in Pillow's arithmetic. */
static void rgb_from_ink(uint8_t *rgb, const JSAMPLE *ink, int64_t width)
{
    for (int64_t x = 0; x < width; x++, ink += 4)
        for (int c = 0; c < 3; c++) {
            const int product = (255 - ink[c]) * ink[3] + 128;
            *rgb++ = (uint8_t)(ink[3] - ((product >> 8) + product) / 256);
        }
}

static void read_ink(jpeg_job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    image *m = &job->result;
    JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE,
                                             (JDIMENSION)(m->width * 4), 1);

    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *to = m->pixels + (int64_t)jpeg->output_scanline * m->width * 3;
        jpeg_read_scanlines(jpeg, row, 1);
        rgb_from_ink(to, row[0], m->width);
    }
}

static void read_colours(jpeg_job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    image *m = &job->result;

    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = m->pixels + (int64_t)jpeg->output_scanline * m->width * 3;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
}

static jem_status read_pixels(jpeg_job *job)
{
    jem_status st;
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    image *m = &job->result;
    image_claim c;

    jpeg_read_header(jpeg, TRUE);
    c = read_claim(job);
    TRY(image_check_size(c.height, c.width, job->name));
    TRY(image_check_claim(&c, job->size, job->name));
    if (jpeg->num_components == 2)
        return jem_error(JEM_EDATA, "%s: a JPEG with 2 colour components; convert it to RGB or grey",
                         job->name);
    const bool ink = jpeg->num_components == 4;
    jpeg->out_color_space = ink ? JCS_CMYK : JCS_RGB;
    TRY(image_init(m, jpeg->image_height, jpeg->image_width, 3));
    jpeg_start_decompress(jpeg);
    if (ink)
        read_ink(job);
    else
        read_colours(job);
    jpeg_finish_decompress(jpeg);
done:
    return st;
}

static jem_status read_guarded(jpeg_job *job, const void *bytes)
{
    if (setjmp(job->jump))
        return jem_error(JEM_EDATA,
                         "%s: damaged or truncated JPEG (%s): copy it again or remove it",
                         job->name, job->message);
    jpeg_create_decompress(&job->jpeg);
    job->progress.progress_monitor = on_progress;
    job->jpeg.progress = &job->progress;
    jpeg_mem_src(&job->jpeg, bytes, (unsigned long)job->size);
    return read_pixels(job);
}

jem_status image_decode_jpeg(image *out, const void *bytes, size_t size, const char *name)
{
    jem_status st;
    jpeg_job job = {.name = name, .size = size, .result = IMAGE_INIT};

    job.jpeg.err = jpeg_std_error(&job.errors);
    job.errors.error_exit = on_error;
    job.errors.emit_message = on_message;
    job.errors.output_message = on_output;
    TRY(read_guarded(&job, bytes));
    *out = job.result;
    job.result = (image)IMAGE_INIT;
done:
    jpeg_destroy_decompress(&job.jpeg);
    image_clear(&job.result);
    return st;
}
