# `cmake --install` gives headers, both libraries, the program and find_package(reckon).
include(CMakePackageConfigHelpers)
install(TARGETS reckon reckon_shared EXPORT reckon_targets)
install(TARGETS reckon_program)
install(DIRECTORY engine/reckon DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
set(RECKON_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/reckon)
install(EXPORT reckon_targets NAMESPACE reckon:: DESTINATION ${RECKON_PACKAGE_DIR})
configure_package_config_file(cmake/reckonConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/reckonConfig.cmake
                              INSTALL_DESTINATION ${RECKON_PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/reckonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/reckonConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/reckonConfigVersion.cmake
        DESTINATION ${RECKON_PACKAGE_DIR})
