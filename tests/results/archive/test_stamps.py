"""Signatures with time stamps, and with what is needed to check them in ten years (PAdES B-LTA)."""

import hashlib
import io
import random
import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta

import evidence_factory as make
import pytest
from asn1crypto import cms, core, tsp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import HTTPTimeStamper

from giaoban.errors import InputError
from giaoban.results.archive.evidence import signing
from giaoban.results.archive.evidence.canonical import canonical, keep_vouched, vouched
from giaoban.results.archive.evidence.pack import write_evidence
from giaoban.results.archive.evidence.signing import Signer, certificates, detached, make_stamping
from giaoban.results.archive.evidence.verify import SIGNATURE_ENDING, verify
from tests import pki
from tests.scenarios.scenario_factory import giaoban

YEARS_AGO = datetime(2016, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with pki.authority(tmp_path_factory.mktemp("pki")) as found:
        yield found


@pytest.fixture(scope="module")
def then(tmp_path_factory):
    """Of years ago."""
    with pki.authority(tmp_path_factory.mktemp("then"), YEARS_AGO) as found:
        yield found


@pytest.fixture(scope="module")
def who(there):
    return there.signer("Sở Thông tin và Truyền thông")


def signer(there, p12, *, lasting=True):
    stamping = make_stamping(f"{there.url}/tsa", there.chain if lasting else ())
    return Signer(p12, pki.PASSWORD, stamping)


@pytest.fixture(scope="module")
def lasting(there, who, pdf):
    return signer(there, who[0]).pdf(pdf)


def found(path, data, trust=(), stamp=()):
    path.write_bytes(data)
    return verify(path, trust, stamp)


def test_a_stamped_signature_says_when_by_whom_and_that_it_lasts(tmp_path, there, lasting):
    told = found(tmp_path / "x.pdf", lasting, [there.root.pem])
    assert told.intact, told
    [signature] = told.signed
    assert (signature.trusted, signature.lasting) == (True, True)
    assert "Dấu thời gian" in signature.stamp.by
    assert (signature.stamp.at, signature.stamp.trusted) == (there.now, True)


@pytest.fixture
def with_chain(there):
    there.sends = (there.issuer, there.root)
    yield there
    there.sends = ()


@pytest.mark.parametrize("lasting", [True, False])
def test_stamps_with_their_chain_in_any_order(tmp_path, with_chain, who, pdf, lasting):
    """CMS has its certificates in a set, and is no DER there: each authority has its own order."""
    signed = signer(with_chain, who[0], lasting=lasting).pdf(pdf)
    told = found(tmp_path / "x.pdf", signed, with_chain.chain)
    assert told.intact, told
    [signature] = told.signed
    assert (signature.holds, told.altered) == (True, [])
    der = signer(with_chain, who[0], lasting=False).detached(b"evidence")
    assert detached(b"evidence", der, []).holds
    # the signer's own are in the order of DER, and a certificate is as it was signed
    at = der.rindex("Gốc".encode())
    assert not detached(b"evidence", der[:at] + b"X" + der[at + 1 :], []).holds


@pytest.fixture
def without_root(there):
    there.sends = (there.issuer,)
    yield there
    there.sends = ()


@pytest.mark.parametrize("lasting", [True, False])
def test_a_stamp_whose_chain_comes_without_its_root(tmp_path, without_root, who, pdf, lasting):
    """That is legal (RFC 3161, RFC 5652), and no byte of what is carried may be altered unseen."""
    signed = signer(without_root, who[0], lasting=lasting).pdf(pdf)
    told = found(tmp_path / "x.pdf", signed, without_root.chain)
    assert told.intact, told
    [signature] = told.signed
    assert (signature.holds, signature.lasting, told.altered) == (True, lasting, [])
    assert found(tmp_path / "x.pdf", signed).intact
    der = signer(without_root, who[0], lasting=False).detached(b"evidence")
    [root, issuer] = certificates(without_root.chain)
    assert detached(b"evidence", der, [root, issuer]).holds
    assert detached(b"evidence", der, []).holds
    assert issuer.dump() not in der  # whoever altered it there would not be seen
    assert detached(b"evidence", der, [root, issuer]).trusted


def by_another_program(patch):
    """None writes what this one is known by."""
    for name in ("FIELD", "STAMP_FIELD", "HINT"):
        patch.setattr(signing, name, "Signature1" + name)


@pytest.mark.parametrize("other", [True, False])
@pytest.mark.parametrize("lasting", [True, False])
def test_a_stamp_with_more_than_is_signed_is_altered_if_this_program_wrote_it(
    tmp_path, without_root, who, pdf, lasting, other, monkeypatch
):
    """It would have taken out what nothing signs: that came later, or was not as it is."""
    with monkeypatch.context() as patch:
        patch.setattr(signing, "keep_vouched", lambda _: [])
        patch.setattr(Signer, "_check", lambda *_: None)
        if other:
            by_another_program(patch)
        signed = signer(without_root, who[0], lasting=lasting).pdf(pdf)
        der = signer(without_root, who[0], lasting=False).detached(b"evidence")
    told = found(tmp_path / "x.pdf", signed, without_root.chain)
    assert told.altered == ([] if other else ["the signature: its own bytes were altered"])
    beside = detached(b"evidence", der, certificates(without_root.chain))
    assert (beside.valid, beside.unchecked) == (other, other)


def in_both_cases(digits):
    """ISO 32000-2, 7.3.4.3: hexadecimal digits, of either case."""
    return digits[:200].upper() + digits[200:].lower()


def not_padded_with_zeros(digits):
    return digits[:-1] + b"1"


@pytest.mark.parametrize("written", [in_both_cases, not_padded_with_zeros])
@pytest.mark.parametrize("other", [True, False])
def test_how_a_signature_is_written_accuses_no_other_program(
    tmp_path, who, pdf, other, written, monkeypatch
):
    """Nothing signs its digits' case, nor what fills its place: giaoban writes them in one way."""
    with monkeypatch.context() as patch:
        if other:
            by_another_program(patch)
        signed = Signer(who[0], pki.PASSWORD).pdf(pdf)
    start = signed.rindex(b"/Contents <") + len(b"/Contents <")
    end = signed.index(b">", start)

    digits = written(signed[start:end])
    told = found(tmp_path / "x.pdf", signed[:start] + digits + signed[end:])
    if not other:
        assert (told.signed, told.altered) == ([], ["the signature: its own bytes were altered"])
        return
    [signature] = told.signed
    assert signature.by == "Common Name: Sở Thông tin và Truyền thông"
    assert (told.altered, signature.valid, signature.unchecked) == ([], True, True)
    last = len(signed[start:end].rstrip(b"0")) - 1  # of the signature itself
    digits = (
        digits[:last] + (b"1" if digits[last : last + 1] != b"1" else b"2") + digits[last + 1 :]
    )
    [signature] = found(tmp_path / "x.pdf", signed[:start] + digits + signed[end:]).signed
    assert (signature.valid, signature.unchecked) == (False, False)


@pytest.mark.parametrize("lasting", [True, False])
def test_another_program_s_signature_is_not_told_as_altered(
    tmp_path, without_root, who, pdf, lasting, monkeypatch
):
    """It has what nothing signs: of that nothing can be said, of the file that it is as it was."""
    with monkeypatch.context() as other:
        other.setattr("giaoban.results.archive.evidence.signing.keep_vouched", lambda _: [])
        other.setattr(Signer, "_check", lambda *_: None)
        by_another_program(other)
        signed = signer(without_root, who[0], lasting=lasting).pdf(pdf)
        der = signer(without_root, who[0], lasting=False).detached(b"evidence")
    told = found(tmp_path / "x.pdf", signed, without_root.chain)
    [signature] = told.signed
    assert (told.altered, told.intact) == ([], False)
    assert (signature.valid, signature.trusted, signature.unchecked) == (True, True, True)
    beside = detached(b"evidence", der, certificates(without_root.chain))
    assert (beside.valid, beside.trusted, beside.unchecked) == (True, True, True)
    assert not detached(b"other", der, []).unchecked
    ran = giaoban("verify", tmp_path / "x.pdf", "--lang", "vi")
    assert ran.code == 1
    assert "ĐÃ BỊ THAY ĐỔI" not in ran.out
    assert "nguyên vẹn như khi niêm phong, nhưng chưa thể dựa vào chữ ký số" in ran.out
    assert "đúng là của tệp này" in ran.out
    assert "Việc cần làm: kiểm tra chữ ký số" in ran.out


def test_a_certificate_is_vouched_for_by_who_signed_it_or_by_its_sum(there, without_root):
    """A chain without its root is whole again with it, or where its sum is signed."""
    question = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32),
            },
            "cert_req": True,
        }
    ).dump()  # fmt: skip

    def token():
        return tsp.TimeStampResp.load(there.stamp(question))["time_stamp_token"]

    def names(of):
        return {each.subject.native["common_name"] for each in of}

    own, issuer, root = "Dấu thời gian", "Cơ quan chứng thực", "Gốc"
    alone = token()
    before = alone["content"]["signer_infos"].dump()
    assert not canonical(alone, alone.dump(), "tst_info")
    assert names(keep_vouched(alone)) == {issuer}
    again = cms.ContentInfo.load(alone.dump())
    assert canonical(again, again.dump(), "tst_info")
    assert names(vouched(again["content"])) == {own}
    assert again["content"]["signer_infos"].dump() == before
    there.sends = (there.issuer, there.root)
    whole = token()
    assert (names(vouched(whole["content"])), keep_vouched(whole)) == ({own, issuer, root}, [])
    there.sends = (there.root,)
    assert names(vouched(token()["content"])) == {own, root}
    there.sends = (there.issuer,)
    named = token()
    [info] = named["content"]["signer_infos"]
    [attribute] = [a for a in info["signed_attrs"] if a["type"].native.startswith("signing_cert")]
    [above] = [
        each.chosen for each in named["content"]["certificates"]
        if each.chosen.subject.native["common_name"] == issuer
    ]  # fmt: skip
    certs = attribute["values"][0]["certs"]
    more = certs[0].copy()
    name = more["hash_algorithm"]["algorithm"].native if "hash_algorithm" in more else "sha1"
    more["cert_hash"] = hashlib.new(name, above.dump()).digest()
    certs.append(more)
    assert names(vouched(named["content"])) == {own, issuer}


