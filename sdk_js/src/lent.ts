// What the part on demand has from the script: these functions know things that a copy of them would not.
import { fieldValue, isChoiceHidden, isTextField } from './attributes'
import { frame } from './batch'
import { ruleOf } from './mask'
import { patch } from './patch'
import { contentOf } from './tree'

export const lent = {
  _ruleOf: ruleOf,
  _fieldValue: fieldValue,
  _isTextField: isTextField,
  _isChoiceHidden: isChoiceHidden,
  _contentOf: contentOf,
  _patch: patch,
  _frame: frame,
}

export type Lent = typeof lent
