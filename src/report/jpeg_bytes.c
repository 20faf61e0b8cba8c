/* Compressing through libjpeg (jpeg_bytes.h), which would end the program where something fails. */
#include "report/jpeg_bytes.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>

#include "base/mem.h"
#include "base/strbuf.h"

enum { QUALITY = 85, BUFFER = 4096 };

typedef struct job {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_destination_mgr to;
    struct jpeg_compress_struct jpeg;
    JOCTET buffer[BUFFER];
    strbuf bytes;
    jmp_buf failed;
} job;

static void on_error(j_common_ptr jpeg)
{
    job *j = (job *)(void *)jpeg->err;
    longjmp(j->failed, 1);
}

static void start(j_compress_ptr jpeg)
{
    job *j = (job *)(void *)jpeg->err;
    j->to.next_output_byte = j->buffer;
    j->to.free_in_buffer = BUFFER;
}

static boolean empty(j_compress_ptr jpeg) /* its buffer is full */
{
    job *j = (job *)(void *)jpeg->err;
    strbuf_put(&j->bytes, (const char *)j->buffer, BUFFER);
    start(jpeg);
    return TRUE;
}

static void end(j_compress_ptr jpeg)
{
    job *j = (job *)(void *)jpeg->err;
    strbuf_put(&j->bytes, (const char *)j->buffer, BUFFER - j->to.free_in_buffer);
}

static bool is_grey(const uint8_t *rgb, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++, rgb += 3)
        if (rgb[0] != rgb[1] || rgb[0] != rgb[2]) return false;
    return true;
}

static void compress(job *j, const uint8_t *rgb, int width, int height)
{
    struct jpeg_compress_struct *c = &j->jpeg;
    jpeg_create_compress(c);
    c->dest = &j->to;
    c->image_width = (JDIMENSION)width;
    c->image_height = (JDIMENSION)height;
    c->input_components = 3;
    c->in_color_space = JCS_RGB;
    jpeg_set_defaults(c);
    if (is_grey(rgb, (int64_t)width * height)) jpeg_set_colorspace(c, JCS_GRAYSCALE);
    jpeg_set_quality(c, QUALITY, TRUE);
    c->comp_info[0].h_samp_factor = c->comp_info[0].v_samp_factor = 1;
    c->optimize_coding = TRUE;
    jpeg_start_compress(c, TRUE);
    for (int64_t y = 0; y < height; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(rgb + 3 * y * width); /* which it only reads */
        jpeg_write_scanlines(c, &row, 1);
    }
    jpeg_finish_compress(c);
}

jem_status jpeg_bytes(char **jpeg, size_t *size, const uint8_t *rgb, int width, int height)
{
    job *j = NULL;
    jem_status st = MEM_NEW(j, 1);
    if (st != JEM_OK) return st;
    j->jpeg.err = jpeg_std_error(&j->errors);
    j->errors.error_exit = on_error;
    j->to = (struct jpeg_destination_mgr){.init_destination = start, .empty_output_buffer = empty, .term_destination = end};
    if (setjmp(j->failed) == 0)
        compress(j, rgb, width, height);
    else
        st = jem_error(JEM_ENOMEM, "a picture of %d x %d pixels: out of memory", width, height);
    jpeg_destroy_compress(&j->jpeg);
    if (st == JEM_OK) st = strbuf_status(&j->bytes);
    if (st == JEM_OK) {
        *jpeg = j->bytes.data;
        *size = j->bytes.used;
        j->bytes = (strbuf)STRBUF_INIT;
    }
    strbuf_clear(&j->bytes);
    mem_free(j);
    return st;
}
