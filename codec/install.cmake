# The codec as a CMake package: find_package(kvferry_codec), target kvferry::codec.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(kvferry_codec PROPERTIES EXPORT_NAME codec)
set_target_properties(kvferry_base PROPERTIES EXPORT_NAME base)
set_target_properties(kvferry_build_options PROPERTIES EXPORT_NAME build_options)
install(TARGETS kvferry_codec kvferry_base kvferry_build_options EXPORT kvferry_codec
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kvferry)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/kvferry_codec)
install(EXPORT kvferry_codec NAMESPACE kvferry:: FILE kvferry_codecTargets.cmake DESTINATION ${package_folder})
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/kvferry_codecConfig.cmake
  "include(CMakeFindDependencyMacro)\nfind_dependency(Threads)\n"
  "include(\${CMAKE_CURRENT_LIST_DIR}/kvferry_codecTargets.cmake)\n")
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/kvferry_codecConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kvferry_codecConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/kvferry_codecConfigVersion.cmake DESTINATION ${package_folder})
