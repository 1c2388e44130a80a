"""Fonts for pictures: a Chinese family where there is one, and no missing glyph."""

from functools import lru_cache

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text as Label

LATIN = "DejaVu Sans"
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Microsoft YaHei",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Heiti SC",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)
SAMPLE = "需求在线人数缺口富余夜班"
MISSING = "\N{WHITE SQUARE}"


@lru_cache(maxsize=1)
def chinese_family() -> str | None:
    """Return an installed family that can write Chinese, or None."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    for family in CHINESE:
        if family in installed and {ord(sign) for sign in SAMPLE} <= _glyphs(family):
            return family
    return None


def families() -> list[str]:
    """Return the families that pictures are written in, best first."""
    chinese = chinese_family()
    return [LATIN] if chinese is None else [LATIN, chinese]


@lru_cache(maxsize=4)
def _glyphs(family: str) -> frozenset[int]:
    path = font_manager.findfont(family, fallback_to_default=False)
    return frozenset(FT2Font(str(path)).get_charmap())


def drawable(text: str) -> str:
    r"""Return a text as plain letters: no math, no sign that no font holds.

    Examples
    --------
    >>> print(drawable("Li\tNa $5 \U00013000"))
    Li Na \$5 □
    """
    known = frozenset[int]().union(*(_glyphs(family) for family in families()))
    spaced = "".join(sign if sign.isprintable() else " " for sign in text)
    spaced = spaced.replace("$", r"\$")
    if not spaced.isascii():
        return "".join(sign if ord(sign) in known else MISSING for sign in spaced)
    return spaced


def language(lang: str) -> str:
    """Return the language that labels can be written in."""
    return lang if lang != "zh" or chinese_family() is not None else "en"


def letter(ax: Axes) -> Axes:
    """Set all that is written on axes, and in legends of their figure; return them."""
    names = families()
    ax.tick_params(which="both", labelfontfamily=names)
    for part in (ax, *ax.figure.legends):
        for label in part.findobj(Label):
            if isinstance(label, Label):
                label.set_fontfamily(names)
    return ax
