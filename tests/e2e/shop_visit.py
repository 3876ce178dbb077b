"""Every page of the sample shop, used as a visitor uses it. In comes a visit, out come its
checkpoints."""

from __future__ import annotations

from tests.e2e.shop_server import Shop
from tests.e2e.visit import Visit


def visit_everything(visit: Visit, shop: Shop) -> None:
    """Goes through the shop with real input events; the last page is left when this returns."""
    visit.page.goto(shop.url)
    visit.arrive("/")
    visit_front(visit)
    visit.click('[data-sku="vase"] > a')
    visit.arrive("/product")
    visit_product(visit)
    visit.click("#added a")
    visit.arrive("/cart")
    visit_cart(visit)
    visit.click("text=To the checkout")
    visit.arrive("/checkout")
    visit_checkout(visit)
    visit.click('.menu > li > a[href="/article"]')
    visit.arrive("/article")
    visit_article(visit)
    visit.click('.menu > li > a[href="/app"]')
    visit.arrive("/app")
    visit_app(visit)
    visit.page.goto("about:blank")


def visit_front(visit: Visit) -> None:
    """Menus, filters, sorting, panes, a letter."""
    visit.check("front page", picture=True)
    visit.click('[data-consent-answer="granted"]')
    visit.check("consent note closed")
    visit.hover(".menu > li")
    visit.check("menu open", picture=True)
    visit.hover("h1")
    visit.click('label:has([value="drink"])')
    visit.check("only drinks")
    visit.click('label:has([name="stock"])')
    visit.page.locator("#sort").focus()
    visit.page.keyboard.type("p")
    visit.check("in stock, by price", picture=True)
    visit.click('[data-sku="mug"] .quick')
    visit.click('[data-sku="espresso"] .quick')
    visit.click('label:has([value="all"])')
    visit.click('label:has([name="stock"])')
    visit.page.locator("#sort").focus()
    visit.page.keyboard.type("n")
    visit.check("all, by name")
    visit.scroll("#strip", 400, 0)
    visit.scroll("#firings", 0, 240)
    visit.check("panes scrolled", picture=True)
    visit.type("#letter input", "ana@example.com")
    visit.check("address typed")
    visit.click("#letter button")
    visit.check("letter ordered")
    visit.page.evaluate("scrollTo(0, 0)")


def visit_product(visit: Visit) -> None:
    """Pictures, a shadow root, a dialog with a frame, choices, an editable field."""
    visit.check("product", picture=True)
    visit.click("#thumbs button:nth-child(2)")
    visit.click("star-rating button:nth-of-type(3)")
    visit.click("details:nth-of-type(1) summary")
    visit.hover("h1")
    visit.check("other picture, rated, details open", picture=True)
    visit.click("#guide")
    visit.page.frame_locator("iframe").locator("td").first.wait_for()
    visit.check("dialog open", picture=True)
    visit.page.frame_locator("iframe").locator('[data-unit="in"]').click()
    visit.page.frame_locator("iframe").locator("[name=hand]").fill("19")
    visit.scroll("dialog iframe", 0, 120)
    visit.check("frame used")
    visit.click("#close")
    visit.click('[name="size"][value="L"]')
    visit.page.locator('[name="glaze"]').focus()
    visit.page.keyboard.type("Ten")
    visit.click('[data-step="1"]')
    visit.type("#engraving", "for Ada")
    visit.check("chosen and engraved")
    visit.click("text=Put in the bag")
    visit.scroll("#letters", 0, 300)
    visit.check("in the bag")


def visit_cart(visit: Visit) -> None:
    """Rows added, changed, moved, removed and put back."""
    visit.check("bag", picture=True)
    visit.click("tr:nth-child(2) [aria-label=More]")
    visit.click("tr:nth-child(1) [aria-label=Down]")
    visit.check("row moved, one more", picture=True)
    visit.click("tr:nth-child(2) [aria-label='Take out']")
    visit.check("row taken out")
    visit.click("#undo")
    visit.click("#sort-rows")
    visit.click("#gift")
    visit.type("[name=code]", "SPRING")
    visit.check("row back, sorted, a gift")


def visit_checkout(visit: Visit) -> None:
    """Every kind of field."""
    visit.check("checkout", picture=True)
    for name, text in _TYPED.items():
        visit.type(f'[name="{name}"]', text)
    for name, value in _SET.items():
        visit.page.locator(f'[name="{name}"]').fill(value)
    visit.check("fields filled")
    visit.page.locator('[name="country"]').select_option("jp")
    visit.page.locator('[name="languages"]').select_option(["German", "Japanese"])
    visit.click('[value="bike"]')
    visit.click('[name="news-shop"]')
    visit.page.locator("[name=straw]").focus()
    visit.page.keyboard.press("ArrowRight")
    visit.check("choices made")
    visit.page.locator("[name=drawing]").set_input_files(
        {"name": "private.png", "mimeType": "image/png", "buffer": b"not a picture"}
    )
    visit.click("#reveal")
    visit.check("password revealed")
    visit.click("#all")
    visit.check("all boxes")
    visit.click("text=Order")
    visit.page.evaluate("scrollTo(0, 0)")
    visit.check("ordered", picture=True)


def visit_article(visit: Visit) -> None:
    """A long page: contents, jumps, the wheel."""
    visit.check("article", picture=True)
    visit.click('.contents a[href="#copper-red"]')
    visit.scroll("#copper-red h3", 0, 500)
    visit.check("in the middle", picture=True)
    visit.page.evaluate("scrollTo(0, 0)")
    visit.settle()


def visit_app(visit: Visit) -> None:
    """Routes without a load, rules without text, lists that turn round."""
    visit.check("planner")
    visit.click('#tabs a[href="/app/glazes"]')
    visit.type("[type=search]", "o")
    visit.click("#turn")
    visit.check("glazes found, turned round")
    visit.click('li a[href$="tenmoku"]')
    visit.check("one glaze", picture=True)
    visit.click('#tabs a[href="/app/schedule"]')
    for cell in ("tr:nth-child(2) td:nth-child(3)", "tr:nth-child(4) td:nth-child(5)"):
        visit.click(cell)
    visit.check("planned", picture=True)
    visit.click("#louder")
    visit.check("planned louder", picture=True)
    visit.page.go_back()
    visit.check("a step back")


_TYPED = {
    "name": "Ana Pérez",
    "email": "ana@example.com",
    "phone": "+49 30 1234",
    "site": "https://ana.example/?secret=1",
    "street": "Ulica 7",
    "city": "Wien",
    "note": " and more",
    "card": "4111 1111 1111 1111",
    "card-name": "ANA PEREZ",
    "until": "12/29",
    "csc": "123",
    "password": "correct horse",
    "otp": "998877",
}
_SET = {
    "day": "2026-12-01",
    "hour": "10:30",
    "month": "2026-12",
    "week": "2026-W50",
    "call": "2026-11-30T09:00",
    "cards": "3",
    "ribbon": "#336699",
}
