# Builds the images with buildah from the project's Dockerfiles, without a registry: the base images are made from
# Debian's packages and the machine's own Node. Everything is kept in the cache under a name that contains the hash of
# what it was made from, so that a second run only compares hashes.

AGENT_IMAGE=docker.io/tp/agent:dev
WORKLOAD_IMAGES=(docker.io/tp/{client,shop,nginx,redis,postgres}:dev)
# What the Node binary links to, and what the agent's Dockerfile asks for.
AGENT_PACKAGES=libstdc++6,nftables,ca-certificates
WORKLOAD_PACKAGES=$AGENT_PACKAGES,curl,redis-tools,redis-server,postgresql,postgresql-client,nginx-light,bind9-dnsutils,python3,netcat-openbsd,iproute2,procps

ARCHIVES=$CACHE/archives

archives() (
  need buildah mmdebstrap ca-certificates python3
  need redis-tools postgresql-client # the tests' clients on the laptop
  command -v node >/dev/null || fail "Node is not installed"
  mkdir -p "$ARCHIVES"
  exec 7>"$CACHE/images.lock"
  flock 7
  rm -rf --one-file-system "$CACHE"/root.* # of a run that was interrupted
  agent_archive
  workloads_archive
)

images() {
  local all archive loaded
  [ -S "$SOCKET" ] || fail "the cluster is down"
  mkdir -p "$RUN/loaded"
  all=$(archives) # not in the loop's head, where a failure would go unnoticed
  for archive in $all; do
    loaded=$RUN/loaded/$(basename "${archive%-*}") # names the archive that was loaded last: another one may have replaced it
    [ "$(cat "$loaded" 2>/dev/null)" != "$archive" ] || continue
    load "$archive"
    echo "$archive" >"$loaded"
  done
}

agent_archive() {
  local root=$HERE/../..
  [ -f "$root/dist/agent.mjs" ] || fail "no dist/agent.mjs: run \`npm run build\` first"
  local base key
  base=$(base_image agent "$AGENT_PACKAGES")
  key=$(hash_of "$base" "$root/images/agent/Dockerfile" "$root/dist/agent.mjs")
  [ -f "$ARCHIVES/agent-$key.tar" ] || make_archive agent "$key" "$AGENT_IMAGE" --build-arg "BASE=$base" -f "$root/images/agent/Dockerfile" "$root"
  echo "$ARCHIVES/agent-$key.tar"
}

workloads_archive() {
  local base key sources=$HERE/images
  base=$(base_image workloads "$WORKLOAD_PACKAGES")
  key=$(hash_of "$base" "${WORKLOAD_IMAGES[*]}" "$sources")
  [ -f "$ARCHIVES/workloads-$key.tar" ] || make_archive workloads "$key" "${WORKLOAD_IMAGES[0]}" --build-arg "BASE=$base" "$sources"
  echo "$ARCHIVES/workloads-$key.tar"
}

# hash_of THING...: of a file's or folder's content, or of the text itself when no such file exists.
hash_of() {
  local thing
  for thing; do
    if [ -d "$thing" ]; then (cd "$thing" && find . -type f | sort | xargs sha256sum)
    elif [ -f "$thing" ]; then sha256sum <"$thing"
    else echo "$thing"; fi
  done | sha256sum | cut -c 1-16
}

buildah_() { buildah --root "$CACHE/storage" --runroot "$CACHE/storage/run" --storage-driver overlay "$@"; }

# make_archive NAME KEY IMAGE BUILD-OPTION...
make_archive() {
  local name=$1 key=$2 image=$3 archive=$ARCHIVES/$1-$2.tar; shift 3
  say "building the image $image"
  buildah_ bud --quiet --isolation chroot --layers=false --tag "$image" "$@" >/dev/null
  rm -f "$archive.new"
  buildah_ push --quiet "$image" "docker-archive:$archive.new:$image" >/dev/null
  [ "$name" != workloads ] || python3 "$HERE/parts/name-archive.py" "$archive.new" "${WORKLOAD_IMAGES[@]}"
  buildah_ rmi "$image" >/dev/null
  find "$ARCHIVES" -name "$name-*.tar" -delete
  mv "$archive.new" "$archive"
}

# base_image NAME PACKAGES: makes it unless it exists, and prints its name.
base_image() {
  local name=$1 packages=$2 node image root container
  node=$(readlink -f "$(command -v node)")
  image=localhost/tp-$name-base:$(hash_of "$packages" "$(node --version)")
  if ! buildah_ inspect --type image "$image" >/dev/null 2>&1; then
    say "making the base image for $name, about 1 minute"
    root=$(mktemp -d "$CACHE/root.XXXXXX")
    debian_root "$root/tree" "$packages"
    install -m 755 "$node" "$root/tree/usr/local/bin/node"
    container=$(buildah_ from scratch)
    buildah_ add --quiet "$container" "$root/tree" / >/dev/null
    buildah_ commit --quiet --rm "$container" "$image" >/dev/null
    rm -rf --one-file-system "$root"
  fi
  echo "$image"
}

# Debian's essential packages and those asked for, without manuals and translations.
debian_root() {
  local root=$1 packages=$2
  mmdebstrap --quiet --variant=essential --include="$packages" --aptopt='APT::Sandbox::User "root"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo create_main_cluster=false >"$1/etc/postgresql-common/createcluster.conf"' \
    bookworm "$root" "$(debian_mirror)" >&2
  # PostgreSQL refuses to run as a user without a name.
  echo 'workload:x:10001:10001::/tmp:/bin/sh' >>"$root/etc/passwd"
  rm -rf "$root"/var/cache/apt "$root"/var/lib/apt/lists "$root"/var/log/*
}

# --------------------------------------------------------------------------------------------------- loading

load() { [ -S "$SOCKET" ] || fail "the cluster is down"; ctr_ images import "$1" >/dev/null; }

image() {
  local name=$1 root=$2 archive; shift 2
  archive=$(mktemp --suffix=.tar)
  python3 "$HERE/parts/wrap-image.py" "$name" "$root" "$archive" "$@"
  load "$archive"
  rm "$archive"
}
