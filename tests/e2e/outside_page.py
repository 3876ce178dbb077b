"""A page that asks for something elsewhere in every way that HTML, CSS and SVG know. In comes a
foreign origin, out comes the page."""

from __future__ import annotations

_HEAD = {
    "preconnect": '<link rel="preconnect" href="{o}">',
    "dns-prefetch": '<link rel="dns-prefetch" href="{o}">',
    "prefetch": '<link rel="prefetch" href="{o}/prefetch">',
    "preload": '<link rel="preload" as="image" href="{o}/preload.png">',
    "modulepreload": '<link rel="modulepreload" href="{o}/module.js">',
    "icon": '<link rel="icon" href="{o}/icon.png">',
    "manifest": '<link rel="manifest" href="{o}/manifest.json">',
    "alternate sheet": '<link rel="alternate stylesheet" title="a" href="{o}/alternate.css">',
    "sheet": '<link rel="stylesheet" href="{o}/sheet.css">',
    "import": '<style>@import url("{o}/import.css");</style>',
    "script": '<script async src="{o}/script.js"></script>',
    "speculation": '<script type="speculationrules">{{"prefetch":[{{"urls":["{o}/spec"]}}]}}</script>',
    "font": '<style>@font-face {{ font-family: Far; src: url("{o}/far.woff2"); }} '
    "body {{ font-family: Far; }}</style>",
    "background": '<style>#far {{ width: 9px; height: 9px; background: url("{o}/bg.png"); }}</style>',
    "cursor": '<style>body {{ cursor: url("{o}/cursor.png"), auto; }}</style>',
    "list image": '<style>li {{ list-style-image: url("{o}/list.png"); }}</style>',
    "variable": '<style>#var {{ --far: url("{o}/var.png"); background: var(--far); }}</style>',
    "image-set": '<style>#set {{ background: image-set("{o}/set.png" 1x); }}</style>',
}

_BODY = {
    "picture": '<picture><source srcset="{o}/source.png"><img src="{o}/picture.png"></picture>',
    "image": '<img src="{o}/image.png" srcset="{o}/image2.png 2x">',
    "lazy image": '<img loading="lazy" src="{o}/lazy.png">',
    "image button": '<input type="image" src="{o}/button.png">',
    "inline style": '<p style="background: url({o}/inline.png)">x</p>',
    "presentational": '<table background="{o}/table.png"><tr><td>x</td></tr></table>',
    "frame": '<iframe src="{o}/frame"></iframe>',
    "frame with a document": "<iframe srcdoc=\"<img src='{o}/srcdoc.png'>\"></iframe>",
    "object": '<object data="{o}/object.svg"></object>',
    "embed": '<embed src="{o}/embed.svg">',
    "video": '<video src="{o}/video.mp4" poster="{o}/poster.png" autoplay muted></video>',
    "audio": '<audio src="{o}/audio.mp3" autoplay></audio>',
    "track": '<video><source src="{o}/s.mp4"><track default src="{o}/track.vtt"></video>',
    "svg image": '<svg width="9" height="9"><image href="{o}/svg.png" width="9" height="9"/></svg>',
    "svg old link": '<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
    '<image xlink:href="{o}/xlink.png" width="9" height="9"/></svg>',
    "svg use": '<svg width="9" height="9"><use href="{o}/sprite.svg#a"/></svg>',
    "svg filter": '<svg width="9" height="9"><filter id="f"><feImage href="{o}/fe.png"/></filter>'
    '<rect width="9" height="9" filter="url(#f)"/></svg>',
    "svg fill": '<svg width="9" height="9"><rect width="9" height="9" fill="url({o}/p.svg#p)"/></svg>',
    "svg style": '<svg><style>rect {{ filter: url("{o}/far.svg#f"); }}</style></svg>',
    "link": '<a id="away" href="{o}/away" ping="{o}/ping">away</a>',
    "download": '<a id="file" href="{o}/file" download>file</a>',
    "new window": '<a id="blank" href="{o}/blank" target="_blank">blank</a>',
    "form": '<form id="send" action="{o}/form"><input name="q" autofocus>'
    '<button id="go">go</button><button formaction="{o}/formaction">other</button></form>',
    "shadow": '<div><template shadowrootmode="open"><img src="{o}/shadow.png"></template></div>',
    "rest": '<ul><li>x</ul><div id="far">x</div><div id="var">x</div><div id="set">x</div>',
}


def outside_page(outside: str, tag: str) -> bytes:
    """The page, with the recorder's tag in its head."""
    parts = [*_HEAD.values(), *_BODY.values()]
    head = "".join(part.format(o=outside) for part in parts[: len(_HEAD)])
    body = "".join(part.format(o=outside) for part in parts[len(_HEAD) :])
    return (
        "<!doctype html><html><head><meta charset=utf-8><title>Far</title>"
        f"{head}{tag}</head><body><h1>Here</h1>{body}</body></html>"
    ).encode()
