"""Prose in plain text: paragraphs under their headings, without code, grammar and tables."""

import textwrap

import pytest

from oncue.workflows.research.prose import read_prose

TEXT = textwrap.dedent(
    """\
    Naming
    ******

    Names refer to objects.  Names are
    introduced by binding.

       del_stmt ::= "del" target_list

    Rules
    =====

    * the first item of
      a list,

    * the second item

    The following code fails:

       class A:
           a = 42

    object.__new__(cls)

       Called to create a new instance.

       Changed in some version.

    +-----+-----+
    | a   | b   |
    +-----+-----+

    See also:

      **PEP 1** - A proposal
         The proposal that is described there.

    -[ Footnotes ]-

    [1] The exception is kept.
    """
)


def test_blocks_have_their_lines_headings_and_words() -> None:
    blocks = [(block.first, block.last, block.headings, block.text[block.offset :].split()[:3]) for block in read_prose(TEXT)]

    assert blocks == [
        (4, 5, ("Naming",), ["Names", "refer", "to"]),
        (12, 13, ("Naming", "Rules"), ["the", "first", "item"]),
        (15, 15, ("Naming", "Rules"), ["the", "second", "item"]),
        (17, 17, ("Naming", "Rules"), ["The", "following", "code"]),
        (24, 24, ("Naming", "Rules", "object.__new__(cls)"), ["Called", "to", "create"]),
        (26, 26, ("Naming", "Rules", "object.__new__(cls)"), ["Changed", "in", "some"]),
        (39, 39, ("Naming", "Footnotes"), ["The", "exception", "is"]),
    ]


@pytest.mark.parametrize(
    "code",
    [
        ">>> import this\n>>> print(this)",
        "i = 10\ndef f():\n    print(i)",
        'stmt ::= "a" | "b"\n         ["c"]',
        "import foo.bar\nfrom foo import bar",
        "| a | b |\n| c | d |",
    ],
)
def test_code_grammar_and_tables_are_no_prose(code: str) -> None:
    assert read_prose(f"A paragraph of the text is here.\n\n{textwrap.indent(code, '   ')}\n")[1:] == ()


def test_restructured_directives_are_left_out_and_admonitions_kept() -> None:
    code = ".. code-block:: python\n\n   the_code = is not(prose)\n\n"
    text = f"{code}.. note::\n\n   The note is a part of the text.\n\n.. _label:\n"

    assert [block.text.strip() for block in read_prose(text)] == ["The note is a part of the text."]
