/*
 * The address rewrite of the TUN device, as plain functions over packets. No I/O, no clock, no locks: the caller has them.
 *
 * A program's packet  OWN:p -> D:q  comes back to the kernel as  PEER:v -> OWN:listener, so that an ordinary socket of
 * ours accepts it, and the answer  OWN:listener -> PEER:v  as  D:q -> OWN:p. The kernel does all of TCP, twice.
 *
 *      program   OWN:p ----> D:q            D:q ----> OWN:p
 *                      |  (device, this file)   ^
 *                      v                        |
 *      our socket  PEER:v -> OWN:listener   OWN:listener -> PEER:v
 *
 * PEER:v names the flow: v is its slot, the last byte of PEER tells one use of the slot from the next, so that a socket
 * in TIME-WAIT never meets its successor. RFC 9293 (TCP), 768 (UDP), 791 and 8200 (IP), 792 and 4443 (ICMP), 1624.
 */
#ifndef TP_FLOW_TABLE_H
#define TP_FLOW_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Flows at once. One more takes the place of the least recently used that may go: a closed TCP flow or a UDP flow. */
#define FLOW_LIMIT 32768u
/* v of slot 0. */
#define FIRST_PEER_PORT 1024u
/* Last bytes of PEER; smaller ones are OWN and what else listens on the device. */
#define FIRST_PEER_BYTE 16u
/* Longest SYN that is held: the largest headers of IPv4 and TCP, or of IPv6 and TCP. Longer ones are dropped. */
#define HELD_LIMIT 128u
/* Room that translate() needs, so that an ICMP error fits in place of its cause. */
#define PACKET_CAPACITY (65535u + 128u)

/* Where our sockets listen; host byte order. 0: none, packets for it are dropped. */
struct listeners {
  uint16_t tcp4, tcp6, udp4, udp6;
};

/* IPv4 addresses stand in their mapped form (RFC 4291, 2.5.5.2). */
struct endpoint {
  uint8_t address[16];
  uint16_t port;
};

enum verdict {
  DROP,
  /* Write the packet, changed in place, to the device. */
  SEND,
  /* A new TCP flow: tell the owner, who answers with flow_accept() or flow_refuse(). */
  HELD,
};

enum refusal {
  /* RST: nobody listens there. */
  REFUSED,
  /* ICMP: no way there, or forbidden. */
  UNREACHABLE,
  /* No answer at all. */
  SILENT,
};

struct flow_counts {
  /* Neither closed nor free, held ones included. */
  uint32_t open;
  uint32_t held;
  /* Closed TCP flows, kept for late packets until their slot is needed. */
  uint32_t lingering;
  uint32_t evicted;
  uint64_t dropped_packets;
};

struct flow_table;

/* Owned by the caller, who ends it with flow_table_free(). NULL: no memory. */
struct flow_table *flow_table_create(struct listeners listeners);
void flow_table_free(struct flow_table *table);

/*
 * Takes one packet that the kernel gave to the device. `packet` has PACKET_CAPACITY bytes, `*length` of them used; both
 * are changed. `*key` is the flow's with HELD. Any bytes are safe; what is no packet of ours is dropped: fragments,
 * extension headers, multicast, other senders than OWN. An ICMP echo request is answered with "administratively prohibited".
 */
enum verdict translate(struct flow_table *table, uint8_t *packet, size_t *length, uint32_t *key);

/* Lets the held SYN through: writes the packet for the device to `out` (PACKET_CAPACITY) and returns its length; 0: no such flow. */
size_t flow_accept(struct flow_table *table, uint32_t key, uint8_t *out);
/* Ends a held flow. Returns the length of the answer in `out`; 0: none. */
size_t flow_refuse(struct flow_table *table, uint32_t key, enum refusal refusal, uint8_t *out);
/* Its socket is closed: UDP flows go, TCP flows linger. */
void flow_release(struct flow_table *table, uint32_t key);
/* Where the program wanted to go; 0: no such flow. */
int flow_destination(const struct flow_table *table, uint32_t key, struct endpoint *destination);
struct flow_counts flow_table_counts(const struct flow_table *table);

#endif
