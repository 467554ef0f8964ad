import type { AnyNode } from 'acorn'
import { DYNAMIC_IMPORT, IMPORT_META, IMPORT_OBJECT, NAME_HELPER } from './loader-names.js'
import { parseFunction } from './parse.js'
import type { Binding } from './scope.js'
import { ScopeReader } from './scope-reader.js'
import { textDigest } from './text-digest.js'

/**
 * A text that is the same for a function however its module was loaded. The driver and the workers may load one module
 * differently (a test runner's transform, tsx, native type stripping, plain JavaScript): spaces, quotes, semicolons,
 * names of inner variables and helper calls differ, and the functions are still the same. Names of the surroundings
 * count; variables of its own are numbered. Text that cannot be parsed stands for itself.
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

/** 12 hexadecimal digits (48 bits) that depend on the function's normal form alone: on no run and no thread. */
export function functionHash(text: string): string {
  return textDigest(normalForm(text))
}

// Places, and spellings that mean the same.
const SKIPPED = new Set(['type', 'start', 'end', 'raw', 'shorthand'])

class Printer {
  /** Variables of the function by where their names stand; others are names of the surroundings or properties. */
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
        // In `{ a }` the key stands where the variable stands, and is no variable.
        if (!node.computed && node.key.type === 'Identifier') {
          return `Property(${node.kind},${node.method},${node.key.name},${this.print(node.value)})`
        }
        break
      case 'ImportExpression':
        // A loader may have resolved the specifier.
        return 'Import()'
      case 'MemberExpression':
        if (node.object.type === 'Identifier' && IMPORT_OBJECT.test(node.object.name) && !node.computed) {
          return this.print(node.property)
        }
        break
      case 'SequenceExpression':
        // `(0, imported.f)(x)` is how loaders write `f(x)`.
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
