"""Random formulas that type-check by construction, for properties and for comparing the two evaluators."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

NUMBERS = (
    "0", "1", "2", "3", "7", "10", "0.5", "0.1", "2.5", "0.125", "1.005", "99999.995", "1E-25", "1E28", "12345678.9",
    "0.3333333333333333333333333333", "9999999999999999999999999999", "amount", "rate", "empty_number", "sick",
    "contract.rent", "no_contract.rent", "row.applied", "target.outstanding", "dollars", "1E-90", "1E90",
)  # fmt: skip
TEXTS = ('""', '"a"', '"Ab c"', '"😀x"', '"12.5"', '"租约"', "name", "no_text", "合同号", "row.kind", '"  p  q "')
DATES = (
    "paid_on",
    "no_date",
    "DATE(2024,2,29)",
    "DATE(2026,1,31)",
    "TODAY()",
    "row.on",
    "target.due",
    "DATE(1900,1,1)",
)
LISTS = (
    "lines.applied",
    "lines.quantity",
    "no_list",
    "contract.bills.outstanding",
    "{3,1,2}",
    "lines.bill.outstanding",
)
LOGICALS = ("TRUE", "FALSE", "done", "no_logical")


class RandomFormulas:
    """`number(depth)` and its siblings give the text of a formula of that type."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, *makers: Callable[[], str]) -> str:
        return self.random.choice(makers)()

    def number(self, depth: int) -> str:
        if depth <= 0:
            return self.random.choice(NUMBERS)
        n, t, d, ll, b = self.number, self.text, self.date, self.numbers, self.logical
        less = depth - 1
        whole = str(self.random.randint(-3, 6))
        criterion = self.random.choice(('">50"', '"<>50"', "3", '""'))
        unit = self.random.choice(("Y", "M", "D", "YM", "YD", "MD"))
        return self.pick(
            lambda: f"({n(less)}{self.random.choice('+-*/')}{n(less)})*1",
            lambda: f"({n(less)}{self.random.choice('+-*/')}{n(less)})",
            lambda: f"({n(less)}-{n(less)}-{n(less)})",
            lambda: f"-{n(less)}",
            lambda: f"{n(less)}%",
            lambda: f"({n(less)}^{self.random.choice(('2', '3', '-1', '0.5', '(1/3)', '0', n(0)))})",
            lambda: f"{self.random.choice(('ROUND', 'ROUNDUP', 'ROUNDDOWN'))}({n(less)},{whole})",
            lambda: f"{self.random.choice(('CEILING', 'FLOOR', 'MOD'))}({n(less)},{n(less)})",
            lambda: f"{self.random.choice(('INT', 'ABS', 'SIGN', 'SQRT'))}({n(less)})",
            lambda: f"{self.random.choice(('SUM', 'AVERAGE', 'MIN', 'MAX', 'MEDIAN', 'COUNT'))}({ll()},{n(less)}*1)",
            lambda: f"SUMIF({ll()},{criterion})",
            lambda: f"IF({b(less)},{n(less)}*1,{n(less)}*1)",
            lambda: f"IFERROR({n(less)}*1,{n(less)}*1)",
            lambda: f"LEN({t(less)})",
            lambda: f"FIND({t(0)},{t(less)})",
            lambda: f"VALUE({t(less)})",
            lambda: f"({d(less)}-{d(less)})",
            lambda: f'DATEDIF({d(less)},{d(less)},"{unit}")',
            lambda: f"{self.random.choice(('YEAR', 'MONTH', 'DAY', 'WEEKDAY'))}({d(less)})",
            lambda: f"NETWORKDAYS({d(less)},{d(less)})",
            lambda: f"SUM(FILTER(lines.quantity,row.applied>{n(less)}))",
        )

    def numbers(self) -> str:
        return self.random.choice(LISTS)

    def text(self, depth: int) -> str:
        if depth <= 0:
            return self.random.choice(TEXTS)
        n, t, d = self.number, self.text, self.date
        less = depth - 1
        pattern = self.random.choice(("0", "0.00", "#,##0.0#", "0%", "¥0.0", "#"))
        return self.pick(
            lambda: f"({t(less)}&{n(less)})",
            lambda: f"({t(less)}&{d(less)})",
            lambda: f"{self.random.choice(('LEFT', 'RIGHT'))}({t(less)},{self.random.randint(-1, 5)})",
            lambda: f"MID({t(less)},{self.random.randint(0, 4)},{self.random.randint(0, 4)})",
            lambda: f"{self.random.choice(('UPPER', 'LOWER', 'TRIM'))}({t(less)})",
            lambda: f"SUBSTITUTE({t(less)},{t(0)},{t(0)})",
            lambda: f'TEXT({n(less)},"{pattern}")',
            lambda: f'TEXT({d(less)},"yyyy/m/d")',
            lambda: f"RMB({n(less)})",
            lambda: f'TEXTJOIN("-",TRUE,{t(less)},SORT({self.numbers()}))',
        )

    def date(self, depth: int) -> str:
        if depth <= 0:
            return self.random.choice(DATES)
        less = depth - 1
        shift = str(self.random.randint(-400, 400))
        return self.pick(
            lambda: f"({self.date(less)}+{shift})",
            lambda: f"({self.date(less)}-{self.number(less)})",
            lambda: f"{self.random.choice(('EDATE', 'EOMONTH', 'WORKDAY'))}({self.date(less)},{shift})",
            lambda: f"MAX({self.date(less)},{self.date(less)})",
            lambda: f"DATE(2025,{shift},{shift})",
        )

    def logical(self, depth: int) -> str:
        if depth <= 0:
            return self.random.choice(LOGICALS)
        less = depth - 1
        sign = self.random.choice(("=", "<>", "<", "<=", ">", ">="))
        return self.pick(
            lambda: f"({self.number(less)}*1{sign}{self.number(less)}*1)",
            lambda: f"({self.text(less)}{sign}{self.text(less)})",
            lambda: f"({self.date(less)}{sign}{self.date(less)})",
            lambda: f"({self.logical(less)} {self.random.choice(('AND', 'OR'))} {self.logical(less)})",
            lambda: f"NOT({self.logical(less)})",
            lambda: f"ISERROR({self.number(less)})",
            lambda: f"ISBLANK({self.date(less)})",
            lambda: f"{self.random.choice(('CONTAINS', 'STARTSWITH'))}({self.text(less)},{self.text(0)})",
        )

    def any(self, depth: int) -> str:
        return self.pick(
            lambda: self.number(depth), lambda: self.text(depth), lambda: self.date(depth), lambda: self.logical(depth)
        )