def test_no_part_of_a_signature_is_written_anew_again_and_again(who, monkeypatch):
    """Of the signer's certificate a signed attribute says no more than is the default, which took
    all that it is in twice as often a level: for as long as whatever else is looked at together."""
    der = Signer(who[0], pki.PASSWORD).detached(b"evidence")
    written = []
    for kind in (core.Sequence, core.SequenceOf, core.SetOf):
        write = kind._set_contents

        def noted(part, force=False, write=write):
            written.append(part)
            write(part, force=force)

        monkeypatch.setattr(kind, "_set_contents", noted)
    assert canonical(cms.ContentInfo.load(der), der)
    assert max(Counter(map(id, written)).values()) <= 2


def test_nobody_signs_what_could_not_be_checked(tmp_path, there, who, pdf, monkeypatch):
    monkeypatch.setattr("giaoban.results.archive.evidence.canonical._stamp", lambda _: False)
    stamped = signer(there, who[0], lasting=False)
    for sign in (stamped.pdf, stamped.detached):
        with pytest.raises(InputError, match=r"--timestamp = http.*/tsa: its stamps have parts"):
            sign(pdf)


def test_nobody_named_leaves_trust_open(tmp_path, lasting):
    [signature] = found(tmp_path / "x.pdf", lasting).signed
    assert (signature.trusted, signature.stamp.trusted, signature.holds) == (None, None, True)


