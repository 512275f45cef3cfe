from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.curation.archives import MANIFEST, Kind, pack
from runicorn.curation.finding import find_run
from runicorn.curation.recycle import delete
from runicorn.curation.unpacking import Limits, unpack
from runicorn.errors import ArchiveError
from runicorn.store import Store
from tests.core.conftest import NewRun

META = "p/n/runs/a/meta.json"
Archive = dict[str, bytes]
Write = Callable[[Archive], io.BytesIO]


def as_zip(files: Archive) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return target


def as_tar(files: Archive, mode: str = "w") -> io.BytesIO:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as file:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return target


def as_tar_gz(files: Archive) -> io.BytesIO:
    return as_tar(files, "w:gz")


def tar_of(**fields: object) -> io.BytesIO:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as file:
        info = tarfile.TarInfo("p/n/runs/a/meta.json")
        for name, value in fields.items():
            setattr(info, name, value)
        file.addfile(info)
    return target


def assert_refused(root: Path, archive: io.BytesIO, reason: str, **limits: int) -> None:
    outside = sorted(path for path in root.parent.rglob("*") if not path.is_relative_to(root))
    with pytest.raises(ArchiveError, match=reason):
        unpack(root, archive, Limits(**limits))
    assert list(root.rglob("*")) == [], "something was left in the root"
    assert outside == sorted(
        path for path in root.parent.rglob("*") if not path.is_relative_to(root)
    )


