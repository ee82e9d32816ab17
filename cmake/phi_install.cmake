# What `cmake --install` gives, in three components:
#   runtime      libphi.so.N, all that a program linked with it needs
#   development  headers, libphi.so, libphi.a, CMake package, pkg-config files
#   tools        the program `phi`, its manual page and completions, the small model phi-nano

include(CMakePackageConfigHelpers)

set(PHI_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING "Where zsh looks for completions")
set(phi_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/phi)
set(phi_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# `sudo cmake --install` writes these lists; made here, they stay their maker's, who may want to install elsewhere or make packages.
foreach(list install_manifest install_manifest_runtime install_manifest_development install_manifest_tools)
  file(TOUCH ${CMAKE_BINARY_DIR}/${list}.txt)
endforeach()

# ---- libraries and headers ----

install(TARGETS phi EXPORT phi_shared
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS phi_archive phi_cxx EXPORT phi_static
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
foreach(component shared static)
  install(EXPORT phi_${component} NAMESPACE phi:: FILE phi-${component}-targets.cmake
    DESTINATION ${phi_cmake_dir} COMPONENT development)
endforeach()

file(GLOB phi_cxx_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/phi/*.h)
install(FILES capi/include/phi.h capi/include/phi_experimental.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES ${phi_cxx_headers} ${PROJECT_BINARY_DIR}/include/phi/version.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/phi COMPONENT development)

# ---- how others find it ----

configure_package_config_file(cmake/phi-config.cmake.in ${PROJECT_BINARY_DIR}/phi-config.cmake
  INSTALL_DESTINATION ${phi_cmake_dir} NO_SET_AND_CHECK_MACRO)
# The C interface only grows, so a newer minor version serves whoever asked for an older one.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/phi-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/phi-config.cmake ${PROJECT_BINARY_DIR}/phi-config-version.cmake
  DESTINATION ${phi_cmake_dir} COMPONENT development)

# The files say where they are relative to themselves: an unpacked archive works wherever it lies.
file(RELATIVE_PATH phi_pc_prefix /${phi_pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" phi_pc_prefix "${phi_pc_prefix}")
set(phi_pc_private "")
foreach(library IN LISTS phi_archive_links)
  if(IS_ABSOLUTE "${library}")
    string(APPEND phi_pc_private " ${library}")
  else()
    string(APPEND phi_pc_private " -l${library}")
  endif()
endforeach()
string(STRIP "${phi_pc_private}" phi_pc_private)
foreach(file phi.pc phi-static.pc)
  configure_file(cmake/${file}.in ${PROJECT_BINARY_DIR}/${file} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${phi_pkgconfig_dir} COMPONENT development)
endforeach()

# ---- the program, and papers ----

# Each Debian package has its own; who unpacks the archive finds the same text three times.
install(FILES cmake/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libphi${PHI_SOVERSION} COMPONENT runtime)
install(FILES cmake/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libphi-dev COMPONENT development)
install(FILES cmake/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/phi-tools COMPONENT tools)

if(TARGET phi_cli)
  install(TARGETS phi_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  install(FILES examples/cli/phi.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
  install(FILES examples/cli/completions/phi.bash RENAME phi
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tools)
  install(FILES examples/cli/completions/_phi DESTINATION ${PHI_ZSH_DIR} COMPONENT tools)
  install(FILES examples/cli/completions/phi.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tools)
  install(FILES examples/phi-nano/phi-nano.phi
    DESTINATION ${CMAKE_INSTALL_DATADIR}/libphi COMPONENT tools OPTIONAL)
endif()
