# All but torch are Debian packages; scripts/setup installs both. Which torch is taken, scripts/torch says; Torch_DIR
# overrides it.
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo)
add_library(hwy::hwy ALIAS PkgConfig::HWY)

if(NOT DEFINED ENV{Torch_DIR} AND (DEFINED ENV{ISTHMUS_TORCH} OR NOT EXISTS "${Torch_DIR}"))
  unset(Torch_DIR CACHE)
  execute_process(COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/scripts/torch OUTPUT_VARIABLE found RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "[isthmus] expected torch, got none; try 'make setup', or set ISTHMUS_TORCH to a Python "
                        "interpreter that has torch")
  endif()
  string(REGEX REPLACE "\n.*" "" prefix "${found}")
  list(APPEND CMAKE_PREFIX_PATH "${prefix}")
endif()
find_package(Torch REQUIRED)
if(ISTHMUS_CUDA AND NOT TARGET torch_cuda)
  message(FATAL_ERROR "[isthmus] ISTHMUS_CUDA expected a torch with CUDA, got the CPU's in ${Torch_DIR}; try another "
                      "by ISTHMUS_TORCH")
endif()
include(OneGomp)
list(PREPEND CMAKE_BUILD_RPATH ${torch_folder})
list(PREPEND CMAKE_INSTALL_RPATH ${torch_folder})

# The wheel's include folder also carries a newer {fmt}, which nothing exports: spdlog and we must see the one we link.
get_target_property(fmt_folder fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/fmt)
file(CREATE_LINK ${fmt_folder}/fmt ${CMAKE_BINARY_DIR}/fmt/fmt SYMBOLIC)
