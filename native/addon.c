/*
 * What Node cannot do: the device's thread around flow-table.c, and descriptors over unix sockets (unix(7), SCM_RIGHTS).
 * Node-API only. One thread for each device: it reads, translates and writes; JavaScript hears of new TCP flows only.
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "flow-table.h"

#define MESSAGE_LIMIT 65536
#define DESCRIPTOR_LIMIT 8
/* Flows that JavaScript has not heard of yet; the SYN of one more is dropped, and TCP sends it again. */
#define EVENT_LIMIT 4096

struct device {
  pthread_mutex_t lock; /* of the table */
  struct flow_table *table;
  pthread_t thread;
  int is_running, fd, wake;
  napi_threadsafe_function on_held;
};

static napi_value fail(napi_env env, const char *what, int error) {
  napi_value code, message, object;
  napi_create_string_utf8(env, what, NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env, strerror(error), NAPI_AUTO_LENGTH, &message);
  napi_create_error(env, code, message, &object);
  napi_throw(env, object);
  return NULL;
}

static uint32_t number_of(napi_env env, napi_value value) {
  uint32_t number = 0;
  napi_get_value_uint32(env, value, &number);
  return number;
}

static uint16_t port_of(napi_env env, napi_value object, const char *name) {
  napi_value value;
  if (napi_get_named_property(env, object, name, &value) != napi_ok) return 0;
  return (uint16_t)number_of(env, value);
}

static void set_number(napi_env env, napi_value object, const char *name, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, name, value);
}

/* The receiver's device and the arguments; NULL after a throw. */
static struct device *arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  napi_value receiver;
  struct device *device = NULL;
  const size_t wanted = count;
  napi_get_cb_info(env, info, &count, values, &receiver, NULL);
  if (count < wanted || napi_unwrap(env, receiver, (void **)&device) != napi_ok) {
    napi_throw_type_error(env, NULL, "wrong arguments");
    return NULL;
  }
  return device;
}

/* --- the device's thread ------------------------------------------------------------------------------------------ */

static void *run(void *argument) {
  struct device *device = argument;
  uint8_t *packet = malloc(PACKET_CAPACITY);
  struct pollfd watched[2] = {{device->fd, POLLIN, 0}, {device->wake, POLLIN, 0}};
  while (packet != NULL) {
    if (poll(watched, 2, -1) < 0 && errno != EINTR) break;
    if (watched[1].revents != 0 || watched[0].revents & (POLLERR | POLLNVAL)) break;
    ssize_t got;
    while ((got = read(device->fd, packet, PACKET_CAPACITY)) > 0) {
      size_t length = (size_t)got;
      uint32_t key = 0;
      pthread_mutex_lock(&device->lock);
      enum verdict verdict = translate(device->table, packet, &length, &key);
      if (verdict == HELD &&
          napi_call_threadsafe_function(device->on_held, (void *)(uintptr_t)key, napi_tsfn_nonblocking) != napi_ok)
        flow_refuse(device->table, key, SILENT, packet);
      pthread_mutex_unlock(&device->lock);
      /* A full queue of the device loses the packet, as any network does. */
      if (verdict == SEND && write(device->fd, packet, length) < 0 && errno == EBADF) break;
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) break;
  }
  free(packet);
  return NULL;
}

static void call_held(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  if (env == NULL) return;
  napi_value undefined, key;
  napi_get_undefined(env, &undefined);
  napi_create_uint32(env, (uint32_t)(uintptr_t)data, &key);
  napi_call_function(env, undefined, callback, 1, &key, NULL);
}

static void stop(struct device *device) {
  if (!device->is_running) return;
  device->is_running = 0;
  const uint64_t one = 1;
  if (write(device->wake, &one, sizeof one) == sizeof one) pthread_join(device->thread, NULL);
  napi_release_threadsafe_function(device->on_held, napi_tsfn_abort);
  close(device->wake);
  close(device->fd);
  device->fd = -1;
}

static void destroy(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  struct device *device = data;
  stop(device);
  flow_table_free(device->table);
  pthread_mutex_destroy(&device->lock);
  free(device);
}

/* new FlowTable({ tcp4, tcp6, udp4, udp6 }) */
static napi_value construct(napi_env env, napi_callback_info info) {
  napi_value receiver, ports;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &ports, &receiver, NULL);
  struct device *device = calloc(1, sizeof *device);
  struct listeners listeners = {port_of(env, ports, "tcp4"), port_of(env, ports, "tcp6"), port_of(env, ports, "udp4"),
                                port_of(env, ports, "udp6")};
  if (device != NULL) device->table = flow_table_create(listeners);
  if (device == NULL || device->table == NULL) {
    free(device);
    return fail(env, "FlowTable", ENOMEM);
  }
  device->fd = -1;
  pthread_mutex_init(&device->lock, NULL);
  napi_wrap(env, receiver, device, destroy, NULL, NULL);
  return receiver;
}

