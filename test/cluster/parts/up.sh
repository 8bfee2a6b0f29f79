# Starts the cluster: networks, certificates, control plane, node, DNS.

up() {
  [ "$(id -u)" = 0 ] || fail "needs root"
  mkdir -p "$CACHE"
  exec 8>"$CACHE/up.lock" # two suites that start together share one cluster
  flock 8
  if healthy; then say "the cluster is already up"; tell; return; fi
  build
  need_to_run
  stop_everything
  mkdir -p "$RUN"/{log,etc,pki,cni}
  remember_machine
  make_certificates
  make_networks
  make_kubeconfigs
  start_control_plane
  start_containerd
  start_node
  poll 60 "a ready node" node_ready
  start_dns
  poll 30 "a ready CoreDNS" dns_ready
  poll 30 "a default service account" kubectl get serviceaccount default
  tell
}

tell() { say "KUBECONFIG=$RUN/etc/admin.kubeconfig (on the laptop: $RUN/etc/laptop.kubeconfig)"; }

# start NAME CMD...: run a component in the node's namespace, detached, with its log and process id under RUN.
start() {
  local name=$1; shift
  (cd "$RUN" && exec setsid nsenter --net="$NETNS/$NODE" "$@") >"$RUN/log/$name.log" 2>&1 </dev/null 8>&- &
  echo $! >"$RUN/$name.pid"
}

remember_machine() {
  local path
  for path in "${OUTSIDE[@]}"; do [ -e "$path" ] || echo "$path"; done >"$RUN/absent"
  for path in "${KERNEL[@]}"; do echo "$path $(cat "/proc/sys/$path")"; done >"$RUN/kernel"
}

certificate() {
  local name=$1 subject=$2 names=${3:-} file=$RUN/pki/$1
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$file.key" -out "$file.csr" -subj "$subject" 2>/dev/null
  openssl x509 -req -in "$file.csr" -CA "$RUN/pki/ca.crt" -CAkey "$RUN/pki/ca.key" -CAcreateserial -out "$file.crt" -days 3650 2>/dev/null \
    -extfile <(echo "extendedKeyUsage=serverAuth,clientAuth"; [ -z "$names" ] || echo "subjectAltName=$names")
  rm "$file.csr"
}

make_certificates() {
  local name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$RUN/pki/ca.key" -out "$RUN/pki/ca.crt" \
    -days 3650 -subj /CN=kubernetes-ca 2>/dev/null
  certificate apiserver /CN=kube-apiserver "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,\
DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$NODE_IP,IP:$LAPTOP_GATEWAY,IP:$API_SERVICE"
  certificate kubelet /O=system:nodes/CN=system:node:node1 "DNS:node1,IP:$NODE_IP"
  certificate admin /O=system:masters/CN=admin
  for name in controller-manager scheduler proxy coredns; do certificate $name "/O=system:masters/CN=system:kube-$name"; done
  certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  openssl genrsa -out "$RUN/pki/service-accounts.key" 2048 2>/dev/null
  openssl rsa -in "$RUN/pki/service-accounts.key" -pubout -out "$RUN/pki/service-accounts.pub" 2>/dev/null
}

make_networks() {
  ip netns add $NODE
  ip link add tpn0 type veth peer name eth0 netns $NODE
  ip addr add $HOST_IP/24 dev tpn0
  ip link set tpn0 up
  in_node ip link set lo up
  in_node ip addr add $NODE_IP/24 dev eth0
  in_node ip link set eth0 up
  in_node ip route add default via $HOST_IP # kube-proxy wants one; the host forwards nothing
  in_node sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'

  ip netns add $LAPTOP
  ip link add lap0 netns $NODE type veth peer name eth0 netns $LAPTOP
  in_node ip addr add $LAPTOP_GATEWAY/24 dev lap0
  in_node ip link set lap0 up
  in_namespace $LAPTOP ip link set lo up
  in_namespace $LAPTOP ip addr add $LAPTOP_IP/24 dev eth0
  in_namespace $LAPTOP ip link set eth0 up
  # The laptop has no route to pods or services, and must not get there by adding one. The hook runs before
  # kube-proxy's address translation and before connection tracking, so nothing later can let a packet through.
  in_node nft -f - <<END
table ip tp-laptop {
  chain from-laptop {
    type filter hook prerouting priority raw; policy accept;
    iifname lap0 ip daddr $LAPTOP_GATEWAY tcp dport 6443 accept
    iifname lap0 counter drop
  }
}
END
}

# Certificates are written into the kubeconfigs, so that a copy of the file works anywhere.
kubeconfig() {
  local name=$1 user=$2 server=$3
  inline() { base64 -w 0 "$RUN/pki/$1"; }
  cat >"$RUN/etc/$name.kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [{name: tp, cluster: {server: "https://$server:6443", certificate-authority-data: $(inline ca.crt)}}]
users: [{name: $user, user: {client-certificate-data: $(inline "$user.crt"), client-key-data: $(inline "$user.key")}}]
contexts: [{name: tp, context: {cluster: tp, user: $user}}]
current-context: tp
END
  chmod 600 "$RUN/etc/$name.kubeconfig"
}

make_kubeconfigs() {
  local user
  for user in admin controller-manager scheduler kubelet proxy coredns; do kubeconfig $user $user $NODE_IP; done
  kubeconfig laptop admin $LAPTOP_GATEWAY
  export KUBECONFIG=$RUN/etc/admin.kubeconfig
}

