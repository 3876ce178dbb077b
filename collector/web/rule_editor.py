"""The editor of one rule: in come the fields of its form or its YAML, out goes the page again, with
what is wrong beside its field, or the rule is saved. Both say the same rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from collector.problems import Problem
from collector.signals import fields as table
from collector.signals.documents import BadRules, Wrong, check_rule, read_rules, write_rules
from collector.signals.edits import edited, settled
from collector.signals.form import Read, fields_of, read_form
from collector.signals.rows import Fields, Row, quiet_numbers, row_of, where_numbers
from collector.signals.rules import BRANCHES, Data
from collector.signals.words import sentence_of
from collector.store.audit import add_line
from collector.store.database import Database
from collector.store.people import all_users
from collector.store.rules import StoredRule, UnknownRule, rule_named, rules_of, save_rule
from collector.store.sites import Site
from collector.web.context import context_of, signed_in
from collector.web.forms import form_of
from collector.web.pages import page
from collector.web.rules import back_to_list, rule_of_path, site_of

NEW: Fields = {
    "enabled": "1", "backfill": "1", "window.n": "1", "window.unit": "d",
    "cooldown.n": "1", "cooldown.unit": "d", "w:kind": "all", "w.0:kind": "page",
}  # fmt: skip
CHANGED_MEANWHILE = (
    "Somebody has changed this rule since you opened it. Save again to replace it by what is here."
)


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as its template draws it. `wrong`: by field; `focus`: the field to go on with."""

    fields: Fields
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict)
    focus: str = ""
    table = table
    branches = BRANCHES

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.fields.get(name, "")

    def why(self, *names: str) -> str:
        """What is wrong with fields, in one line; empty: nothing."""
        return "; ".join(reason for name in names for reason in self.wrong.get(name, ()))

    def row(self, root: str) -> Row | None:
        """The conditions below a root."""
        return row_of(self.fields, root)

    def numbers(self, row: Row, part: str) -> list[int]:
        """The comparisons of a row."""
        return where_numbers(row.own, part)

    @property
    def quiet(self) -> list[int]:
        """The quiet hours."""
        return quiet_numbers(self.fields)

    def says(self, name: str, names: Sequence[str]) -> bool:
        """Does a row say any of these, or is any of them wrong? Then they are shown at once."""
        full = [f"{name}:{own}" for own in names]
        return any(
            (given.startswith(f"{one}.") or given == one) and not given.endswith((".op", ".unit"))
            for one in full
            for given in (*(key for key, value in self.fields.items() if value), *self.wrong)
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """What the editor holds. `text`: the YAML, where that is shown; `data`: the rule, where it
    can be said; `wrong` and `lines`: what is wrong by field, and in the YAML."""

    fields: Fields = field(default_factory=dict)
    text: str | None = None
    data: Data | None = None
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lines: Sequence[Wrong] = ()

    @property
    def is_good(self) -> bool:
        """Is it a rule?"""
        return self.data is not None and not self.wrong and not self.lines


def editor_page(request: Request) -> Response:
    """The form of a rule that is there, or of a new one."""
    with context_of(request).readers.lend() as db:
        site, rule = _site_and_rule(db, request)
    if rule is None:
        user = signed_in(request).user
        return _page(request, site, None, Draft(NEW | ({"owner": user.email} if user else {})))
    data = rule.document
    if request.query_params.get("as") == "yaml":
        return _page(request, site, rule, Draft(text=write_rules([data]), data=data))
    return _page(request, site, rule, Draft(fields_of(data), data=data))


def post_editor(request: Request) -> Response:
    """Saves, tries, changes from form to YAML and back, or does what a button of the form says."""
    fields = _fields(request)
    with context_of(request).readers.lend() as db:
        site, rule = _site_and_rule(db, request)
        draft = _draft(db, site, rule, fields)
    do = fields.get("do", "save")
    if do == "save" and draft.is_good and draft.data is not None:
        if rule is not None and fields.get("version") != str(rule.version):
            return _page(request, site, rule, draft, 409, error=CHANGED_MEANWHILE)
        _save(request, site, draft.data, is_new=rule is None)
        return back_to_list(site)
    if do == "try":
        return _tried(request, site, rule, draft)
    if do == "yaml" and draft.text is None:
        with context_of(request).readers.lend() as db:
            rule_id = rule.rule_id if rule else _new_id(db, site, fields)
        text = write_rules([{**_said(fields), "id": rule_id}])
        return _page(request, site, rule, Draft(text=text))
    if do == "form" and draft.text is not None and draft.is_good and draft.data is not None:
        return _page(request, site, rule, Draft(fields_of(draft.data), data=draft.data))
    if do not in {"save", "yaml", "form"} and draft.text is None:
        changed, focus = edited(fields, do)
        return _page(request, site, rule, Draft(changed), focus=focus)
    return _page(request, site, rule, draft, 400)


def form_part(request: Request) -> Response:
    """The form alone, for the page's script."""
    fields = _fields(request)
    with context_of(request).readers.lend() as db:
        site_of(db, request)
    changed, focus = edited(fields, fields.get("do", ""))
    return page(request, "_rule_form.html", form=FormView(changed, focus=focus))


def form_words(request: Request) -> Response:
    """What the form says so far."""
    with context_of(request).readers.lend() as db:
        site = site_of(db, request)
        draft = _draft(db, site, None, {"id": "x", **_fields(request)})
    answer = {"words": words_of(draft), "is_good": draft.is_good}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def words_of(draft: Draft) -> str:
    """A draft in words, or what it still needs."""
    if draft.is_good and draft.data is not None:
        return sentence_of(draft.data)
    return "Something is still missing, or can't be so." if draft.wrong or draft.lines else ""


# --- drafts ---------------------------------------------------------------------------------------


def _site_and_rule(db: Database, request: Request) -> tuple[Site, StoredRule | None]:
    site = site_of(db, request)
    is_new = "rule_id" not in request.path_params
    return site, None if is_new else rule_of_path(db, request, site)


def _fields(request: Request) -> Fields:
    return {name: value.replace("\r\n", "\n") for name, value in form_of(request).items()}


def draft_of(request: Request) -> tuple[Site, Draft]:
    """What a request of the editor holds, whichever rule it is of."""
    fields = _fields(request)
    with context_of(request).readers.lend() as db:
        site = site_of(db, request)
        return site, _draft(db, site, None, {"id": "x", **fields})


def _draft(db: Database, site: Site, rule: StoredRule | None, fields: Fields) -> Draft:
    if "yaml" in fields:
        return _draft_of_text(db, site, rule, fields["yaml"])
    fields = settled(fields)
    fields["id"] = rule.rule_id if rule else fields.get("id") or _new_id(db, site, fields)
    return _draft_of_fields(fields)


def _draft_of_fields(fields: Fields) -> Draft:
    read = read_form(fields)
    if not fields.get("name", "").strip():
        read.complain("name", "give it a name")
    try:
        data = check_rule(read.data)
    except BadRules as error:
        return Draft(fields, wrong=read.place(error.wrong))
    return Draft(fields, data=data, wrong=read.wrong)


def _draft_of_text(db: Database, site: Site, rule: StoredRule | None, text: str) -> Draft:
    try:
        rules = read_rules(text)
    except BadRules as error:
        return Draft(text=text, lines=error.wrong)
    wrong = _wrong_rule(db, site, rule, rules)
    if wrong:
        return Draft(text=text, lines=[Wrong(1, *wrong)])
    return Draft(text=text, data=rules[0])


def _wrong_rule(
    db: Database, site: Site, rule: StoredRule | None, rules: Sequence[Data]
) -> tuple[str, str] | None:
    """Why a document is none of this rule."""
    if len(rules) != 1:
        return "rules", f"there are {len(rules)}: one is edited here, several can be imported"
    rule_id = str(rules[0]["id"])
    if rule is not None and rule_id != rule.rule_id:
        return "rules.0.id", f"{rule.rule_id} keeps its id: import a rule of another one"
    if rule is None and rule_id in _ids(db, site):
        return "rules.0.id", f"there is a rule {rule_id} already"
    return None


def _ids(db: Database, site: Site) -> set[str]:
    return {one.rule_id for one in rules_of(db, site.site)}


def _new_id(db: Database, site: Site, fields: Fields) -> str:
    """An id made of the name, that no rule of the site has."""
    words = re.findall(r"[a-z0-9]+", fields.get("name", "").lower())
    plain = "-".join(words)[:40].strip("-") or "rule"
    known, number, found = _ids(db, site), 2, plain
    while found in known:
        found, number = f"{plain}-{number}", number + 1
    return found


def _said(fields: Fields) -> dict[str, object]:
    """What the form says, right or wrong: the YAML shows it, too."""
    read: Read = read_form(settled(fields))
    return {"id": "", **read.data}


def _save(request: Request, site: Site, data: Data, *, is_new: bool) -> None:
    context, who = context_of(request), signed_in(request).name
    now_ms = context.now_ms()

    def run(db: Database) -> None:
        if is_new:
            _refuse_known(db, site, str(data["id"]))
        saved, change = save_rule(db, site.site, data, now_ms)
        if change != "unchanged":
            what = "rule_add" if change == "added" else "rule_change"
            add_line(db, now_ms, who, what, f"{saved.name} ({site.name})")

    context.writer.call(lambda db, _: run(db))
    context.signals.reload()


def _refuse_known(db: Database, site: Site, rule_id: str) -> None:
    """Two people may add a rule of the same name at once."""
    try:
        rule_named(db, site.site, rule_id)
    except UnknownRule:
        return
    raise Problem("conflict", f"there is a rule {rule_id} by now: go back and save again")


# --- the page -------------------------------------------------------------------------------------


def _page(
    request: Request,
    site: Site,
    rule: StoredRule | None,
    draft: Draft,
    status: int = 200,
    *,
    focus: str = "",
    error: str = "",
    trial: object = None,
) -> Response:
    if rule is not None and draft.text is None:
        draft.fields["id"] = rule.rule_id
    with context_of(request).readers.lend() as db:
        people = [user.email for user in all_users(db, context_of(request).now_ms())]
    if status == 400 and not focus:
        focus = next(iter(draft.wrong), "")
    return page(
        request,
        "rule.html",
        status,
        site=site,
        rule=rule,
        draft=draft,
        form=FormView(draft.fields, draft.wrong, focus),
        words=words_of(draft),
        people=people,
        zones=_zones(),
        error=error,
        trial=trial,
    )


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


def _tried(request: Request, site: Site, rule: StoredRule | None, draft: Draft) -> Response:
    """The answer for a browser that runs no script: the page waits for what was found."""
    from collector.web.rule_trial import trial_of

    if not draft.is_good or draft.data is None:
        return _page(request, site, rule, draft, 400)
    return _page(request, site, rule, draft, trial=trial_of(request, site, draft.data))
