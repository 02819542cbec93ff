# Warnings are errors, under the strict sets of GCC and Clang.
add_library(tern_warnings INTERFACE)
target_compile_options(tern_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wpointer-arith -Wcast-qual -Wconversion -Wundef -Wvla
  -Wformat=2 -Wswitch-enum -Wwrite-strings -Wimplicit-fallthrough
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>)
if(TERN_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(TERN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
