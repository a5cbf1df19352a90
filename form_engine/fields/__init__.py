"""The field types, one module each.

A new one is written beside these and added to the tuple: `docs/recipes/add-a-field-type.md`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from form_engine.fields.address import AddressField
from form_engine.fields.backlink import BacklinkField
from form_engine.fields.base import FieldType, Json, Operator, Refused, Slot, SlotValue, Text
from form_engine.fields.boolean import BooleanField
from form_engine.fields.cascade import CascadeField
from form_engine.fields.choice import ChoiceConfig, ChoiceField, Option
from form_engine.fields.choices import ChoicesField
from form_engine.fields.date import DateField
from form_engine.fields.datetime import DatetimeField
from form_engine.fields.department import DepartmentField
from form_engine.fields.duration import DurationField
from form_engine.fields.email import EmailField
from form_engine.fields.expression import Formula
from form_engine.fields.file import FileField
from form_engine.fields.formula import FormulaConfig, FormulaField
from form_engine.fields.id_number import IdNumberField
from form_engine.fields.link import LinkConfig, LinkField
from form_engine.fields.links import LinksField
from form_engine.fields.location import LocationField
from form_engine.fields.member import MemberField
from form_engine.fields.members import MembersField
from form_engine.fields.money import MoneyConfig, MoneyField
from form_engine.fields.number import NumberConfig, NumberField
from form_engine.fields.number_series import NumberSeriesConfig, NumberSeriesField, SeriesPattern
from form_engine.fields.percent import PercentField
from form_engine.fields.phone import PhoneField
from form_engine.fields.photo import PhotoField
from form_engine.fields.rating import RatingField
from form_engine.fields.rich_text import RichTextField
from form_engine.fields.rollup import RollupConfig, RollupField
from form_engine.fields.scan import ScanField
from form_engine.fields.signature import SignatureField
from form_engine.fields.table import TableConfig, TableField
from form_engine.fields.text import TextField
from form_engine.fields.time import TimeField
from form_engine.fields.url import UrlField

FIELD_TYPES: Final[tuple[FieldType[Any], ...]] = (
    TextField(),
    NumberField(),
    MoneyField(),
    PercentField(),
    DateField(),
    DatetimeField(),
    TimeField(),
    DurationField(),
    BooleanField(),
    ChoiceField(),
    ChoicesField(),
    CascadeField(),
    MemberField(),
    MembersField(),
    DepartmentField(),
    LinkField(),
    LinksField(),
    BacklinkField(),
    TableField(),
    FileField(),
    PhotoField(),
    SignatureField(),
    LocationField(),
    AddressField(),
    PhoneField(),
    EmailField(),
    UrlField(),
    IdNumberField(),
    RatingField(),
    FormulaField(),
    RollupField(),
    NumberSeriesField(),
    RichTextField(),
    ScanField(),
)

BY_NAME: Final[Mapping[str, FieldType[Any]]] = MappingProxyType({each.name: each for each in FIELD_TYPES})

__all__ = [
    "BY_NAME",
    "FIELD_TYPES",
    "ChoiceConfig",
    "FieldType",
    "Formula",
    "FormulaConfig",
    "Json",
    "LinkConfig",
    "MoneyConfig",
    "NumberConfig",
    "NumberSeriesConfig",
    "Operator",
    "Option",
    "Refused",
    "RollupConfig",
    "SeriesPattern",
    "Slot",
    "SlotValue",
    "TableConfig",
    "Text",
]
