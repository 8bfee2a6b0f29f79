/* Feeds flow-table.c garbage and packets that are nearly right, under the sanitizers: flow-table-fuzz SEED ROUNDS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow-table.h"

static uint64_t state;
static uint32_t next_random(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 16);
}

static const uint8_t own4[4] = {192, 0, 0, 1};
static const uint8_t own6[16] = {0xfd, 0x74, 0x70, 0x75, 0x6e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
static const uint8_t protocols[] = {6, 17, 1, 58, 44, 0};

/* A header that parses mostly, from us, to few places so that flows meet again. */
static size_t shape(uint8_t *packet, size_t length) {
  const int is_v6 = next_random() % 2;
  const size_t header = is_v6 ? 40 : 20 + 4 * (next_random() % 4);
  const uint8_t protocol = protocols[next_random() % sizeof protocols];
  if (length < header + 20) length = header + 20;
  const uint8_t last = (uint8_t)(next_random() % 3 ? 9 : next_random());
  if (is_v6) {
    packet[0] = 0x60;
    packet[4] = (uint8_t)((length - 40) >> 8), packet[5] = (uint8_t)(length - 40);
    packet[6] = protocol;
    memcpy(packet + 8, own6, 16), memcpy(packet + 24, own6, 16), packet[39] = last;
  } else {
    packet[0] = (uint8_t)(0x40 | header / 4);
    packet[2] = (uint8_t)(length >> 8), packet[3] = (uint8_t)length;
    packet[6] = packet[7] = 0;
    packet[9] = protocol;
    memcpy(packet + 12, own4, 4), memcpy(packet + 16, own4, 4), packet[19] = last;
  }
  packet[header] = (uint8_t)(next_random() % 2 ? 7 : 4); /* source port: the listener's, or one of few */
  packet[header + 1] = (uint8_t)(next_random() % 8);
  packet[header + 2] = 4, packet[header + 3] = (uint8_t)(next_random() % 4);
  if (protocol == 6) packet[header + 13] = next_random() % 2 ? 2 : (uint8_t)next_random();
  return length;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  state = strtoull(arguments[1], NULL, 10) | 1;
  long rounds = strtol(arguments[2], NULL, 10);
  struct flow_table *table = flow_table_create((struct listeners){0x0700, 0x0701, 0x0702, 0x0703});
  /* On the heap, so that the sanitizer sees each byte beyond. */
  uint8_t *packet = malloc(PACKET_CAPACITY), *out = malloc(512);
  uint32_t key = 0;
  while (rounds-- > 0) {
    size_t length = next_random() % (next_random() % 64 ? 256 : 65536);
    for (size_t at = 0; at < length && at < 256; at++) packet[at] = (uint8_t)next_random();
    if (next_random() % 8) length = shape(packet, length);
    uint32_t held;
    const enum verdict verdict = translate(table, packet, &length, &held);
    if (verdict == HELD) key = held;
    if (verdict == SEND && (length < 20 || length > PACKET_CAPACITY)) abort();
    const uint32_t chosen = next_random() % 2 ? key : next_random();
    struct endpoint to;
    switch (next_random() % 8) {
      case 0: flow_accept(table, chosen, out); break;
      case 1: flow_refuse(table, chosen, next_random() % 3, out); break;
      case 2: flow_release(table, chosen); break;
      case 3: flow_destination(table, chosen, &to); break;
      default: break;
    }
    const struct flow_counts counts = flow_table_counts(table);
    if (counts.open + counts.lingering > FLOW_LIMIT || counts.held > counts.open) abort();
  }
  const struct flow_counts counts = flow_table_counts(table);
  printf("open %u lingering %u evicted %u\n", counts.open, counts.lingering, counts.evicted);
  free(packet), free(out);
  flow_table_free(table);
  return 0;
}
