/*
 * http_peer.h
 *		A server that behaves, and one that does not: what it is asked for says
 *		how it answers.
 */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include "loopback_server.h"

/* A LoopbackHandler: "/normal", "/half", "/bomb", ...; anything else is not found. */
extern bool http_peer_behave(int connection, const LoopbackRequest *request);

#endif