start_control_plane() {
  local pki=$RUN/pki
  start etcd etcd --data-dir "$RUN/etcd" --unsafe-no-fsync --listen-peer-urls http://127.0.0.1:2380 \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379
  start apiserver "$BIN/kube-apiserver" --advertise-address=$NODE_IP --secure-port=6443 --etcd-servers=http://127.0.0.1:2379 \
    --service-cluster-ip-range=$SERVICES --allow-privileged=true --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/service-accounts.pub" \
    --service-account-signing-key-file="$pki/service-accounts.key" --kubelet-preferred-address-types=InternalIP \
    --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key"
  start controller-manager "$BIN/kube-controller-manager" --kubeconfig="$RUN/etc/controller-manager.kubeconfig" --leader-elect=false \
    --use-service-account-credentials=true --service-account-private-key-file="$pki/service-accounts.key" --root-ca-file="$pki/ca.crt" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --allocate-node-cidrs=true --cluster-cidr=$PODS --node-cidr-mask-size=24 --service-cluster-ip-range=$SERVICES
  start scheduler "$BIN/kube-scheduler" --kubeconfig="$RUN/etc/scheduler.kubeconfig" --leader-elect=false
}

start_containerd() {
  mkdir -p "$RUN/cni/net.d" "$RUN/etc/registries/_default"
  cat >"$RUN/cni/net.d/10-pods.conflist" <<END
{"cniVersion": "0.4.0", "name": "$POD_NETWORK", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$RUN/cni/ipam", "ranges": [[{"subnet": "$PODS"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
  # There is no registry here. Sending every pull to a closed port makes a missing image fail at once, as it would on
  # a cluster with a registry, and not after the time-outs of a network that leads nowhere.
  printf '%s\n' 'server = "http://127.0.0.1:1"' '[host."http://127.0.0.1:1"]' 'capabilities = ["pull", "resolve"]' \
    >"$RUN/etc/registries/_default/hosts.toml"
  cat >"$RUN/etc/containerd.toml" <<END
version = 2
root = "$RUN/containerd"
state = "$CONTAINERD"
[grpc]
  address = "$SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/tp/pause:1"
  restrict_oom_score_adj = true   # runc may lack CAP_SYS_RESOURCE, which lowering the score takes
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$RUN/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$RUN/etc/registries"
END
  start containerd containerd --config "$RUN/etc/containerd.toml"
  poll 20 "a running containerd" ctr_ version
  load_pause_image
}

# The first process of every pod: it holds the namespaces and reaps orphans.
load_pause_image() {
  local dir=$RUN/pause
  mkdir -p "$dir/root"
  cat >"$dir/pause.c" <<'END'
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int signal) { _exit(0); }
static void reap(int signal) { while (waitpid(-1, NULL, WNOHANG) > 0); }
int main(void) {
  signal(SIGTERM, leave);
  signal(SIGINT, leave);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
END
  gcc -O2 -static -o "$dir/root/pause" "$dir/pause.c"
  image docker.io/tp/pause:1 "$dir/root" /pause
}

start_node() {
  echo "nameserver 127.0.0.1" >"$RUN/etc/resolv.conf" # for pods with dnsPolicy: Default; the machine's own is none of their business
  cat >"$RUN/etc/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
clusterDNS: ["$DNS_SERVICE"]
clusterDomain: cluster.local
resolvConf: $RUN/etc/resolv.conf
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $RUN/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $RUN/pki/kubelet.crt
tlsPrivateKeyFile: $RUN/pki/kubelet.key
failSwapOn: false
evictionHard: {memory.available: 10Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100 # images come from archives: one collected would not come back
volumePluginDir: $RUN/kubelet/volume-plugins
END
  start kubelet "$BIN/kubelet" --config="$RUN/etc/kubelet.yaml" --kubeconfig="$RUN/etc/kubelet.kubeconfig" --root-dir="$RUN/kubelet" \
    --cert-dir="$RUN/kubelet/pki" --hostname-override=node1 --node-ip=$NODE_IP \
    --container-runtime=remote --container-runtime-endpoint="unix://$SOCKET"
  start proxy "$BIN/kube-proxy" --kubeconfig="$RUN/etc/proxy.kubeconfig" --hostname-override=node1 --cluster-cidr=$PODS \
    --proxy-mode=iptables --conntrack-max-per-core=0
}

node_ready() { kubectl --kubeconfig "$RUN/etc/admin.kubeconfig" --request-timeout 5s get node node1 | grep -q ' Ready '; }
dns_ready() { in_node curl --silent --fail --max-time 2 --noproxy '*' http://127.0.0.1:8181/ready; }

# CoreDNS runs beside the pods, not in one: no image to build, and its address never changes.
start_dns() {
  cat >"$RUN/etc/Corefile" <<END
cluster.local:53 in-addr.arpa:53 {
  bind $NODE_IP
  errors
  ready 127.0.0.1:8181
  kubernetes {
    kubeconfig $RUN/etc/coredns.kubeconfig
    pods insecure
  }
  cache 5
}
# There is no outside. Its names do not exist, which a resolver takes for an answer; SERVFAIL would make it try again.
.:53 {
  bind $NODE_IP
  template ANY ANY {
    rcode NXDOMAIN
    authority ". 60 IN SOA ns.invalid. nobody.invalid. 1 60 60 60 60"
  }
}
END
  start coredns "$COREDNS_BIN" -conf "$RUN/etc/Corefile"
  kubectl apply -f - >/dev/null <<END
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: $DNS_SERVICE, ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: kube-dns, namespace: kube-system}
subsets: [{addresses: [{ip: $NODE_IP}], ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]}]
END
}
