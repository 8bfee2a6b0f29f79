# Compiles Kubernetes and CoreDNS from source, with Debian's Go.

build() (
  mkdir -p "$CACHE"
  exec 9>"$CACHE/lock"
  flock 9
  build_kubernetes
  build_coredns
)

build_kubernetes() {
  [ -x "$BIN/kubelet" ] && return
  need golang-1.19-go rsync jq make gcc libc6-dev git dpkg-dev ca-certificates
  local work=$CACHE/work patch
  rm -rf "$work"
  mkdir -p "$work/source"
  fetch_debian_source kubernetes "$work"
  tar -x -f "$work"/*.orig.tar.gz -C "$work/source" --strip-components=1
  tar -x -f "$work"/*.debian.tar.xz -C "$work/source"
  cd "$work/source"
  while read -r patch; do patch -p1 -s <"debian/patches/$patch"; done <debian/patches/series
  git init -q . # the makefiles ask git where the top is
  say "compiling Kubernetes $KUBERNETES, about 6 minutes (log: $work/build.log)"
  PATH=/usr/lib/go-1.19/bin:$PATH GOFLAGS= KUBE_GIT_VERSION=v$KUBERNETES KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=clean \
    KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 make GOFLAGS=-mod=vendor \
    WHAT="cmd/kube-apiserver cmd/kube-controller-manager cmd/kube-scheduler cmd/kubelet cmd/kube-proxy" >"$work/build.log" 2>&1 ||
    { tail -n 20 "$work/build.log" >&2; fail "Kubernetes did not compile"; }
  mkdir -p "$BIN.new"
  cp _output/local/bin/linux/*/kube* "$BIN.new/"
  strip "$BIN.new"/*
  mv "$BIN.new" "$BIN" # whole or not at all
  cd /
  rm -rf "$work"
}

# Downloads PACKAGE's source with package lists of its own, so that the machine's apt configuration stays as it is.
fetch_debian_source() {
  local package=$1 into=$2 options
  mkdir -p "$into/lists/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) bookworm main" >"$into/sources.list"
  options=(-o "Dir::Etc::SourceList=$into/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$into/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update -qq
  (cd "$into" && apt-get "${options[@]}" source -qq --download-only "$package")
}

build_coredns() {
  [ -x "$COREDNS_BIN" ] && return
  need golang-1.19-go ca-certificates binutils
  local work=$CACHE/work-coredns
  say "compiling CoreDNS $COREDNS, about 1 minute"
  mkdir -p "$work"
  PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$work GOBIN=$work GOCACHE=$work/cache GOFLAGS="-mod=mod -modcacherw" \
    go install "github.com/coredns/coredns@v$COREDNS" >"$work/build.log" 2>&1 ||
    { tail -n 20 "$work/build.log" >&2; fail "CoreDNS did not compile"; }
  strip "$work/coredns"
  mv "$work/coredns" "$COREDNS_BIN"
  rm -rf "$work"
}
