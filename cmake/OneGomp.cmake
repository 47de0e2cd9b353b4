# One libgomp only, the one that torch brings, where it brings one: a second copy would start a second set of threads.
# Also installed, for find_package(isthmus).
get_target_property(torch_library torch LOCATION)
get_filename_component(torch_folder ${torch_library} DIRECTORY)
if(EXISTS ${torch_folder}/libgomp.so.1)
  set(OpenMP_gomp_LIBRARY ${torch_folder}/libgomp.so.1 CACHE FILEPATH "torch's own libgomp")
endif()
find_package(OpenMP REQUIRED COMPONENTS CXX)
