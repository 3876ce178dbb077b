// A minified module goes in, its variables and private properties come out, each with all its places: so they can be renamed.
import { parse } from 'acorn'

/** Private properties are written `_name` in the sources. */
const isPrivate = (name) => /^_[a-zA-Z]/.test(name)

/** A scope sees the variables of its parents. `isFunction`: `var` ends here. */
const createScope = (parent, isFunction) => ({ parent, isFunction, variables: new Map() })

/** What stands for a name in the text: `source`: how it was written; `name`: how it is printed. */
const createName = (source, scope) => ({ source, name: source, scope, count: 0, live: new Set(scope && [scope]) })

/** Names that a declaration declares. */
const declared = (pattern) => {
  if (!pattern) return []
  if (pattern.type == 'Identifier') return [pattern.name]
  if (pattern.type == 'ObjectPattern') return pattern.properties.flatMap((property) => declared(property.value ?? property.argument))
  if (pattern.type == 'ArrayPattern') return pattern.elements.flatMap(declared)
  return declared(pattern.left ?? pattern.argument)
}

const declare = (scope, { kind, declarations }, variables) => {
  let owner = scope
  if (kind == 'var') while (!owner.isFunction) owner = owner.parent
  for (const source of declarations.flatMap(({ id, ...pattern }) => declared(id ?? pattern))) {
    if (owner.variables.has(source)) continue
    const variable = createName(source, owner)
    owner.variables.set(source, variable)
    variables.push(variable)
  }
}

const LOOPS = { ForStatement: 'init', ForOfStatement: 'left', ForInStatement: 'left' }
const UNKNOWN = /^(FunctionDeclaration|Class|Switch|Labeled|With)/

/** Calls `reference(identifier, scope, key)` and `member(key)` for all that is named; declarations go into `variables`. */
const walk = (program, variables, reference, member) => {
  const block = (body, scope) => {
    for (const node of body) if (node.type == 'VariableDeclaration') declare(scope, node, variables)
    for (const node of body) visit(node, scope)
  }
  const property = ({ key, value, computed, start }, scope) => {
    if (computed) visit(key, scope)
    const target = value.type == 'AssignmentPattern' ? value.left : value
    if (computed || key.type != 'Identifier') return visit(value, scope)
    if (target.type != 'Identifier') {
      member(key)
      return visit(value, scope)
    }
    reference({ name: target.name, start, end: target.end }, scope, key.name)
    if (target != value) visit(value.right, scope)
  }
  const visit = (node, scope) => {
    const { type } = node
    if (UNKNOWN.test(type) || (type == 'FunctionExpression' && node.id)) throw new Error(`${type}: not expected in minified code`)
    if (type == 'Identifier') return reference(node, scope)
    if (type == 'Property') return property(node, scope)
    if (type == 'ExportSpecifier') return visit(node.local, scope)
    if (type == 'MemberExpression' && !node.computed) {
      visit(node.object, scope)
      return member(node.property)
    }
    if (type == 'BlockStatement') return block(node.body, createScope(scope, false))
    let inner = scope
    let { body } = node
    if (/Function/.test(type)) {
      inner = createScope(scope, true)
      declare(inner, { declarations: node.params }, variables)
    } else if (LOOPS[type]) {
      inner = createScope(scope, false)
      const head = node[LOOPS[type]]
      if (head?.type == 'VariableDeclaration') declare(inner, head, variables)
      body = undefined
    } else if (type == 'CatchClause') {
      inner = createScope(scope, false)
      if (node.param) declare(inner, { declarations: [node.param] }, variables)
    }
    for (const child of Object.values(node).flat()) {
      if (!child?.type) continue
      // Parameters and body are one scope: a function's block has none of its own.
      if (child == body && inner != scope && child.type == 'BlockStatement') block(child.body, inner)
      else visit(child, inner)
    }
  }
  block(program.body, createScope(null, true))
}

/**
 * `variables`: declared in the module; `globals`: used but not declared; `properties`: private ones; `plain`: names of all other
 * properties. `print()`: the module with the names as they are now.
 */
export const readNames = (code) => {
  const variables = []
  const globals = new Map()
  const properties = new Map()
  const plain = new Set()
  const references = []
  const places = []
  const propertyOf = (source) => {
    if (!isPrivate(source)) return void plain.add(source)
    if (!properties.has(source)) properties.set(source, createName(source))
    const property = properties.get(source)
    property.count++
    return property
  }
  walk(
    parse(code, { ecmaVersion: 2022, sourceType: 'module' }),
    variables,
    ({ name, start, end }, scope, key) => references.push({ name, start, end, scope, key, property: key && propertyOf(key) }),
    ({ name, start, end }) => places.push({ start, end, key: name, property: propertyOf(name) }),
  )
  for (const { name, scope, ...place } of references) {
    let owner = scope
    while (owner && !owner.variables.has(name)) owner = owner.parent
    const variable = owner?.variables.get(name) ?? globals.get(name) ?? createName(name)
    if (!owner) globals.set(name, variable)
    for (let at = scope; at != owner; at = at.parent) variable.live.add(at)
    variable.count++
    places.push({ ...place, variable })
  }
  places.sort((one, other) => one.start - other.start)
  let end = 0
  const texts = places.map((place) => code.slice(end, ((end = place.end), place.start)))
  const last = code.slice(end)
  const print = () => {
    let text = ''
    places.forEach(({ key, property, variable }, at) => {
      const name = property?.name ?? key
      text += texts[at] + (variable && name && name != variable.name ? name + ':' : '') + (variable?.name ?? name)
    })
    return text + last
  }
  return { variables, globals: [...globals.values()], properties: [...properties.values()], plain, places, print }
}
