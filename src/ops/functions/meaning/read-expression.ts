import type {
  AnyNode,
  BinaryExpression,
  CallExpression,
  Expression as ExpressionNode,
  LogicalExpression,
  MemberExpression,
  ObjectExpression,
  Pattern,
  TemplateLiteral,
  UnaryExpression,
} from 'acorn'
import { type FunctionNode, parseFunction } from '../syntax/parse.js'
import { type Constant, type Expression, RECORD } from './expression.js'

/** The names that a function may use besides its own. */
export interface Known {
  /** Notes a use of a global. In a module, the name may be a variable of the module. */
  readonly global: (name: GlobalName) => void
  /** The values of other names; undefined if only the function knows the value. */
  readonly constants: Pick<ReadonlyMap<string, Constant | undefined>, 'get' | 'has'>
}

export type GlobalName = 'Boolean' | 'JSON' | 'Math' | 'Number'

/** Longer texts are not read: no kernel computes what takes so much text, and reading costs 1 ms per kB. */
const LONGEST = 600

/** Returns the meaning of a function's text, or why none is known, as a phrase that continues "The function ...". */
export function readExpression(text: string, known: Known): Expression | { readonly why: string } {
  if (text.length > LONGEST) return { why: `has more than ${LONGEST} characters` }
  const parsed = parseFunction(text)
  if ('refused' in parsed) return { why: parsed.refused }
  try {
    return new Reader(known).read(parsed.node)
  } catch (error) {
    if (error instanceof Unread) return { why: error.message }
    throw error
  }
}

class Unread extends Error {}

function refuse(why: string): never {
  throw new Unread(why)
}

const TESTS = ['includes', 'startsWith', 'endsWith'] as const
const METHODS = ['trim', 'toLowerCase', 'toUpperCase'] as const
const COMPARISONS = ['===', '!==', '<', '<=', '>', '>='] as const
const ARITHMETIC = ['+', '-', '*', '/', '%'] as const
const ROUNDINGS = ['floor', 'ceil', 'trunc', 'round', 'abs'] as const
/** Flags that do not change what `split` does with `\s+`. */
const FLAGS = /^[dgimsuvy]*$/

class Reader {
  readonly #known: Known
  /** Names of the functions around this one: their values belong to another record. */
  readonly #outer: ReadonlySet<string>
  readonly #locals = new Map<string, Expression>()
  readonly #unused = new Set<string>()

  constructor(known: Known, outer: ReadonlySet<string> = new Set()) {
    this.#known = known
    this.#outer = outer
  }

  read(node: FunctionNode): Expression {
    if (node.async || node.generator) refuse('is async or a generator')
    const [param, ...others] = node.params
    if (!param || others.length > 0) refuse('does not have exactly one parameter')
    if (node.type === 'FunctionExpression' && node.id) refuse('has a name')
    this.#bind(param, RECORD)
    const result = this.#result(node)
    for (const name of this.#unused) if (!this.#isRead(this.#locals.get(name)!)) refuse(`does not use \`${name}\``)
    return result
  }

  #result(node: FunctionNode): Expression {
    if (node.body.type !== 'BlockStatement') return this.#expression(node.body)
    for (const statement of node.body.body) {
      if (statement.type === 'EmptyStatement') continue
      if (statement.type === 'ReturnStatement') {
        return statement.argument ? this.#expression(statement.argument) : refuse('returns nothing')
      }
      if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') refuse(`has a ${statement.type}`)
      for (const { id, init } of statement.declarations) this.#bind(id, this.#expression(init!))
    }
    return refuse('returns nothing')
  }

