"""A sheet as HTML: every text escaped, no style and no script in it. `sheet.css` gives the look."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup, escape

from form_engine.documents.blocks import Node

Address = Callable[[str], str]
"""The address of a stored file, by its id."""

STYLE: Final = Path(__file__).parent / "sheet.css"
_PIXELS: Final = 96 / 25.4
"""A CSS pixel is a 96th of an inch, also on paper."""


def html_of(sheet: Mapping[str, Any], address: Address) -> Markup:
    """The sheet as an `<article>`."""
    page = sheet["page"]
    breadth = " sheet-narrow" if page["width"] < 160 else " sheet-wide" if page["width"] > 220 else ""
    head = Markup('<p class="sheet-edge">{}</p>').format(_lines(page["header"])) if page["header"] else ""
    foot = Markup('<p class="sheet-edge">{}</p>').format(_lines(page["footer"])) if page["footer"] else ""
    return Markup('<article class="sheet{}" lang="{}">{}{}{}</article>').format(
        breadth, sheet["locale"], head, _nodes(sheet["body"], address), foot
    )


def whole_page(sheet: Mapping[str, Any], address: Address) -> tuple[str, str]:
    """A page of its own with its style in it, and that style (whose hash a content security policy can name)."""
    page = sheet["page"]
    margins = " ".join(f"{each}mm" for each in page["margins"])
    style = f"{STYLE.read_text('utf-8')}\n@page{{size:{page['width']}mm {page['height']}mm;margin:{margins}}}\n"
    whole = Markup(
        '<!doctype html>\n<html lang="{}"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width, initial-scale=1"><title>{}</title><style>{}</style></head>'
        '<body class="sheet-alone">{}</body></html>\n'
    )
    # The style is our own file and numbers.
    return str(whole.format(sheet["locale"], sheet["title"], Markup(style), html_of(sheet, address))), style  # noqa: S704


def _nodes(nodes: Iterable[Node], address: Address) -> Markup:
    return Markup("").join(_DRAW[node["is"]](node, address) for node in nodes)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _words(node: Node, _: Address) -> Markup:
    look = [f"sheet-{node['align']}"]
    if node["level"]:
        tag = f"h{node['level']}"
    else:
        tag = "p"
        look += [f"sheet-{node['size']}"] if node.get("size", "normal") != "normal" else []
        look += [f"sheet-{each}" for each in ("bold", "muted") if node.get(each)]
    return Markup('<{} class="{}">{}</{}>').format(tag, " ".join(look), _lines(node["text"]), tag)


def _fields(node: Node, _: Address) -> Markup:
    item = Markup("<div{}><dt>{}</dt><dd>{}</dd></div>")
    items = (
        item.format(Markup(' class="sheet-across"') if each["wide"] else "", each["label"], _lines(each["text"]))
        for each in node["items"]
    )
    return Markup('<dl class="sheet-fields sheet-of-{}">{}</dl>').format(node["columns"], Markup("").join(items))


def _rows(node: Node, _: Address) -> Markup:
    columns, number = node["columns"], node["numbered"]
    shares = sum(each["width"] for each in columns)
    cols = Markup("").join(Markup('<col width="{}%">').format(each["width"] * 100 // shares) for each in columns)
    lead = Markup("<th></th>") if number else Markup("")
    heads = Markup("").join(
        Markup('<th scope="col" class="sheet-{}">{}</th>').format(each["align"], each["label"]) for each in columns
    )
    body = Markup("").join(
        Markup("<tr>{}{}</tr>").format(
            Markup('<td class="sheet-muted">{}</td>').format(at) if number else "", _cells(columns, row)
        )
        for at, row in enumerate(node["rows"], 1)
    )
    foot = Markup("")
    if node["totals"] is not None:
        figures = [node["total"] if at == 0 and not one else one for at, one in enumerate(node["totals"])]
        blank = Markup("<td></td>") if number else ""
        foot = Markup("<tfoot><tr>{}{}</tr></tfoot>").format(blank, _cells(columns, figures))
    more = Markup('<p class="sheet-muted">{}</p>').format(node["more"]) if node["more"] else ""
    group = Markup("<colgroup>{}{}</colgroup>").format(Markup("<col>") if number else "", cols)
    return Markup('<table class="sheet-rows">{}<thead><tr>{}{}</tr></thead><tbody>{}</tbody>{}</table>{}').format(
        group, lead, heads, body, foot, more
    )


def _cells(columns: list[Node], row: list[str]) -> Markup:
    cell = Markup('<td class="sheet-{}">{}</td>')
    return Markup("").join(cell.format(each["align"], _lines(one)) for each, one in zip(columns, row, strict=True))


def _images(node: Node, address: Address) -> Markup:
    sizes = ((name, round(node[name] * _PIXELS)) for name in ("width", "height") if node[name])
    size = Markup("").join(Markup(' {}="{}"').format(name, pixels) for name, pixels in sizes)
    shown = Markup("").join(
        Markup('<img src="{}" alt=""{} loading="lazy">').format(address(each), size) for each in node["files"]
    )
    return Markup('<figure class="sheet-images sheet-{}">{}</figure>').format(node["align"], shown)


def _signature(node: Node, address: Address) -> Markup:
    drawn = Markup('<img src="{}" alt="" height="56">').format(address(node["file"])) if node["file"] else ""
    return Markup('<figure class="sheet-signature"><div>{}</div><figcaption>{}</figcaption></figure>').format(
        drawn, node["label"]
    )


def _qr(node: Node, _: Address) -> Markup:
    side, pixels = node["code"]["side"], round(node["size"] * _PIXELS)
    drawing = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" width="{1}" height="{1}" role="img" '
        'aria-label="{2}"><path fill="#fff" d="M0 0h{0}v{0}H0z"/><path d="{3}"/></svg>'
    ).format(side, pixels, node["text"], node["code"]["path"])
    label = Markup("<figcaption>{}</figcaption>").format(_lines(node["label"])) if node["label"] else ""
    return Markup('<figure class="sheet-qr sheet-{}"><div>{}{}</div></figure>').format(node["align"], drawing, label)


def _columns(node: Node, address: Address) -> Markup:
    inside = Markup("").join(
        Markup('<div class="sheet-share-{}">{}</div>').format(width, _nodes(nodes, address))
        for width, nodes in zip(node["widths"], node["columns"], strict=True)
    )
    return Markup('<div class="sheet-columns">{}</div>').format(inside)


def _group(node: Node, address: Address) -> Markup:
    look = Markup(' class="sheet-frame"') if node["framed"] else ""
    return Markup("<div{}>{}</div>").format(look, _nodes(node["nodes"], address))


def _divider(_: Node, __: Address) -> Markup:
    return Markup("<hr>")


def _space(node: Node, _: Address) -> Markup:
    return Markup('<svg class="sheet-space" width="1" height="{}" aria-hidden="true"></svg>').format(
        round(node["height"] * _PIXELS)
    )


def _page_break(_: Node, __: Address) -> Markup:
    return Markup('<div class="sheet-break"></div>')


_DRAW: Final[Mapping[str, Callable[[Node, Address], Markup]]] = {
    "words": _words,
    "fields": _fields,
    "rows": _rows,
    "images": _images,
    "signature": _signature,
    "qr": _qr,
    "columns": _columns,
    "group": _group,
    "divider": _divider,
    "space": _space,
    "page_break": _page_break,
}