/* attach(descriptor, onHeld): the device's descriptor is owned from now on. */
static napi_value attach(napi_env env, napi_callback_info info) {
  napi_value values[2], name;
  struct device *device = arguments(env, info, 2, values);
  if (device == NULL) return NULL;
  if (device->is_running) return fail(env, "attach", EBUSY);
  device->fd = (int)number_of(env, values[0]);
  if (fcntl(device->fd, F_SETFL, fcntl(device->fd, F_GETFL) | O_NONBLOCK) != 0) return fail(env, "fcntl", errno);
  device->wake = eventfd(0, EFD_CLOEXEC);
  if (device->wake < 0) return fail(env, "eventfd", errno);
  napi_create_string_utf8(env, "tp device", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, values[1], NULL, name, EVENT_LIMIT, 1, NULL, NULL, NULL, call_held,
                                      &device->on_held) != napi_ok)
    return fail(env, "threadsafe function", EINVAL);
  const int error = pthread_create(&device->thread, NULL, run, device);
  if (error != 0) return fail(env, "thread", error);
  device->is_running = 1;
  return NULL;
}

static napi_value close_device(napi_env env, napi_callback_info info) {
  struct device *device = arguments(env, info, 0, NULL);
  if (device != NULL) stop(device);
  return NULL;
}

/* translate(packet): { verdict, packet, key }; for tests. */
static napi_value translate_once(napi_env env, napi_callback_info info) {
  napi_value value, result, copy;
  struct device *device = arguments(env, info, 1, &value);
  void *bytes = NULL;
  size_t length = 0;
  if (device == NULL) return NULL;
  if (napi_get_buffer_info(env, value, &bytes, &length) != napi_ok || length > 65535)
    return fail(env, "translate", EINVAL);
  uint8_t *packet = malloc(PACKET_CAPACITY);
  if (packet == NULL) return fail(env, "translate", ENOMEM);
  memcpy(packet, bytes, length);
  uint32_t key = 0;
  pthread_mutex_lock(&device->lock);
  const enum verdict verdict = translate(device->table, packet, &length, &key);
  pthread_mutex_unlock(&device->lock);
  napi_create_object(env, &result);
  napi_create_buffer_copy(env, verdict == SEND ? length : 0, packet, NULL, &copy);
  napi_set_named_property(env, result, "packet", copy);
  set_number(env, result, "verdict", verdict);
  set_number(env, result, "key", key);
  free(packet);
  return result;
}

/* decide(key, decision): accepts (-1) or refuses; returns what went to the device. */
static napi_value decide(napi_env env, napi_callback_info info) {
  napi_value values[2], result;
  struct device *device = arguments(env, info, 2, values);
  if (device == NULL) return NULL;
  int32_t decision = -1;
  napi_get_value_int32(env, values[1], &decision);
  uint8_t packet[512];
  const uint32_t key = number_of(env, values[0]);
  pthread_mutex_lock(&device->lock);
  const size_t length = decision < 0 ? flow_accept(device->table, key, packet)
                                     : flow_refuse(device->table, key, (enum refusal)decision, packet);
  pthread_mutex_unlock(&device->lock);
  if (length > 0 && device->is_running && write(device->fd, packet, length) < 0 && errno != EAGAIN)
    return fail(env, "write", errno);
  napi_create_buffer_copy(env, length, packet, NULL, &result);
  return result;
}

static napi_value release(napi_env env, napi_callback_info info) {
  napi_value key;
  struct device *device = arguments(env, info, 1, &key);
  if (device == NULL) return NULL;
  pthread_mutex_lock(&device->lock);
  flow_release(device->table, number_of(env, key));
  pthread_mutex_unlock(&device->lock);
  return NULL;
}

/* destination(key): { address: Buffer of 16 bytes, port } or undefined. */
static napi_value destination(napi_env env, napi_callback_info info) {
  napi_value key, result, address;
  struct device *device = arguments(env, info, 1, &key);
  if (device == NULL) return NULL;
  struct endpoint to;
  pthread_mutex_lock(&device->lock);
  const int is_found = flow_destination(device->table, number_of(env, key), &to);
  pthread_mutex_unlock(&device->lock);
  if (!is_found) return NULL;
  napi_create_object(env, &result);
  napi_create_buffer_copy(env, 16, to.address, NULL, &address);
  napi_set_named_property(env, result, "address", address);
  set_number(env, result, "port", to.port);
  return result;
}

static napi_value counts(napi_env env, napi_callback_info info) {
  napi_value result;
  struct device *device = arguments(env, info, 0, NULL);
  if (device == NULL) return NULL;
  pthread_mutex_lock(&device->lock);
  const struct flow_counts now = flow_table_counts(device->table);
  pthread_mutex_unlock(&device->lock);
  napi_create_object(env, &result);
  set_number(env, result, "open", now.open);
  set_number(env, result, "held", now.held);
  set_number(env, result, "lingering", now.lingering);
  set_number(env, result, "evicted", now.evicted);
  set_number(env, result, "droppedPackets", (double)now.dropped_packets);
  return result;
}

/* --- descriptors -------------------------------------------------------------------------------------------------- */

