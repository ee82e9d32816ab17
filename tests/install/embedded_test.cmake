# Configures a project that has libphi's sources as a part of its own, and compiles its programs, but not the library again.
# The project itself checks what libphi leaves behind in it.
include(${CMAKE_CURRENT_LIST_DIR}/check.cmake)

set(folder ${WORK}/embedded)
file(REMOVE_RECURSE ${folder})
run(ignored ${CMAKE_COMMAND} -S ${SOURCE}/embedded -B ${folder} -G ${GENERATOR}
  -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX} -DPHI_DEPS_DIR=${DEPS_DIR}
  -DFETCHCONTENT_SOURCE_DIR_ONEDNN=${ONEDNN_SOURCES})
if(GENERATOR STREQUAL "Ninja")
  run(ignored ${CMAKE_COMMAND} --build ${folder} --target ${SOURCE}/c/first_token.c^ ${SOURCE}/cxx/first_token.cc^)
endif()
