"""Payment slips for the demo: drawn when they are needed, so that no photographs of anything lie in the repository."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

_SIZE = (720, 960)
_PAPER, _INK, _PALE, _STAMP = "#fbfaf6", "#23282f", "#8b929c", "#b8443c"


@dataclass(frozen=True, slots=True)
class Slip:
    """What a bank's transfer receipt says. Latin script only: the built-in font has no other."""

    serial: str
    amount: str
    day: str
    reference: str


def draw_slip(slip: Slip) -> bytes:
    """A JPEG of the receipt, the same bytes for the same slip."""
    image = Image.new("RGB", _SIZE, _PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((24, 24, _SIZE[0] - 24, _SIZE[1] - 24), outline=_PALE, width=2)
    pen.text((60, 70), "EXAMPLE BANK", fill=_INK, font=ImageFont.load_default(44))
    pen.text((60, 130), "Transfer receipt  /  demo, not a real document", fill=_PALE, font=ImageFont.load_default(22))
    pen.line((60, 185, _SIZE[0] - 60, 185), fill=_PALE, width=2)
    lines = (("Serial", slip.serial), ("Value date", slip.day), ("Reference", slip.reference), ("Currency", "CNY"))
    for row, (name, value) in enumerate(lines):
        top = 230 + row * 90
        pen.text((60, top), name, fill=_PALE, font=ImageFont.load_default(22))
        pen.text((60, top + 28), value, fill=_INK, font=ImageFont.load_default(32))
    pen.text((60, 640), "Amount", fill=_PALE, font=ImageFont.load_default(22))
    pen.text((60, 672), f"{slip.amount} CNY", fill=_INK, font=ImageFont.load_default(64))
    pen.ellipse((470, 690, 650, 870), outline=_STAMP, width=6)
    pen.text((560, 780), "PAID", fill=_STAMP, font=ImageFont.load_default(44), anchor="mm")
    out = BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()
