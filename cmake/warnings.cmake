# Warnings are errors, under the strict sets of GCC and Clang.
add_library(tern_warnings INTERFACE)
target_compile_options(tern_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wpointer-arith -Wcast-qual -Wconversion -Wundef -Wvla
  -Wformat=2 -Wswitch-enum -Wwrite-strings -Wimplicit-fallthrough
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>)

# Drivers and programs use POSIX and Linux; the core (src/) gets nothing but C11. Defined empty, so
# that a file which defines it for itself agrees. (C++ compilers define it on their own.)
add_library(tern_system INTERFACE)
target_compile_definitions(tern_system INTERFACE $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE=>)

if(TERN_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  # GCC's checks for overflow hide constants from this warning; a build without them has it.
  target_compile_options(tern_warnings INTERFACE $<$<C_COMPILER_ID:GNU>:-Wno-sign-conversion>)
else()
  add_compile_options(-fstack-protector-strong)
endif()
if(TERN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()
