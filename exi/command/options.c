#include "options.h"

#include <stdarg.h>
#include <string.h>

#define GO_ON (-1)

static const char *const usage[][2] = {
    {"decode", "--schema NAME|auto [--fragment] [--lenient] [--format hex|base64|raw] [--file] "
               "[FILE...]"},
    {"encode", "--schema NAME [--fragment] [--format hex|base64|raw] [--file] [FILE...]"},
    {"schemas", ""},
    {"serve", "[--framing lines|length]"},
};

static const char help[] =
    "\n"
    "Decode and encode EXI, the binary XML in which electric vehicles and chargers talk.\n"
    "\n"
    "  decode    EXI to JSON\n"
    "  encode    JSON to EXI\n"
    "  schemas   list the schemas and what is in them\n"
    "  serve     answer requests of another program, which are JSON\n"
    "\n"
    "Each line of the FILEs is a message and gives exactly one line of output; without FILE,\n"
    "or where it is -, each line of standard input. What fails gives\n"
    "{\"error\":...,\"bit\":...}. Warnings and counts go to standard error.\n"
    "\n"
    "  --schema NAME   grammar of the messages; auto tells app, din and iso2 apart\n"
    "  --fragment      fragments, as they are signed, instead of documents\n"
    "  --lenient       read also what peers should not send, with warnings\n"
    "  --format FORM   how EXI is written: hex (if nothing is said), base64, raw (implies --file)\n"
    "  --file          each FILE is one message, whose JSON may have several lines\n"
    "  --framing FORM  requests are lines, or have their length before them: four octets,\n"
    "                  the most significant first\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 all went well, 1 something could not be converted, 2 wrong usage, 3 a file\n"
    "could not be read or the output not be written.\n";

static void print_usage(const char *name, FILE *to) {
    const char *lead = "usage:";
    for (size_t i = 0; i < sizeof usage / sizeof *usage; i++) {
        if (name && strcmp(name, usage[i][0])) continue;
        fprintf(to, "%s " PROGRAM " %s%s%s\n", lead, usage[i][0], *usage[i][1] ? " " : "",
                usage[i][1]);
        lead = "      ";
    }
}

void print_help(FILE *to) {
    print_usage(NULL, to);
    fputs(help, to);
}

int wrong_usage(const char *name, const char *format, ...) {
    va_list arguments;
    print_usage(name, stderr);
    fprintf(stderr, PROGRAM "%s%s: ", name ? " " : "", name ? name : "");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    return STATUS_USAGE;
}

/* --- single options --- */
/* Which of the words it is, ended by NULL; -1: none of them. */
static int choice(const char *value, const char *const *words) {
    for (int i = 0; words[i]; i++) {
        if (!strcmp(value, words[i])) return i;
    }
    return -1;
}

static int take_schema(const char *name, const char *value, struct options *options) {
    bool may_be_auto = options->direction == DECODE;
    options->schema = exi_find_schema(value);
    if (options->schema || (may_be_auto && !strcmp(value, "auto"))) return GO_ON;
    char known[256] = "";
    for (unsigned i = 0; i < exi_schema_count; i++) {
        size_t size = strlen(known);
        snprintf(known + size, sizeof known - size, "%s%s", i ? ", " : "", exi_schemas[i]->name);
    }
    return wrong_usage(name, "--schema: invalid choice: '%s' (there are %s%s)", value, known,
                       may_be_auto ? ", auto" : "");
}

static int take_form(const char *name, const char *value, struct options *options) {
    static const char *const words[] = {"hex", "base64", "raw", NULL};
    int form = choice(value, words);
    if (form < 0) {
        return wrong_usage(name, "--format: invalid choice: '%s' (hex, base64 or raw)", value);
    }
    options->form = (enum form)form;
    options->whole_files |= options->form == FORM_RAW;
    return GO_ON;
}

