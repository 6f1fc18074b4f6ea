"""What people do with docker-py, from start to clean-up. The image is named by IMAGE; what differs fails."""

import io
import os
import tarfile
import threading

import docker

IMAGE = os.environ["IMAGE"]
APART = {"network_mode": "none"}
# A new size comes on a way of its own, and may be later than what is typed after it.
SIZED = 'read word; until [ "$(stty size 2>/dev/null)" = "30 90" ]; do sleep 0.1; done; echo sized'
client = docker.from_env()


def refused(error, function, *arguments, **options):
    """Returns the exception that a call ends with."""
    try:
        function(*arguments, **options)
    except error as raised:
        return raised
    raise AssertionError(f"{function} has not failed")


def read_all(socket):
    parts = []
    while part := socket._sock.recv(4096):
        parts.append(part)
    socket.close()
    return b"".join(parts)


def runs():
    run = client.containers.run
    assert run(IMAGE, "echo hello", remove=True, **APART) == b"hello\n"
    both = ["sh", "-c", "echo out; echo err >&2"]
    assert sorted(run(IMAGE, both, stderr=True, remove=True, **APART).split()) == [b"err", b"out"]
    failed = refused(docker.errors.ContainerError, run, IMAGE, ["sh", "-c", "echo bad >&2; exit 3"], remove=True, **APART)
    assert (failed.exit_status, failed.stderr) == (3, b"bad\n")
    assert refused(docker.errors.APIError, run, IMAGE, "no-such-program", remove=True, **APART).status_code == 400
    refused(docker.errors.ImageNotFound, client.images.get, "no-such-image")
    refused(docker.errors.NotFound, client.containers.get, "nobody")
    lines = ["sh", "-c", "for i in 1 2 3; do echo $i; done"]
    assert b"".join(run(IMAGE, lines, stream=True, remove=True, **APART)) == b"1\n2\n3\n"


def lives():
    """One container from its creation to its removal."""
    script = 'trap "exit 5" TERM; i=0; while :; do i=$((i + 1)); echo line $i; sleep 0.1; done'
    container = client.containers.run(
        IMAGE,
        ["sh", "-c", script],
        detach=True,
        name="lives",
        labels={"of": "docker-py"},
        environment=["KEY=value"],
        volumes={"kept": {"bind": "/kept", "mode": "rw"}},
        mem_limit="64m",
        **APART,
    )
    container.reload()
    assert (container.status, container.labels) == ("running", {"of": "docker-py"})
    assert client.containers.list(filters={"label": "of=docker-py"}) == [container]
    followed = container.logs(stream=True, follow=True)
    assert [next(followed) for _ in range(3)] == [b"line 1\n", b"line 2\n", b"line 3\n"]
    assert container.logs(tail=1, timestamps=True).split()[1] == b"line"
    assert next(container.attach(stream=True, logs=False)).startswith(b"line ")
    executes(container)
    has_files(container)
    figures = container.stats(stream=False)
    assert figures["memory_stats"]["limit"] == 64 << 20 and figures["pids_stats"]["current"] >= 1
    assert container.top()["Processes"]
    container.exec_run("touch /made")
    assert {"Path": "/made", "Kind": 1} in container.diff()
    container.pause()
    container.reload()
    assert container.status == "paused"
    container.unpause()
    container.rename("renamed")
    container.update(mem_limit="100m", memswap_limit="200m")
    container.reload()
    assert (container.name, container.attrs["HostConfig"]["Memory"]) == ("renamed", 100 << 20)
    made = container.commit("made-of-it", "1", message="why", changes='CMD ["cat", "/made"]')
    assert client.containers.run("made-of-it:1", remove=True, **APART) == b""
    client.images.remove(made.id, force=True)
    container.stop(timeout=60)
    assert container.wait()["StatusCode"] == 5
    container.start()
    container.restart(timeout=0)
    container.kill()
    assert container.wait()["StatusCode"] == 137
    assert refused(docker.errors.APIError, container.kill).status_code == 409
    container.remove(v=True)
    client.volumes.get("kept").remove()


