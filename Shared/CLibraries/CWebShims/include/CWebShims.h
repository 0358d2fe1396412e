/* libmicrohttpd's variadic functions as plain ones, because Swift does not import variadic C functions. */
#ifndef TIEMCHUNG_CWEBSHIMS_H
#define TIEMCHUNG_CWEBSHIMS_H

#include <microhttpd.h>
#include <stddef.h>

struct web_daemon_options {
    int listen_socket;                /* bound, listening, non-blocking; the daemon takes it over */
    unsigned int threads;             /* worker threads, each with its own share of the connections */
    unsigned int connection_limit;    /* open connections in all */
    unsigned int per_address_limit;   /* open connections of one client address */
    unsigned int inactivity_seconds;  /* a connection without traffic for so long is closed */
    size_t connection_memory;         /* bytes for request line, headers and buffers of one connection */
    const char *certificate_pem;      /* NULL: plain HTTP */
    const char *key_pem;
};

/* Starts a daemon that leaves paths and query values percent-encoded. NULL when it cannot start. */
struct MHD_Daemon *web_start_daemon(const struct web_daemon_options *options, MHD_AccessHandlerCallback handler,
                                    MHD_RequestCompletedCallback completed, MHD_NotifyConnectionCallback connected,
                                    void *context);

/* The connection's socket, or -1. */
int web_connection_socket(struct MHD_Connection *connection);

/* What the connection callback stored for this connection, or NULL. */
void *web_connection_context(struct MHD_Connection *connection);

/* The port a listening daemon has taken. */
unsigned int web_daemon_port(struct MHD_Daemon *daemon);

#endif
