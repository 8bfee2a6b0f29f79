#include "flow-table.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536u
#define NONE UINT32_MAX

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { PROGRAM_ENDED = 1, SOCKET_ENDED = 2, BOTH_ENDED = 3 };

/* 192.0.0.1, of a block that is never routed (RFC 6890), and a unique local address (RFC 4193). */
static const uint8_t own4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 0, 1};
static const uint8_t own6[16] = {0xfd, 0x74, 0x70, 0x75, 0x6e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

enum state { FREE, HOLDING, OPEN, LINGERING };

struct flow {
  enum state state;
  uint8_t protocol, is_v6, ended, peer_byte;
  uint16_t program_port;
  struct endpoint destination;
  /* In its bucket; in the list of free or of evictable slots. */
  uint32_t next_in_bucket, next, previous;
  uint8_t *held;
  size_t held_length;
};

/* A doubly linked list of slots, oldest first. */
struct list {
  uint32_t first, last;
};

struct flow_table {
  struct listeners listeners;
  struct flow flows[FLOW_LIMIT];
  uint32_t buckets[BUCKETS];
  struct list free_slots, evictable;
  struct flow_counts counts;
};

/* The parts of a packet that matter; pointers into it. */
struct packet {
  uint8_t *ip, *payload;
  size_t ip_length, payload_length;
  int is_v6;
  uint8_t protocol;
  uint8_t *source, *destination; /* 4 or 16 bytes */
  size_t address_length;
};

/* --- bytes -------------------------------------------------------------------------------------------------------- */

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static void put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}
static void put32(uint8_t *at, uint32_t value) {
  put16(at, (uint16_t)(value >> 16));
  put16(at + 2, (uint16_t)value);
}
static uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }

static uint32_t sum_of(const uint8_t *bytes, size_t length, uint32_t sum) {
  size_t at = 0;
  for (; at + 1 < length; at += 2) sum += get16(bytes + at);
  if (at < length) sum += (uint32_t)bytes[at] << 8;
  return sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'), for each 16-bit word of an even number of bytes. */
static uint16_t adjust(uint16_t checksum, const uint8_t *before, const uint8_t *after, size_t length) {
  uint32_t sum = (uint16_t)~checksum;
  for (size_t at = 0; at < length; at += 2) sum += (uint16_t)~get16(before + at) + (uint32_t)get16(after + at);
  return (uint16_t)~fold(sum);
}

/* --- lists and buckets -------------------------------------------------------------------------------------------- */

static void append(struct flow_table *table, struct list *list, uint32_t slot) {
  struct flow *flow = &table->flows[slot];
  flow->next = NONE;
  flow->previous = list->last;
  if (list->last == NONE) list->first = slot;
  else table->flows[list->last].next = slot;
  list->last = slot;
}

static void take_out(struct flow_table *table, struct list *list, uint32_t slot) {
  struct flow *flow = &table->flows[slot];
  if (flow->previous == NONE) list->first = flow->next;
  else table->flows[flow->previous].next = flow->next;
  if (flow->next == NONE) list->last = flow->previous;
  else table->flows[flow->next].previous = flow->previous;
}

static uint32_t bucket_of(uint8_t protocol, uint16_t program_port, const struct endpoint *to) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t at = 0; at < 16; at++) hash = (hash ^ to->address[at]) * 16777619u;
  hash = (hash ^ to->port) * 16777619u;
  hash = (hash ^ program_port) * 16777619u;
  hash = (hash ^ protocol) * 16777619u;
  return (hash ^ hash >> 16) % BUCKETS;
}

static uint32_t find(const struct flow_table *table, uint8_t protocol, uint16_t port, const struct endpoint *to) {
  uint32_t slot = table->buckets[bucket_of(protocol, port, to)];
  while (slot != NONE) {
    const struct flow *flow = &table->flows[slot];
    if (flow->protocol == protocol && flow->program_port == port && flow->destination.port == to->port &&
        memcmp(flow->destination.address, to->address, 16) == 0)
      return slot;
    slot = flow->next_in_bucket;
  }
  return NONE;
}

static void unlink_from_bucket(struct flow_table *table, uint32_t slot) {
  struct flow *flow = &table->flows[slot];
  uint32_t *at = &table->buckets[bucket_of(flow->protocol, flow->program_port, &flow->destination)];
  while (*at != slot) at = &table->flows[*at].next_in_bucket;
  *at = flow->next_in_bucket;
}

/* --- the life of a flow ------------------------------------------------------------------------------------------- */

