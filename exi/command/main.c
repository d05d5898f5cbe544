/* The command pyplc-exi: finds the subcommand. */
#include <signal.h>
#include <string.h>

#include "openv2gx.h"
#include "options.h"

static int print_version(void) {
    static const char version[] = PROGRAM " " EXI_VERSION "\n";
    print(version, sizeof version - 1);
    return STATUS_OK;
}

static int run(const char *name, int argc, char **argv) {
    static const char *const names[] = {"decode", "encode", "schemas", "serve"};
    struct options options = {.direction = DECODE};
    bool known = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) known |= !strcmp(name, names[i]);
    if (!known) return wrong_usage(NULL, "unknown command: %s", name);
    int status = read_options(name, argc, argv, &options);
    if (status >= 0) return status;
    if (!strcmp(name, "schemas")) return run_schemas();
    return strcmp(name, "serve") ? run_filter(&options) : run_serve(options.framing);
}

int main(int argc, char **argv) {
#ifdef SIGPIPE
    signal(SIGPIPE, SIG_IGN); /* that nobody reads on is an error of writing like others */
#endif
    if (openv2gx_asked(argc, argv)) return openv2gx(argc, argv);
    if (argc < 2) return wrong_usage(NULL, "decode, encode, schemas or serve?");
    if (!strcmp(argv[1], "--version")) return print_version();
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        print_help(stdout);
        return STATUS_OK;
    }
    return run(argv[1], argc - 2, argv + 2);
}