def executes(container):
    execute = container.exec_run
    assert execute("echo a b") == (0, b"a b\n")
    assert execute(["sh", "-c", "echo o; echo e >&2; exit 2"], demux=True) == (2, (b"o\n", b"e\n"))
    assert b"".join(execute(["sh", "-c", "echo 1; echo 2"], stream=True).output) == b"1\n2\n"
    assert execute("tty", tty=True).output.startswith(b"/dev/pts/")
    told = execute(["sh", "-c", "echo $KEY $MORE; pwd; id -u"], environment={"MORE": "m"}, workdir="/kept", user="1000")
    assert told.output == b"value m\n/kept\n1000\n"
    assert execute("no-such-program").exit_code in (126, 127)
    process = client.api.exec_create(container.id, ["sh", "-c", "read word; echo got $word; exit 4"], stdin=True)
    socket = client.api.exec_start(process["Id"], socket=True)
    socket._sock.sendall(b"it\n")
    assert read_all(socket)[8:] == b"got it\n"
    assert client.api.exec_inspect(process["Id"])["ExitCode"] == 4
    process = client.api.exec_create(container.id, ["sh", "-c", SIZED], stdin=True, tty=True)
    socket = client.api.exec_start(process["Id"], socket=True, tty=True)
    client.api.exec_resize(process["Id"], 30, 90)
    socket._sock.sendall(b"\n")
    assert read_all(socket).endswith(b"sized\r\n")


def has_files(container):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("put")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    assert container.put_archive("/kept", packed.getvalue())
    pieces, stat = container.get_archive("/kept/put")
    assert (stat["name"], stat["size"]) == ("put", 3)
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        assert archive.extractfile("put").read() == b"abc"
    refused(docker.errors.NotFound, container.get_archive, "/kept/nothing")
    with tarfile.open(fileobj=io.BytesIO(b"".join(container.export()))) as archive:
        assert "bin/busybox" in archive.getnames()


def attaches():
    container = client.containers.create(IMAGE, "cat", stdin_open=True, **APART)
    socket = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    container.start()
    socket._sock.sendall(b"hello\n")
    socket._sock.shutdown(1)
    assert read_all(socket) == b"\x01\0\0\0\0\0\0\x06hello\n"
    container.stop(timeout=0)
    container.remove()


def has_images():
    image = client.images.get(IMAGE)
    assert image.tag("copy", "1")
    assert "copy:1" in client.images.get("copy:1").tags
    saved = b"".join(client.images.get("copy:1").save(named="copy:1"))
    client.images.remove("copy:1")
    assert "copy:1" in client.images.load(saved)[0].tags
    client.images.remove("copy:1")
    assert image.history()
    recipe = f"FROM {IMAGE}\nRUN echo built > /built\nLABEL of=docker-py\n"
    built, _ = client.images.build(fileobj=io.BytesIO(recipe.encode()), tag="built:1", network_mode="none")
    assert client.containers.run("built:1", "cat /built", remove=True, **APART) == b"built\n"
    client.images.remove("built:1")
    failing = io.BytesIO(f"FROM {IMAGE}\nRUN exit 3\n".encode())
    refused(docker.errors.BuildError, client.images.build, fileobj=failing, network_mode="none")
    assert client.df()["LayersSize"] > 0


def has_volumes_and_networks():
    volume = client.volumes.create("named", labels={"of": "docker-py"})
    assert client.volumes.list(filters={"label": "of=docker-py"}) == [volume]
    volume.remove()
    refused(docker.errors.NotFound, client.volumes.get, "named")
    pools = [docker.types.IPAMPool(subnet="172.30.5.0/24")]
    network = client.networks.create("apart", labels={"of": "docker-py"}, ipam=docker.types.IPAMConfig(pool_configs=pools))
    assert client.networks.list(names=["apart"]) == [network]
    one = client.containers.run(IMAGE, "sleep 1000", detach=True, network="apart", stop_signal="KILL")
    other = client.containers.run(IMAGE, "sleep 1000", detach=True, stop_signal="KILL", **APART)
    refused(docker.errors.APIError, network.connect, other)
    other.remove(force=True)
    other = client.containers.run(IMAGE, "sleep 1000", detach=True, stop_signal="KILL")
    network.connect(other, aliases=["other"], ipv4_address="172.30.5.77")
    assert b"172.30.5.77" in one.exec_run("ping -c 1 other").output
    network.reload()
    assert {each.id for each in network.containers} == {one.id, other.id}
    network.disconnect(other)
    for container in (one, other):
        container.remove(force=True)
    network.remove()


def hears_events():
    happening = client.events(decode=True, filters={"type": "container", "label": "heard=1"})
    run = threading.Timer(0, lambda: client.containers.run(IMAGE, "true", labels={"heard": "1"}, remove=True, **APART))
    run.start()
    heard = []
    for event in happening:
        heard.append(event["Action"])
        if event["Action"] == "destroy":
            break
    happening.close()
    run.join()
    assert heard[:1] + heard[-2:] == ["create", "die", "destroy"], heard


assert client.ping() and client.version()["ApiVersion"] and client.info()["OSType"] == "linux"
runs()
lives()
attaches()
has_images()
has_volumes_and_networks()
hears_events()
# docker-py itself leaves the one whose program there was not.
assert len(client.containers.prune()["ContainersDeleted"]) == 1
assert client.containers.list(all=True) == []
