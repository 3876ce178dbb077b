// GENERATED from replay/ops.py by `python -m replay.vocabulary`. Do not edit.

export const FORMAT_VERSION = 1
export const ROOT_ID = 1

/** @typedef {'id'|'uint'|'sint'|'ids'|'uints'|'name'|'value'|'text'|'hash'|'run'} Kind */
/** @typedef {{name: string, fields: Array<[name: string, kind: Kind]>}} OpShape */

/**
 * Ops of the ops section by code, with their fields in the order in which they travel.
 * @type {Record<number, OpShape>}
 */
export const OPS = {
  1: { name: 'document', fields: [['mode', 'uint'], ['reason', 'uint']] },
  2: { name: 'begin', fields: [] },
  3: { name: 'end', fields: [] },
  4: { name: 'put', fields: [['parent', 'id'], ['prev', 'id'], ['first_id', 'id'], ['run', 'run']] },
  5: { name: 'move', fields: [['node', 'id'], ['parent', 'id'], ['prev', 'id']] },
  6: { name: 'take', fields: [['node', 'id']] },
  7: { name: 'remove', fields: [['node', 'id']] },
  8: { name: 'set_text', fields: [['node', 'id'], ['text', 'text']] },
  9: { name: 'attr', fields: [['node', 'id'], ['name', 'name'], ['value', 'value']] },
  10: { name: 'attr_remove', fields: [['node', 'id'], ['name', 'name']] },
  11: { name: 'field_value', fields: [['node', 'id'], ['value', 'value']] },
  12: { name: 'checked', fields: [['node', 'id'], ['state', 'uint']] },
  13: { name: 'selected', fields: [['node', 'id'], ['indexes', 'uints']] },
  14: { name: 'top_layer', fields: [['node', 'id'], ['layer', 'uint']] },
  15: { name: 'scroll', fields: [['node', 'id'], ['x', 'sint'], ['y', 'sint']] },
  16: { name: 'viewport', fields: [['width_px', 'uint'], ['height_px', 'uint'], ['dpr_percent', 'uint'], ['zoom_percent', 'uint'], ['zoom_x', 'sint'], ['zoom_y', 'sint']] },
  17: { name: 'environment', fields: [['features', 'uint']] },
  18: { name: 'block', fields: [['node', 'id'], ['width_px', 'uint'], ['height_px', 'uint'], ['reason', 'uint']] },
  19: { name: 'sheet', fields: [['sheet', 'id'], ['text', 'text'], ['base', 'value']] },
  20: { name: 'rule_insert', fields: [['sheet', 'id'], ['path', 'uints'], ['text', 'text']] },
  21: { name: 'rule_delete', fields: [['sheet', 'id'], ['path', 'uints']] },
  22: { name: 'rule_style', fields: [['sheet', 'id'], ['path', 'uints'], ['text', 'text']] },
  23: { name: 'rule_selector', fields: [['sheet', 'id'], ['path', 'uints'], ['text', 'text']] },
  24: { name: 'sheet_state', fields: [['sheet', 'id'], ['disabled', 'uint'], ['media', 'value']] },
  25: { name: 'adopted', fields: [['root', 'id'], ['sheets', 'ids']] },
  26: { name: 'asset', fields: [['asset', 'id'], ['hash', 'hash'], ['media_type', 'value']] },
  27: { name: 'source', fields: [['node', 'id'], ['asset', 'id']] },
  28: { name: 'css_asset', fields: [['owner', 'id'], ['token', 'value'], ['asset', 'id']] },
  32: { name: 'pointer', fields: [['x', 'sint'], ['y', 'sint']] },
  33: { name: 'hover', fields: [['node', 'id']] },
  34: { name: 'press', fields: [['node', 'id'], ['x', 'sint'], ['y', 'sint'], ['kind', 'uint'], ['button', 'uint']] },
  35: { name: 'touch', fields: [['finger', 'uint'], ['x', 'sint'], ['y', 'sint'], ['phase', 'uint']] },
  36: { name: 'focus', fields: [['node', 'id'], ['visible', 'uint']] },
  37: { name: 'selection', fields: [['anchor', 'id'], ['anchor_offset', 'uint'], ['focus', 'id'], ['focus_offset', 'uint']] },
  38: { name: 'visibility', fields: [['state', 'uint']] },
  63: { name: 'mark', fields: [['name', 'value']] },
}
