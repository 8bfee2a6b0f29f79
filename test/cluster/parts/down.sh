# What runs, and how it is ended without a trace.

# A process id may have been given to somebody else since: it is ours only if it lives in the node's namespace.
alive() {
  local pid
  pid=$(cat "$RUN/$1.pid" 2>/dev/null) && [ "/proc/$pid/ns/net" -ef "$NETNS/$NODE" ]
}

status() {
  local name result=0
  for name in "${COMPONENTS[@]}"; do
    if alive "$name"; then echo "$name up"; else echo "$name down"; result=1; fi
  done
  return $result
}

healthy() { status >/dev/null && node_ready >/dev/null 2>&1 && dns_ready >/dev/null 2>&1; }

down() {
  mkdir -p "$CACHE"
  exec 8>"$CACHE/up.lock"
  flock 8
  stop_everything
}

# gone PID...: wait until none of the processes is left.
gone() { local pid; for pid; do [ ! -e "/proc/$pid" ] || return 1; done; }

end() { # end SIGNAL SECONDS PID...
  local signal=$1 seconds=$2; shift 2
  (($#)) || return 0
  kill "-$signal" "$@" 2>/dev/null || true
  local deadline=$((SECONDS + seconds))
  until gone "$@" || ((SECONDS >= deadline)); do sleep 0.1; done
}

processes_in() { ip netns pids "$1" 2>/dev/null || true; }

stop_everything() {
  stop_components
  remove_networks
  remove_traces
}

stop_components() {
  local name pids=()
  # The kubelet first, or it would start again what is stopped next.
  for name in kubelet controller-manager scheduler proxy coredns; do
    if alive $name; then pids+=("$(cat "$RUN/$name.pid")"); fi
  done
  end TERM 5 "${pids[@]}"
  if [ -S "$SOCKET" ]; then
    for name in $(ctr_ tasks ls -q 2>/dev/null); do ctr_ tasks kill --signal 9 "$name" 2>/dev/null || true; done
  fi
  # Whatever still lives in the node's namespace is ours: the other components and a shim for each pod.
  end TERM 3 $(processes_in $NODE)
  end KILL 3 $(processes_in $NODE)
}

remove_networks() {
  local name
  for name in $(pod_namespaces) $LAPTOP $NODE; do
    [ -e "$NETNS/$name" ] || continue
    end KILL 3 $(processes_in "$name")
    ip netns del "$name"
  done
  ip link del tpn0 2>/dev/null || true
}

# The plug-ins' records tell which namespaces are our pods'. One that was still being made has no record, but no
# process either, unlike the namespaces of any other cluster on this machine.
pod_namespaces() {
  local path
  cat /var/lib/cni/results/$POD_NETWORK-* 2>/dev/null | grep -o '"sandbox":"[^"]*"' | sed 's|.*/||; s|"||' || true
  for path in "$NETNS"/cni-*; do [ -n "$(processes_in "${path##*/}")" ] || echo "${path##*/}"; done
}

remove_traces() {
  local path value
  awk '{print $2}' /proc/mounts | grep -E "^($RUN|$CONTAINERD)/" | sort -r | while read -r path; do umount -l "$path"; done || true
  rm -f /var/lib/cni/results/$POD_NETWORK-*
  find /sys/fs/cgroup -depth -type d \( -path '*/kubepods' -o -path '*/kubepods/*' \) -exec rmdir {} + 2>/dev/null || true
  if [ -e "$RUN/kernel" ]; then
    while read -r path value; do echo "$value" >"/proc/sys/$path"; done <"$RUN/kernel"
  fi
  if [ -e "$RUN/absent" ]; then
    while read -r path; do
      if [ "$path" != /run/netns ]; then rm -rf "$path"; continue; fi
      # iproute2 keeps all named namespaces on this one mount: somebody else's may have joined ours.
      if [ -z "$(ls -A "$path")" ]; then umount "$path"; rmdir "$path"; fi
    done <"$RUN/absent"
  fi
  rm -rf "$RUN" $CONTAINERD $SOCKET $SOCKET.ttrpc
}
