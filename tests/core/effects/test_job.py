"""Scores of a list on disk: nothing finished is lost, nothing is done twice, and the numbers are those of the table."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from core.effects import score_variants
from core.effects.files import Scored
from core.effects.job import Scoring, left_of, parts_of, score_all, scoring_job, seconds_left, timing_kind
from core.effects.journal import Journal, Plan
from core.effects.listed import check_upload, read_list
from core.enformer.averaging import Averaging
from core.errors import JobCancelledError, JobError, VariantFileError
from core.jobs import DeviceQueue, JobManager
from core.settings import Settings
from core.timing import Timings
from tests.core.effects.toys import engine, genome, other
from tests.full_disk import full_disk


def lines_of(count: int = 30, step: int = 30) -> str:
    letters = genome().letters["chr1"]
    rows = [
        f"chr1\t{place}\t.\t{letters[place - 1]}\t{other(letters[place - 1])}"
        for place in range(40, 40 + count * step, step)
    ]
    rows[3] = f"chr1\t131\tdel\t{letters[130:133]}\t{letters[130]}"
    return "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\n" + "\n".join(rows) + "\n"


def listed(text: str | None = None, **options):
    content = io.BytesIO((lines_of() if text is None else text).encode())
    return read_list(content, engine(), genome(), name="toy.vcf", **options)


@pytest.fixture
def scoring() -> Scoring:
    return Scoring(engine(), genome(), listed(), (1, 3))


@pytest.fixture
def timings(tmp_path: Path) -> Timings:
    return Timings(tmp_path / "timings.json")


def finished(scoring: Scoring, folder: Path) -> Journal:
    with Journal(folder, scoring.plan) as kept:
        score_all(scoring, kept, Timings(folder / "timings.json"))
    return kept


def test_the_rows_are_those_of_score_variants(scoring: Scoring, tmp_path: Path):
    kept = finished(scoring, tmp_path / "a")
    assert kept.complete
    scored = Scored(scoring.listed, Journal(tmp_path / "a", scoring.plan), scoring.columns, engine().input_bp)
    (found,) = scored.blocks()
    wanted = score_variants(engine(), genome(), [one.variant for one in scoring.listed.records], [1, 3])
    assert found.columns.tolist() == wanted.columns.tolist()
    for name in wanted.columns:
        if wanted[name].dtype.kind == "f":
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-6, atol=1e-7, err_msg=name)
        else:
            assert found[name].tolist() == wanted[name].tolist(), name


def test_the_same_numbers_however_often_it_was_interrupted(scoring: Scoring, tmp_path: Path):
    whole = finished(scoring, tmp_path / "whole")
    rows = {int(one["number"]): one.tobytes() for one in whole.records()}
    calls = 0
    for _ in range(200):
        kept = Journal(tmp_path / "parts", scoring.plan)
        before = {int(one["number"]): one.tobytes() for one in kept.records()}
        if kept.complete:
            break

        def stop(done: int, seconds: float | None, before=before) -> None:
            if done > len(before):
                raise JobCancelledError("enough")

        with pytest.raises(JobCancelledError), kept:
            score_all(scoring, kept, Timings(tmp_path / "t.json"), stop)
        calls += 1
        after = {int(one["number"]): one.tobytes() for one in Journal(tmp_path / "parts", scoring.plan).records()}
        assert before.items() <= after.items()
        assert len(after) > len(before)
    assert calls > 3
    parts = {int(one["number"]): one["values"] for one in Journal(tmp_path / "parts", scoring.plan).records()}
    for number, record in rows.items():
        values = np.frombuffer(record, scoring.plan.record)[0]["values"]
        np.testing.assert_allclose(parts[number], values, rtol=0, atol=2e-6)


def manager(folder: Path) -> JobManager:
    return JobManager(folder, max_disk_bytes=10**7, max_finished=5, queues={"cpu": DeviceQueue("cpu")})


def job_of(scoring: Scoring, folder: Path, timings: Timings, owner: str = "me"):
    return scoring_job(scoring, folder, timings, title="toy.vcf", queue="cpu", owner=owner)


def test_a_job_that_is_cancelled_goes_on_where_it_was(scoring: Scoring, tmp_path: Path, timings: Timings):
    folder = tmp_path / "scores"
    kept = Journal(folder, scoring.plan)
    with kept:
        scoring.score_group(kept, scoring.groups[0])
    first = kept.done
    jobs = manager(tmp_path / "jobs")
    spec = job_of(scoring, folder, timings)
    number = jobs.submit(spec)
    assert jobs.wait(number, 60).state == "done"
    kept.refresh()
    assert 0 < first < kept.done == len(scoring.listed)
    with pytest.raises(JobError, match="finished already"):
        job_of(scoring, folder, timings)
    jobs.close()


def test_cancel_keeps_what_was_finished(scoring: Scoring, tmp_path: Path, timings: Timings):
    folder, jobs = tmp_path / "scores", manager(tmp_path / "jobs")
    watched = Journal(folder, scoring.plan)
    spec = job_of(scoring, folder, timings)
    started = threading.Event()
    original = spec.run_piece

    def run(index, context):
        if index == 2:
            started.set()
            context._cancelled.wait(10)
        return original(index, context)

    object.__setattr__(spec, "run_piece", run)
    number = jobs.submit(spec)
    assert started.wait(30)
    jobs.cancel(number)
    assert jobs.wait(number, 30).state == "cancelled"
    watched.refresh()
    assert 0 < watched.done < len(scoring.listed)
    again = jobs.submit(job_of(scoring, folder, timings))
    assert jobs.wait(again, 60).state == "done"
    watched.refresh()
    assert watched.complete
    jobs.close()


def test_two_people_share_one_job(scoring: Scoring, tmp_path: Path, timings: Timings):
    jobs, folder = manager(tmp_path / "jobs"), tmp_path / "scores"
    with jobs.queues["cpu"].turn(owner="x", interactive=True):
        one = jobs.submit(job_of(scoring, folder, timings, "anna"))
        two = jobs.submit(job_of(scoring, folder, timings, "ben"))
        assert one == two
        jobs.leave(one, "anna")
    assert jobs.wait(two, 60).state == "done"
    jobs.close()


def test_two_lists_at_once_do_not_mix(tmp_path: Path, timings: Timings):
    jobs = manager(tmp_path / "jobs")
    lists = [Scoring(engine(), genome(), listed(lines_of(count)), (0,)) for count in (5, 9)]
    ids = [jobs.submit(job_of(one, tmp_path / one.key, timings, owner)) for one, owner in zip(lists, "ab", strict=True)]
    for number, one in zip(ids, lists, strict=True):
        assert jobs.wait(number, 60).state == "done"
        assert Journal(tmp_path / one.key, one.plan).done == len(one.listed)
    jobs.close()


def test_half_a_record_and_a_damaged_one_are_computed_again(scoring: Scoring, tmp_path: Path):
    kept = finished(scoring, tmp_path / "a")
    size, path = scoring.plan.record.itemsize, tmp_path / "a" / "scores.bin"
    wanted = {int(one["number"]): one.tobytes() for one in kept.records()}
    data = bytearray(path.read_bytes())
    data[size * 2 + size // 2] ^= 1
    path.write_bytes(data[: -size // 2])
    again = Journal(tmp_path / "a", scoring.plan)
    assert again.done == len(scoring.listed) - 2
    assert sum(len(again.missing(group.places)) for group in left_of(scoring, again)) == 2
    with again:
        score_all(scoring, again, Timings(tmp_path / "t.json"))
    assert again.complete
    assert path.stat().st_size % size == 0
    values = {int(one["number"]): one["values"] for one in again.records()}
    for number, record in wanted.items():
        np.testing.assert_allclose(values[number], np.frombuffer(record, scoring.plan.record)[0]["values"], atol=2e-6)


def test_a_full_disk_says_so_and_keeps_what_is_there(scoring: Scoring, tmp_path: Path):
    size = scoring.plan.record.itemsize
    said = pytest.raises(JobError, match=r"cannot be written .* is kept\. Make room")
    with Journal(tmp_path / "a", scoring.plan) as kept, full_disk(7 * size + size // 2), said:
        score_all(scoring, kept, Timings(tmp_path / "t.json"))
    again = Journal(tmp_path / "a", scoring.plan)
    assert again.done == 7
    assert (tmp_path / "a" / "scores.bin").stat().st_size == 7 * size
    with again:
        score_all(scoring, again, Timings(tmp_path / "t.json"))
    assert again.complete


def test_one_writer_at_a_time(scoring: Scoring, tmp_path: Path):
    said = pytest.raises(JobError, match="Another process")
    with Journal(tmp_path / "a", scoring.plan), said, Journal(tmp_path / "a", scoring.plan):
        pass
    with Journal(tmp_path / "a", scoring.plan):
        pass


def test_a_folder_of_something_else_is_refused(scoring: Scoring, tmp_path: Path):
    Journal(tmp_path / "a", scoring.plan)
    with pytest.raises(JobError, match="unfinished scores of other"):
        Journal(tmp_path / "a", Plan("0" * 64, 3, (0,)))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "plan.json").write_text("{nonsense")
    with pytest.raises(JobError, match="unfinished scores of other"):
        Journal(tmp_path / "b", scoring.plan)


def test_the_key_knows_variants_tracks_and_model(scoring: Scoring):
    same = Scoring(engine(), genome(), listed(), (1, 3))
    assert scoring.key == same.key
    others = [
        Scoring(engine(), genome(), listed(), (1,)),
        Scoring(engine(), genome(), listed(lines_of(29)), (1, 3)),
        Scoring(engine(), genome(), listed(), (1, 3), averaging=Averaging(True)),
    ]
    assert len({scoring.key, *(one.key for one in others)}) == 4


def test_the_table_of_one_track_and_of_the_strongest(scoring: Scoring, tmp_path: Path):
    kept = finished(scoring, tmp_path / "a")
    place = scoring.plan.numbers.index("local_log2_fold")
    every = np.stack([one["values"][:, place] for one in kept.records()])
    numbers, columns, values, genes = kept.rows()
    assert numbers.tolist() == list(range(len(scoring.listed)))
    assert set(genes) == {""}
    assert columns.tolist() == np.abs(every).argmax(axis=1).tolist()
    np.testing.assert_array_equal(values[:, place], every[np.arange(len(every)), columns])
    np.testing.assert_array_equal(kept.rows(1)[2][:, place], every[:, 1])


def test_pieces_are_short_and_hold_every_variant_once(scoring: Scoring, timings: Timings):
    cut = parts_of(scoring, scoring.groups, timings)
    assert sorted(number for group in cut for number in group.places) == list(range(len(scoring.listed)))
    timings.record(timing_kind(scoring), 1e9)
    assert all(len(group) == 1 for group in parts_of(scoring, scoring.groups, timings))
    assert seconds_left(scoring, scoring.groups, timings) > 1


def test_every_bad_record_is_listed_and_the_rest_is_scored():
    text = lines_of(4) + "chr1\t45\t.\tN\tA\nchr1\t5000\t.\tA\tC\nchr9\t5\t.\tA\tC\nchr1\t40\t.\n"
    long = genome().letters["chr1"]
    text += f"chr1\t200\t.\t{long[199:260]}\t{long[199]}\n"
    seen = []
    found = listed(text, on_rejected=seen.append)
    assert len(found) == 4
    assert [one.line for one in found.rejected] == [7, 8, 9, 10, 11]
    assert list(found.rejected) == seen
    assert "alleles of up to" in found.rejected[-1].reason
    assert found.by_line == {3: [0], 4: [1], 5: [2], 6: [3]}
    few = listed(lines_of(9), most=5)
    assert len(few) == 5
    assert "more than 5 variants" in few.notes[0]


def test_a_large_upload_is_refused_with_a_sentence():
    with pytest.raises(VariantFileError, match=r"1,000 MB and a page takes 20 MB; .* python -m core.effects score"):
        check_upload("big.vcf", 10**9, Settings())
    check_upload("small.vcf", 10**6, Settings())


def test_names_of_genes_fit_or_are_cut(tmp_path: Path):
    plan = Plan("1" * 64, 2, (0,), with_genes=True)
    with Journal(tmp_path / "a", plan) as kept:
        kept.append(1, np.zeros((1, len(plan.numbers)), np.float32), gene="ä" * 60, window=-5)
        with pytest.raises(ValueError, match="broadcast"):
            kept.append(0, np.zeros((2, 3), np.float32))
    (record,) = Journal(tmp_path / "a", plan).records()
    assert bytes(record["gene"]).decode() == "ä" * 20
    assert record["window"] == -5
    assert os.path.getsize(tmp_path / "a" / "scores.bin") == plan.record.itemsize
