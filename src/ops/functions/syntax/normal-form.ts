import type { AnyNode } from 'acorn'
import { textDigest } from '../text-digest.js'
import { DYNAMIC_IMPORT, IMPORT_META, IMPORT_OBJECT, NAME_HELPER } from './loader-names.js'
import { parseFunction } from './parse.js'
import type { Binding } from './scope.js'
import { ScopeReader } from './scope-reader.js'

/**
 * Returns a text that does not depend on how the function's module was loaded. The driver and the workers may load one
 * module differently (a test runner's transform, tsx, native type stripping, plain JavaScript). Spaces, quotes,
 * semicolons, names of inner variables and helper calls then differ although the functions are the same. The normal
 * form keeps names of the surroundings and numbers inner variables. Returns text that cannot be parsed unchanged.
 */
export function normalForm(text: string): string {
  const parsed = parseFunction(text)
  if ('refused' in parsed) return text
  const { references, declarations } = new ScopeReader(parsed.node)
  const bindings = new Map<number, Binding>(declarations)
  for (const { node, name, scope, loaderName } of references) {
    const binding = loaderName === undefined ? scope.find(name) : undefined
    if (binding !== undefined) bindings.set(node.start, binding)
  }
  return new Printer(bindings).print(parsed.node)
}

/** Returns 12 hexadecimal digits (48 bits) of the function's normal form; equal in every run and thread. */
export function functionHash(text: string): string {
  return textDigest(normalForm(text))
}

// Positions, and spellings that do not change the meaning.
const SKIPPED = new Set(['type', 'start', 'end', 'raw', 'shorthand'])

class Printer {
  /**
   * The function's own variables by the position of their names. All other names belong to the surroundings or are
   * properties.
   */
  readonly #bindings: ReadonlyMap<number, Binding>
  readonly #numbers = new Map<Binding, number>()

  constructor(bindings: ReadonlyMap<number, Binding>) {
    this.#bindings = bindings
  }

  print(value: unknown): string {
    if (Array.isArray(value))
      return `[${value
        .map((item) => this.print(item))
        .filter((item) => item !== '')
        .join(' ')}]`
    if (typeof value === 'bigint') return `${value}n`
    if (value instanceof RegExp) return String(value)
    if (typeof value !== 'object' || value === null) return value === undefined ? 'undefined' : JSON.stringify(value)
    return 'type' in value ? this.#node(value as AnyNode) : this.#fields(value)
  }

  #fields(value: object): string {
    return Object.entries(value)
      .filter(([name]) => !SKIPPED.has(name))
      .map(([name, item]) => `${name}=${this.print(item)}`)
      .join(',')
  }

  #identifier(name: string, start: number): string {
    const binding = this.#bindings.get(start)
    if (binding === undefined) return `Identifier(${name})`
    const number = this.#numbers.get(binding) ?? this.#numbers.size
    this.#numbers.set(binding, number)
    return `Variable(${number})`
  }

  #node(node: AnyNode): string {
    switch (node.type) {
      case 'EmptyStatement':
        return ''
      case 'ExpressionStatement':
        if (isNamingStatement(node)) return ''
        break
      case 'StaticBlock':
        if (node.body.length > 0 && node.body.every(isNamingStatement)) return ''
        break
      case 'TemplateElement':
        return `Template(${JSON.stringify(node.value.cooked ?? node.value.raw)})`
      case 'Identifier':
        return node.name === IMPORT_META ? 'MetaProperty(import)' : this.#identifier(node.name, node.start)
      case 'MetaProperty':
        return `MetaProperty(${node.meta.name})`
      case 'Property':
        // In `{ a }` the key is at the variable's position, but it is not a variable.
        if (!node.computed && node.key.type === 'Identifier') {
          return `Property(${node.kind},${node.method},${node.key.name},${this.print(node.value)})`
        }
        break
      case 'ImportExpression':
        // A loader may have changed the specifier.
        return 'Import()'
      case 'MemberExpression':
        if (node.object.type === 'Identifier' && IMPORT_OBJECT.test(node.object.name) && !node.computed) {
          return this.print(node.property)
        }
        break
      case 'SequenceExpression':
        // Loaders write `f(x)` as `(0, imported.f)(x)`.
        if (node.expressions.length === 2 && node.expressions[0]?.type === 'Literal')
          return this.print(node.expressions[1])
        break
      case 'CallExpression':
        if (isNaming(node)) return this.print(node.arguments[0])
        if (node.callee.type === 'Identifier' && node.callee.name === DYNAMIC_IMPORT) return 'Import()'
        break
    }
    return `${node.type}(${this.#fields(node)})`
  }
}

function isNaming(node: AnyNode): boolean {
  return node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === NAME_HELPER
}

function isNamingStatement(node: AnyNode): boolean {
  return node.type === 'ExpressionStatement' && isNaming(node.expression)
}
