/*
 * tp-launch SOCKET COMMAND...  runs COMMAND in user, network and mount namespaces of its own, without any privilege
 * (user_namespaces(7)). The device and the sockets behind it are made here and handed to the daemon; they keep belonging to
 * this namespace wherever they are used. tp-launch --check  tells whether all of that works on this machine.
 *
 * On SOCKET (SOCK_SEQPACKET): we send "ready" with the descriptors tun, tcp4, udp4 and, where there is IPv6, tcp6, udp6.
 * The daemon answers with 4 bytes (host byte order), the length of resolv.conf, then resolv.conf and nsswitch.conf. Then
 * COMMAND takes the place of this process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "tp0"
#define OWN4 "192.0.0.1"
#define OWN6 "fd74:7075:6e00::1"
/* The largest: fewer, longer packets cost less. */
#define DEVICE_MTU 65535
#define BACKLOG 4096
#define MESSAGE_LIMIT 65536

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(125);
}

static void must(int result, const char *what) {
  if (result < 0) fail(what);
}

static void write_file(const char *path, const char *text, size_t length) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  must(fd, path);
  if (write(fd, text, length) != (ssize_t)length) fail(path);
  close(fd);
}

static void enter_namespaces(void) {
  const uid_t user = getuid();
  const gid_t group = getgid();
  char map[64];
  must(unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS), "Cannot make user and network namespaces");
  /* Without it an unprivileged process may not map its group (user_namespaces(7)). */
  write_file("/proc/self/setgroups", "deny", 4);
  write_file("/proc/self/uid_map", map, (size_t)snprintf(map, sizeof map, "%u %u 1", user, user));
  write_file("/proc/self/gid_map", map, (size_t)snprintf(map, sizeof map, "%u %u 1", group, group));
  must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "Cannot make the mounts private");
}

static void bring_up(int control, const char *name) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  must(ioctl(control, SIOCGIFFLAGS, &request), name);
  request.ifr_flags |= IFF_UP | IFF_RUNNING;
  must(ioctl(control, SIOCSIFFLAGS, &request), name);
}

static void give_address4(int control) {
  struct ifreq request = {.ifr_name = DEVICE};
  struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
  address->sin_family = AF_INET;
  inet_pton(AF_INET, OWN4, &address->sin_addr);
  must(ioctl(control, SIOCSIFADDR, &request), "IPv4 address");
  inet_pton(AF_INET, "255.255.255.255", &address->sin_addr);
  must(ioctl(control, SIOCSIFNETMASK, &request), "IPv4 netmask");
}

static void route4(int control) {
  struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = DEVICE};
  route.rt_dst.sa_family = route.rt_genmask.sa_family = AF_INET;
  must(ioctl(control, SIOCADDRT, &route), "IPv4 route");
}

/* -1 where the kernel has no IPv6. */
static int set_up6(unsigned int index) {
  const int control = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return -1;
  struct in6_ifreq address = {.ifr6_prefixlen = 128, .ifr6_ifindex = (int)index};
  inet_pton(AF_INET6, OWN6, &address.ifr6_addr);
  struct in6_rtmsg route = {.rtmsg_flags = RTF_UP, .rtmsg_metric = 1, .rtmsg_ifindex = (int)index};
  const int result = ioctl(control, SIOCSIFADDR, &address) < 0 ? -1 : ioctl(control, SIOCADDRT, &route);
  close(control);
  return result;
}

static int open_device(int *has6) {
  const int device = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  must(device, "Cannot open /dev/net/tun");
  struct ifreq request = {.ifr_name = DEVICE, .ifr_flags = IFF_TUN | IFF_NO_PI};
  must(ioctl(device, TUNSETIFF, &request), "Cannot make a TUN device");
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  must(control, "socket");
  bring_up(control, "lo");
  request.ifr_mtu = DEVICE_MTU;
  must(ioctl(control, SIOCSIFMTU, &request), "MTU");
  give_address4(control);
  bring_up(control, DEVICE);
  route4(control);
  *has6 = set_up6(if_nametoindex(DEVICE)) == 0;
  close(control);
  return device;
}

