"""Gives a docker-archive several names: name-archive.py ARCHIVE NAME:TAG...

buildah writes one name into an archive; the format allows any number, and one archive is loaded once.
"""

import io
import json
import os
import sys
import tarfile


def main(archive: str, *names: str) -> None:
    renamed = f"{archive}.renamed"
    with tarfile.open(archive) as source, tarfile.open(renamed, "w") as target:
        for entry in source:
            content = source.extractfile(entry)
            if entry.name == "manifest.json":
                (image,) = json.load(content)
                text = json.dumps([image | {"RepoTags": list(names)}]).encode()
                entry.size, content = len(text), io.BytesIO(text)
            target.addfile(entry, content)
    os.replace(renamed, archive)


main(*sys.argv[1:])
