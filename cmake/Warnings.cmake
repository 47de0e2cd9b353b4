# Warnings are errors in our own sources; headers of others come in as SYSTEM.
add_library(isthmus_warnings INTERFACE)
target_compile_options(isthmus_warnings INTERFACE $<BUILD_INTERFACE:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                                  -Woverloaded-virtual -Werror>)
if(ISTHMUS_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