def test_ten_years_later_it_is_judged_at_the_time_of_its_stamp(tmp_path, then, pdf):
    """Every certificate has expired, nobody is asked: what the file carries is enough."""
    p12, _ = then.signer("Sở")
    old = signer(then, p12).pdf(pdf, YEARS_AGO)
    stamped = signer(then, p12, lasting=False).pdf(pdf, YEARS_AGO)
    then.asked.clear()
    [signature] = found(tmp_path / "x.pdf", old, [then.root.pem]).signed
    assert (signature.trusted, signature.lasting, signature.stamp.at) == (True, True, YEARS_AGO)
    assert signature.holds
    assert not then.asked
    [signature] = found(tmp_path / "x.pdf", stamped, then.chain).signed
    assert (signature.trusted, signature.lasting) == (True, False)


def test_who_is_revoked_later_had_signed_all_the_same(tmp_path, there, pdf):
    p12, holder = there.signer("Sau này bị thu hồi")
    signed = signer(there, p12).pdf(pdf)
    there.revoke(holder, there.now + timedelta(days=1))
    assert found(tmp_path / "x.pdf", signed, [there.root.pem]).intact


def test_who_was_revoked_before_can_not_sign_so_that_it_lasts(there, pdf):
    p12, holder = there.signer("Đã bị thu hồi")
    there.revoke(holder, there.now - timedelta(days=1))
    with pytest.raises(InputError, match=r"--sign: the certificate.* does not stand: .*revoked"):
        signer(there, p12).pdf(pdf)


