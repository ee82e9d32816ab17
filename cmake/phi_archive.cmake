# The static library as others get it: one archive that holds libphi and every static library that it is made of.
# What a stranger's linker sees of it is phi's own; the names of oneDNN, PCRE2 and utf8proc are made local, so that a program
# with its own copies of those, of whatever version, cannot mix them up.
#
# phi_archive is the archive, phi_archive_links what its users link besides: the shared libraries of the compiler, and any
# third-party library that was found as a shared one.

set(phi_merged ${PHI_PCRE2_LIBRARY} ${PHI_UTF8PROC_LIBRARY})
set(phi_archive_links stdc++ m ${OpenMP_CXX_LIB_NAMES})
get_target_property(phi_onednn_type DNNL::dnnl TYPE)
if(phi_onednn_type STREQUAL "STATIC_LIBRARY")
  list(PREPEND phi_merged $<TARGET_FILE:DNNL::dnnl>)
else()
  list(APPEND phi_archive_links dnnl)
endif()
set(phi_shared_parts ${phi_merged})
list(FILTER phi_shared_parts INCLUDE REGEX "\\.so[.0-9]*$")
list(FILTER phi_merged EXCLUDE REGEX "\\.so[.0-9]*$")
list(APPEND phi_archive_links ${phi_shared_parts})
list(REMOVE_DUPLICATES phi_archive_links)

# objcopy makes no unique symbol (a static variable of an inline function or template) local; the first pass makes them weak.
set(phi_whole ${CMAKE_CURRENT_BINARY_DIR}/whole)
add_custom_command(OUTPUT ${phi_whole}/phi.o
  COMMAND ${CMAKE_COMMAND} -E make_directory ${phi_whole}
  COMMAND ${CMAKE_CXX_COMPILER} -r -nostdlib -Wl,--force-group-allocation -o ${phi_whole}/open.o
    -Wl,--whole-archive $<TARGET_FILE:phi_static> -Wl,--no-whole-archive ${phi_merged}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --weaken-symbol=_ZZ* --weaken-symbol=_ZGV* --weaken-symbol=*4dnnl* ${phi_whole}/open.o
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=phi_* --keep-global-symbol=*3phi* --strip-unneeded
    ${phi_whole}/open.o ${phi_whole}/phi.o
  COMMAND ${CMAKE_COMMAND} -E rm ${phi_whole}/open.o
  DEPENDS phi_static
  COMMENT "Making one object of libphi and its static libraries"
  COMMAND_EXPAND_LISTS VERBATIM)

add_library(phi_archive STATIC ${phi_whole}/phi.o)
set_target_properties(phi_archive PROPERTIES
  OUTPUT_NAME phi
  ARCHIVE_OUTPUT_DIRECTORY ${phi_whole}
  EXPORT_NAME phi_static
  LINKER_LANGUAGE CXX)
target_compile_definitions(phi_archive INTERFACE PHI_STATIC)
target_include_directories(phi_archive INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(phi_archive INTERFACE ${phi_archive_links})