static int take_framing(const char *name, const char *value, struct options *options) {
    static const char *const words[] = {"lines", "length", NULL};
    int framing = choice(value, words);
    if (framing < 0) {
        return wrong_usage(name, "--framing: invalid choice: '%s' (lines or length)", value);
    }
    options->framing = (enum framing)framing;
    return GO_ON;
}

static int take_fragment(const char *name, const char *value, struct options *options) {
    (void)name, (void)value;
    options->fragment = true;
    return GO_ON;
}

static int take_lenient(const char *name, const char *value, struct options *options) {
    (void)name, (void)value;
    options->lenient = true;
    return GO_ON;
}

static int take_file(const char *name, const char *value, struct options *options) {
    (void)name, (void)value;
    options->whole_files = true;
    return GO_ON;
}

static int take_help(const char *name, const char *value, struct options *options) {
    (void)name, (void)value, (void)options;
    print_help(stdout);
    return STATUS_OK;
}

/* --- all of them --- */
struct option {
    const char *name;
    bool has_value;
    const char *commands; /* that know it */
    int (*take)(const char *command, const char *value, struct options *options);
};

static const struct option known_options[] = {
    {"--schema", true, "decode encode", take_schema},
    {"--format", true, "decode encode", take_form},
    {"--framing", true, "serve", take_framing},
    {"--fragment", false, "decode encode", take_fragment},
    {"--lenient", false, "decode", take_lenient},
    {"--file", false, "decode encode", take_file},
    {"--help", false, "decode encode schemas serve", take_help},
    {"-h", false, "decode encode schemas serve", take_help},
};

/* Find an option, which may be --name=value. */
static const struct option *find_option(const char *command, const char *argument) {
    size_t size = strcspn(argument, "=");
    for (size_t i = 0; i < sizeof known_options / sizeof *known_options; i++) {
        const struct option *option = &known_options[i];
        if (strlen(option->name) != size || strncmp(option->name, argument, size)) continue;
        if (strstr(option->commands, command)) return option;
    }
    return NULL;
}

/* Take the option at argv[*i] and, if it has one, its value. */
static int take_option(const char *command, int argc, char **argv, int *i,
                       struct options *options) {
    const struct option *option = find_option(command, argv[*i]);
    const char *value = strchr(argv[*i], '=');
    if (!option) return wrong_usage(command, "unknown option: %s", argv[*i]);
    if (value && !option->has_value) {
        return wrong_usage(command, "%s takes no value", option->name);
    }
    if (value) {
        value++;
    } else if (option->has_value) {
        if (*i + 1 == argc) return wrong_usage(command, "%s: its value is missing", option->name);
        value = argv[++*i];
    }
    return option->take(command, value, options);
}

/* Whether what was said goes together. */
static int check(const char *command, const struct options *options, bool has_schema) {
    bool filter = !strcmp(command, "decode") || !strcmp(command, "encode");
    if (options->file_count && !filter) {
        return wrong_usage(command, "unknown argument: %s", options->files[0]);
    }
    if (filter && !has_schema) return wrong_usage(command, "--schema is missing");
    if (filter && options->fragment && !options->schema) {
        return wrong_usage(command, "--fragment: name the schema, auto tells documents apart");
    }
    return GO_ON;
}

int read_options(const char *name, int argc, char **argv, struct options *options) {
    bool options_end = false;
    bool has_schema = false;
    options->direction = strcmp(name, "encode") ? DECODE : ENCODE;
    options->files = argv; /* the names move to the front */
    for (int i = 0; i < argc; i++) {
        bool option = !options_end && argv[i][0] == '-' && argv[i][1];
        if (option && !strcmp(argv[i], "--")) {
            options_end = true;
        } else if (option) {
            has_schema |= !strncmp(argv[i], "--schema", strlen("--schema"));
            int status = take_option(name, argc, argv, &i, options);
            if (status != GO_ON) return status;
        } else {
            options->files[options->file_count++] = argv[i];
        }
    }
    return check(name, options, has_schema);
}