def test_certificates_that_are_not_above_the_signer_are_refused(there, then, pdf):
    p12, _ = then.signer("Nơi khác")
    with pytest.raises(InputError, match=r"--sign: the certificate.* does not stand"):
        signer(there, p12).pdf(pdf)


def test_a_stamp_of_somebody_who_is_not_named_is_told(tmp_path, there, pdf):
    own = make.identity(tmp_path, "Tự ký")
    stamping = make_stamping(f"{there.url}/tsa", ())
    signed = Signer(own.p12, make.PASSWORD, stamping).pdf(pdf)
    told = found(tmp_path / "x.pdf", signed, [own.certificate])
    [signature] = told.signed
    assert (signature.trusted, signature.stamp.trusted, told.intact) == (True, False, False)
    assert found(tmp_path / "x.pdf", signed, [own.certificate], there.chain).intact


def test_no_stamp_to_be_had_is_told_with_the_address(there, who, pdf):
    with pytest.raises(
        InputError, match=r'--timestamp = "http://127.0.0.1:1/": gave no time stamp'
    ):
        Signer(who[0], pki.PASSWORD, make_stamping("http://127.0.0.1:1/", ())).pdf(pdf)


def test_what_does_not_go_together_is_told(there):
    with pytest.raises(InputError, match="--chain: needs --timestamp"):
        make_stamping("", there.chain)
    with pytest.raises(InputError, match="is no address of a time-stamping authority"):
        make_stamping("tsa.example", ())
    with pytest.raises(InputError, match=r"--chain = .*: is no certificate"):
        make_stamping("http://tsa.example", [there.folder / "Sở Thông tin và Truyền thông.p12"])