/* listenForDescriptors(path): descriptor of a listening SOCK_SEQPACKET socket, for the owner only. */
static napi_value listen_for_descriptors(napi_env env, napi_callback_info info) {
  napi_value value, result;
  size_t count = 1, length = 0;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok || length >= sizeof address.sun_path)
    return fail(env, "path", ENAMETOOLONG);
  napi_get_value_string_utf8(env, value, address.sun_path, sizeof address.sun_path, &length);
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(env, "socket", errno);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0) {
    const int error = errno;
    close(fd);
    return fail(env, "bind", error);
  }
  napi_create_int32(env, fd, &result);
  return result;
}

struct receipt {
  napi_async_work work;
  napi_deferred deferred;
  int fd, timeout_ms, is_listener, connection, error;
  int descriptors[DESCRIPTOR_LIMIT];
  size_t descriptor_count;
  ssize_t length;
  char message[MESSAGE_LIMIT];
};

static int wait_for(int fd, int timeout_ms) {
  struct pollfd watched = {fd, POLLIN, 0};
  const int ready = poll(&watched, 1, timeout_ms);
  if (ready == 0) errno = ETIMEDOUT;
  return ready > 0;
}

/* On a thread of libuv's pool. */
static void receive_message(napi_env env, void *data) {
  (void)env;
  struct receipt *receipt = data;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTOR_LIMIT)];
  } control;
  struct iovec text = {receipt->message, MESSAGE_LIMIT};
  struct msghdr message = {
      .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  receipt->connection = -1;
  receipt->length = -1;
  receipt->error = 0;
  int fd = receipt->fd;
  if (receipt->is_listener) {
    if (!wait_for(fd, receipt->timeout_ms) || (receipt->connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) < 0) {
      receipt->error = errno;
      return;
    }
    fd = receipt->connection;
  }
  if (!wait_for(fd, receipt->timeout_ms) || (receipt->length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC)) <= 0) {
    receipt->error = receipt->length == 0 ? ECONNRESET : errno;
    return;
  }
  for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    receipt->descriptor_count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(receipt->descriptors, CMSG_DATA(part), receipt->descriptor_count * sizeof(int));
  }
}

static void settle_receipt(napi_env env, napi_status status, void *data) {
  struct receipt *receipt = data;
  napi_value result, value, list;
  if (status != napi_ok && receipt->error == 0) receipt->error = ECANCELED;
  if (receipt->error != 0) {
    if (receipt->connection >= 0) close(receipt->connection);
    napi_create_string_utf8(env, strerror(receipt->error), NAPI_AUTO_LENGTH, &value);
    napi_create_error(env, NULL, value, &result);
    napi_reject_deferred(env, receipt->deferred, result);
  } else {
    napi_create_object(env, &result);
    napi_create_buffer_copy(env, (size_t)receipt->length, receipt->message, NULL, &value);
    napi_set_named_property(env, result, "message", value);
    napi_create_array(env, &list);
    for (uint32_t at = 0; at < receipt->descriptor_count; at++) {
      napi_create_int32(env, receipt->descriptors[at], &value);
      napi_set_element(env, list, at, value);
    }
    napi_set_named_property(env, result, "descriptors", list);
    set_number(env, result, "connection", receipt->connection);
    napi_resolve_deferred(env, receipt->deferred, result);
  }
  napi_delete_async_work(env, receipt->work);
  free(receipt);
}

/* receive(descriptor, timeoutMs, isListener): promise of { message, descriptors, connection }; they belong to the caller. */
static napi_value receive(napi_env env, napi_callback_info info) {
  napi_value values[3], promise, name;
  size_t count = 3;
  bool is_listener = false;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  struct receipt *receipt = calloc(1, sizeof *receipt);
  if (receipt == NULL) return fail(env, "receive", ENOMEM);
  napi_get_value_bool(env, values[2], &is_listener);
  receipt->fd = (int)number_of(env, values[0]);
  receipt->timeout_ms = (int)number_of(env, values[1]);
  receipt->is_listener = is_listener;
  napi_create_promise(env, &receipt->deferred, &promise);
  napi_create_string_utf8(env, "tp receive", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, NULL, name, receive_message, settle_receipt, receipt, &receipt->work);
  napi_queue_async_work(env, receipt->work);
  return promise;
}

static napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      {"attach", NULL, attach, NULL, NULL, NULL, napi_default, NULL},
      {"close", NULL, close_device, NULL, NULL, NULL, napi_default, NULL},
      {"translate", NULL, translate_once, NULL, NULL, NULL, napi_default, NULL},
      {"decide", NULL, decide, NULL, NULL, NULL, napi_default, NULL},
      {"release", NULL, release, NULL, NULL, NULL, napi_default, NULL},
      {"destination", NULL, destination, NULL, NULL, NULL, napi_default, NULL},
      {"counts", NULL, counts, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_value constructor;
  napi_define_class(env, "FlowTable", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof *methods, methods,
                    &constructor);
  napi_set_named_property(env, exports, "FlowTable", constructor);
  const napi_property_descriptor functions[] = {
      {"listenForDescriptors", NULL, listen_for_descriptors, NULL, NULL, NULL, napi_default, NULL},
      {"receive", NULL, receive, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
