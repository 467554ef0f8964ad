import type {
  AnyNode,
  AssignmentExpression,
  CallExpression,
  Identifier,
  MemberExpression,
  NewExpression,
  Pattern,
  Property,
} from 'acorn'
import { children, type FunctionNode, parseFunction } from '../syntax/parse.js'
import { givenNames, namesOf, targetsOf } from '../syntax/pattern-names.js'
import type { Binding } from '../syntax/scope.js'
import { ScopeReader } from '../syntax/scope-reader.js'
import {
  CALLBACKS,
  CONSTANT_PATH,
  CONSTANTS,
  CONSTRUCTORS,
  COPYING,
  FORBIDDEN,
  FUNCTIONS,
  MAKING,
  MATCHING,
  MOVING,
  methodOf,
  STATICS,
} from './pure-names.js'

/**
 * The meaning of a name of the surroundings: a primitive value, other data, a function that is itself proven, an
 * accumulator, or a broadcast variable.
 */
export type Meaning = 'primitive' | 'data' | 'function' | 'accumulator' | 'broadcast'

export interface Surroundings {
  /**
   * Whether names that are not in `meanings` are the language's globals. In a module they may be the module's own
   * variables.
   */
  readonly globals: boolean
  readonly meanings: ReadonlyMap<string, Meaning>
}

/**
 * Returns why a function's source does not prove that a call has no effect outside of its thread; undefined if it does.
 * A proven function uses only its parameters, its variables, data, and functions of the language that call no unknown
 * code. Cost: one parse, about 1 ms per kB.
 */
export function impurityOf(text: string, surroundings: Surroundings): string | undefined {
  return unprovenOf(text, surroundings, 'own')
}

/**
 * Returns why a function's source does not prove, in addition, that a call changes no part of its arguments; undefined
 * if it does. It may return parts of them. Functions of the surroundings must not be among `meanings`, because they may
 * change theirs. Cost: as `impurityOf`.
 */
export function mutationOf(text: string, surroundings: Surroundings): string | undefined {
  return unprovenOf(text, surroundings, 'kept')
}

/** `own`: the function may change its arguments, which no other reader has. */
type Arguments = 'own' | 'kept'

function unprovenOf(text: string, surroundings: Surroundings, args: Arguments): string | undefined {
  const parsed = parseFunction(text)
  if ('refused' in parsed) return parsed.refused
  try {
    new Prover(parsed.node, surroundings, args).prove()
    return undefined
  } catch (error) {
    if (error instanceof Unproven) return error.message
    // The parser accepts texts whose depth exceeds the stack here, such as a chain of a thousand calls.
    if (error instanceof RangeError) return 'is nested too deeply to be proven'
    throw error
  }
}

class Unproven extends Error {}

function refuse(why: string): never {
  throw new Unproven(why)
}

/** Nodes that are allowed if their parts are. A node that is neither listed here nor has a method below is refused. */
const PLAIN = new Set(
  (
    'ArrayExpression BlockStatement CatchClause ChainExpression ConditionalExpression DoWhileStatement EmptyStatement ' +
    'ExpressionStatement ForStatement IfStatement Literal LogicalExpression ObjectExpression ReturnStatement ' +
    'SequenceExpression SwitchCase SwitchStatement TemplateElement TemplateLiteral ThrowStatement TryStatement ' +
    'VariableDeclaration WhileStatement YieldExpression ' +
    // Patterns.
    'ArrayPattern AssignmentPattern ObjectPattern RestElement'
  ).split(' '),
)

class Prover {
  readonly #root: FunctionNode
  readonly #surroundings: Surroundings
  readonly #keepsArguments: boolean
  /** Local variables by the position of a name. */
  readonly #locals = new Map<number, Binding>()
  /** Variables that always hold a function written in this text. */
  readonly #functions = new Set<Binding>()
  /** Variables whose value the function may change: its parameters unless it must keep them, and objects it creates. */
  readonly #own = new Set<Binding>()

  constructor(root: FunctionNode, surroundings: Surroundings, args: Arguments) {
    this.#root = root
    this.#surroundings = surroundings
    this.#keepsArguments = args === 'kept'
    const { references, declarations } = new ScopeReader(root)
    for (const { node, name, scope, loaderName } of references) {
      const binding = loaderName === undefined ? scope.find(name) : undefined
      if (binding !== undefined) this.#locals.set(node.start, binding)
    }
    for (const [start, binding] of declarations) this.#locals.set(start, binding)
  }