@pytest.mark.parametrize("level", ["lasting", "stamped"])
def test_one_byte_changed_anywhere_after_the_seal_is_told(
    tmp_path, there, who, pdf, lasting, level
):
    signed = lasting if level == "lasting" else signer(there, who[0], lasting=False).pdf(pdf)
    assert found(tmp_path / "x.pdf", signed).intact
    rng = random.Random(7)
    start = signed.rindex(b"/Contents <") + len("/Contents <")
    end = signed.index(b">", start)
    digits = len(signed[start:end].rstrip(b"0"))
    inside = rng.sample(range(start, start + digits), 9)
    for spot in [*inside, *rng.sample(range(end - 40, end), 1)]:
        other = bytearray(signed)
        other[spot] = ord("1") if other[spot] != ord("1") else ord("2")
        told = found(tmp_path / "x.pdf", bytes(other))
        assert not told.intact, spot - start
        assert not any(each.unchecked for each in told.signed), spot - start
    for spot in rng.sample(range(len(pdf), len(signed)), 6):
        other = bytearray(signed)
        other[spot] ^= 1 << rng.randrange(7)
        assert not found(tmp_path / "x.pdf", bytes(other)).intact, spot
    assert not found(tmp_path / "x.pdf", signed + b"\n").intact


def test_a_new_stamp_before_the_old_one_ends_is_taken(tmp_path, there, lasting):
    stamper = PdfTimeStamper(HTTPTimeStamper(f"{there.url}/tsa"))
    writer = IncrementalPdfFileWriter(io.BytesIO(lasting))
    again = stamper.timestamp_pdf(writer, "sha256").getvalue()
    assert again.startswith(lasting)
    told = found(tmp_path / "x.pdf", again, [there.root.pem])
    assert told.intact, told
    assert told.signed[0].lasting


def test_a_stamp_alone_is_no_signature(tmp_path, there, pdf):
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    out = PdfTimeStamper(HTTPTimeStamper(f"{there.url}/tsa")).timestamp_pdf(writer, "sha256")
    told = found(tmp_path / "x.pdf", out.getvalue())
    assert told.altered == ["something was added after the seal"]


def test_an_evidence_is_stamped_beside(tmp_path, there, who, made):
    path = tmp_path / "x.evidence.zip"
    write_evidence(made.folder, path)
    beside = path.with_name(path.name + SIGNATURE_ENDING)
    good = signer(there, who[0], lasting=False).detached(path.read_bytes())
    beside.write_bytes(good)
    told = verify(path, there.chain)
    assert told.intact
    [signature] = told.signed
    assert (signature.stamp.at, signature.stamp.trusted) == (there.now, True)
    rng = random.Random(3)
    for spot in rng.sample(range(len(good)), 9):
        other = bytearray(good)
        other[spot] ^= 1 << rng.randrange(8)
        beside.write_bytes(other)
        told = verify(path)
        assert not told.intact, spot
        assert not told.signed[0].unchecked, spot


@pytest.mark.parametrize("level", ["plain", "stamped", "lasting"])
def test_signed_or_not_it_stays_the_kind_of_pdf_that_it_was(
    tmp_path, who, there, pdf, lasting, level
):
    """ISO 19005-3: version 1.7, what it says of itself, no pictures of signatures on its pages."""
    signed = {
        "plain": lambda: Signer(who[0], pki.PASSWORD).pdf(pdf),
        "stamped": lambda: signer(there, who[0], lasting=False).pdf(pdf),
        "lasting": lambda: lasting,
    }[level]()
    assert signed.startswith(pdf)
    reader = PdfFileReader(io.BytesIO(signed))
    assert (reader.input_version, "/Version" in reader.root) == ((1, 7), False)
    told = reader.root["/Metadata"].data.decode()
    assert re.search(r'pdfaid:part(>|=")3', told)
    assert re.search(r'pdfaid:conformance(>|=")A', told)
    for field in reader.root["/AcroForm"]["/Fields"]:
        assert {float(x) for x in field.get_object()["/Rect"]} == {0.0}
    if shutil.which("verapdf"):  # no package brings it
        path = tmp_path / "x.pdf"
        path.write_bytes(signed)
        for profile in ("3a", "ua1"):
            subprocess.run(["verapdf", "--flavour", profile, str(path)], check=True)
