# Names, addresses and the small tools that every part uses.

CACHE=${TP_CLUSTER_CACHE:-/var/cache/tp-cluster}
RUN=${TP_CLUSTER_RUN:-/var/lib/tp-cluster}

KUBERNETES=1.20.2
# The newest CoreDNS that both compiles with Debian's Go 1.19 and still reads the EndpointSlices of Kubernetes 1.20
# (discovery.k8s.io/v1beta1).
COREDNS=1.10.1
BIN=$CACHE/bin-$KUBERNETES
COREDNS_BIN=$CACHE/coredns-$COREDNS

# All addresses come from the range reserved for benchmarks (RFC 2544), which no network routes.
NODE=tp-node   NODE_IP=198.18.0.2   HOST_IP=198.18.0.1
LAPTOP=tp-laptop LAPTOP_IP=198.18.1.2 LAPTOP_GATEWAY=198.18.1.1
SERVICES=198.18.128.0/17 API_SERVICE=198.18.128.1 DNS_SERVICE=198.18.128.10
PODS=198.19.0.0/24 POD_NETWORK=tp-pods

NETNS=/var/run/netns
CONTAINERD=/run/tp-cluster-containerd
SOCKET=$CONTAINERD.sock
COMPONENTS=(etcd apiserver controller-manager scheduler containerd kubelet proxy coredns)
# What the kubelet and the network plug-ins write outside RUN; `down` removes what was not there before `up`.
OUTSIDE=(/var/log/pods /var/log/containers /var/lib/kubelet /var/lib/cni /run/containerd /run/netns)
# Kernel settings that the kubelet changes for the whole machine; `down` puts them back.
KERNEL=(vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes)

say() { printf '%s\n' "$*" >&2; }
fail() { say "cluster: $*"; exit 1; }
# Not `ip netns exec`: that mounts a fresh /sys, and the kubelet needs the machine's cgroups.
in_namespace() { local name=$1; shift; nsenter --net="$NETNS/$name" "$@"; }
in_node() { in_namespace $NODE "$@"; }
ctr_() { ctr --address "$SOCKET" --namespace k8s.io "$@"; }

# poll SECONDS WHAT CMD...: run CMD until it succeeds.
poll() {
  local seconds=$1 what=$2 deadline; shift 2
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { tail -n 5 "$RUN"/log/*.log >&2 || true; fail "$what did not happen within $seconds s; logs: $RUN/log"; }
    sleep 0.2
  done
}

# Installs what is missing. Debian starts the services of some packages (etcd, containerd); a policy-rc.d that says
# no (101) keeps them off, since only the copies inside the namespace are wanted.
need() {
  local package missing=()
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap 'rm -f $policy' EXIT
      printf '#!/bin/sh\nexit 101\n' >$policy
      chmod 755 $policy
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  ) >/dev/null
}

# The Debian mirror that this machine already uses.
debian_mirror() {
  local found # grep fails when one of the two places is missing, which is how most machines are
  found=$(grep -rhoE '^(URIs:|deb( \[[^]]*\])?) +https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null || true)
  grep -oE 'https?://[^ ]+' <<<"$found" | head -n 1 || fail "no Debian mirror in apt's sources"
}

need_to_run() {
  need etcd-server containerd runc containernetworking-plugins iptables nftables conntrack iproute2 util-linux openssl gcc libc6-dev python3 curl
  command -v kubectl >/dev/null || need kubernetes-client
}
