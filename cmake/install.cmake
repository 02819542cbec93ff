# The library (static and shared), headers, pkg-config and CMake packages, program, man pages.
include(CMakePackageConfigHelpers)

set(tern_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/tern)
get_property(libraries GLOBAL PROPERTY TERN_LIBRARIES)
install(TARGETS ${libraries} EXPORT tern-targets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/tern TYPE INCLUDE FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(EXPORT tern-targets NAMESPACE tern:: DESTINATION ${tern_package_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tern-config.cmake.in
  ${PROJECT_BINARY_DIR}/tern-config.cmake INSTALL_DESTINATION ${tern_package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tern-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tern-config.cmake ${PROJECT_BINARY_DIR}/tern-config-version.cmake
  DESTINATION ${tern_package_folder})

# Where a .pc file stands, so that an installed tree may be moved.
file(RELATIVE_PATH TERN_PC_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" TERN_PC_PREFIX "${TERN_PC_PREFIX}")
set(TERN_PC_AUDIO "sndfile speexdsp")
if(PORTAUDIO_FOUND)
  string(APPEND TERN_PC_AUDIO " portaudio-2.0")
endif()
foreach(package tern tern-uv tern-audio tern-sim)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

if(TARGET tern)
  install(TARGETS tern)
endif()
foreach(section 1 3 5 7)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.${section})
  list(FILTER pages EXCLUDE REGEX "/tern-sim\\.1$") # a tool for who works on Tern
  if(pages)
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endif()
endforeach()
