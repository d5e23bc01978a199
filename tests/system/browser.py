"""Looks at pages as people do: four forms, axe-core at WCAG 2.2 AA, and MIIT's 长者版 rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass(frozen=True)
class Form:
    """One way of looking: the screen and the presentation profile."""

    name: str
    width: int
    height: int
    profile: str


FORMS = (
    Form("phone", 390, 844, "standard"),
    Form("desktop", 1280, 900, "standard"),
    Form("phone-elder", 390, 844, "elder"),
    Form("desktop-elder", 1280, 900, "elder"),
)

# Main controls; a link inside running text is excused, as WCAG 2.5.8 excuses it.
_ELDER = """() => {
  const found = [];
  const seen = (e) => { const r = e.getBoundingClientRect(); const s = getComputedStyle(e);
    return r.width > 1 && r.height > 1 && s.visibility !== 'hidden' && s.display !== 'none'; };
  const name = (e) => e.tagName.toLowerCase() + '.' + e.className + ' "'
    + (e.textContent || e.value || '').trim().slice(0, 30) + '"';
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !seen(e) || e.closest('.unseen, .skip, script, style, noscript, svg')) continue;
    const s = getComputedStyle(e); const size = parseFloat(s.fontSize);
    if (size < 18) found.push('font ' + size + ' ' + name(e));
    const line = parseFloat(s.lineHeight);
    if (!Number.isNaN(line) && line / size < 1.299)
      found.push('line ' + (line / size) + ' ' + name(e));
  }
  const main = 'button, .button, .row, .tile__title a, .bottom a, .top__tool, .top__me, '
    + 'input:not([type=hidden]), select, textarea, summary, .choice__one, .tick label, .sizes a';
  for (const e of document.querySelectorAll(main)) {
    if (!seen(e)) continue;
    const target = e.closest('.choice__one, .tick label, .tile') || e;
    const r = target.getBoundingClientRect();
    if (r.width < 59.5 || r.height < 59.5)
      found.push('target ' + Math.round(r.width) + 'x' + Math.round(r.height) + ' ' + name(e));
  }
  const viewport = document.querySelector('meta[name=viewport]')?.content || '';
  if (/user-scalable\\s*=\\s*(no|0)|maximum-scale/.test(viewport)) found.push('scaling is blocked');
  return found;
}"""

_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without the network it would like to talk to."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def view(
    browser: Browser, form: Form, base: str, locale: str = "zh-CN", **extra: Any
) -> BrowserContext:
    """A fresh visitor with this screen, language and profile."""
    size = {"width": form.width, "height": form.height}
    context = browser.new_context(viewport=size, locale=locale, **extra)  # type: ignore[arg-type]
    choice = f"{locale}.{form.profile}.20"
    context.add_cookies([{"name": "xianban_view", "value": choice, "url": base}])
    return context


def axe(page: Page, exclude: tuple[str, ...] = ()) -> list[str]:
    """axe-core's violations, one line each: rule, help, where."""
    # Evaluated through the debugger, so that the page's own policy stays in force; once a page.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8") + ";0")
    result = page.evaluate(
        "([tags, out]) => axe.run({exclude: out.map((one) => [one])},"
        " {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then((found) => {"
        " for (const one of found.violations) for (const node of one.nodes)"
        " node.pin = !!document.querySelector(node.target[0])?.closest('.leaflet-marker-pane');"
        " return found; })",
        [WCAG, list(exclude)],
    )
    return [
        f"{one['id']}: {one['help']} @ {node['target']} {node.get('failureSummary', '')[:200]}"
        for one in result["violations"]
        for node in one["nodes"]
        # WCAG 2.5.8 excuses pins: their place is essential, and the list beside the map links too.
        if not (one["id"] == "target-size" and node["pin"])
    ]


def elder_faults(page: Page) -> list[str]:
    """What breaks MIIT's 适老化 rules: type ≥ 18, line spacing ≥ 1.3, main targets ≥ 60 × 60."""
    faults: list[str] = page.evaluate(_ELDER)
    return faults


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the screen (0 is right)."""
    return int(page.evaluate(_OVERFLOW))


def faults(page: Page, form: Form) -> list[str]:
    """Everything wrong with the page in this form."""
    found = _at_its_end(page)
    if any(one.startswith("target-size") for one in found):
        # A message that came while axe looked made the page longer: this was not its end.
        found = _at_its_end(page)
    if sideways(page) > 0:
        found.append(f"scrolls sideways by {sideways(page)} px")
    return found + (elder_faults(page) if form.profile == "elder" else [])


def _at_its_end(page: Page) -> list[str]:
    """At its end a page shows all of itself: the bar that sticks to a phone's lower edge then
    stands below the content instead of over whatever happens to be there."""
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    return axe(page)


def look(
    browser: Browser, base: str, path: str, folder: Path, *, locale: str = "zh-CN", **extra: Any
) -> dict[str, list[str]]:
    """Opens a page in all four forms, saves a screenshot of each and returns the faults by form."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[str]] = {}
    for form in FORMS:
        context = view(browser, form, base, locale, **extra)
        page = context.new_page()
        page.goto(base + path, wait_until="load")
        page.wait_for_timeout(400)
        name = (
            path.strip("/").replace("/", "-").split("?")[0] or "home"
        ) + f"-{form.name}-{locale}"
        page.screenshot(path=str(folder / f"{name}.png"), full_page=True)
        found[form.name] = faults(page, form)
        context.close()
    return found
