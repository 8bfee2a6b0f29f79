"""Wraps a folder as a docker-archive of one layer: wrap-image.py NAME:TAG ROOTFS ARCHIVE COMMAND..."""

import hashlib
import io
import json
import os
import sys
import tarfile


def layer_of(folder: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        for name in sorted(os.listdir(folder)):
            layer.add(os.path.join(folder, name), arcname=name)
    return buffer.getvalue()


def write(archive: str, files: dict[str, bytes]) -> None:
    with tarfile.open(archive, "w") as output:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            output.addfile(entry, io.BytesIO(content))


def main(name: str, folder: str, archive: str, *command: str) -> None:
    layer = layer_of(folder)
    layer_id = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": command, "Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_id}"]},
        "history": [{}],
    }
    config_file = json.dumps(config).encode()
    config_name = f"{hashlib.sha256(config_file).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [f"{layer_id}/layer.tar"]}]
    write(
        archive,
        {
            f"{layer_id}/layer.tar": layer,
            config_name: config_file,
            "manifest.json": json.dumps(manifest).encode(),
        },
    )


main(*sys.argv[1:])
