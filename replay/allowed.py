"""What may stand in HTML text: the elements and attributes that ask nothing of a server, run
nothing and lead nowhere. All else is left out."""

from __future__ import annotations

import re


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


HTML_ELEMENTS = words(
    """
    a abbr acronym address area article aside audio b bdi bdo big blockquote body br button
    canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir
    div dl dt em fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header
    hgroup hr html i img input ins kbd label legend li main map mark marquee menu meter nav
    nobr ol optgroup option output p picture pre progress q rp rt ruby s samp search section
    select slot small span strike strong style sub summary sup table tbody td textarea tfoot
    th thead time title tr tt u ul var video wbr
    """
)
SVG_ELEMENTS = words(
    """
    a circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer
    feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight
    feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge
    feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile
    feTurbulence filter foreignObject g image line linearGradient marker mask path pattern
    polygon polyline radialGradient rect stop style svg switch symbol text textPath title
    tspan use view
    """
)
MATH_ELEMENTS = words(
    """
    annotation math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded
    mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd
    mtext mtr munder munderover none semantics
    """
)

LEFT_OUT = words(
    """
    script noscript template meta base link source track param noembed noframes noframe
    animate animateMotion animateTransform set mpath discard metadata handler listener
    """
)
"""They show nothing, and are left out with all that is in them."""

PLACEHOLDERS = words(
    """
    iframe frame object embed applet portal fencedframe frameset plaintext xmp
    """
)
"""They show something, by means that text must not have: an element of another name stands for
them."""

VOID = words(
    """
    area br col hr img input wbr
    """
)

ATTRIBUTES = words(
    """
    alink behavior bordercolor contenteditable decoding direction enctype hreflang leftmargin link
    loading marginheight marginwidth method novalidate scrollamount scrolldelay text topmargin vlink
    abbr align alt autocomplete axis bgcolor border cellpadding cellspacing char charoff
    checked cite class clear color cols colspan compact controls coords datetime default dir
    dirname disabled draggable enterkeyhint face for form frame frameborder headers height
    hidden high hspace id inert inputmode ismap item itemprop itemscope itemtype kind label
    lang list loop low max maxlength media min minlength multiple muted name nowrap noshade
    open optimum part pattern placeholder playsinline popover readonly rel required reversed
    role rows rowspan rules scope scrolling selected shape size slot span spellcheck start
    step style summary tabindex title translate type usemap valign value vspace width wrap
    exportparts
    """
)
"""Of HTML elements. `data-…`, `aria-…` and names with a hyphen that mean nothing to browsers are
allowed as well."""

ACTIVE = re.compile(r"on.*|accept-charset|http-equiv", re.I)

FOREIGN_ATTRIBUTES = words(
    """
    accent accentunder align alignment-baseline amplitude azimuth baseFrequency
    baseline-shift bias class clip-path clip-rule clipPathUnits color color-interpolation
    color-interpolation-filters columnalign columnlines columnspacing columnspan cx cy d
    depth diffuseConstant direction display displaystyle divisor dominant-baseline dx dy
    edgeMode elevation encoding exponent fence fill fill-opacity fill-rule filter
    filterUnits flood-color flood-opacity font-family font-size font-stretch font-style
    font-variant font-weight form fr frame fx fy gradientTransform gradientUnits height id
    in in2 intercept k1 k2 k3 k4 kernelMatrix kernelUnitLength lang largeop lengthAdjust
    letter-spacing lighting-color limitingConeAngle linethickness lquote lspace marker-end
    marker-mid marker-start markerHeight markerUnits markerWidth mask mask-type
    maskContentUnits maskUnits mathbackground mathcolor mathsize mathvariant maxsize media
    method minsize mode movablelimits notation numOctaves offset opacity open operator order
    orient overflow paint-order part path pathLength patternContentUnits patternTransform
    patternUnits pointer-events points pointsAtX pointsAtY pointsAtZ preserveAlpha
    preserveAspectRatio primitiveUnits r radius refX refY result role rotate rowalign
    rowlines rowspacing rowspan rquote rspace rx ry scale scriptlevel seed separator
    separators shape-rendering side slope slot spacing specularConstant specularExponent
    spreadMethod startOffset stdDeviation stitchTiles stop-color stop-opacity stretchy
    stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
    stroke-miterlimit stroke-opacity stroke-width style subscriptshift supscriptshift
    surfaceScale symmetric systemLanguage tabindex tableValues targetX targetY text-anchor
    text-decoration text-rendering textLength title transform transform-origin type
    unicode-bidi values vector-effect version viewBox visibility voffset width word-spacing
    writing-mode x x1 x2 xChannelSelector y y1 y2 yChannelSelector z
    """
)
"""Of SVG and MathML elements."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")
_CUSTOM = re.compile(r"[a-z][\w.]*-[\w.-]*")


def is_attribute(name: str, is_foreign: bool) -> bool:
    """May this attribute stand in the text as it is? Those that hold a URL or CSS are for the
    caller to rewrite."""
    if not _NAME.fullmatch(name) or ACTIVE.fullmatch(name):
        return False
    lower = name.lower()
    if lower.startswith(("data-", "aria-")):
        return True
    if is_foreign:
        return name in FOREIGN_ATTRIBUTES
    return lower in ATTRIBUTES or "-" in lower


def is_custom(name: str) -> bool:
    """A custom element's name: such an element means nothing to a browser that runs no script."""
    return bool(_CUSTOM.fullmatch(name)) and not name.startswith("visitreel-")
