# libjem: the subsystems below as one shared and one static library that show
# nothing but what a header in include/jem marks JEM_API.
#
# All objects are linked into one, in which hidden names become local: an
# archive would otherwise hand names such as file_read or model_free to every
# program that links it.

# What src/lib stands on.  A missing one is an undefined symbol when the shared
# library is linked.
set(parts base tensor backend_ref backend_cpu backend nn model sample data stats record train estimate run
  fid latent measure bench sweetspot compare report study catalogue lib)
list(TRANSFORM parts PREPEND jem_)
set(archives)
foreach(part ${parts})
  list(APPEND archives $<TARGET_FILE:${part}>)
endforeach()

include(cmake/wheel.cmake)
set(from_wheel)
set(exported)
if(JEM_WHEEL)
  set(from_wheel --no-whole-archive --start-group ${wheel_archives} --end-group)
  set(exported --wildcard --keep-global-symbol=jem_* --redefine-sym stdout=wheel_stdout
    --redefine-sym stderr=wheel_stderr)
endif()
set(object ${CMAKE_CURRENT_BINARY_DIR}/libjem.o)
add_custom_command(OUTPUT ${object}
  COMMAND ${CMAKE_LINKER} -r -o ${object} --whole-archive ${archives} ${from_wheel}
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${exported} ${object}
  DEPENDS ${parts} COMMENT "Linking libjem.o" VERBATIM)
add_custom_target(jem_object DEPENDS ${object})

foreach(kind SHARED STATIC)
  string(TOLOWER jem_${kind} target)
  add_library(${target} ${kind} ${object})
  add_dependencies(${target} jem_object)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME jem LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR}/include)
endforeach()
# For the libraries outside jem; of jem's own nothing is left to link.
target_link_libraries(jem_shared PRIVATE jem_lib)
if(JEM_WHEEL) # what was linked in is not needed as a shared library any more
  target_sources(jem_shared PRIVATE cmake/wheel_streams.c)
  target_link_libraries(jem_shared PRIVATE ${wheel_libraries})
  target_link_options(jem_shared PRIVATE -Wl,--as-needed -Wl,--gc-sections)
endif()
if(NOT JEM_SANITIZE AND NOT JEM_FUZZ) # sanitizers leave their names to the program
  target_link_options(jem_shared PRIVATE -Wl,--no-undefined)
endif()

# The top of CMakeLists.txt reads the version there.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS include/jem/version.h)

file(RELATIVE_PATH JEM_PC_TO_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" JEM_PC_TO_PREFIX ${JEM_PC_TO_PREFIX})
configure_file(cmake/jem.pc.in jem.pc @ONLY)

install(TARGETS jem jem_shared jem_static)
install(DIRECTORY include/jem DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/jem.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# What a Python wheel holds beside python/jem (pyproject.toml); `make install` has no use for it.
install(FILES $<TARGET_FILE:jem_shared> DESTINATION jem RENAME libjem.so COMPONENT python EXCLUDE_FROM_ALL)
install(FILES $<TARGET_FILE:jem_blas> DESTINATION jem COMPONENT python EXCLUDE_FROM_ALL)