  /** Whether a variable's value cannot throw where those of used variables do not: one of them reads the same object. */
  #isRead(value: Expression): boolean {
    if (value.is === 'record') return true
    if (value.is !== 'item' && value.is !== 'field' && value.is !== 'length') return false
    return [...this.#locals].some(
      ([name, other]) => !this.#unused.has(name) && other.is !== 'record' && 'of' in other && other.of === value.of,
    )
  }

  #bind(pattern: Pattern, value: Expression): void {
    switch (pattern.type) {
      case 'Identifier':
        if (this.#locals.has(pattern.name)) refuse(`declares \`${pattern.name}\` twice`)
        this.#locals.set(pattern.name, value)
        this.#unused.add(pattern.name)
        return
      case 'ArrayPattern':
        pattern.elements.forEach((element, index) => {
          if (element) this.#bind(element, { is: 'item', of: value, index })
        })
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement' || property.computed || property.key.type !== 'Identifier')
            refuse('has a pattern with computed names or a rest')
          this.#bind(property.value, fieldOf(value, property.key.name))
        }
        return
      default:
        refuse(`has a pattern with a ${pattern.type}`)
    }
  }

  #expression(node: ExpressionNode | AnyNode): Expression {
    switch (node.type) {
      case 'Identifier':
        return this.#name(node.name)
      case 'Literal':
        return constant(node.value)
      case 'TemplateLiteral':
        return this.#template(node)
      case 'ArrayExpression': {
        const [key, value, ...more] = node.elements
        if (!key || !value || more.length > 0) refuse('makes an array that is not a pair')
        return { is: 'pair', of: [this.#expression(key), this.#expression(value)] }
      }
      case 'ObjectExpression':
        return this.#object(node)
      case 'UnaryExpression':
        return this.#unary(node)
      case 'LogicalExpression':
      case 'BinaryExpression':
        return this.#binary(node)
      case 'MemberExpression':
        return this.#member(node)
      case 'CallExpression':
        return this.#call(node)
      default:
        return refuse(`has a ${node.type}`)
    }
  }

  #object({ properties }: ObjectExpression): Expression {
    const names: string[] = []
    const of = properties.map((property) => {
      if (property.type !== 'Property' || property.kind !== 'init' || property.method || property.computed)
        refuse('makes an object with methods, computed names or a spread')
      const { key, value } = property
      const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : ''
      // `__proto__` is no field, and a second value replaces the first.
      if (name === '__proto__' || name === 'length' || names.includes(name)) refuse(`makes an object with \`${name}\``)
      names.push(name)
      return this.#expression(value)
    })
    return { is: 'object', names, of }
  }

  #unary({ operator, argument }: UnaryExpression): Expression {
    if (operator === '!') return { is: 'not', of: this.#expression(argument) }
    if (operator === '+') return { is: 'number', of: this.#expression(argument) }
    if (operator !== '-') refuse(`uses \`${operator}\``)
    const number = argument.type === 'Literal' && typeof argument.value === 'number'
    return number ? constant(-(argument.value as number)) : { is: 'negative', of: this.#expression(argument) }
  }

  #binary({ operator, left, right }: LogicalExpression | BinaryExpression): Expression {
    const is =
      operator === '&&'
        ? 'and'
        : operator === '||'
          ? 'or'
          : [...COMPARISONS, ...ARITHMETIC].find((known) => known === operator)
    return is ? { is, of: [this.#expression(left), this.#expression(right)] } : refuse(`uses \`${operator}\``)
  }

  #member({ object, property, computed, optional }: MemberExpression): Expression {
    if (optional) refuse('uses `?.`')
    const of = this.#expression(object)
    if (!computed) return property.type === 'Identifier' ? fieldOf(of, property.name) : refuse('uses a private field')
    const index = this.#expression(property)
    if (index.is === 'value' && isIndex(index.value)) return { is: 'item', of, index: index.value }
    return refuse('reads a computed property')
  }

  #name(name: string): Expression {
    const local = this.#locals.get(name)
    this.#unused.delete(name)
    if (local) return local
    if (this.#outer.has(name)) refuse(`uses \`${name}\` in an inner function`)
    const value = this.#known.constants.get(name)
    return value === undefined ? refuse(`uses \`${name}\` of its surroundings`) : constant(value)
  }

  /** Whether a name is that of the language's global. */
  #isGlobal(node: AnyNode, name: GlobalName): boolean {
    if (node.type !== 'Identifier' || node.name !== name) return false
    if (this.#locals.has(name) || this.#outer.has(name) || this.#known.constants.has(name)) return false
    this.#known.global(name)
    return true
  }

  #call({ callee, arguments: args, optional }: CallExpression): Expression {
    if (optional) refuse('uses `?.`')
    const [first, ...more] = args
    if (this.#isGlobal(callee, 'Number')) {
      return first && more.length === 0
        ? { is: 'number', of: this.#expression(first) }
        : refuse('calls `Number` otherwise than with one value')
    }
    if (
      callee.type !== 'MemberExpression' ||
      callee.computed ||
      callee.property.type !== 'Identifier' ||
      callee.optional
    )
      return refuse('calls a function that no kernel knows')
    const { name } = callee.property
    if (this.#isGlobal(callee.object, 'JSON') && name === 'parse') {
      return first && more.length === 0
        ? { is: 'json', of: this.#expression(first) }
        : refuse('calls `JSON.parse` with a reviver')
    }
    if (this.#isGlobal(callee.object, 'Math')) return this.#rounding(name, first, more.length)
    if (name === 'includes' && callee.object.type === 'ArrayExpression') {
      if (!first || more.length > 0) refuse('calls `includes` of a list otherwise than with one value')
      return {
        is: 'oneOf',
        values: callee.object.elements.map((of) => this.#constant(of)),
        of: this.#expression(first),
      }
    }
    const of = this.#expression(callee.object)
    const method = METHODS.find((known) => known === name)
    if (method && !first) return { is: method, of }
    if (!first || more.length > 0) return refuse(`calls \`${name}\``)
    if (name === 'split') return this.#split(of, first)
    const test = TESTS.find((known) => known === name)
    if (test) return { is: test, of, text: this.#text(first, name) }
    if (name === 'filter' || name === 'map') return { is: name, of, each: this.#each(first) }
    return refuse(`calls \`${name}\``)
  }

  #rounding(name: string, argument: AnyNode | undefined, more: number): Expression {
    const is = ROUNDINGS.find((known) => known === name)
    if (!is || !argument || more > 0) refuse(`calls \`Math.${name}\``)
    return { is, of: this.#expression(argument) }
  }

  #template({ expressions, quasis }: TemplateLiteral): Expression {
    const [only, ...more] = expressions
    if (only && more.length === 0 && quasis.every(({ value }) => value.raw === '')) {
      return { is: 'text', of: this.#expression(only) }
    }
    const parts = quasis.flatMap(({ value: { cooked } }, i): Expression[] => {
      const fixed = cooked === '' && expressions.length > 0 ? [] : [constant(cooked)]
      return i < expressions.length ? [...fixed, this.#expression(expressions[i]!)] : fixed
    })
    return expressions.length === 0 ? parts[0]! : { is: 'template', of: parts }
  }

  #split(of: Expression, at: AnyNode): Expression {
    if (at.type === 'Literal' && 'regex' in at && at.regex) {
      const { pattern, flags } = at.regex
      // Sticky expressions split in the same way.
      return pattern === '\\s+' && FLAGS.test(flags)
        ? { is: 'splitSpaces', of }
        : refuse(`splits at /${pattern}/${flags}`)
    }
    return { is: 'split', of, separator: this.#text(at, 'split') }
  }

  #text(node: AnyNode, operation: string): string {
    const found = this.#expression(node)
    if (found.is === 'value' && typeof found.value === 'string') return found.value
    return refuse(`calls \`${operation}\` with another value than a fixed text`)
  }

  #constant(node: AnyNode | null): Constant {
    const found = node && this.#expression(node)
    return found?.is === 'value' ? found.value : refuse('makes a list of more than constants')
  }

  /** Reads a function of an array's element. */
  #each(node: AnyNode): Expression {
    if (this.#isGlobal(node, 'Boolean')) return RECORD
    if (node.type !== 'ArrowFunctionExpression' && node.type !== 'FunctionExpression')
      return refuse('passes on a function that is not written in it')
    return new Reader(this.#known, new Set([...this.#outer, ...this.#locals.keys()])).read(node)
  }
}

function fieldOf(of: Expression, name: string): Expression {
  if (name === 'length') return { is: 'length', of }
  // Every object has these.
  if (name in Object.prototype) refuse(`reads \`${name}\``)
  return { is: 'field', of, name }
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && !Object.is(value, -0)
}

function constant(value: unknown): Expression {
  const plain = typeof value === 'string' || typeof value === 'boolean' || value === null
  if (plain) return { is: 'value', value }
  // JSON has no -0, and references are compared as JSON.
  if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return { is: 'value', value }
  return refuse('has a value that is no text, number or boolean')
}
