"""A store of very many sessions, filled by SQL: in goes an empty database, out comes one as after
months of visits, with all words in the index."""

from __future__ import annotations

from collector.store.database import Database

NEWEST_AT_MS = 1_790_000_000_000
APART_MS = 60_000


def fill(db: Database, sessions: int, recent: int) -> None:
    """Sessions a minute apart, the newest at `NEWEST_AT_MS`; each tenth visitor is known. The last
    `recent` are still being recorded. Session 1,000 of the index holds the words `Raku kiln`."""
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            values = {
                "count": sessions,
                "recent": recent,
                "newest": NEWEST_AT_MS,
                "apart": APART_MS,
            }
            db.execute(statement, {k: v for k, v in values.items() if f":{k}" in statement})


_STATEMENTS = """
INSERT INTO site (key, name, origins, dev, created_at_ms) VALUES
  ('k1', 'shop', '["https://shop.test"]', 0, 0), ('k2', 'blog', '["https://blog.test"]', 0, 0);
CREATE TEMP TABLE n AS WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
  WHERE n < :count) SELECT n FROM n;
CREATE TEMP TABLE page (path TEXT, title TEXT);
INSERT INTO page VALUES ('/', 'Tansu Pottery'), ('/glazes', 'All glazes'),
  ('/product?utm_source=news', 'A vase'), ('/cart', 'Your cart'), ('/checkout', 'Check out');
INSERT INTO visitor (visitor, site, visitor_id, anonymous, person)
  SELECT n, 1 + (n % 20 = 0), printf('visitor-%08x-%06d', n * 2654435761 % 4294967296, n), 0,
  CASE WHEN n % 10 = 0 THEN printf('person%d@firm%d.example', n, n % 997) END FROM n;
INSERT INTO session (session, session_id, site, visitor, zero_at_ms, first_received_at_ms,
  last_received_at_ms, t_ms, until_ms, person, user_agent, packed, device, browser, system)
  SELECT n, printf('session-%08x-%06d', n * 2246822519 % 4294967296, n), 1 + (n % 20 = 0), n,
  :newest - (:count - n) * :apart, 0, :newest - (:count - n) * :apart + 60000, 0, n % 600 * 1000,
  CASE WHEN n % 10 = 0 THEN printf('person%d@firm%d.example', n, n % 997) END, 'Mozilla/5.0',
  n <= :count - :recent, CASE n % 3 WHEN 0 THEN 'phone' WHEN 1 THEN 'desktop' ELSE 'tablet' END,
  'Firefox', 'Linux' FROM n;
INSERT INTO document (document, session, number, document_id, tab, client_tab, origin_at_ms,
  client_origin_ms, skewed, last_seq, replay, sdk_version)
  SELECT n, n, 1, 'document', 1, 'tab', 0, 0, 0, 0, 1, '0.1.0' FROM n;
INSERT INTO batch (document, seq, digest, received_at_ms, sent_t_ms, t_ms, until_ms, compression,
  path, checked) SELECT n, 0, x'00', :newest - (:count - n) * :apart, 0, 0, 0, 1, '/', 1 FROM n;
INSERT INTO page_view (session, document, t_ms, at_ms, url, title, referrer, route, campaign)
  SELECT n, n, page.rowid * 1000, 0, 'https://shop.test' || path, title,
  CASE WHEN n % 4 THEN 'https://www.google.com/' ELSE '' END, 0, '{}'
  FROM n JOIN page ON page.rowid <= 1 + n % 5;
INSERT INTO fact (session, document, t_ms, kind, text, fields)
  SELECT n, n, i * 900, 'click', CASE i WHEN 1 THEN 'Add to cart'
  WHEN 2 THEN printf('SKU-%d', n % 5000) WHEN 3 THEN printf('order %d', n) ELSE 'Menu' END, '{}'
  FROM n JOIN (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3 UNION SELECT 4);
INSERT INTO fact (session, document, t_ms, kind, text, fields)
  VALUES (1000, 1000, 5000, 'click', 'Raku kiln', '{}');
INSERT INTO search (rowid, text)
  SELECT s.place, coalesce(s.person || char(10), '') ||
  (SELECT group_concat(DISTINCT url || char(10) || title) FROM page_view p
   WHERE p.session = s.session) || char(10) ||
  (SELECT group_concat(DISTINCT text) FROM fact f WHERE f.session = s.session)
  FROM session s WHERE s.packed = 1;
"""
