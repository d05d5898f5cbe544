/* What libFuzzer calls for the command: FUZZ_TARGET names the side that others talk to.
 *
 * `serve`: the input is a request. `dialect`: it is the one argument of OpenV2Gx. Both have to be
 * answered, on standard output, whatever they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../command/openv2gx.h"
#include "../command/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int serve(const uint8_t *data, size_t size) {
    static struct server server;
    server.in.size = server.answer.size = 0;
    buffer_add(&server.in, data, size);
    answer_request(&server);
    if (!server.answer.size) abort();
    return 0;
}

static int dialect(const uint8_t *data, size_t size) {
    char name[] = "OpenV2G";
    char *argument = malloc(size + 1);
    if (!argument) exit(2);
    memcpy(argument, data, size);
    argument[size] = '\0';
    char *arguments[] = {name, argument, NULL};
    int status = openv2gx(2, arguments);
    free(argument);
    if (status > 1) abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *wanted = getenv("FUZZ_TARGET");
    if (wanted && !strcmp(wanted, "serve")) return serve(data, size);
    if (wanted && !strcmp(wanted, "dialect")) return dialect(data, size);
    fprintf(stderr, "fuzz: FUZZ_TARGET is neither serve nor dialect\n");
    exit(2);
}
