# Programs from a folder, and tests.

# Splits the .c and .cpp files of a folder into those that have a main() and the rest.
function(tern_find_programs folder programs_out helpers_out)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c ${folder}/*.cpp)
  set(programs)
  set(helpers)
  foreach(source IN LISTS sources)
    file(STRINGS ${source} main REGEX "^int main\\(" LIMIT_COUNT 1)
    if(main)
      list(APPEND programs ${source})
    else()
      list(APPEND helpers ${source})
    endif()
  endforeach()
  set(${programs_out} ${programs} PARENT_SCOPE)
  set(${helpers_out} ${helpers} PARENT_SCOPE)
endfunction()

# tern_program(<target> SOURCES … LINK …)
function(tern_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE tern_warnings tern_system ${arg_LINK})
endfunction()

# tern_add_test(<ctest name> <target> <timeout in seconds> [arguments …])
function(tern_add_test name target timeout)
  add_test(NAME ${name} COMMAND ${TERN_TEST_LAUNCHER} $<TARGET_FILE:${target}> ${ARGN})
  if(TERN_TEST_LAUNCHER)
    math(EXPR timeout "${timeout} * 20")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout})
endfunction()

# Scripts that run whole programs. They find the phone in $1 and $TERN, the build folder in $TERN_BUILD,
# and say with exit status 77 that this machine does not permit what they need.
function(tern_add_scripts label timeout)
  foreach(script IN LISTS ARGN)
    get_filename_component(name ${script} NAME_WE)
    string(REGEX REPLACE "^${label}_" "" name ${name})
    execute_process(COMMAND test -x ${script} RESULT_VARIABLE not_executable)
    if(not_executable)
      continue()
    endif()
    add_test(NAME ${label}/${name} COMMAND ${script} $<TARGET_FILE:tern>)
    set_tests_properties(${label}/${name} PROPERTIES
      LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT ${timeout} RUN_SERIAL TRUE
      ENVIRONMENT "TERN=$<TARGET_FILE:tern>;TERN_BUILD=${PROJECT_BINARY_DIR};TERN_SOURCE=${PROJECT_SOURCE_DIR}")
  endforeach()
endfunction()
