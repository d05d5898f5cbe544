/* What leaves the program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

void complain(const char *file) {
    fprintf(stderr, PROGRAM ": %s: %s\n", file, strerror(errno));
}

void print(const void *data, size_t size) {
    if (fwrite(data, 1, size, stdout) == size && !fflush(stdout)) return;
    complain("standard output");
    _Exit(STATUS_FILES); /* without another attempt to write */
}
