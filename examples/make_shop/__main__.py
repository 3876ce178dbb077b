"""`python -m examples.make_shop` writes `examples/shop/images`, `fonts` and `article.html` anew;
equal input, equal bytes."""

from pathlib import Path

from examples.make_shop.article import write_article
from examples.make_shop.font import write_fonts
from examples.make_shop.pictures import write_pictures

SHOP = Path(__file__).parent.parent / "shop"

write_pictures(SHOP / "images")
write_fonts(SHOP / "fonts")
write_article(SHOP / "article.html")
