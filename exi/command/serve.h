/* Requests of another program. */
#ifndef SERVE_H
#define SERVE_H

#include "command.h"

struct server {
    struct buffer in;     /* the request */
    struct buffer stream; /* its EXI */
    struct buffer answer;
    struct outcome outcome;
};

/* Answer the request in server->in, whatever it is. */
void answer_request(struct server *server);

/* Answer that it cannot be read at all. */
void answer_error(struct server *server, const char *why);

#endif
