# The GPU backend: libjem_cuda.so, where the CUDA toolkit with cuDNN 9 is installed, and its
# host emulation, libjem_cuda_emulation.so, which is always built with the tests: the same code over
# loops instead of kernels, so that all of it but the libraries' calls is tested without a GPU.
# The program loads either at run time (src/backend/device_library.h).

set(cuda_dir ${CMAKE_SOURCE_DIR}/src/backend/cuda)
set(cuda_core)
foreach(name cuda cuda_map cuda_pixel cuda_conv cuda_direct cuda_linear cuda_norm cuda_device cuda_entry gpu_memory)
  list(APPEND cuda_core ${cuda_dir}/${name}.c)
endforeach()
# What the library carries itself; error messages are the program's (cuda_entry.c).
set(cuda_base ${CMAKE_SOURCE_DIR}/src/base/mem.c ${CMAKE_SOURCE_DIR}/src/base/mem_grow.c
  ${CMAKE_SOURCE_DIR}/src/backend/ref/ref_energy.c)

function(jem_device_module target)
  add_library(${target} MODULE ${cuda_core} ${cuda_base} ${ARGN})
  target_link_libraries(${target} PRIVATE jem_flags m Threads::Threads)
  if(NOT JEM_SANITIZE AND NOT JEM_FUZZ)
    target_link_options(${target} PRIVATE -Wl,--no-undefined)
  endif()
endfunction()

if(JEM_TESTS)
  set(emulation ${cuda_dir}/emulation)
  jem_device_module(jem_cuda_emulation ${emulation}/gpu_host.c ${emulation}/kernels_host.c ${emulation}/gemm_host.c
    ${emulation}/conv_host.c)
endif()

# ---- the real one

find_program(JEM_NVCC nvcc HINTS $ENV{CUDA_HOME} $ENV{CUDA_PATH} /usr/local/cuda PATH_SUFFIXES bin)
if(JEM_NVCC)
  get_filename_component(nvcc_real ${JEM_NVCC} REALPATH)
  get_filename_component(cuda_root ${nvcc_real}/../.. ABSOLUTE)
  find_path(JEM_CUDNN_INCLUDE cudnn.h HINTS ${cuda_root}/include $ENV{JEM_CUDNN_ROOT}/include
    PATH_SUFFIXES . targets/x86_64-linux/include)
  find_path(JEM_CUDA_INCLUDE cublas_v2.h HINTS ${cuda_root}/include
    PATH_SUFFIXES . targets/x86_64-linux/include)
  find_library(JEM_CUDART_STATIC cudart_static HINTS ${cuda_root}
    PATH_SUFFIXES lib64 lib targets/x86_64-linux/lib)
endif()
if(JEM_NVCC AND JEM_CUDNN_INCLUDE AND JEM_CUDA_INCLUDE AND JEM_CUDART_STATIC)
  set(cuda_found ON)
else()
  set(cuda_found OFF)
endif()
option(JEM_CUDA "build the GPU backend (needs the CUDA toolkit with cuDNN 9)" ${cuda_found})
if(JEM_CUDA AND NOT cuda_found)
  message(FATAL_ERROR "JEM_CUDA: nvcc, cudnn.h, cublas_v2.h or libcudart_static.a was not found")
endif()
set(JEM_CUDA_ARCHITECTURES "80;90" CACHE STRING "compute capabilities that kernels are compiled for")

if(JEM_CUDA)
  set(nvcc_flags -std=c++17 -O3 --fmad=false -Xcompiler=-fPIC,-fvisibility=hidden,-fno-threadsafe-statics
    -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}/src)
  set(architectures)
  foreach(arch ${JEM_CUDA_ARCHITECTURES})
    list(APPEND architectures -gencode arch=compute_${arch},code=sm_${arch})
    set(newest ${arch})
  endforeach()
  list(APPEND architectures -gencode arch=compute_${newest},code=compute_${newest})
  if(JEM_WERROR)
    list(APPEND nvcc_flags -Werror=all-warnings -Xcompiler=-Wall,-Wextra)
  endif()
  # jem_nvcc(NAME flags...): NAME.cu is compiled to NAME.o, which joins cuda_objects
  set(cuda_objects)
  macro(jem_nvcc name)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${JEM_NVCC} ${nvcc_flags} ${ARGN} -MD -MF ${object}.d -MT ${object}
        -c ${cuda_dir}/${name}.cu -o ${object}
      DEPENDS ${cuda_dir}/${name}.cu DEPFILE ${object}.d COMMENT "Compiling ${name}.cu" VERBATIM)
    list(APPEND cuda_objects ${object})
  endmacro()
  jem_nvcc(kernels ${architectures})
  # Hopper's own instructions are there for Hopper alone.
  jem_nvcc(conv_hopper -gencode arch=compute_90a,code=sm_90a)
  jem_device_module(jem_cuda ${cuda_objects} ${cuda_dir}/gpu_cuda.c ${cuda_dir}/conv_choice.c
    ${cuda_dir}/conv_trial.c ${cuda_dir}/conv_graph.c ${cuda_dir}/conv_cache.c ${cuda_dir}/columns_choice.c
    ${cuda_dir}/gemm_cublas.c ${cuda_dir}/libraries.c ${cuda_dir}/cuda_parts.c)
  target_include_directories(jem_cuda SYSTEM PRIVATE ${JEM_CUDA_INCLUDE} ${JEM_CUDNN_INCLUDE})
  target_link_libraries(jem_cuda PRIVATE ${JEM_CUDART_STATIC} ${CMAKE_DL_LIBS} rt)
  # nothing of the runtime's is shown to the program
  target_link_options(jem_cuda PRIVATE -Wl,--exclude-libs,ALL)
  install(TARGETS jem_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