static int is_evictable(const struct flow *flow) {
  return flow->state == LINGERING || (flow->state == OPEN && flow->protocol == UDP);
}

static void drop_held(struct flow_table *table, struct flow *flow) {
  if (flow->held == NULL) return;
  free(flow->held);
  flow->held = NULL;
  table->counts.held--;
}

static void end_flow(struct flow_table *table, uint32_t slot) {
  struct flow *flow = &table->flows[slot];
  if (is_evictable(flow)) take_out(table, &table->evictable, slot);
  if (flow->state == LINGERING) table->counts.lingering--;
  else table->counts.open--;
  drop_held(table, flow);
  unlink_from_bucket(table, slot);
  flow->state = FREE;
  append(table, &table->free_slots, slot);
}

static void linger(struct flow_table *table, uint32_t slot) {
  struct flow *flow = &table->flows[slot];
  if (flow->state != OPEN || flow->protocol != TCP) return;
  flow->state = LINGERING;
  table->counts.open--;
  table->counts.lingering++;
  append(table, &table->evictable, slot);
}

/* The slot of a new flow; NONE: all are in use and none may go. */
static uint32_t start_flow(struct flow_table *table, uint8_t protocol, int is_v6, uint16_t port,
                           const struct endpoint *to) {
  if (table->free_slots.first == NONE && table->evictable.first != NONE) {
    end_flow(table, table->evictable.first);
    table->counts.evicted++;
  }
  uint32_t slot = table->free_slots.first;
  if (slot == NONE) return NONE;
  take_out(table, &table->free_slots, slot);
  struct flow *flow = &table->flows[slot];
  flow->state = OPEN;
  flow->protocol = protocol;
  flow->is_v6 = (uint8_t)is_v6;
  flow->ended = 0;
  flow->peer_byte = (uint8_t)(flow->peer_byte == 255 || flow->peer_byte == 0 ? FIRST_PEER_BYTE : flow->peer_byte + 1u);
  flow->program_port = port;
  flow->destination = *to;
  uint32_t *bucket = &table->buckets[bucket_of(protocol, port, to)];
  flow->next_in_bucket = *bucket;
  *bucket = slot;
  table->counts.open++;
  if (protocol == UDP) append(table, &table->evictable, slot);
  return slot;
}

static uint32_t key_of(const struct flow_table *table, uint32_t slot) {
  return (uint32_t)table->flows[slot].peer_byte << 16 | (slot + FIRST_PEER_PORT);
}

