"""PDFs with files attached to them."""

import io
import zlib

from pypdf import PdfWriter

START = b"%PDF-1.7\n"
END = b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def stream(
    content: bytes, *, packed: bool = True, kind: bytes = b"/EmbeddedFile", more: bytes = b""
) -> bytes:
    """An object with an attached file, as makers of PDFs write it."""
    data = zlib.compress(content) if packed else content
    packing = b"/Filter/FlateDecode" if packed else b""
    head = b"<</Length %d/Type%b%b%b>>" % (len(data), kind, packing, more)
    return b"\n9 0 obj\n" + head + b"\nstream\n" + data + b"\nendstream\nendobj\n"


def pdf(*objects: bytes) -> bytes:
    """A file with these objects and no page: readers of attachments need none."""
    return START + b"".join(objects) + END


def made_with_pypdf(**files: bytes) -> bytes:
    """A PDF with an empty page and attachments, of another maker."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, data in files.items():
        writer.add_attachment(f"{name}.json", data)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def saved_again(file: bytes, *, is_incremental: bool, **files: bytes) -> bytes:
    """The PDF as another program saves it, with more attachments: appended to, or written anew."""
    source = io.BytesIO(file)
    writer = PdfWriter(source, incremental=True) if is_incremental else PdfWriter(clone_from=source)
    writer.add_metadata({"/Producer": "another"})
    for name, data in files.items():
        writer.add_attachment(f"another-{name}.json", data)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()
