# `cmake --install` gives the program, the libraries, the headers, and what find_package(isthmus) needs to offer
# isthmus::isthmus (all of it) and isthmus::base (the rooms without torch).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/isthmus)

install(TARGETS isthmus RUNTIME)
install(TARGETS isthmus_isthmus isthmus_base EXPORT isthmus ARCHIVE LIBRARY)
install(DIRECTORY isthmus DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES ${CMAKE_BINARY_DIR}/fmt/fmt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/isthmus/fmt)  # a link: see Dependencies
install(EXPORT isthmus NAMESPACE isthmus:: FILE isthmusTargets.cmake DESTINATION ${package_folder})

configure_package_config_file(cmake/isthmusConfig.cmake.in isthmusConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(isthmusConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/isthmusConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/isthmusConfigVersion.cmake
              cmake/OneGomp.cmake
        DESTINATION ${package_folder})
