# Warnings are errors in our own sources; headers of others come in as SYSTEM.
add_library(isthmus_warnings INTERFACE)
target_compile_options(isthmus_warnings INTERFACE $<BUILD_INTERFACE:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                                  -Woverloaded-virtual -Werror>)
# g++ 12 sees overflows in std::string's own code where there are none (GCC bugs 105329, 105651).
target_compile_options(isthmus_warnings INTERFACE $<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow>>)
if(ISTHMUS_SANITIZE)
  # Under the sanitizers g++ 12 also takes std::regex's own unions for uninitialised (GCC bug 105562).
  target_compile_options(isthmus_warnings INTERFACE $<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>>)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