static uint32_t slot_of(const struct flow_table *table, uint32_t key) {
  uint32_t slot = (key & 0xffff) - FIRST_PEER_PORT;
  if ((key & 0xffff) < FIRST_PEER_PORT || slot >= FLOW_LIMIT) return NONE;
  const struct flow *flow = &table->flows[slot];
  return flow->state != FREE && flow->peer_byte == key >> 16 ? slot : NONE;
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

/* 0: no packet that is dealt with. Fragments and extension headers are not: the device's MTU makes none. */
static int parse(uint8_t *bytes, size_t length, struct packet *packet) {
  if (length < 20) return 0;
  memset(packet, 0, sizeof *packet);
  packet->ip = bytes;
  size_t total;
  if (bytes[0] >> 4 == 4) {
    packet->ip_length = (size_t)(bytes[0] & 15) * 4;
    total = get16(bytes + 2);
    if (packet->ip_length < 20 || (get16(bytes + 6) & 0x3fff) != 0) return 0;
    packet->protocol = bytes[9];
    packet->source = bytes + 12;
    packet->destination = bytes + 16;
    packet->address_length = 4;
  } else if (bytes[0] >> 4 == 6) {
    if (length < 40) return 0;
    packet->is_v6 = 1;
    packet->ip_length = 40;
    total = 40u + get16(bytes + 4);
    packet->protocol = bytes[6];
    packet->source = bytes + 8;
    packet->destination = bytes + 24;
    packet->address_length = 16;
  } else return 0;
  if (total > length || total < packet->ip_length) return 0;
  packet->payload = bytes + packet->ip_length;
  packet->payload_length = total - packet->ip_length;
  switch (packet->protocol) {
    case TCP: return packet->payload_length >= 20;
    case UDP: return packet->payload_length >= 8;
    case ICMP: return !packet->is_v6 && packet->payload_length >= 8;
    case ICMP6: return packet->is_v6 && packet->payload_length >= 8;
    default: return 0;
  }
}

static size_t total_of(const struct packet *packet) { return packet->ip_length + packet->payload_length; }

static void endpoint_of(const struct packet *packet, const uint8_t *address, uint16_t port, struct endpoint *to) {
  memset(to, 0, sizeof *to);
  if (packet->is_v6) memcpy(to->address, address, 16);
  else {
    to->address[10] = to->address[11] = 255;
    memcpy(to->address + 12, address, 4);
  }
  to->port = port;
}

static const uint8_t *own_address(int is_v6) { return is_v6 ? own6 : own4 + 12; }

/* OWN's neighbour with this last byte; `out` has 16 bytes, the first 4 are it with IPv4. */
static void peer_address(int is_v6, uint8_t last, uint8_t *out) {
  size_t length = is_v6 ? 16 : 4;
  memcpy(out, own_address(is_v6), length);
  out[length - 1] = last;
}

/* The last byte of a peer's address; 0: it is none. */
static uint8_t peer_byte_of(int is_v6, const uint8_t *address) {
  size_t length = is_v6 ? 16 : 4;
  uint8_t last = address[length - 1];
  return memcmp(address, own_address(is_v6), length - 1) == 0 && last >= FIRST_PEER_BYTE ? last : 0;
}

static int is_multicast(const struct packet *packet) {
  return packet->is_v6 ? packet->destination[0] == 0xff : packet->destination[0] >= 224;
}

/* Puts other addresses and ports in, and keeps the checksums as right or wrong as they were. */
static void readdress(struct packet *packet, const uint8_t *source, uint16_t source_port, const uint8_t *destination,
                      uint16_t destination_port) {
  size_t size = packet->address_length;
  uint8_t before[36], after[36];
  memcpy(before, packet->source, size * 2); /* source and destination stand side by side */
  memcpy(before + size * 2, packet->payload, 4);
  memcpy(after, source, size);
  memcpy(after + size, destination, size);
  put16(after + size * 2, source_port);
  put16(after + size * 2 + 2, destination_port);

  memcpy(packet->source, after, size * 2);
  memcpy(packet->payload, after + size * 2, 4);
  if (!packet->is_v6) put16(packet->ip + 10, adjust(get16(packet->ip + 10), before, after, size * 2));
  uint8_t *checksum = packet->payload + (packet->protocol == TCP ? 16 : 6);
  if (packet->protocol == UDP && get16(checksum) == 0) return; /* RFC 768: none was made */
  uint16_t adjusted = adjust(get16(checksum), before, after, size * 2 + 4);
  put16(checksum, packet->protocol == UDP && adjusted == 0 ? 0xffff : adjusted);
}

static uint16_t listener_of(const struct flow_table *table, uint8_t protocol, int is_v6) {
  const struct listeners *at = &table->listeners;
  if (protocol == TCP) return is_v6 ? at->tcp6 : at->tcp4;
  return is_v6 ? at->udp6 : at->udp4;
}

static void note_ends(struct flow_table *table, uint32_t slot, const struct packet *packet, uint8_t side) {
  struct flow *flow = &table->flows[slot];
  if (flow->protocol == UDP) {
    take_out(table, &table->evictable, slot);
    append(table, &table->evictable, slot);
    return;
  }
  uint8_t flags = packet->payload[13];
  if (flags & FIN) flow->ended |= side;
  if (flags & RST || flow->ended == BOTH_ENDED) linger(table, slot);
}

/* --- packets that we make ----------------------------------------------------------------------------------------- */

/* Writes the IP header of an answer to `cause`, whose addresses it turns around. `out` must not overlap. */
static void put_ip(uint8_t *out, const struct packet *cause, uint8_t protocol, size_t payload_length) {
  memset(out, 0, cause->is_v6 ? 40 : 20);
  if (cause->is_v6) {
    out[0] = 0x60;
    put16(out + 4, (uint16_t)payload_length);
    out[6] = protocol;
    out[7] = 64;
    memcpy(out + 8, cause->destination, 16);
    memcpy(out + 24, cause->source, 16);
    return;
  }
  out[0] = 0x45;
  put16(out + 2, (uint16_t)(20 + payload_length));
  out[8] = 64;
  out[9] = protocol;
  memcpy(out + 12, cause->destination, 4);
  memcpy(out + 16, cause->source, 4);
  put16(out + 10, (uint16_t)~fold(sum_of(out, 20, 0)));
}

static uint16_t checksum_of(const uint8_t *packet, int is_v6, uint8_t protocol, size_t length) {
  const size_t header = is_v6 ? 40 : 20;
  uint32_t sum = 0;
  if (protocol != ICMP)
    sum = sum_of(packet + (is_v6 ? 8 : 12), is_v6 ? 32 : 8, (uint32_t)protocol + (uint32_t)length);
  return (uint16_t)~fold(sum_of(packet + header, length, sum));
}

static size_t put_reset(const struct packet *syn, uint8_t *out) {
  const size_t header = syn->is_v6 ? 40 : 20;
  put_ip(out, syn, TCP, 20);
  uint8_t *tcp = out + header;
  memset(tcp, 0, 20);
  memcpy(tcp, syn->payload + 2, 2);
  memcpy(tcp + 2, syn->payload, 2);
  put32(tcp + 8, get32(syn->payload + 4) + 1);
  tcp[12] = 5 << 4;
  tcp[13] = RST | ACK;
  put16(tcp + 16, checksum_of(out, syn->is_v6, TCP, 20));
  return header + 20;
}

/* "Destination unreachable" with the start of its cause. */
static size_t put_unreachable(const struct packet *cause, uint8_t code, uint8_t *out) {
  const size_t header = cause->is_v6 ? 40 : 20;
  const uint8_t protocol = cause->is_v6 ? ICMP6 : ICMP;
  size_t quoted = total_of(cause);
  const size_t most = cause->ip_length + (cause->is_v6 ? 64 : 8);
  if (quoted > most) quoted = most;
  put_ip(out, cause, protocol, 8 + quoted);
  uint8_t *icmp = out + header;
  memset(icmp, 0, 8);
  icmp[0] = cause->is_v6 ? 1 : 3;
  icmp[1] = code;
  memcpy(icmp + 8, cause->ip, quoted);
  put16(icmp + 2, checksum_of(out, cause->is_v6, protocol, 8 + quoted));
  return header + 8 + quoted;
}

/* --- what the device brings --------------------------------------------------------------------------------------- */

static enum verdict refuse_echo(const struct packet *packet, uint8_t *bytes, size_t *length) {
  if (packet->payload[0] != (packet->is_v6 ? 128 : 8)) return DROP;
  uint8_t answer[40 + 8 + 60 + 64];
  /* Administratively prohibited: RFC 1812, 5.2.7.1, and RFC 4443, 3.1. */
  *length = put_unreachable(packet, packet->is_v6 ? 1 : 13, answer);
  memcpy(bytes, answer, *length);
  return SEND;
}

/* From a socket of ours to the program. */
static enum verdict translate_answer(struct flow_table *table, struct packet *packet, uint8_t peer_byte) {
  uint16_t listener = listener_of(table, packet->protocol, packet->is_v6);
  if (listener == 0 || get16(packet->payload) != listener) return DROP;
  uint32_t slot = slot_of(table, (uint32_t)peer_byte << 16 | get16(packet->payload + 2));
  if (slot == NONE) return DROP;
  struct flow *flow = &table->flows[slot];
  if (flow->protocol != packet->protocol || flow->is_v6 != packet->is_v6 || flow->state == HOLDING) return DROP;
  note_ends(table, slot, packet, SOCKET_ENDED);
  const uint8_t *from = flow->destination.address + (packet->is_v6 ? 0 : 12);
  readdress(packet, from, flow->destination.port, own_address(packet->is_v6), flow->program_port);
  return SEND;
}

static enum verdict hold(struct flow_table *table, const struct packet *packet, uint32_t slot, uint32_t *key) {
  struct flow *flow = &table->flows[slot];
  flow->held_length = total_of(packet);
  flow->held = flow->held_length > HELD_LIMIT ? NULL : malloc(flow->held_length);
  if (flow->held == NULL) {
    end_flow(table, slot);
    return DROP;
  }
  memcpy(flow->held, packet->ip, flow->held_length);
  table->counts.held++;
  flow->state = HOLDING;
  *key = key_of(table, slot);
  return HELD;
}

/* To the listener, under the flow's name. */
static void name_flow(struct flow_table *table, struct packet *packet, uint32_t slot) {
  uint8_t peer[16];
  peer_address(packet->is_v6, table->flows[slot].peer_byte, peer);
  readdress(packet, peer, (uint16_t)(slot + FIRST_PEER_PORT), own_address(packet->is_v6),
            listener_of(table, packet->protocol, packet->is_v6));
}

/* From the program. */
static enum verdict translate_request(struct flow_table *table, struct packet *packet, uint32_t *key) {
  if (listener_of(table, packet->protocol, packet->is_v6) == 0) return DROP;
  struct endpoint to;
  endpoint_of(packet, packet->destination, get16(packet->payload + 2), &to);
  const uint16_t port = get16(packet->payload);
  uint32_t slot = find(table, packet->protocol, port, &to);
  if (packet->protocol == TCP) {
    const uint8_t flags = packet->payload[13] & (SYN | ACK | RST | FIN);
    if (slot != NONE && table->flows[slot].state == HOLDING) {
      /* The same SYN again waits too; a program that gives up ends it. */
      if (flags & RST) end_flow(table, slot);
      return DROP;
    }
    if (slot != NONE && flags == SYN && table->flows[slot].state == LINGERING) {
      end_flow(table, slot);
      slot = NONE;
    }
    if (slot == NONE) {
      if (flags != SYN) return DROP;
      slot = start_flow(table, TCP, packet->is_v6, port, &to);
      return slot == NONE ? DROP : hold(table, packet, slot, key);
    }
  } else if (slot == NONE) {
    slot = start_flow(table, UDP, packet->is_v6, port, &to);
    if (slot == NONE) return DROP;
  }
  note_ends(table, slot, packet, PROGRAM_ENDED);
  name_flow(table, packet, slot);
  return SEND;
}

enum verdict translate(struct flow_table *table, uint8_t *bytes, size_t *length, uint32_t *key) {
  struct packet packet;
  enum verdict verdict = DROP;
  if (parse(bytes, *length, &packet) && !is_multicast(&packet) &&
      memcmp(packet.source, own_address(packet.is_v6), packet.address_length) == 0) {
    const uint8_t peer_byte = peer_byte_of(packet.is_v6, packet.destination);
    *length = total_of(&packet);
    if (packet.protocol == ICMP || packet.protocol == ICMP6) verdict = refuse_echo(&packet, bytes, length);
    else if (peer_byte != 0) verdict = translate_answer(table, &packet, peer_byte);
    else verdict = translate_request(table, &packet, key);
  }
  if (verdict == DROP) table->counts.dropped_packets++;
  return verdict;
}

/* --- what the owner decides --------------------------------------------------------------------------------------- */

struct flow_table *flow_table_create(struct listeners listeners) {
  struct flow_table *table = calloc(1, sizeof *table);
  if (table == NULL) return NULL;
  table->listeners = listeners;
  table->free_slots = table->evictable = (struct list){NONE, NONE};
  for (uint32_t bucket = 0; bucket < BUCKETS; bucket++) table->buckets[bucket] = NONE;
  for (uint32_t slot = 0; slot < FLOW_LIMIT; slot++) append(table, &table->free_slots, slot);
  return table;
}

void flow_table_free(struct flow_table *table) {
  for (uint32_t slot = 0; slot < FLOW_LIMIT; slot++) free(table->flows[slot].held);
  free(table);
}

size_t flow_accept(struct flow_table *table, uint32_t key, uint8_t *out) {
  uint32_t slot = slot_of(table, key);
  if (slot == NONE || table->flows[slot].state != HOLDING) return 0;
  struct flow *flow = &table->flows[slot];
  struct packet packet;
  const size_t length = flow->held_length;
  memcpy(out, flow->held, length);
  drop_held(table, flow);
  flow->state = OPEN;
  if (!parse(out, length, &packet)) return 0;
  name_flow(table, &packet, slot);
  return length;
}

size_t flow_refuse(struct flow_table *table, uint32_t key, enum refusal refusal, uint8_t *out) {
  uint32_t slot = slot_of(table, key);
  if (slot == NONE || table->flows[slot].state != HOLDING) return 0;
  struct packet packet;
  size_t length = 0;
  if (parse(table->flows[slot].held, table->flows[slot].held_length, &packet)) {
    if (refusal == REFUSED) length = put_reset(&packet, out);
    /* Host unreachable, address unreachable. */
    if (refusal == UNREACHABLE) length = put_unreachable(&packet, packet.is_v6 ? 3 : 1, out);
  }
  end_flow(table, slot);
  return length;
}

void flow_release(struct flow_table *table, uint32_t key) {
  uint32_t slot = slot_of(table, key);
  if (slot == NONE) return;
  if (table->flows[slot].protocol == UDP || table->flows[slot].state == HOLDING) end_flow(table, slot);
  else linger(table, slot);
}

int flow_destination(const struct flow_table *table, uint32_t key, struct endpoint *destination) {
  uint32_t slot = slot_of(table, key);
  if (slot == NONE) return 0;
  *destination = table->flows[slot].destination;
  return 1;
}

struct flow_counts flow_table_counts(const struct flow_table *table) { return table->counts; }
