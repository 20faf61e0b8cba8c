/* Stands for libcuda.so.1 where there is none: nothing in it is called.  See
 * test_device_library.c. */
extern const int no_driver;
const int no_driver = 1;
