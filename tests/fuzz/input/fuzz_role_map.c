/*
 * Any bytes as the list of --role-map and, after a NUL, as the file of
 * --role-map-file.
 */
#include "fuzz.h"
#include "input/role_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[MEMORY_FILE_PATH_SIZE];
    char *list = text_of(data, size);
    size_t list_size = strlen(list) + 1;
    struct error err = ERROR_INIT;
    struct role_map *map;
    int fd = -1;

    if (list_size < size)
        fd = memory_file(path, data + list_size, size - list_size);
    if (role_map_new(&map, *list ? list : NULL, fd >= 0 ? path : NULL, &err)) {
        require(!map && err.kind == ERROR_USAGE && err.text[0]);
    } else {
        size_t len = strcspn(list, "=");
        const char *role = role_map_find(map, list, len);
        require(!role || role[0]);
        role_map_find(map, (const char *)data, size);
    }
    role_map_free(map);
    if (fd >= 0)
        close(fd);
    free(list);
    return 0;
}
