"""Annexes that cannot be altered unnoticed: PDF, DOCX, and signatures."""

import io
import random
import re
import subprocess
import zipfile

import docx
import evidence_factory as make
import pytest

from giaoban.errors import InputError
from giaoban.results.archive.evidence.pack import write_evidence
from giaoban.results.archive.evidence.signing import Signer
from giaoban.results.archive.evidence.verify import SIGNATURE_ENDING, verify
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes
from giaoban.results.report.docx import seal as seal_docx
from giaoban.results.report.pdf import seal as seal_pdf
from tests.nights import at_night


@pytest.fixture(scope="module")
def office(made):
    return made.annex("docx")


def found(path, data, *trust):
    path.write_bytes(data)
    return verify(path, trust)


def flipped(data, spot, rng):
    damaged = bytearray(data)
    damaged[spot] ^= 1 << rng.randrange(8)
    return bytes(damaged)


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_intact_documents_tell_their_run_and_inputs(tmp_path, made, form):
    told = found(tmp_path / f"x.{form}", made.annex(form))
    assert told.intact
    assert not told.draft
    [run] = told.runs
    assert (run.run_id, run.sum) == (made.result.run_id, made.proof.sum)
    assert run.inputs[0].name == "mở rộng.toml"


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_the_same_bytes_each_time(made, form):
    assert made.annex(form) == made.annex(form)


def test_one_byte_changed_anywhere_in_a_pdf_is_told(tmp_path, pdf):
    rng = random.Random(1681)
    for spot in [*rng.sample(range(len(pdf)), 40), *range(len(pdf) - 220, len(pdf), 11)]:
        assert not found(tmp_path / "x.pdf", flipped(pdf, spot, rng)).intact, spot
    for other in (pdf[:-1], pdf + b"\n", pdf[1:], pdf + pdf):
        assert not found(tmp_path / "x.pdf", other).intact


def test_it_says_which_page_of_a_pdf_was_altered(tmp_path, pdf):
    [page] = [p for p in seal_pdf.parts(pdf) if p.name == "page 2"][-1:]
    spot = (page.start + page.end) // 2
    told = found(tmp_path / "x.pdf", flipped(pdf, spot, random.Random(1)))
    assert told.altered == [f"page 2 (bytes {page.start} to {page.end})"]


def test_a_sealed_pdf_is_still_a_pdf(tmp_path, pdf):
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(["pdfdetach", "-list", str(path)], capture_output=True, text=True)
    assert "giaoban.json" in listed.stdout


def test_a_pdf_without_a_seal_is_told(tmp_path, pdf):
    base = seal_pdf.unsealed(pdf).base
    assert found(tmp_path / "x.pdf", base).altered == ["the seal: it is missing or damaged"]


def test_one_byte_changed_anywhere_in_a_docx_is_told(tmp_path, office):
    rng = random.Random(1681)
    for spot in [*rng.sample(range(len(office)), 80), *range(len(office) - 60, len(office), 3)]:
        assert not found(tmp_path / "x.docx", flipped(office, spot, rng)).intact, spot
    for other in (office[:-1], office + b"\0", office[1:]):
        assert not found(tmp_path / "x.docx", other).intact


def edited(office, change):
    """Opened, changed and saved by another program."""
    paper = docx.Document(io.BytesIO(office))
    change(paper)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def test_a_figure_edited_in_a_docx_is_told_with_its_place(tmp_path, office):
    def change(paper):
        [cell] = [c for r in paper.tables[0].rows for c in r.cells if c.text == "33,33\u00a0%"]
        cell.paragraphs[0].runs[0].text = "13,33\u00a0%"

    told = found(tmp_path / "x.docx", edited(office, change))
    assert told.altered[0] == (
        "3. Các tiêu chí · Bảng 1, 1 (Năng lực MCU đã sử dụng): “33,33 %” became “13,33 %”"
    )
    assert told.runs[0].run_id == "mo-rong-20261124-152000"


def test_a_paragraph_added_to_a_docx_is_told(tmp_path, office):
    told = found(tmp_path / "x.docx", edited(office, lambda p: p.add_paragraph("Đồng ý.")))
    assert "was added: “Đồng ý.”" in told.altered[0]


def test_a_docx_saved_anew_without_a_change_is_not_the_same_file(tmp_path, office):
    told = found(tmp_path / "x.docx", edited(office, lambda _: None))
    assert told.altered
    assert not any("became" in line for line in told.altered)


