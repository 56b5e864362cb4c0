# For cpack: every file in a package is as old as the commit, so that the same
# commit gives the same bytes. `git archive` writes the time in here (see
# .gitattributes); in a clone git knows it.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
    return()
endif()
set(commit_time "$Format:%ct$")
if(NOT commit_time MATCHES "^[0-9]+$")
    execute_process(
        COMMAND git -C ${CMAKE_CURRENT_LIST_DIR} log -1 --format=%ct
        OUTPUT_VARIABLE commit_time OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY)
endif()
set(ENV{SOURCE_DATE_EPOCH} ${commit_time})
