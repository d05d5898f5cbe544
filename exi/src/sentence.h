/* Sentences: text put together in a buffer that may be too short. */
#ifndef EXI_SENTENCE_H
#define EXI_SENTENCE_H

#include "exi.h"

struct text {
    char *start;
    size_t size; /* with the closing zero */
    size_t used;
    bool cut;
};

void text_begin(struct text *text, char *to, size_t size);
__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);

/* Show that something is missing at the end. */
void text_end(struct text *text);

/* Add a path; it begins with the message's name: what is around that says nothing. */
void text_path(struct text *text, const struct exi_schema *schema, const struct exi_step *path,
               unsigned depth);

/* Add what was quoted, in ASCII; the digits of a number need no quotes. */
void text_quoted(struct text *text, const struct exi_quote *quote);
void text_plain(struct text *text, const struct exi_quote *quote);

/* --- lists of names --- */
#define MOST_NAMES 12 /* of what would have been right; of more ... */
#define FEW_NAMES 8   /* ... so many are named, and the rest counted */

struct names {
    unsigned count; /* in all */
    struct {
        const char *before;
        const char *name;
    } first[MOST_NAMES];
};

void names_take(struct names *names, const char *before, const char *name);
void text_names(struct text *text, const struct names *names);

#endif
