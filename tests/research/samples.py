"""A small folder of documents of every kind, and corpora made in memory."""

from collections.abc import Sequence
from pathlib import Path

from oncue.workflows.research.documents import Corpus, Document
from oncue.workflows.research.passages import cut_passages
from oncue.workflows.research.prose import read_prose

HANDBOOK = """---
title: "Battery handbook"
---

# Battery handbook

A lithium iron phosphate cell keeps **eighty percent** of its capacity for about
4,000 full cycles. Heat is the main cause of ageing: above 35 °C the loss
of capacity roughly doubles for every ten degrees.

## Storage in winter

Cells that are stored for [more than a month](winter.md) should rest at half charge.
Charging below 0 °C plates metallic lithium on the anode and damages the
cell for good.

```python
def charge(cell): return cell.fill()  # This is code and must never be quoted as evidence.
```

| Cell | Cycles |
|---|---|
| This table says nothing that may be quoted as a sentence. | 1 |

- Chargers must stop when the cell is colder than the freezing point
- see also

## Recycling

Recyclers recover up to ninety percent of the lithium from spent cells. The recovered metal is cheaper than mined lithium.
"""

FAQ = """<!doctype html>
<html><head><title>FAQ | shop</title><style>p { color: red; }</style></head>
<body><nav><p>Home is where the menu of this page is.</p></nav>
<main>
<h1>Questions about batteries</h1>
<p>Most buyers ask how long a battery lasts.
A battery in a house is cycled once a day,
so 4,000 cycles are eleven years.</p>
<h2>Safety</h2>
<ul>
<li>Never charge a frozen battery, because metallic lithium can pierce the separator.</li>
<li>Keep a battery away from direct sunlight and from any source of heat.</li>
</ul>
<pre>charge --force   # Never quoted: this is code in a page.</pre>
<p>Ageing by heat is slower when the charge is low.</p>
</main>
<footer><p>All prices include the tax that the law demands.</p></footer>
</body></html>
"""

NOTES = """Field notes
===========

In the cold winter of 2019 four batteries failed. All four had been charged while
frozen, i.e. below 0 °C.  The others, kept at half charge, aged by one percent.

  cell_grammar ::= "cell" digit+

Measured values::

   This literal block is no evidence for anything.
"""

TOPICS = ("sun", "wind", "rain", "frost", "cloud", "storm")
"""Words for small corpora; each can stand in a sentence of its own."""

STUDY = (
    [
        "Ageing of cells in hot climates",
        "We followed two hundred batteries in hot climates for six years. Heat explains",
        "most of the loss of capacity that we measured. Shade reduced the ageing of the",
        "batteries by a third.",
    ],
    [
        "Cooling by air costs less than four percent of the stored energy. Batteries that",
        "were cooled lost half as much capacity as the others in the same climate.",
    ],
)


def write_folder(folder: Path) -> Path:
    """A folder with one document of every kind, one broken file of two kinds, and files to ignore."""
    (folder / "guides").mkdir(parents=True)
    (folder / "guides" / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (folder / "faq.html").write_text(FAQ, encoding="utf-8")
    (folder / "notes.rst").write_text(NOTES, encoding="utf-8")
    (folder / "study.pdf").write_bytes(make_pdf(STUDY))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 this is not a PDF")
    (folder / "latin.txt").write_bytes("Grüße aus dem Süden, aber nicht in UTF-8.".encode("latin-1"))
    (folder / ".hidden.md").write_text("# Hidden\n\nThis file is hidden from everyone who looks.\n")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


def make_pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF (ISO 32000-1) with one line of Helvetica per entry; only characters of Latin-1, without parentheses."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj 0 -16 Td" for line in lines)
        stream = f"BT /F1 12 Tf 50 780 Td {shown} ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 840] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{item}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    return body + f"{trailer}startxref\n{len(body)}\n%%EOF\n".encode("latin-1")


def corpus_of(**texts: str) -> Corpus:
    """A corpus of plain texts: id → text."""
    return Corpus(
        source="memory",
        documents=tuple(
            Document(
                id=name,
                title=name.replace("_", " "),
                source=f"{name}.txt",
                kind="text",
                content_hash="",
                passages=cut_passages(read_prose(text), document=name, source=f"{name}.txt"),
            )
            for name, text in sorted(texts.items())
        ),
    )
