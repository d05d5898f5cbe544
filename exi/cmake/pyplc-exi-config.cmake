include("${CMAKE_CURRENT_LIST_DIR}/pyplc-exi-targets.cmake")