def test_a_docx_that_another_program_wrote_anew_is_told_in_one_line(tmp_path, office):
    with zipfile.ZipFile(io.BytesIO(office)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in parts:
        if name.endswith(".xml") and not name.startswith("customXml"):
            parts[name] += b"\n"
    [said] = found(tmp_path / "x.docx", seal_docx._written(parts)).altered
    assert re.fullmatch(
        r"the archive: saved by another program, \d+ parts differ; all texts are as they were", said
    )


def test_a_picture_changed_in_a_docx_is_told(tmp_path, office):
    with zipfile.ZipFile(io.BytesIO(office)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    [name] = [name for name in parts if name.endswith(".svg")]
    parts[name] = parts[name].replace(b"#000", b"#111")
    told = found(tmp_path / "x.docx", seal_docx._written(parts))
    assert told.altered == [f"{name}: was altered"]


def test_names_and_figures_are_in_the_docx_as_they_are_written(office):
    paper = docx.Document(io.BytesIO(office))
    cells = {c.text for t in paper.tables for r in t.rows for c in r.cells}
    assert {"Đắk R'Lấp", "Krông Nô", "Tuy Đức"} <= cells
    section = paper.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert (round(section.left_margin.mm), round(section.right_margin.mm)) == (30, 17)
    assert paper.core_properties.author == ""
    assert paper.styles["Normal"].font.name == "Times New Roman"


def test_a_draft_is_marked_on_every_page_of_a_docx(made):
    data, draft = annex_bytes([Chapter(AnswerWithProof(made.result, None), {})], form="docx")
    assert draft
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [n for n in archive.namelist() if n.startswith("word/") and n.endswith(".xml")]
        said = {name: archive.read(name).decode() for name in names}
    marks = [n for n, text in said.items() if "header" in n and "BẢN NHÁP" in text]
    feet = [n for n, text in said.items() if "footer" in n and "KHÔNG DÙNG ĐỂ TRÌNH" in text]
    assert (len(marks), len(feet)) == (2, 2), "of the first page and of all others"


# ------------------------------------------------------------------------------------ signatures


def test_a_signed_pdf_holds_and_says_who(tmp_path, pdf, who):
    signed = Signer(who.p12, make.PASSWORD).pdf(pdf)
    told = found(tmp_path / "x.pdf", signed, who.certificate)
    assert told.intact
    [signature] = told.signed
    assert signature.trusted
    assert "Sở Thông tin và Truyền thông" in signature.by
    [untold] = found(tmp_path / "x.pdf", signed).signed
    assert (untold.holds, untold.trusted) == (True, None)


def test_a_signature_of_somebody_else_is_not_trusted(tmp_path, pdf, who):
    other = make.identity(tmp_path, "Người khác")
    signed = Signer(other.p12, make.PASSWORD).pdf(pdf)
    told = found(tmp_path / "x.pdf", signed, who.certificate)
    assert not told.intact
    assert told.signed[0].trusted is False


def test_a_certificate_that_had_expired_is_not_trusted(tmp_path, pdf):
    old = make.identity(tmp_path, "Hết hạn", days=-1)
    told = found(tmp_path / "x.pdf", Signer(old.p12, make.PASSWORD).pdf(pdf), old.certificate)
    assert told.signed[0].trusted is False


def altered(told):
    """What this program wrote is told for certain: it has nothing that nobody could check."""
    doubt = any(each.unchecked for each in told.signed)
    return bool(told.altered or not all(each.valid for each in told.signed)) and not doubt


@pytest.mark.parametrize("spots", [6, at_night(19)])
def test_one_byte_changed_anywhere_in_a_signature_is_told(tmp_path, pdf, who, spots):
    signed = Signer(who.p12, make.PASSWORD).pdf(pdf)
    assert found(tmp_path / "x.pdf", signed).intact
    rng = random.Random(7)
    start = signed.rindex(b"/Contents <") + len("/Contents <")
    digits = [
        *range(start, start + 76, 76 // spots),
        *rng.sample(range(start, start + 2000), spots),
    ]
    for spot in digits:
        other = bytearray(signed)
        other[spot] = ord("1") if other[spot] != ord("1") else ord("2")
        assert altered(found(tmp_path / "x.pdf", bytes(other))), spot - start
    for spot in rng.sample(range(len(pdf), len(signed)), spots):
        assert altered(found(tmp_path / "x.pdf", flipped(signed, spot, rng))), spot
    version, padding = signed.index(b"020101", start), signed.index(b">", start) - 1
    letter = re.compile(rb"[A-F]").search(signed, start, padding).start()
    for spot in (version + 5, padding, letter):  # a digit in lower case would say the same
        other = bytearray(signed)
        other[spot] = other[spot] ^ 0x20 if other[spot] > ord("9") else ord("3")
        told = found(tmp_path / "x.pdf", bytes(other), who.certificate)
        assert told.altered == ["the signature: its own bytes were altered"], spot - start
    assert not found(tmp_path / "x.pdf", signed + b"\n").intact


def test_a_page_replaced_before_signing_is_told(tmp_path, pdf, who):
    """A signature of one's own does not make another's seal cover what was changed after it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page = page["/Kids"][0].get_object() if "/Kids" in page else page
    contents = page.raw_get("/Contents").get_object()
    contents._data = contents.data + b"\n"
    contents._encoded_data = None
    writer.mark_update(page.raw_get("/Contents"))
    out = io.BytesIO()
    writer.write(out)
    told = found(tmp_path / "x.pdf", out.getvalue())
    assert told.altered == ["something was added after the seal"]
    told = found(tmp_path / "x.pdf", Signer(who.p12, make.PASSWORD).pdf(out.getvalue()))
    assert re.search("was replaced after the seal", " ".join(told.altered))


@pytest.mark.parametrize("spots", [6, at_night(25)])
def test_a_signature_beside_an_evidence(tmp_path, made, who, spots):
    path = tmp_path / "x.evidence.zip"
    write_evidence(made.folder, path)
    beside = path.with_name(path.name + SIGNATURE_ENDING)
    beside.write_bytes(Signer(who.p12, make.PASSWORD).detached(path.read_bytes()))
    told = verify(path, [who.certificate])
    assert told.intact
    assert told.signed[0].trusted
    good = beside.read_bytes()
    rng = random.Random(3)
    for spot in rng.sample(range(len(good)), spots):
        beside.write_bytes(flipped(good, spot, rng))
        assert altered(verify(path)), spot
    version = good.index(bytes.fromhex("020101")) + 2
    beside.write_bytes(good[:version] + b"\3" + good[version + 1 :])
    [signature] = verify(path).signed
    assert (signature.valid, signature.wrong) == (False, "its own bytes were altered")
    other = make.run(tmp_path, seed=7)
    beside.write_bytes(good)
    write_evidence(other.folder, path)
    assert verify(path).signed[0].wrong == "it is not of this file"


def test_a_signature_taken_away_is_told_where_one_is_asked_for(tmp_path, made, pdf, who):
    evidence = tmp_path / "x.evidence.zip"
    write_evidence(made.folder, evidence)
    told = verify(evidence, [who.certificate])
    assert (told.intact, told.altered) == (False, [])
    assert told.unsigned.startswith("is not signed: no signature beside it")
    beside = evidence.with_name(evidence.name + SIGNATURE_ENDING)
    beside.write_bytes(Signer(who.p12, make.PASSWORD).detached(evidence.read_bytes()))
    assert verify(evidence, [who.certificate]).intact

    signed = Signer(who.p12, make.PASSWORD).pdf(pdf)
    assert signed.startswith(pdf)
    told = found(tmp_path / "x.pdf", signed[: len(pdf)], who.certificate)
    assert (told.intact, told.unsigned) == (False, "is not signed")
    assert found(tmp_path / "x.pdf", pdf).intact, "nobody is asked for"


def test_a_docx_cannot_be_signed(tmp_path, office, who):
    told = found(tmp_path / "x.docx", office, who.certificate)
    assert not told.intact
    assert "a DOCX cannot be" in told.unsigned


def test_wrong_passwords_and_files_are_told(tmp_path, who):
    with pytest.raises(InputError, match="is no PKCS#12 file with a key, or another password"):
        Signer(who.p12, "guess")
    with pytest.raises(InputError, match="no such file"):
        Signer(tmp_path / "nothing.p12", "")
    with pytest.raises(InputError, match="is no certificate"):
        verify(tmp_path / "x.pdf", [who.p12])
