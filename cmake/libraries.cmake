# tern_library(<name> SOURCES … LINK …): lib<name> from sources that are compiled once, as
# <name>_static and <name>_shared. Both are installed, as tern::<x>-static and tern::<x>.
# LINK names `tern` and `tern_uv` without a suffix: each kind links its own kind. API names what
# stands in the library's headers, so that its users need it, too.
function(tern_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK;API")
  foreach(kind STATIC SHARED)
    string(TOLOWER "${kind}" suffix)
    set(target ${name}_${suffix})
    add_library(${target} ${kind} ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC ${arg_API})
    foreach(dep IN LISTS arg_LINK)
      if(TARGET ${dep}_${suffix})
        target_link_libraries(${target} PUBLIC ${dep}_${suffix})
      elseif(kind STREQUAL SHARED) # it knows what it needs; its users need not
        target_link_libraries(${target} PRIVATE ${dep})
      else()
        target_link_libraries(${target} PUBLIC ${dep})
      endif()
    endforeach()
    target_include_directories(${target} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    string(REPLACE "tern_" "" export ${name})
    if(kind STREQUAL STATIC)
      string(APPEND export "-static")
    endif()
    set_target_properties(${target} PROPERTIES
      OUTPUT_NAME ${name} EXPORT_NAME ${export} LINKER_LANGUAGE C
      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    set_property(GLOBAL APPEND PROPERTY TERN_LIBRARIES ${target})
  endforeach()
endfunction()

# The C files of some folders, compiled once; nothing happens where there are none.
function(tern_objects target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS;LINK")
  list(TRANSFORM arg_FOLDERS APPEND "/*.c" OUTPUT_VARIABLE globs)
  file(GLOB sources CONFIGURE_DEPENDS ${globs})
  if(NOT sources)
    return()
  endif()
  add_library(${target} OBJECT ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${target} PRIVATE tern_warnings tern_system ${arg_LINK})
endfunction()
