/* How pictures are resized. */
#ifndef DATA_PICTURES_IMAGE_KERNEL_H
#define DATA_PICTURES_IMAGE_KERNEL_H

typedef enum image_kernel { IMAGE_BILINEAR, IMAGE_BICUBIC } image_kernel;
const char *image_kernel_name(image_kernel kernel); /* "bilinear", "bicubic" */

#endif