every_format = pytest.mark.parametrize("write", [as_zip, as_tar, as_tar_gz])


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_packed_run_is_the_same_in_another_root(
    kind: Kind, root: Path, tmp_path: Path, new_run: NewRun
) -> None:
    with rn.init("vision", "resnet/ablation", config={"lr": 0.1}, storage=root) as run:
        run.log({"loss": 0.5}, step=1)
        run.log_text("Grüße 你好")
    other = new_run("b", project="文字")
    (run.run_dir / "media").mkdir()
    (run.run_dir / "media" / "1_abcdef_a b.png").write_bytes(b"image")
    (run.run_dir / "media" / "link").symlink_to("/etc/passwd")
    (run.run_dir / ".status.json.1234.tmp").write_bytes(b"half")
    target = tmp_path / "archive"
    folders = [find_run(root, run.id), other.folder]
    told: list[tuple[int, int]] = []
    with target.open("wb") as file:
        packed = pack(root, folders, file, kind, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == packed.n_bytes

    second = tmp_path / "second"
    with target.open("rb") as archive:
        unpacked = unpack(second, archive)
    assert {folder.id for folder in unpacked.added} == {run.id, "b"}
    assert unpacked.n_files == packed.n_files
    assert unpacked.n_ignored == 1, "the manifest"
    for folder in folders:
        copy = second / folder.path.relative_to(root)
        for file_path in folder.path.rglob("*"):
            twin = copy / file_path.relative_to(folder.path)
            if file_path.is_symlink() or file_path.name.startswith("."):
                assert not twin.exists()
            elif file_path.is_file():
                assert twin.read_bytes() == file_path.read_bytes()
                assert twin.stat().st_mode & 0o111 == 0
    with Store(second) as store:
        store.catch_up()
        detail = store.experiment(run.id)
    assert (detail.experiment.project, detail.experiment.name) == ("vision", "resnet/ablation")
    assert detail.experiment.config == {"lr": 0.1}


def test_a_run_that_records_is_packed_as_far_as_it_has_come(root: Path, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with rn.init("p", "n", storage=root) as run:
        run.log({"loss": 1.0})
        pack(root, [find_run(root, run.id)], archive, "tar.gz")
    assert len(unpack(tmp_path / "second", archive).added) == 1


@every_format
def test_what_exists_is_left_untouched_and_reported(
    write: Write, root: Path, new_run: NewRun
) -> None:
    mine = new_run("a", project="mine")
    gone = new_run("gone")
    delete(gone.folder)
    before = mine.folder.meta.read_bytes()
    archive = write({META: b"{}", "p/n/runs/gone/meta.json": b"{}", "p/n/runs/c/meta.json": b"{}"})
    unpacked = unpack(root, archive)
    assert [folder.id for folder in unpacked.added] == ["c"]
    assert set(unpacked.skipped) == {"a", "gone"}
    assert mine.folder.meta.read_bytes() == before
    archive.seek(0)
    assert set(unpack(root, archive).skipped) == {"a", "gone", "c"}


@every_format
def test_members_of_no_run_are_ignored(write: Write, root: Path) -> None:
    archive = write(
        {
            MANIFEST: b"{}",
            "README.md": b"",
            "runicorn.db": b"SQLite",
            "artifacts/model/net/runs/x/y": b"",
            "p/runs/a/meta.json": b"{}",
            "./p/n/runs/a/meta.json": b"{}",
            "p/n/runs/a/.deleted": b"{}",
            "p/n/runs/stray": b"",
        }
    )
    unpacked = unpack(root, archive)
    assert [folder.id for folder in unpacked.added] == ["a"]
    assert unpacked.n_ignored == 7
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["meta.json"]


def test_the_flat_layout_is_taken_to_where_its_documents_say(root: Path) -> None:
    archive = as_zip(
        {
            "runs/a/meta.json": b'{"project": "vision", "name": "x/y"}',
            "runs/b/meta.json": b'{"project": "../..", "name": "n"}',
        }
    )
    unpacked = unpack(root, archive)
    assert [(each.id, each.project, each.name) for each in unpacked.added] == [
        ("a", "vision", "x/y"),
        ("b", "default", "default"),
    ]


@pytest.mark.promise(11)
@every_format
@pytest.mark.parametrize(
    "name",
    [
        "/etc/cron.d/x",
        "//host/share/x",
        "C:/Windows/x",
        "c:x",
        "\\\\host\\share",
        "../x",
        "p/n/runs/a/../../../../../x",
        "p/n/runs/a/media/..",
        "..\\x",
        "p/n/runs/a/b\\c",
        "p/n/runs/a//x",
        "p/n/runs/a/./x",
        "p/n/runs/a/\x1b]0;x",
        "p/n/runs/a/new\nline",
        "p/n/runs/a/" + "x" * 300,
        "p/n/runs/a/" + "x/" * 100 + "y",
        "p/con/runs/a/meta.json",
        "p/n/runs/-a/meta.json",
        "p/n/runs/a b/meta.json",
        ".p/n/runs/a/meta.json",
        "p/ n/runs/a/meta.json",
        "p/<b>/runs/a/meta.json",
    ],
)
def test_a_path_that_leads_elsewhere_refuses_the_archive(
    write: Write, name: str, root: Path
) -> None:
    assert_refused(root, write({META: b"{}", name: b"evil"}), "member")


@pytest.mark.promise(11)
def test_a_nul_in_a_name_refuses_the_archive(root: Path) -> None:
    archive = as_zip({"p/n/runs/a/x.y": b"evil"})
    blob = archive.getvalue().replace(b"a/x.y", b"a/x\0y")
    assert_refused(root, io.BytesIO(blob), "character")


@pytest.mark.promise(11)
@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
        tarfile.GNUTYPE_SPARSE,
    ],
)  # fmt: skip
def test_links_and_devices_refuse_the_archive(kind: bytes, root: Path) -> None:
    assert_refused(root, tar_of(type=kind, linkname="/etc/passwd"), "link|damaged")


