# For cpack, between installing and packing. Debian has man pages and changelogs
# compressed (without a time or a name inside), and a package is for everybody,
# whatever the umask of who makes it.
set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
file(GLOB plain ${usr}/share/man/*/*.[1-9] ${usr}/share/doc/*/changelog)
execute_process(COMMAND gzip -9n ${plain} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND chmod -R a+rX,go-w ${usr} COMMAND_ERROR_IS_FATAL ANY)
# Where Debian's zsh looks.
file(RENAME ${usr}/share/zsh/site-functions ${usr}/share/zsh/vendor-completions)
