// GENERATED from replay/ops.py by `python -m replay.vocabulary`. Do not edit.

/** Travels in every batch; a reader refuses any other number. */
export const FORMAT_VERSION = 1
/** The id of the top document's node in every document load. */
export const ROOT_ID = 1

// Ops, in the ops section: fields in the order in which they travel.
/** mode: uint, reason: uint */
export const OP_DOCUMENT = 1
/** no fields */
export const OP_BEGIN = 2
/** no fields */
export const OP_END = 3
/** parent: id, prev: id, first_id: id, run: run */
export const OP_PUT = 4
/** node: id, parent: id, prev: id */
export const OP_MOVE = 5
/** node: id */
export const OP_TAKE = 6
/** node: id */
export const OP_REMOVE = 7
/** node: id, text: text */
export const OP_SET_TEXT = 8
/** node: id, name: name, value: value */
export const OP_ATTR = 9
/** node: id, name: name */
export const OP_ATTR_REMOVE = 10
/** node: id, value: value */
export const OP_FIELD_VALUE = 11
/** node: id, state: uint */
export const OP_CHECKED = 12
/** node: id, indexes: uints */
export const OP_SELECTED = 13
/** node: id, layer: uint */
export const OP_TOP_LAYER = 14
/** node: id, x: sint, y: sint */
export const OP_SCROLL = 15
/** width_px: uint, height_px: uint, dpr_percent: uint, zoom_percent: uint, zoom_x: sint, zoom_y: sint */
export const OP_VIEWPORT = 16
/** features: uint */
export const OP_ENVIRONMENT = 17
/** node: id, width_px: uint, height_px: uint, reason: uint */
export const OP_BLOCK = 18
/** sheet: id, text: text, base: value */
export const OP_SHEET = 19
/** sheet: id, path: uints, text: text */
export const OP_RULE_INSERT = 20
/** sheet: id, path: uints */
export const OP_RULE_DELETE = 21
/** sheet: id, path: uints, text: text */
export const OP_RULE_STYLE = 22
/** sheet: id, path: uints, text: text */
export const OP_RULE_SELECTOR = 23
/** sheet: id, disabled: uint, media: value */
export const OP_SHEET_STATE = 24
/** root: id, sheets: ids */
export const OP_ADOPTED = 25
/** asset: id, hash: hash, media_type: value */
export const OP_ASSET = 26
/** node: id, asset: id */
export const OP_SOURCE = 27
/** owner: id, token: value, asset: id */
export const OP_CSS_ASSET = 28
/** x: sint, y: sint */
export const OP_POINTER = 32
/** node: id */
export const OP_HOVER = 33
/** node: id, x: sint, y: sint, kind: uint, button: uint */
export const OP_PRESS = 34
/** finger: uint, x: sint, y: sint, phase: uint */
export const OP_TOUCH = 35
/** node: id, visible: uint */
export const OP_FOCUS = 36
/** anchor: id, anchor_offset: uint, focus: id, focus_offset: uint */
export const OP_SELECTION = 37
/** state: uint */
export const OP_VISIBILITY = 38
/** name: value */
export const OP_MARK = 63

// Facts, in the head: fields in the order in which they travel.
/** url: word, title: word, referrer: word, route: number, campaign: map */
export const OP_PAGE_VIEW = 64
/** node: number, x: number, y: number, label: word, href: word */
export const OP_CLICK = 65
/** percent: number */
export const OP_SCROLL_DEPTH = 66
/** node: number, stage: number, name: word, fields: number */
export const OP_FORM = 67
/** person: word, traits: map */
export const OP_IDENTIFY = 68
/** name: word, properties: map */
export const OP_TRACK = 69
/** language: word, time_zone: word, device: word, screen_width: number, screen_height: number */
export const OP_CONTEXT = 70
/** reason: number */
export const OP_LEAVE = 71

/** The kinds of an op's fields by its code, a letter each (replay/FORMAT.md, "Ops section"); a run is written by itself. */
export const KINDS = ',uu,,,iii,iii,i,i,it,inv,in,iv,iu,iU,iu,iss,uuuuss,u,iuuu,itv,iUt,iU,iUt,iUt,iuv,iI,ihv,ii,ivi,,,,ss,i,issuu,ussu,iu,iuiu,u,,,,,,,,,,,,,,,,,,,,,,,,,v'.split(',')