/* An IPv6 address is tentative until the kernel's worker has looked at it (RFC 4862, 5.4), which it does a little later. */
static int bind_when_ready(int fd, const struct sockaddr_in6 *to) {
  const struct timespec pause = {.tv_nsec = 2000000};
  for (int attempt = 0; attempt < 2000; attempt++) {
    if (bind(fd, (const struct sockaddr *)to, sizeof *to) == 0) return 0;
    if (errno != EADDRNOTAVAIL) return -1;
    nanosleep(&pause, NULL);
  }
  return -1;
}

static int bound_socket(int family, int type) {
  struct sockaddr_in to4 = {.sin_family = AF_INET};
  struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
  inet_pton(AF_INET, OWN4, &to4.sin_addr);
  inet_pton(AF_INET6, OWN6, &to6.sin6_addr);
  const int fd = socket(family, type | SOCK_CLOEXEC, 0);
  must(fd, "socket");
  if (family == AF_INET) must(bind(fd, (struct sockaddr *)&to4, sizeof to4), "bind " OWN4);
  else must(bind_when_ready(fd, &to6), "bind " OWN6);
  if (type == SOCK_STREAM) must(listen(fd, BACKLOG), "listen");
  return fd;
}

static int send_with(int socket, const void *text, size_t length, const int *descriptors, size_t count) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * 8)];
  } control = {0};
  struct iovec part = {(void *)(uintptr_t)text, length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
  }
  return (int)sendmsg(socket, &message, MSG_NOSIGNAL);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static void replace_file(const char *path, const char *text, size_t length) {
  char folder[] = "/tmp/tp-XXXXXX", file[64];
  if (mkdtemp(folder) == NULL) fail("Cannot make a file in /tmp");
  snprintf(file, sizeof file, "%s/file", folder);
  write_file(file, text, length);
  const int result = mount(file, path, NULL, MS_BIND, NULL);
  const int error = errno;
  unlink(file);
  rmdir(folder);
  errno = error;
  must(result, path);
}

static void set_names(const char *message, size_t length) {
  uint32_t first = 0;
  if (length >= 4) memcpy(&first, message, 4);
  if (length < 4 || first > length - 4) errno = EPROTO, fail("the daemon's answer");
  replace_file("/etc/resolv.conf", message + 4, first);
  if (access("/etc/nsswitch.conf", F_OK) == 0)
    replace_file("/etc/nsswitch.conf", message + 4 + first, length - 4 - first);
  /* The machine's name cache would answer for the machine. */
  if (access("/run/nscd", F_OK) == 0) mount("none", "/run/nscd", "tmpfs", 0, "size=4k");
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  must(fd, "socket");
  must(connect(fd, (struct sockaddr *)&address, sizeof address), path);
  return fd;
}

int main(int count, char **arguments) {
  const int is_check = count == 2 && strcmp(arguments[1], "--check") == 0;
  if (!is_check && count < 3) {
    fputs("usage: tp-launch SOCKET COMMAND...\n", stderr);
    return 125;
  }
  /* By name, before anything else: in the new namespace it is the same file, but errors come early. */
  const int daemon = is_check ? -1 : connect_to(arguments[1]);
  int has6;
  enter_namespaces();
  int descriptors[5];
  descriptors[0] = open_device(&has6);
  if (is_check) {
    replace_file("/etc/resolv.conf", "", 0);
    return 0;
  }
  descriptors[1] = bound_socket(AF_INET, SOCK_STREAM);
  descriptors[2] = bound_socket(AF_INET, SOCK_DGRAM);
  if (has6) {
    descriptors[3] = bound_socket(AF_INET6, SOCK_STREAM);
    descriptors[4] = bound_socket(AF_INET6, SOCK_DGRAM);
  }
  static char message[MESSAGE_LIMIT];
  must(send_with(daemon, "ready", 5, descriptors, has6 ? 5 : 3), "Cannot hand over the device");
  const ssize_t length = recv(daemon, message, sizeof message, 0);
  if (length <= 0) errno = ECONNRESET, fail("The daemon does not answer");
  set_names(message, (size_t)length);
  execvp(arguments[2], arguments + 2);
  fail(arguments[2]);
}