  prove(): void {
    for (const param of this.#keepsArguments ? [] : this.#root.params) {
      for (const { start } of givenNames(param)) this.#own.add(this.#locals.get(start)!)
    }
    this.#noteFunctions(this.#root)
    const reassigned = new Set<Binding>()
    this.#noteAssigned(this.#root, reassigned)
    for (const binding of reassigned) {
      this.#functions.delete(binding)
      this.#own.delete(binding)
    }
    this.#noteOwn(this.#root, reassigned)
    this.#visit(this.#root)
  }

  #noteFunctions(node: AnyNode): void {
    if ((node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') && node.id) {
      this.#functions.add(this.#locals.get(node.id.start)!)
    }
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init && isFunction(node.init)) {
      this.#functions.add(this.#locals.get(node.id.start)!)
    }
    for (const child of children(node)) this.#noteFunctions(child)
  }

  /** Collects variables that are assigned after their declaration, or declared more than once. */
  #noteAssigned(node: AnyNode, found: Set<Binding>, declared = new Set<Binding>()): void {
    const note = ({ start }: Identifier) => {
      const binding = this.#locals.get(start)
      if (binding) found.add(binding)
    }
    if (node.type === 'AssignmentExpression') namesOf(node.left).forEach(note)
    if (node.type === 'UpdateExpression') namesOf(node.argument as Pattern).forEach(note)
    if ((node.type === 'ForOfStatement' || node.type === 'ForInStatement') && node.left.type !== 'VariableDeclaration')
      namesOf(node.left).forEach(note)
    const names =
      node.type === 'VariableDeclarator'
        ? namesOf(node.id)
        : node.type === 'FunctionDeclaration' && node.id
          ? [node.id]
          : []
    for (const name of names) {
      const binding = this.#locals.get(name.start)!
      if (declared.has(binding) || this.#own.has(binding)) found.add(binding)
      declared.add(binding)
    }
    for (const child of children(node)) this.#noteAssigned(child, found, declared)
  }

  /** Visits the text in order, so that a part of an own object also counts as own. */
  #noteOwn(node: AnyNode, reassigned: ReadonlySet<Binding>): void {
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init && this.#isOwn(node.init)) {
      const binding = this.#locals.get(node.id.start)!
      if (!reassigned.has(binding)) this.#own.add(binding)
    }
    for (const child of children(node)) this.#noteOwn(child, reassigned)
  }

  /** Returns whether an expression is an object that only this call sees, or a part of a parameter. */
  #isOwn(node: AnyNode): boolean {
    switch (node.type) {
      case 'ArrayExpression':
      case 'ObjectExpression':
        return true
      case 'NewExpression':
        // A view may lie over the memory of an argument.
        return !this.#keepsArguments || this.#isGlobal(node.callee, COPYING)
      case 'Identifier': {
        const binding = this.#locals.get(node.start)
        return binding !== undefined && this.#own.has(binding)
      }
      case 'LogicalExpression':
        return this.#isOwn(node.left) && this.#isOwn(node.right)
      case 'CallExpression':
        return (
          node.callee.type === 'MemberExpression' &&
          MAKING.has(this.#globalPath(node.callee) ?? keyOf(node.callee) ?? '')
        )
      case 'MemberExpression':
        // A part of a new object may be a part of an argument.
        return !this.#keepsArguments && keyOf(node) !== undefined && this.#isOwn(node.object)
      default:
        return false
    }
  }

  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: one case for each type of node, in one place
  #visit(node: AnyNode): void {
    switch (node.type) {
      case 'Identifier':
        this.#name(node)
        return
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (node.async) refuse('is or holds an async function')
        for (const param of node.params) this.#visit(param)
        this.#visit(node.body)
        return
      case 'VariableDeclarator':
        this.#visit(node.id)
        if (node.init) this.#visit(node.init)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'LabeledStatement':
        this.#visit(node.body)
        return
      case 'ForOfStatement':
      case 'ForInStatement':
        if (node.type === 'ForOfStatement' && node.await) refuse('awaits')
        if (node.left.type === 'VariableDeclaration') this.#visit(node.left)
        else this.#writeAll(node.left)
        this.#read(node.right)
        this.#visit(node.body)
        return
      case 'SpreadElement':
        this.#read(node.argument)
        return
      case 'Property':
        this.#property(node)
        return
      case 'MemberExpression':
        this.#member(node)
        return
      case 'CallExpression':
        this.#call(node)
        return
      case 'NewExpression':
        this.#new(node)
        return
      case 'AssignmentExpression':
        this.#assign(node)
        return
      case 'UpdateExpression':
        this.#write(node.argument)
        return
      case 'UnaryExpression':
        if (node.operator === 'delete') this.#write(node.argument)
        else this.#visit(node.argument)
        return
      case 'BinaryExpression':
        this.#visit(node.left)
        if (node.operator === 'in') this.#read(node.right)
        else if (node.operator !== 'instanceof') this.#visit(node.right)
        else if (!this.#isGlobal(node.right, CONSTRUCTORS)) refuse('uses instanceof with an unknown class')
        return
      case 'TaggedTemplateExpression':
        if (this.#globalPath(node.tag) !== 'String.raw') refuse('calls an unknown function by a template')
        this.#visit(node.quasi)
        return
      default:
        if (!PLAIN.has(node.type)) refuse(`has a ${node.type}`)
        for (const child of children(node)) this.#visit(child)
    }
  }

  #name(node: Identifier): void {
    if (this.#locals.has(node.start)) return
    const meaning = this.#meaning(node)
    if (meaning === 'primitive') return
    if (meaning === undefined && this.#surroundings.globals && CONSTANTS.has(node.name)) return
    refuse(`uses \`${node.name}\` of its surroundings`)
  }

  #meaning({ name }: Identifier): Meaning | undefined {
    return this.#surroundings.meanings.get(name)
  }

  /**
   * Visits an expression whose parts are read at once, such as the operand of a spread. Data of the surroundings is
   * allowed there.
   */
  #read(node: AnyNode): void {
    if (node.type === 'Identifier' && !this.#locals.has(node.start)) {
      const meaning = this.#meaning(node)
      if (meaning === 'data' || meaning === 'broadcast') return
    }
    this.#visit(node)
  }

  #property(node: Property | (AnyNode & { type: 'Property' })): void {
    if (node.computed) this.#visit(node.key)
    else if (FORBIDDEN.has(nameOf(node.key) ?? '')) refuse(`names \`${nameOf(node.key)}\``)
    this.#visit(node.value)
  }

  /** Checks the name of a property, and visits a computed one. */
  #key(node: MemberExpression): void {
    if (node.property.type === 'PrivateIdentifier') refuse('uses a private field')
    const name = keyOf(node)
    if (name === undefined) this.#visit(node.property)
    else if (FORBIDDEN.has(name)) refuse(`reads \`${name}\``)
  }

  #member(node: MemberExpression): void {
    this.#key(node)
    const path = this.#globalPath(node)
    if (path !== undefined && CONSTANT_PATH.test(path)) return
    this.#read(node.object)
  }

  /** Checks the target of an assignment, an update or `delete`. */
  #write(target: AnyNode): void {
    if (target.type === 'Identifier') {
      if (!this.#locals.has(target.start)) refuse(`changes \`${target.name}\` of its surroundings`)
      return
    }
    if (target.type !== 'MemberExpression') refuse('changes an unknown object')
    this.#key(target)
    this.#changes(target.object)
  }

  #changes(object: AnyNode): void {
    if (!this.#isOwn(object)) refuse('changes an object that may not be its own')
    this.#visit(object)
  }

  #assign({ left, right }: AssignmentExpression): void {
    if (left.type === 'MemberExpression') this.#write(left)
    else this.#writeAll(left)
    this.#visit(right)
  }

  #writeAll(pattern: Pattern): void {
    if (targetsOf(pattern).some(({ type }) => type !== 'Identifier')) refuse('changes parts of objects by a pattern')
    for (const target of targetsOf(pattern)) this.#write(target)
    this.#visit(pattern)
  }

  #new({ callee, arguments: args }: NewExpression): void {
    if (!this.#isGlobal(callee, CONSTRUCTORS)) refuse('constructs an unknown class')
    for (const arg of args) this.#read(arg)
  }

  #call(node: CallExpression): void {
    const { callee } = node
    if (isFunction(callee)) {
      this.#visit(callee)
      for (const arg of node.arguments) this.#visit(arg)
      return
    }
    const path = this.#globalPath(callee)
    if (path !== undefined && STATICS.has(path)) this.#arguments(node, path, true)
    else if (callee.type === 'MemberExpression') this.#method(node, callee)
    else if (callee.type === 'Identifier') {
      if (!this.#isFunctionName(callee)) refuse(`calls \`${callee.name}\``)
      this.#arguments(node, callee.name, !this.#locals.has(callee.start))
    } else refuse('calls an unknown function')
  }

  #method(node: CallExpression, callee: MemberExpression): void {
    this.#key(callee)
    const name = keyOf(callee)
    if (name === undefined) refuse('calls a method by a computed name')
    const { object } = callee
    if (object.type === 'Identifier' && !this.#locals.has(object.start) && this.#meaning(object) === 'accumulator') {
      if (name !== 'add') refuse(`calls \`${name}\` of an accumulator`)
      for (const arg of node.arguments) this.#visit(arg)
      return
    }
    const effect = methodOf(name)
    if (effect === undefined) refuse(`calls an unknown method \`${name}\``)
    if (this.#keepsArguments) this.#match(name, object, node.arguments[0])
    if (effect === 'changes') this.#changes(object)
    else this.#read(object)
    this.#arguments(node, name, false)
  }

  /** Refuses a match that may move the position of a regular expression, or an iterator, of an argument. */
  #match(name: string, receiver: AnyNode, first: AnyNode | undefined): void {
    const isMoved = (node: AnyNode | undefined) => node?.type !== 'Literal'
    if ((MOVING.has(name) && isMoved(receiver)) || (MATCHING.has(name) && isMoved(first)))
      refuse(`may move the position of a regular expression in \`${name}\``)
  }

  /**
   * Visits the arguments of a call. An argument that will be called must be a known function, or one written in this
   * text.
   */
  #arguments({ arguments: args }: CallExpression, name: string, reading: boolean): void {
    const at = CALLBACKS.get(name)
    args.forEach((arg, i) => {
      if (at !== undefined && i <= at && arg.type === 'SpreadElement') refuse('spreads arguments that are called')
      if (i === at) this.#callback(arg, name)
      else if (reading) this.#read(arg)
      else this.#visit(arg)
    })
  }

  #callback(arg: AnyNode, name: string): void {
    const isList = name === 'JSON.stringify' && arg.type === 'ArrayExpression'
    if (isFunction(arg) || arg.type === 'Literal' || arg.type === 'TemplateLiteral' || isList) this.#visit(arg)
    else if (!this.#isKnownFunction(arg)) refuse(`passes \`${name}\` a function that is not known`)
  }

  /** Returns whether an expression is a known function, or undefined, which callbacks may be. */
  #isKnownFunction(node: AnyNode): boolean {
    if (node.type !== 'Identifier') return STATICS.has(this.#globalPath(node) ?? '')
    return this.#isFunctionName(node) || this.#isGlobal(node, CONSTANTS)
  }

  #isFunctionName(node: Identifier): boolean {
    const binding = this.#locals.get(node.start)
    if (binding !== undefined) return this.#functions.has(binding)
    const meaning = this.#meaning(node)
    return meaning === 'function' || (meaning === undefined && this.#isGlobal(node, FUNCTIONS))
  }

  #isGlobal(node: AnyNode, names: ReadonlySet<string>): boolean {
    return (
      node.type === 'Identifier' &&
      this.#surroundings.globals &&
      !this.#locals.has(node.start) &&
      this.#meaning(node) === undefined &&
      names.has(node.name)
    )
  }

  /** Returns the path of a property of a global object, such as `Math.max`. */
  #globalPath(node: AnyNode): string | undefined {
    if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return undefined
    const { object } = node
    const name = keyOf(node)
    const isGlobal =
      this.#surroundings.globals && !this.#locals.has(object.start) && this.#meaning(object) === undefined
    return isGlobal && name !== undefined ? `${object.name}.${name}` : undefined
  }
}

function isFunction(node: AnyNode): node is FunctionNode {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression'
}

function nameOf(key: AnyNode): string | undefined {
  if (key.type === 'Identifier') return key.name
  return key.type === 'Literal' ? String(key.value) : undefined
}

/** Returns the name of a property, or undefined if it is computed. */
function keyOf({ computed, property }: MemberExpression): string | undefined {
  return computed && property.type !== 'Literal' ? undefined : nameOf(property as AnyNode)
}
