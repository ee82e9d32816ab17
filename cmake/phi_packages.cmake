# CPack: one archive and three Debian packages, of what phi_install.cmake installs (docs/packaging.md).

set(CPACK_PACKAGE_NAME libphi)
set(CPACK_PACKAGE_VENDOR "The libphi authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # or it comes before what each Debian package says of itself
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)

# The maintainer is who makes the packages, by the variables of Debian's own tools. Without them the address says that it is none.
set(phi_maintainer "The libphi authors <nobody@libphi.invalid>")
if(DEFINED ENV{DEBFULLNAME} AND DEFINED ENV{DEBEMAIL})
  set(phi_maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(PHI_MAINTAINER "${phi_maintainer}" CACHE STRING "Maintainer of the packages: name <address>")
set(CPACK_PACKAGE_CONTACT "${PHI_MAINTAINER}")

# One archive with everything, in a folder of its own; it works wherever it is unpacked.
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)
set(CPACK_SYSTEM_NAME linux-${CMAKE_SYSTEM_PROCESSOR})

# Three Debian packages. What they depend on is what dpkg-shlibdeps finds in their programs and libraries.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_COMPONENTS_ALL runtime development)

set(phi_package_text "libphi runs Phi-4 and related language models on the processor, with no
network, no Python and no service.")
set(phi_runtime_package libphi${PHI_SOVERSION})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${phi_runtime_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "language models inside a program (shared library)
${phi_package_text}
This package has the shared library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libphi-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${phi_runtime_package} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "g++, cmake, pkg-config")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "language models inside a program (development files)
${phi_package_text}
This package has the headers of the C and C++ interfaces, the static library,
the CMake package and the pkg-config files.")

if(TARGET phi_cli)
  list(APPEND CPACK_COMPONENTS_ALL tools)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME phi-tools)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION misc)
  set(CPACK_DEBIAN_TOOLS_DESCRIPTION "language models in the terminal
${phi_package_text}
This package has the program phi, which chats, continues texts, and converts
and measures models, and the small model phi-nano to try it with.")
endif()

include(CPack)