@pytest.mark.promise(11)
@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_refuse_it(kind: int, root: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        info = zipfile.ZipInfo("p/n/runs/a/link")
        info.external_attr = (kind | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    assert_refused(root, target, "link")


@pytest.mark.promise(11)
def test_no_file_is_written_through_a_folder_that_is_a_file(root: Path) -> None:
    for write in (as_zip, as_tar):
        archive = write({"p/n/runs/a/x": b"", "p/n/runs/a/x/y": b""})
        assert_refused(root, archive, "both a file and a folder")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_refuses_the_archive(root: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr(META, "{}")
        file.writestr(META, "[]")
    assert_refused(root, target, "twice")
    archive = as_tar({META: b"{}", "q/n/runs/a/meta.json": b"{}"})
    assert_refused(root, archive, "two places")


@pytest.mark.promise(11)
@pytest.mark.parametrize("write", [as_zip, as_tar_gz])
def test_a_bomb_is_stopped_at_its_ratio(write: Write, root: Path) -> None:
    archive = write({"p/n/runs/a/logs.txt": bytes(4 << 20)})
    assert_refused(root, archive, "200 times", free_bytes=1 << 20)
    assert len(unpack(root, archive).added) == 1, "64 MiB are free"


@pytest.mark.promise(11)
@every_format
def test_an_archive_stays_within_its_limits(write: Write, root: Path) -> None:
    archive = write({"p/n/runs/a/logs.txt": b"x" * 5000, META: b"{}"})
    assert_refused(root, archive, "more than 4000 bytes", max_bytes=4000)
    assert_refused(root, archive, "more than 1 members", max_members=1)


@pytest.mark.promise(11)
def test_a_zip_of_too_many_members_is_not_read_into_memory(root: Path) -> None:
    archive = as_zip({f"p/n/runs/a/{number}": b"" for number in range(200)})
    archive.seek(0, io.SEEK_END)
    assert_refused(root, archive, "more than 100 members", max_members=100)


@pytest.mark.promise(11)
def test_a_header_that_would_fill_the_memory_refuses_the_archive(root: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as file:
        info = tarfile.TarInfo(META)
        info.pax_headers = {"comment": "x" * (16 << 20)}
        file.addfile(info)
    archive = io.BytesIO(gzip.compress(plain.getvalue()))
    assert_refused(root, archive, "fill the memory")


@every_format
def test_an_archive_that_was_cut_off_leaves_nothing(write: Write, root: Path) -> None:
    content = bytes(range(256)) * 200
    archive = write({META: b"{}", "p/n/runs/a/events.jsonl": content, "p/n/runs/b/x": content})
    whole = archive.getvalue()
    end = len(whole.rstrip(b"\0"))  # a tar is filled up with zeros
    for size in (*range(1, end, end // 20), 512, 1024):
        assert_refused(root, io.BytesIO(whole[: min(size, end - 1)]), "damaged|neither")


def test_damage_inside_of_an_archive_leaves_nothing(root: Path) -> None:
    content = bytes(range(256)) * 20
    for write in (as_zip, as_tar_gz):
        whole = bytearray(write({META: b"{}", "p/n/runs/b/x": content}).getvalue())
        whole[len(whole) // 3] ^= 0xFF
        assert_refused(root, io.BytesIO(bytes(whole)), "damaged|member|neither")
    assert_refused(root, io.BytesIO(b"no archive"), "neither")
    assert_refused(root, io.BytesIO(b""), "neither")


def test_an_encrypted_or_unusual_zip_is_refused(root: Path) -> None:
    whole = bytearray(as_zip({META: b"{}"}).getvalue())
    local, central = whole.index(b"PK\x03\x04"), whole.index(b"PK\x01\x02")
    whole[local + 6] |= 1
    whole[central + 8] |= 1
    assert_refused(root, io.BytesIO(bytes(whole)), "damaged|encrypted")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as file:
        file.writestr(META, "{}")
    assert_refused(root, target, "unusual")


def test_a_place_behind_a_symbolic_link_is_not_written(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root.mkdir()
    (root / "p").symlink_to(tmp_path / "elsewhere")
    unpacked = unpack(root, as_zip({META: b"{}", "q/n/runs/b/meta.json": b"{}"}))
    assert [folder.id for folder in unpacked.added] == ["b"]
    assert "symbolic link" in unpacked.skipped["a"]
    assert list((tmp_path / "elsewhere").iterdir()) == []
