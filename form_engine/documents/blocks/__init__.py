"""The kinds of blocks, registered here by name; nothing registers itself."""

from form_engine.documents.blocks import fields, layout, pictures, qr, rows, words
from form_engine.documents.blocks.base import Block, BlockType, Node, Use, walk

BLOCK_TYPES: tuple[BlockType, ...] = (
    words.HEADING,
    words.PARAGRAPH,
    fields.TYPE,
    rows.TYPE,
    pictures.IMAGE,
    pictures.SIGNATURE,
    qr.TYPE,
    layout.COLUMNS,
    layout.GROUP,
    layout.DIVIDER,
    layout.SPACE,
    layout.PAGE_BREAK,
)
BY_NAME = {each.name: each for each in BLOCK_TYPES}

__all__ = ["BLOCK_TYPES", "BY_NAME", "Block", "BlockType", "Node", "Use", "walk"]
