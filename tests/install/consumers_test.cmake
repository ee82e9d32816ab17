# Installs libphi, moves it elsewhere, and builds and runs programs in C and C++ with it: found by CMake and by pkg-config,
# shared and static. All print the same token, which the installed program `phi` prints too.
include(${CMAKE_CURRENT_LIST_DIR}/check.cmake)

file(REMOVE_RECURSE ${WORK}/consumers)
set(prefix ${WORK}/consumers/moved)
run(ignored ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/consumers/installed)
file(RENAME ${WORK}/consumers/installed ${prefix})

run(expected ${prefix}/bin/phi run ${MODEL} --prompt-ids 1,2,3 --ids -n 1)
expect_match("phi run --ids" "${expected}" "^[0-9]+\n$")

# ---- CMake ----

foreach(language c cxx)
  run(ignored ${CMAKE_COMMAND} -S ${SOURCE}/${language} -B ${WORK}/consumers/${language} -G ${GENERATOR}
    -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${prefix})
  run(ignored ${CMAKE_COMMAND} --build ${WORK}/consumers/${language})
endforeach()
foreach(program c/shared c/static cxx/cxx)
  run(token ${WORK}/consumers/${program} ${MODEL})
  expect_equal("token of ${program}" "${token}" "${expected}")
endforeach()
run(version ${WORK}/consumers/cxx/c_interface)
expect_equal("phi_version_string" "${version}" "${VERSION}\n")

# ---- pkg-config ----

find_program(PKG_CONFIG pkg-config REQUIRED)
set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
# pkg_config(<variable> <arguments...>): the flags as a list.
function(pkg_config variable)
  run(flags ${PKG_CONFIG} --cflags --libs ${ARGN})
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(${variable} ${flags} PARENT_SCOPE)
endfunction()

pkg_config(shared_flags phi)
pkg_config(private_flags --static phi)
pkg_config(static_flags phi-static)
set(c_program ${SOURCE}/c/first_token.c)
run(ignored ${CC} ${c_program} ${shared_flags} -Wl,-rpath,${prefix}/${LIBDIR} -o ${WORK}/consumers/pc_shared)
run(ignored ${CC} ${c_program} ${private_flags} -Wl,-rpath,${prefix}/${LIBDIR} -o ${WORK}/consumers/pc_private)
run(ignored ${CC} ${c_program} ${static_flags} -o ${WORK}/consumers/pc_static)
set(strict -Wall -Wextra -Wshadow -Wconversion -Werror)
run(ignored ${CXX} -std=c++20 ${strict} ${SOURCE}/cxx/first_token.cc ${static_flags} -o ${WORK}/consumers/pc_cxx)
foreach(program pc_shared pc_private pc_static pc_cxx)
  run(token ${WORK}/consumers/${program} ${MODEL})
  expect_equal("token of ${program}" "${token}" "${expected}")
endforeach()

# ---- what they are linked with ----

set(soname "libphi\\.so\\.${SOVERSION}\\]")
foreach(program c/shared pc_shared)
  run(dynamic ${READELF} -dW ${WORK}/consumers/${program})
  expect_match("${program} needs" "${dynamic}" "${soname}")
endforeach()
foreach(program c/static pc_static cxx/cxx pc_cxx)
  run(dynamic ${READELF} -dW ${WORK}/consumers/${program})
  expect_no_match("${program} needs" "${dynamic}" "libphi|dnnl|pcre|utf8proc")
endforeach()

# The static library defines phi's names for others to link, and no name of what it is made of.
run(symbols ${NM} --defined-only --extern-only --format=just-symbols ${prefix}/${LIBDIR}/libphi.a)
expect_match("libphi.a" "${symbols}" "\nphi_model_open\n")
expect_match("libphi.a" "${symbols}" "\n_ZN3phi5Model4open")
string(REGEX REPLACE "\n[^\n]*3phi[^\n]*" "" foreign "\n${symbols}")
string(REGEX REPLACE "\nphi_[a-z_]+" "" foreign "${foreign}")
string(REGEX REPLACE "\n(phi\\.o:)?" "" foreign "${foreign}")
expect_equal("names in libphi.a that are not phi's" "${foreign}" "")
